/* SPDX-License-Identifier: MIT
 * orphan - a hook that an earlier runner started and that still runs. It is no child of ours:
 * it is checked now and then, stopped at its timeout, and how it ended stays unknown.
 */
#ifndef RUN_ORPHAN_H
#define RUN_ORPHAN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "store/queue/slot.h"

/* Between two looks. */
#define ORPHAN_LOOK_NS (200 * NS_PER_MS)

struct orphan {
    uint64_t stop_ns; /* monotonic: its timeout, and then when it is killed */
    bool stopped;
    bool killed;
};

/* `slot` is SLOT_BUSY. */
void orphan_meet(struct orphan *orphan, const struct slot *slot, uint64_t mono_ns, int64_t wall_ns);
/* true: it is over. */
bool orphan_step(struct orphan *orphan, struct slot *slot, uint64_t mono_ns);

#endif
