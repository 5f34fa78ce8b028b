/* SPDX-License-Identifier: MIT
 * orphan - see run/orphan.h.
 */
#include "run/orphan.h"

#include <signal.h>

#include "base/clock.h"
#include "run/child.h"

void orphan_meet(struct orphan *orphan, const struct slot *slot, uint64_t mono_ns, int64_t wall_ns)
{
    uint64_t time_ns = slot->attempt.timeout_s * NS_PER_S;
    uint64_t spent_ns = 0;

    /* A clock that was set back must not give it more time than a fresh one has. */
    if (wall_ns > slot->attempt.started_ns)
        spent_ns = (uint64_t)(wall_ns - slot->attempt.started_ns);
    *orphan = (struct orphan){.stop_ns = mono_ns + (spent_ns < time_ns ? time_ns - spent_ns : 0)};
}

/* To its group. The number stays the group's as long as one of it lives, and who holds the slot is
 * one of it, or a daemon that has left it: then there may be no such group. */
static void stop_group(const struct slot *slot, int signal)
{
    if (slot->attempt.pid > 1)
        (void)kill(-slot->attempt.pid, signal);
}

bool orphan_step(struct orphan *orphan, struct slot *slot, uint64_t mono_ns)
{
    bool busy = slot_busy(slot);

    if (!orphan->stopped) {
        if (!busy || mono_ns < orphan->stop_ns)
            return !busy;
        stop_group(slot, SIGTERM);
        orphan->stopped = true;
        orphan->stop_ns = mono_ns + CHILD_TERM_NS;
        return false;
    }
    if (!slot_held(slot))
        return true;
    if (!orphan->killed && mono_ns >= orphan->stop_ns) {
        stop_group(slot, SIGKILL);
        orphan->killed = true;
    }
    /* An attempt without a pid in its slot cannot be stopped, and will not begin any more. */
    return orphan->killed && (!slot_busy(slot) || slot->attempt.pid == 0);
}
