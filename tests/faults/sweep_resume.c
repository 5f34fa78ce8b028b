/* SPDX-License-Identifier: MIT
 * sweep_resume - the end of a pause of hooks: whatever fails in it, nothing that was on record runs
 * of its own, and what comes afterwards does.
 */
#include "sweep.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "core/config.h"
#include "core/event.h"
#include "store/queue.h"
#include "store/standing.h"

#define PAUSED_DEEDS 6
#define LATER_DEED 40

static char *no_hook[] = {(char[]){"/bin/true"}, NULL};
static struct config_endpoint endpoint = {.name = (char[]){"faults"}, .hook = no_hook};
static const struct config config = {.endpoints = &endpoint, .endpoint_count = 1};

_Static_assert(LATER_DEED < DEEDS_MAX, "it is a deed");

/* As of a copy of the journal alone: some hooks have run, others wait. */
void resume_prepare(struct stage *stage)
{
    queue_prepare_used(stage);
    if (unlinkat(stage->spool.dir, SPOOL_RESULTS "/00000001.jsonl", 0) != 0 ||
        unlinkat(stage->spool.dir, SPOOL_SNAPSHOT, 0) != 0 ||
        standing_check(&stage->spool, NULL, NULL) != STATUS_PAUSED)
        abort();
}

static enum status resume(struct stage *stage, struct err *err)
{
    struct queue_resumed report;

    return queue_resume(&stage->spool, &config, INT64_MAX, false, stage->now_ns, &report, err);
}

void resume_go(struct stage *stage)
{
    struct err err = ERR_INIT;
    enum status status;

    if (!stage_open(stage)) {
        way_status("opening", stage->err.status);
        return;
    }
    status = resume(stage, &err);
    way_status("resuming", status);
    way_locks(stage);
    if (status != STATUS_OK)
        return;
    err_clear(&err);
    status = standing_check(&stage->spool, NULL, &err);
    if (status == STATUS_PAUSED)
        way_wrong("hooks were resumed, and are paused: %s", err.text);
    way_status("looking whether hooks are paused", status);
}

/* ---- judging */

/* Runs what is due. */
static bool run_all(struct queue *queue, int64_t now_ns, bool ran[DEEDS_MAX],
                    struct verdict_on *out)
{
    for (unsigned n = 0; n < 2 * DEEDS_MAX; n++) {
        const struct result done = {.state = RESULT_DONE, .end = RESULT_EXIT, .attempt = 1};
        struct claim *claim = NULL;
        struct err err = ERR_INIT;
        struct record record;
        unsigned deed = DEEDS_MAX;

        if (queue_fill(queue, now_ns, &err) != STATUS_OK ||
            queue_claim(queue, now_ns, &claim, &err) != STATUS_OK)
            return judge_wrong(out, "a healthy runner fails: %s", err.text);
        if (claim == NULL)
            return true;
        if (claim_record(queue, claim, &record, &err) != STATUS_OK)
            return judge_wrong(out, "a hook runs for what is no record: %s", err.text);
        for (unsigned d = 0; d < DEEDS_MAX; d++) {
            char key[EVENT_KEY_MAX];

            deed_key(d, key);
            if (str_is(record.key, key))
                deed = d;
        }
        record_free(&record);
        if (deed < DEEDS_MAX)
            ran[deed] = true;
        if (queue_settle(queue, claim, &done, now_ns, &err) != STATUS_OK)
            return judge_wrong(out, "a healthy runner fails to settle: %s", err.text);
    }
    return judge_wrong(out, "hooks run without end");
}

static bool go_on(struct stage *stage, struct verdict_on *out)
{
    bool ran[DEEDS_MAX] = {false};
    struct queue *queue = NULL;
    struct err err = ERR_INIT;
    enum status status = standing_check(&stage->spool, NULL, &err);
    bool ok;

    if (status == STATUS_PAUSED) {
        err_clear(&err);
        status = resume(stage, &err);
    }
    if (status != STATUS_OK)
        return judge_wrong(out, "hooks cannot be resumed: %s", err.text);
    if (stage_append(stage, LATER_DEED, NULL, NULL) != STATUS_OK)
        return judge_wrong(out, "a later event is refused: %s", stage->err.text);
    if (queue_open(&queue, &stage->spool, stage->now_ns, &err) != STATUS_OK)
        return judge_wrong(out, "a healthy runner cannot begin: %s", err.text);
    queue_configure(queue, &config);
    ok = run_all(queue, stage->now_ns, ran, out);
    queue_close(queue);
    for (unsigned n = 0; ok && n < PAUSED_DEEDS; n++)
        if (ran[n])
            ok = judge_wrong(out, "the hook of deed %u runs, which was on record before", n);
    if (ok && !ran[LATER_DEED])
        ok = judge_wrong(out, "the hook of an event after the resume does not run");
    return ok;
}

void resume_judge(struct stage *stage, struct verdict_on *out)
{
    if (!stage_open(stage))
        (void)judge_wrong(out, "the spool does not open: %s", stage->err.text);
    else
        (void)go_on(stage, out);
    stage_close(stage);
}
