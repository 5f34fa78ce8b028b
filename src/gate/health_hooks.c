/* SPDX-License-Identifier: MIT
 * health_hooks - what the report says about the hooks of its endpoint. Events are recorded in any
 * case, so none of it makes the report a 503.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "base/clock.h"
#include "gate/gate_parts.h"
#include "gate/reply.h"
#include "store/queue/hookview.h"
#include "store/queue/snapshot.h"
#include "store/queue/standing.h"
#include "store/queue/wake.h"

#define DAY_NS (24 * 3600 * NS_PER_S)

/* While hooks are paused, the results on disk are of another journal. The runner logs it. */
static bool add_pause(struct visit *v, struct buf *sentences)
{
    struct err err = ERR_INIT;
    bool paused = standing_check(visit_spool(v), NULL, &err) == STATUS_PAUSED;

    if (paused)
        reply_add_sentence(sentences, "%s", err.text);
    return paused;
}

static void add_runner(struct visit *v, struct buf *sentences)
{
    struct err err = ERR_INIT;
    char *runner;

    /* A runner that listens needs no program any more. */
    if (wake_tell(visit_spool(v)))
        return;
    if (wake_find_runner(&runner, v->settings->config, &err) == STATUS_OK)
        free(runner);
    else
        reply_add_sentence(sentences, "hooks wait, no runner can be started: %s", err.text);
}

/* Of the last day and the rest of that day's file of results: older ones were reported for a day.
 */
static void add_dead(struct visit *v, struct buf *sentences)
{
    struct hookview *view;
    uint64_t dead;

    if (hookview_open(&view, visit_spool(v), v->settings->config, v->now_ns - DAY_NS, NULL) !=
        STATUS_OK)
        return;
    dead = hookview_dead(view);
    hookview_close(view);
    if (dead > 0)
        reply_add_sentence(sentences,
                           "the hooks of %" PRIu64
                           " recent event%s were given up: see 'stenohook list "
                           "--hook dead'",
                           dead, dead == 1 ? "" : "s");
}

static void add_lane(struct visit *v, const struct snapshot_lane *lane, struct buf *sentences,
                     struct buf *hooks)
{
    buf_printf(hooks,
               "{\"done\":%" PRIu64 ",\"failed\":%" PRIu64 ",\"given_up\":%" PRIu64
               ",\"to_run_again\":%zu}",
               lane->done, lane->failed, lane->dead, lane->retry_count);
    if (lane->suspended_ns != 0)
        reply_add_sentence(sentences, "the hook is suspended: %s", lane->why);
    if (lane->dead > 0)
        add_dead(v, sentences);
}

void health_hooks(struct visit *v, struct buf *sentences, struct buf *hooks)
{
    const struct snapshot_lane *lane;
    struct snapshot snapshot;

    if (v->endpoint->hook == NULL)
        return;
    if (add_pause(v, sentences))
        return;
    add_runner(v, sentences);
    /* Without a snapshot no hook was ever run. */
    if (snapshot_read(visit_spool(v), &snapshot, NULL) != STATUS_OK)
        return;
    if (snapshot_replay(&snapshot, visit_spool(v), NULL) == STATUS_OK) {
        lane = snapshot_find(&snapshot, str_of(v->endpoint->name));
        if (lane != NULL)
            add_lane(v, lane, sentences, hooks);
    }
    snapshot_free(&snapshot);
}
