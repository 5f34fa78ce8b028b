/* SPDX-License-Identifier: MIT
 * judge_resume - whether a pause of hooks ends as was wanted.
 */
#include "judge_resume.h"

#include <stdlib.h>

#include "core/config/config.h"
#include "core/event.h"
#include "store/queue/queue.h"
#include "store/queue/standing.h"

#define LATER_DEED 40

static char *no_hook[] = {(char[]){"/bin/true"}, NULL};
static struct config_endpoint endpoint = {.name = (char[]){"faults"}, .hook = no_hook};
static const struct config config = {.endpoints = &endpoint, .endpoint_count = 1};

_Static_assert(LATER_DEED < JUDGE_DEED, "it is a deed, and none of the judge's");

enum status resume_stage(struct stage *stage, struct err *err)
{
    struct queue_resumed report;

    return queue_resume(&stage->spool, &config, INT64_MAX, false, stage->now_ns, &report, err);
}

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

/* One that no judge before us has recorded. */
static bool record_later(struct stage *stage, unsigned *deed, struct verdict_on *out)
{
    bool duplicate = true;

    for (*deed = LATER_DEED; *deed < JUDGE_DEED; ++*deed) {
        if (stage_append(stage, *deed, NULL, &duplicate) != STATUS_OK)
            return judge_wrong(out, "a later event is refused: %s", stage->err.text);
        if (!duplicate)
            return true;
    }
    return judge_wrong(out, "all later events are said to be duplicates");
}

static bool go_on(struct stage *stage, struct verdict_on *out)
{
    unsigned later;
    bool ran[DEEDS_MAX] = {false};
    struct queue *queue = NULL;
    struct err err = ERR_INIT;
    enum status status = standing_check(&stage->spool, NULL, &err);
    bool ok;

    if (status == STATUS_PAUSED) {
        err_clear(&err);
        status = resume_stage(stage, &err);
    }
    if (status != STATUS_OK)
        return judge_wrong(out, "hooks cannot be resumed: %s", err.text);
    if (!record_later(stage, &later, out))
        return false;
    if (queue_open(&queue, &stage->spool, stage->now_ns, &err) != STATUS_OK)
        return judge_wrong(out, "a healthy runner cannot begin: %s", err.text);
    queue_configure(queue, &config);
    ok = run_all(queue, stage->now_ns, ran, out);
    queue_close(queue);
    for (unsigned n = 0; ok && n < RESUME_DEEDS; n++)
        if (ran[n])
            ok = judge_wrong(out, "the hook of deed %u runs, which was on record before", n);
    if (ok && !ran[later])
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
