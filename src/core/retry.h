/* SPDX-License-Identifier: MIT
 * retry - what follows a run of a hook: done, again at some time, or a dead letter. Pure.
 */
#ifndef CORE_RETRY_H
#define CORE_RETRY_H

#include <stdint.h>

#include "core/result.h"

/* Runs until an event is a dead letter: 10 s, 30 s, 2 m, 10 m, 30 m, 1 h, 3 h, 6 h, 12 h between
 * them. */
#define RETRY_ATTEMPTS_MAX 10
/* Runs in a row whose end is unknown. They do not count as attempts: a host that kills what runs in
 * the background must not use an event up; but one that ends its runner each time must not run for
 * ever. */
#define RETRY_LOST_MAX 20
/* EX_DATAERR of sysexits.h: trying again cannot help. */
#define RETRY_EXIT_DEAD 65
/* Each delay is up to a fifth shorter or longer, so that what failed together does not come again
 * together. */
#define RETRY_JITTER_PERCENT 20

/* Fills state and next_ns of a result whose end, code and attempt are known. `lost` is how many
 * runs were lost in a row, this one included; `random` is any number; `now_ns` of the wall clock.
 */
void retry_decide(struct result *result, uint32_t lost, uint64_t random, int64_t now_ns);

/* The latest time at which an event of so many attempts may be due: a later due time was written by
 * a clock that has been set back since. */
int64_t retry_latest(uint32_t attempt, int64_t now_ns);

#endif
