/* SPDX-License-Identifier: MIT
 * health_hooks - what the report says of the hooks of its endpoint. Events are recorded whatever
 * stands here, so none of it makes the report a 503.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "base/clock.h"
#include "gate/visit.h"
#include "store/queue/hookview.h"
#include "store/queue/snapshot.h"
#include "store/queue/standing.h"
#include "store/queue/wake.h"

#define DAY_NS (24 * 3600 * NS_PER_S)

/* While they are, what is there of results is of another journal. The runner logs it. */
static bool say_if_paused(struct visit *v, struct health *h)
{
    struct err err = ERR_INIT;
    bool paused = standing_check(visit_spool(v), NULL, &err) == STATUS_PAUSED;

    if (paused)
        health_say(h, "%s", err.text);
    return paused;
}

/* What keeps all hooks from running. */
static void say_of_all(struct visit *v, struct health *h)
{
    struct err err = ERR_INIT;
    char *runner;

    /* One that listens needs no program any more. */
    if (wake_tell(visit_spool(v)))
        return;
    if (wake_find_runner(&runner, v->settings->config, &err) == STATUS_OK)
        free(runner);
    else
        health_say(h, "hooks wait, no runner can be started: %s", err.text);
}

/* Of the last day, and of what stands in the same file of results: what is older was told for a
 * day, and is not read. */
static void say_of_dead(struct visit *v, struct health *h)
{
    struct hookview *view;
    uint64_t dead;

    if (hookview_open(&view, visit_spool(v), v->settings->config, v->now_ns - DAY_NS, NULL) !=
        STATUS_OK)
        return;
    dead = hookview_dead(view);
    hookview_close(view);
    if (dead > 0)
        health_say(h,
                   "the hooks of %" PRIu64 " recent event%s were given up: see 'stenohook list "
                   "--hook dead'",
                   dead, dead == 1 ? "" : "s");
}

static void say_of_lane(struct visit *v, struct health *h, const struct snapshot_lane *lane)
{
    buf_printf(&h->hooks,
               "{\"done\":%" PRIu64 ",\"failed\":%" PRIu64 ",\"given_up\":%" PRIu64
               ",\"to_run_again\":%zu}",
               lane->done, lane->failed, lane->dead, lane->retry_count);
    if (lane->suspended_ns != 0)
        health_say(h, "the hook is suspended: %s", lane->why);
    if (lane->dead > 0)
        say_of_dead(v, h);
}

void health_hooks(struct visit *v, struct health *h)
{
    const struct snapshot_lane *lane;
    struct snapshot snapshot;

    if (v->endpoint->hook == NULL)
        return;
    if (say_if_paused(v, h))
        return;
    say_of_all(v, h);
    /* Without a snapshot no hook was ever run. */
    if (snapshot_read(visit_spool(v), &snapshot, NULL) != STATUS_OK)
        return;
    if (snapshot_replay(&snapshot, visit_spool(v), NULL) == STATUS_OK) {
        lane = snapshot_find(&snapshot, str_of(v->endpoint->name));
        if (lane != NULL)
            say_of_lane(v, h, lane);
    }
    snapshot_free(&snapshot);
}
