/* SPDX-License-Identifier: MIT
 * group - the threads of one process append together.
 *
 * Each thread puts its append in a queue and waits. One of them leads: it takes what is queued,
 * writes it all under one hold of the append lock, syncs once, and ends each append. What is queued
 * meanwhile is the next batch, and its first thread the next leader. So an append costs its thread
 * one wait and one wake-up, whatever the number of threads; with a lock to append and a lock to
 * sync it was six.
 *
 * An append belongs to its leader from the moment it is taken until its line is written. A thread
 * whose time is up before or after that leaves with STATUS_DEADLINE; in between it has to stay,
 * which takes no longer than the leader's own deadline.
 */
#ifndef STORE_JOURNAL_GROUP_H
#define STORE_JOURNAL_GROUP_H

#include "store/journal/live.h"

/* A thread's place in the group, which it gives back with group_rise. */
enum status group_sit(struct journal_group *group, struct journal_seat **out,
                      struct err *err) STATUS_CHECKED;
void group_rise(struct journal_group *group, struct journal_seat *seat);
/* Brings j->append to its outcome. */
void group_append(struct journal *j);

#endif
