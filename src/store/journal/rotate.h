/* SPDX-License-Identifier: MIT
 * rotate - makes the next segment. Called under the append lock.
 */
#ifndef STORE_JOURNAL_ROTATE_H
#define STORE_JOURNAL_ROTATE_H

#include "store/journal/live.h"

/* Whether a line of `len` bytes should go to a new segment. */
bool rotate_due(const struct journal *j, uint64_t len, int64_t now_ns);
/* Syncs the live segment, says in the header of a new one how much of it counts, and makes the new
 * one live. Also ends a rotation that was cut off. */
enum status rotate_run(struct journal *j, int64_t now_ns, uint64_t deadline_ns,
                       struct err *err) STATUS_CHECKED;
/* For a recovery, which holds the commit lock too: makes a segment of that header, or of the next
 * number that is free. The caller stores the state. */
enum status rotate_afresh(struct journal *j, struct record_header header,
                          struct err *err) STATUS_CHECKED;

#endif
