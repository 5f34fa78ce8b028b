/* SPDX-License-Identifier: MIT
 * prune - removes segments that are too old: journal_prune and journal_prunable, and this.
 */
#ifndef STORE_JOURNAL_PRUNE_H
#define STORE_JOURNAL_PRUNE_H

#include "store/journal/live.h"

/* journal_prune for callers that hold the rebuild lock; j->state is as enter_begin left it. */
enum status prune_segments(struct journal *j, int64_t now_ns, uint64_t deadline_ns,
                           struct journal_pruned *out, struct err *err) STATUS_CHECKED;

#endif
