/* SPDX-License-Identifier: MIT
 * live - the journal as one thread has it open. What writes it is made of these modules, each of
 * which uses only those above it:
 *
 *   live     state and live segment     prune    removes segments that are too old
 *   commit   which process syncs        rebuild  indexes old segments, checkpoints
 *   rotate   makes the next segment     lookup   is this key on record?
 *   reindex  refills the index          append   one line, one receipt
 *   recover  a spool in doubt           group    threads append together
 *   enter    the locks                  writer   open, close, append, find
 *
 * Order of locks: rebuild.lock, append.lock, commit. Nobody holds append.lock during the sync of a
 * record.
 */
#ifndef STORE_JOURNAL_LIVE_H
#define STORE_JOURNAL_LIVE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "store/journal/hints.h"
#include "store/journal/index.h"
#include "store/journal/journal.h"

struct append;       /* store/journal/append.h */
struct journal_seat; /* store/journal/group.h */

struct journal {
    const struct spool *spool;
    struct journal_group *group; /* or NULL */
    struct journal_seat *seat;   /* in the group */
    struct append *append;       /* the one of this thread */
    struct journal_options options;
    char boot[CLOCK_BOOT_MAX];
    int append_lock, commit, state_fd;
    int segment_fd;       /* of `segment`, or -1 */
    uint32_t segment;     /* whose descriptor is open */
    uint64_t segment_len; /* read by enter_begin, kept up to date by what this journal appends */
    bool ends_clean;      /* what this journal appended under this lock ended in a newline */
    struct index index;
    struct journal_state state; /* as last read or written under the append lock */
    bool state_known;
    struct commit_word word; /* as enter_begin read it */
    struct buf line;         /* a line that a lookup verifies */
    int64_t now_ns;          /* of the last append; 0: there was none */
};

/* Takes a lock. STATUS_DEADLINE, with `late` as its text: another process has it. `name` is for
 * other failures. */
enum status live_lock(int fd, uint64_t deadline_ns, const char *name, const char *late,
                      struct err *err) STATUS_CHECKED;

/* The rest is called under the append lock. */

enum status live_store_state(struct journal *j, struct err *err) STATUS_CHECKED;
/* Opens the segment that the state names as the live one. STATUS_CORRUPT: it is gone or shorter
 * than it was. */
enum status live_open_segment(struct journal *j, struct err *err) STATUS_CHECKED;
/* Returns the days since 1970-01-01. */
uint32_t live_day(int64_t wall_ns);

#endif
