/* SPDX-License-Identifier: MIT
 * append - one append of one thread: from its line to its receipt.
 *
 * Only append.c can say that an append is durable, and only there `struct receipt` is complete. A
 * leader writes a batch of appends, syncs once, and ends each; a thread without a group leads a
 * batch of one.
 */
#ifndef STORE_JOURNAL_APPEND_H
#define STORE_JOURNAL_APPEND_H

#include "store/journal/live.h"

enum status append_make(struct append **out, struct err *err) STATUS_CHECKED;
void append_free(struct append *append);

/* Says what the append is about: journal_append. */
void append_begin(struct append *append, struct str key, struct record_line *line, int64_t now_ns,
                  uint64_t deadline_ns);
uint64_t append_deadline(const struct append *append);

#define APPEND_BATCH_MAX 128

/* The leader of the batch is j->append, whose deadline holds for all. append_write finds or writes
 * all records, at most APPEND_BATCH_MAX, under one hold of the append lock. append_sync waits until
 * they are durable. append_end then gives one of them its status. */
void append_write(struct journal *j, struct append *const *batch, size_t count);
void append_sync(struct journal *j);
void append_end(struct append *append, const struct append *leader);
/* Instead of append_end: the thread's time is up. */
void append_give_up(struct append *append);

/* For the thread itself, in the end. STATUS_OK: the record is durable, and *out is its receipt,
 * which lives until the next append_begin. */
enum status append_outcome(struct append *append, const struct receipt **out,
                           struct err *err) STATUS_CHECKED;

#endif
