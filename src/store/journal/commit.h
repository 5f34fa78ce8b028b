/* SPDX-License-Identifier: MIT
 * commit - one sync for many processes.
 *
 * The process that gets the commit lock syncs; the others sleep shortly and read the commit word
 * again. They never queue for the lock: the process that has just given it back would mostly get it
 * again.
 */
#ifndef STORE_JOURNAL_COMMIT_H
#define STORE_JOURNAL_COMMIT_H

#include "store/journal/live.h"

/* Waits until all before `end` is durable, and syncs if no other process does. STATUS_POISONED: the
 * sync failed, or an earlier one did. end.segment is j->segment or an earlier one. */
enum status commit_wait(const struct journal *j, struct place end, uint64_t deadline_ns,
                        struct err *err) STATUS_CHECKED;

#endif
