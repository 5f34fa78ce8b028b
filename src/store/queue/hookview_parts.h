/* SPDX-License-Identifier: MIT
 * hookview_parts - what the files of a view share.
 *
 *   hookview_table.c     what is known of each event, by its place
 *   hookview_load.c      fills the table: from results, snapshot, orders and slots
 *   hookview_stats.c     what is known of each endpoint
 *   hookview.c           opens a view, and answers
 *   hookview_attempts.c  all attempts of one event
 *
 * Each of them calls only those above it.
 */
#ifndef STORE_QUEUE_HOOKVIEW_PARTS_H
#define STORE_QUEUE_HOOKVIEW_PARTS_H

#include "store/queue/hookview.h"
#include "store/queue/snapshot.h"

struct hookview {
    const struct config *config;
    struct record_owner owner;
    struct snapshot snapshot;
    struct hookview_known *table; /* `room` of them, a power of two, or 0 */
    size_t count, room;
    uint64_t orders;
    bool runner;
    struct hook_stats *stats;
    size_t stats_count;
};

/* An event of which something is known. */
struct hookview_known {
    uint64_t place; /* packed; 0: an empty slot */
    struct hook_info info;
};

/* What is known of an event, to be filled in; nothing was known if its place is new. */
enum status hookview_add(struct hookview *v, struct place place, struct hook_info **out,
                         struct err *err) STATUS_CHECKED;
/* NULL: nothing is known of it. */
const struct hook_info *hookview_find(const struct hookview *v, struct place place);

/* Everything but the stats. `v` has its configuration, and is otherwise empty. */
enum status hookview_load(struct hookview *v, const struct spool *spool, int64_t since_ns,
                          struct err *err) STATUS_CHECKED;

/* After hookview_load. */
enum status hookview_make_stats(struct hookview *v, struct err *err) STATUS_CHECKED;

#endif
