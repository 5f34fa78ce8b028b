/* SPDX-License-Identifier: MIT
 * journal - the one commit point. An event is recorded when its line is in a segment and covered by
 * a successful fdatasync; only then is there a receipt, and only a receipt becomes a 2xx.
 *
 * Segments are append-only, made once (link), never truncated after a sync, never appended to again
 * after a reboot or a failed sync. Many threads and processes share one spool: each thread has its
 * own `struct journal` (flock works between open files), threads of one process share a `struct
 * journal_group`, which merges their waiting.
 */
#ifndef STORE_JOURNAL_JOURNAL_H
#define STORE_JOURNAL_JOURNAL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "core/record.h"
#include "store/spool/place.h"
#include "store/spool/reserve.h"
#include "store/spool/spool.h"

struct journal;
struct journal_group;

/* Proof that an event is on record: its line, or that of an equal key before it, was covered by a
 * successful sync. Only append.c makes one. It lives in the journal until the next append. */
struct receipt;
const char *receipt_id(const struct receipt *receipt);
bool receipt_duplicate(const struct receipt *receipt);

struct journal_options {
    uint64_t segment_max;        /* bytes after which a new segment is begun */
    struct reserve_rule reserve; /* on the file system */
    uint64_t keep_s;             /* segments older than this may be pruned; 0: never */
    /* What runs hooks, and is not known here. Makes durable what must be on disk before the first
     * segment is; called under the append lock. NULL: nothing must be. */
    enum status (*begin)(const struct spool *spool, int64_t now_ns, struct err *err);
    /* Returns the first segment that hooks still need: it and later ones stay, up to twice keep_s.
     * NULL: hooks need none. */
    uint32_t (*hold)(const struct spool *spool);
};

/* One per process. */
enum status journal_group_make(struct journal_group **out, struct err *err) STATUS_CHECKED;
void journal_group_free(struct journal_group *group);

/* Opens what every call needs, at constant cost. `spool` is borrowed and shared; `group` may be
 * NULL (CGI). */
enum status journal_open(struct journal **out, const struct spool *spool,
                         struct journal_group *group, const struct journal_options *options,
                         struct err *err) STATUS_CHECKED;
void journal_close(struct journal *journal);
const struct spool *journal_spool(const struct journal *journal);

/* Records `line` under `key`, unless there is a record of that key: then the receipt names that
 * one. Seals the line. STATUS_OK means durable. After any other status nothing may be acknowledged;
 * the line may or may not turn up (a retry finds it, or it is void): STATUS_NO_SPACE,
 * STATUS_DEADLINE, STATUS_POISONED, STATUS_IO, STATUS_MEMORY, STATUS_LIMIT, STATUS_CORRUPT.
 * `deadline_ns` is of the monotonic clock, `now_ns` of the wall clock. */
enum status journal_append(struct journal *journal, struct str key, struct record_line *line,
                           int64_t now_ns, uint64_t deadline_ns, const struct receipt **out,
                           struct err *err) STATUS_CHECKED;

/* Whether a durable record of that key exists, as journal_append would find it: spares the caller
 * the work of making the line. Times and failures are those of journal_append. */
enum status journal_find(struct journal *journal, struct str key, int64_t now_ns,
                         uint64_t deadline_ns, bool *found, struct err *err) STATUS_CHECKED;

/* Waits until every record is in the index, and helps. Before that, an append finds what a sender
 * may still retry, but no older event. STATUS_DEADLINE. */
enum status journal_rebuild(struct journal *journal, uint64_t deadline_ns,
                            struct err *err) STATUS_CHECKED;

/* Does one slice of an index rebuild, if one is due and no other process is at work. *more: call
 * again. Called after an append with time left, and in a loop by the command line. */
enum status journal_rebuild_slice(struct journal *journal, uint64_t deadline_ns, bool *more,
                                  struct err *err) STATUS_CHECKED;

/* Makes the index anew, whatever it says now, in slices; `tell` is called after each with the
 * number of segments that are still to be read. Until it is done the journal is as after a reboot.
 * `now_ns` decides what a sender may still retry. STATUS_DEADLINE: another process was at work on
 * the index, which is as it was. */
typedef void (*journal_tell)(void *context, uint32_t left);
enum status journal_reindex(struct journal *journal, int64_t now_ns, uint64_t deadline_ns,
                            journal_tell tell, void *context, struct err *err) STATUS_CHECKED;

/* Removes segments all of whose records are older than keep_s, oldest first, at most
 * JOURNAL_PRUNED_AT_ONCE a call; never the live one. One that hooks still need stays until twice
 * keep_s: an endpoint may be suspended without end. STATUS_DEADLINE: another process was at work on
 * the index. */
#define JOURNAL_PRUNED_AT_ONCE 64
struct journal_pruned {
    struct spool_amount removed;
    struct spool_amount held; /* old enough, but hooks need them; known once `more` is false */
    int64_t oldest_ns;        /* all records that stay were received later, if clocks are right */
    bool more;                /* there are more to remove: call again */
};
enum status journal_prune(struct journal *journal, int64_t now_ns, uint64_t deadline_ns,
                          struct journal_pruned *out, struct err *err) STATUS_CHECKED;
/* Says what all calls together would do; writes nothing. */
enum status journal_prunable(const struct journal *journal, int64_t now_ns,
                             struct journal_pruned *out, struct err *err) STATUS_CHECKED;

/* Reads how far the journal is durable; recovers nothing. STATUS_MISSING: it was not recovered
 * since the machine was started. */
enum status journal_durable(const struct spool *spool, struct place *out,
                            struct err *err) STATUS_CHECKED;

#endif
