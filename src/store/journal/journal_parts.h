/* SPDX-License-Identifier: MIT
 * journal_parts - what the files of the journal share.
 *
 *   journal.c  the append protocol          live.c     locks, checks of the hints, rotation
 *   lookup.c   is this key on record?       recover.c  a spool of which something is in doubt
 *   commit.c   which process syncs          rebuild.c  the index of older segments, checkpoint
 *   group.c    threads append together      prune.c    segments that are too old
 *
 * Order of locks: rebuild.lock, append.lock, commit. Nobody holds append.lock during the sync of a
 * record.
 */
#ifndef STORE_JOURNAL_JOURNAL_PARTS_H
#define STORE_JOURNAL_JOURNAL_PARTS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "store/journal/hints.h"
#include "store/journal/index.h"
#include "store/journal/journal.h"
#include "store/journal/segment.h"

struct receipt {
    char id[RECORD_ID_MAX];
    bool duplicate;
};

struct journal_seat; /* of a thread in its group */

struct journal {
    const struct spool *spool;
    struct journal_group *group; /* or NULL */
    struct journal_seat *seat;   /* in the group */
    struct journal_options options;
    char boot[CLOCK_BOOT_MAX];
    int append_lock, commit, state_fd;
    int segment_fd;       /* of `segment`, or -1 */
    uint32_t segment;     /* whose descriptor is open */
    uint64_t segment_len; /* as live_enter found it, kept up to date by what this journal appends */
    bool ends_clean;      /* what this journal appended under this lock ended in a newline */
    struct index index;
    struct journal_state state; /* as last read or written under the append lock */
    bool state_known;
    struct commit_word word; /* as live_enter found it */
    struct buf line;         /* a line that a lookup verifies */
    int64_t now_ns;          /* of the last append; 0: none yet */
    struct receipt receipt;
};

/* ---- live.c */

/* Takes the append lock and leaves the journal in a state that can be appended to: hints checked or
 * recovered from, rotation ended that was cut off, live segment and index open, what the index
 * needs in it. On failure nothing is locked. */
enum status live_enter(struct journal *j, int64_t now_ns, uint64_t deadline_ns,
                       struct err *err) STATUS_CHECKED;
/* `so_far` is how the work under the lock ended: STATUS_CORRUPT makes whoever comes next recover.
 */
void live_leave(struct journal *j, enum status so_far);

/* The following are called under the append lock. */

/* Whether a line of `len` bytes should go to a new segment. */
bool live_full(const struct journal *j, uint64_t len, int64_t now_ns);
enum status live_rotate(struct journal *j, int64_t now_ns, uint64_t deadline_ns,
                        struct err *err) STATUS_CHECKED;
enum status live_store_state(struct journal *j, struct err *err) STATUS_CHECKED;
/* Opens the segment that the state names as the live one; STATUS_CORRUPT: it is gone or shorter
 * than it was. */
enum status live_open_segment(struct journal *j, struct err *err) STATUS_CHECKED;
/* Days since 1970-01-01. */
uint32_t live_day(int64_t wall_ns);

/* ---- recover.c */

enum status recover_run(struct journal *j, int64_t now_ns, uint64_t deadline_ns,
                        struct err *err) STATUS_CHECKED;

/* ---- rebuild.c */

/* Under the append lock: brings index_first down to index_need. What was done is kept when time
 * runs out. */
enum status rebuild_catch_up(struct journal *j, uint64_t deadline_ns,
                             struct err *err) STATUS_CHECKED;
/* The durable checkpoint, where there is one that speaks of the open tables. */
bool rebuild_reach(const struct journal *j, struct index_reach *out);
/* Puts the records of one segment that end within `limit` in the index; *end (may be NULL) is the
 * end of the last sound line, or `limit` where the disk could not read on. With `locked` the caller
 * holds the append lock and writes the state; else it is taken for each batch. */
enum status rebuild_segment(struct journal *j, uint32_t segment, uint64_t limit, bool locked,
                            uint64_t deadline_ns, uint64_t *end, struct err *err) STATUS_CHECKED;
/* Takes the rebuild lock: closing *out gives it back. STATUS_DEADLINE: another process has it. */
enum status rebuild_lock(const struct journal *j, uint64_t deadline_ns, int *out,
                         struct err *err) STATUS_CHECKED;
/* Under the rebuild lock: journal_rebuild_slice but for the lock, and whether or not it looks as if
 * something were due. */
enum status rebuild_slice(struct journal *j, uint64_t deadline_ns, bool *more,
                          struct err *err) STATUS_CHECKED;
/* Moves state.index_first over the segments that `reach` covers. */
void rebuild_use_reach(struct journal_state *state, const struct index_reach *reach);

/* ---- prune.c */

/* Under the rebuild lock: journal_prune but for the lock. j->state is as live_enter left it. */
enum status prune_segments(struct journal *j, int64_t now_ns, uint64_t deadline_ns,
                           struct journal_pruned *out, struct err *err) STATUS_CHECKED;

/* ---- lookup.c */

/* Under the append lock: looks for a record of that key that counts, or will when the live segment
 * is synced. *end is the place behind it. */
enum status lookup_find(struct journal *j, struct str key, uint64_t fingerprint, bool *found,
                        struct place *place, struct place *end, struct err *err) STATUS_CHECKED;

/* ---- commit.c */

/* Waits until all before `end` is durable, syncing where no other process does. j->segment is
 * end.segment or was left. */
enum status commit_wait(const struct journal *j, struct place end, uint64_t deadline_ns,
                        struct err *err) STATUS_CHECKED;

/* ---- journal.c */

/* One append, as it waits for whoever makes it. */
struct append {
    struct str key;
    struct record_line *line;
    struct receipt *receipt;
    int64_t now_ns;
    uint64_t deadline_ns;
    bool to_sync; /* written, or found, in the segment that append_all names: counts when that is
                     synced */
    enum status status;
    struct err err;
};

#define GROUP_BATCH_MAX 128

/* Makes them all, at most GROUP_BATCH_MAX, under one hold of the append lock. Each then has its
 * status, which append_end completes when all before the returned place is synced; {0, 0}: none has
 * to be. */
struct place append_all(struct journal *j, struct append *const *appends, size_t count,
                        uint64_t deadline_ns);
void append_end(struct append *append, enum status synced, const struct err *why);

/* ---- group.c */

enum status group_sit(struct journal_group *group, struct journal_seat **out,
                      struct err *err) STATUS_CHECKED;
void group_rise(struct journal_group *group, struct journal_seat *seat);
/* append->status tells how it ended. */
void group_append(struct journal *j, struct append *append);

#endif
