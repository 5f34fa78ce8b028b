/* SPDX-License-Identifier: MIT
 * quarantine_tidy - lets quarantined deliveries go in time, also if no runner of hooks does.
 */
#ifndef STORE_BOXES_QUARANTINE_TIDY_H
#define STORE_BOXES_QUARANTINE_TIDY_H

#include <stdint.h>

#include "store/spool/spool.h"

/* Expired entries that one sweep removes. */
#define QUARANTINE_EXPIRE_MAX 1000

/* If the last sweep was a minute ago: removes entries that came last longer than keep_s ago, at
 * most QUARANTINE_EXPIRE_MAX of them, and counts the others. For after an answer: one system call
 * if it is not due. What fails is left to the next. */
void quarantine_tidy(const struct spool *spool, uint64_t keep_s, int64_t now_ns);

#endif
