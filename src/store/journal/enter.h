/* SPDX-License-Identifier: MIT
 * enter - the append lock, and all that must be true of the journal while it is held; and the
 * rebuild lock, which is taken before it.
 */
#ifndef STORE_JOURNAL_ENTER_H
#define STORE_JOURNAL_ENTER_H

#include "store/journal/live.h"

/* Takes the append lock and makes the journal ready to be appended to: checks the hints or
 * recovers, ends a rotation that was cut off, opens live segment and index, and puts in the index
 * what it needs. On failure nothing is locked. */
enum status enter_begin(struct journal *j, int64_t now_ns, uint64_t deadline_ns,
                        struct err *err) STATUS_CHECKED;
/* Gives the lock back. `so_far` is the status of the work under it: after STATUS_CORRUPT the next
 * process recovers. */
void enter_end(struct journal *j, enum status so_far);

/* Takes the rebuild lock; closing *out gives it back. STATUS_DEADLINE: another process has it. */
enum status enter_rebuild(const struct journal *j, uint64_t deadline_ns, int *out,
                          struct err *err) STATUS_CHECKED;

#endif
