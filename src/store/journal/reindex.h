/* SPDX-License-Identifier: MIT
 * reindex - puts in the index the records of segments that it lacks, newest first.
 */
#ifndef STORE_JOURNAL_REINDEX_H
#define STORE_JOURNAL_REINDEX_H

#include "store/journal/live.h"

/* Puts a batch in the index; the entries may be reordered. */
typedef enum status (*reindex_put)(void *context, struct index_entry *entries, size_t count,
                                   struct err *err);
/* For callers that hold the append lock and store the state: `context` is the journal. */
enum status reindex_put_locked(void *context, struct index_entry *entries, size_t count,
                               struct err *err) STATUS_CHECKED;

/* Puts the records of one segment that end within `limit`, if it still exists. *end (may be NULL)
 * is the end of the last sound line, or `limit` if the disk could not read on. */
enum status reindex_segment(const struct journal *j, uint32_t segment, uint64_t limit,
                            uint64_t deadline_ns, reindex_put put, void *context, uint64_t *end,
                            struct err *err) STATUS_CHECKED;
/* The same for the newest segment below `first`; *below is its number, or 0: there is none. */
enum status reindex_below(const struct journal *j, uint32_t first, uint64_t deadline_ns,
                          reindex_put put, void *context, uint32_t *below,
                          struct err *err) STATUS_CHECKED;

/* Under the append lock: notes in j->state that all records from `segment` on are in the index. */
void reindex_came_down(struct journal *j, uint32_t segment);
/* Under the append lock: brings state.index_first down to index_need. What was done is kept when
 * time runs out. */
enum status reindex_catch_up(struct journal *j, uint64_t deadline_ns,
                             struct err *err) STATUS_CHECKED;

/* Reads the durable checkpoint. false: there is none that speaks of the open tables. */
bool reindex_reach(const struct journal *j, struct index_reach *out);
/* Moves state.index_first over the segments that `reach` covers. */
void reindex_use_reach(struct journal_state *state, const struct index_reach *reach);

#endif
