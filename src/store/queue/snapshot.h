/* SPDX-License-Identifier: MIT
 * snapshot - what is known of the hooks of each endpoint at one moment, derived from the results
 * log; kept in run/snapshot so that not all of that has to be read again. stenohook-spool(5)
 * specifies the file. Only the queue writes it.
 *
 *   snapshot.c       in memory, and what a result changes
 *   snapshot_file.c  the file
 *   snapshot_load.c  the file and the results after it
 */
#ifndef STORE_QUEUE_SNAPSHOT_H
#define STORE_QUEUE_SNAPSHOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"
#include "core/config/config.h"
#include "core/record.h"
#include "core/result.h"
#include "store/spool/place.h"
#include "store/spool/spool.h"

/* Events of one endpoint that are settled beyond its cursor: many only after a snapshot was lost.
 * More are forgotten, and run again. */
#define SNAPSHOT_SETTLED_MAX ((size_t)2 * 1024 * 1024)
#define SNAPSHOT_WHY_MAX ERR_TEXT_MAX /* the remedy stands at the end of a reason */

/* An event that was begun and is not settled, or that is to be retried. */
struct snapshot_retry {
    struct place place;
    uint32_t attempts; /* that count */
    uint32_t lost;     /* in a row, the last ones */
    int64_t next_ns;   /* not before that */
    bool again;        /* ordered again while it was running */
    bool first;        /* its first attempt was begun and not ended: it goes before later events */
    /* In a queue at work only. */
    bool claimed;
    bool held; /* until a snapshot has it */
};

struct snapshot_lane {
    char name[CONFIG_NAME_MAX + 1]; /* of the endpoint */
    struct place cursor; /* all of its events before it are settled or in the retry list */
    uint64_t done, dead, dropped, failed, lost;
    int64_t suspended_ns; /* its hook cannot be executed: suspended until then; 0: it is not */
    char why[SNAPSHOT_WHY_MAX];
    struct snapshot_retry *retries; /* in no order */
    size_t retry_count, retry_room;
    uint64_t *settled; /* packed places at or beyond the cursor */
    size_t settled_count, settled_room;
    bool unsorted; /* settled is */
};

struct snapshot {
    struct place results; /* covers the lines of the results log before it */
    struct place orders;  /* those before it were carried out */
    struct place read;    /* after the last record that the queue has read; {0,0}: unknown */
    char read_crc[RECORD_CRC_DIGITS + 1]; /* of that record, to tell it from another */
    struct snapshot_lane **lanes;
    size_t count;
};

void snapshot_init(struct snapshot *snapshot);
void snapshot_free(struct snapshot *snapshot);

/* Reads the file. STATUS_MISSING: there is none. STATUS_CORRUPT: it is damaged, or of another
 * version. */
enum status snapshot_read(const struct spool *spool, struct snapshot *out,
                          struct err *err) STATUS_CHECKED;
/* Reads only its first line: `results`, `orders`, `read` and `read_crc`. false: that line is
 * missing or invalid. */
bool snapshot_head(const struct spool *spool, struct snapshot *out);
/* Replaces the file, durably. The results that it covers are synced already. */
enum status snapshot_write(const struct spool *spool, struct snapshot *snapshot, int64_t now_ns,
                           struct err *err) STATUS_CHECKED;

/* Returns the oldest segment with an event that is retried, or that the cursor of an endpoint has
 * not passed. 0: unknown, as there is no snapshot or it names no endpoint. */
uint32_t snapshot_hold(const struct spool *spool);

/* NULL: it has none. */
struct snapshot_lane *snapshot_find(const struct snapshot *snapshot, struct str endpoint);
/* Makes it if it is missing, with its cursor at the oldest event. STATUS_LIMIT: no endpoint can
 * have that name. */
enum status snapshot_lane(struct snapshot *snapshot, struct str endpoint,
                          struct snapshot_lane **out, struct err *err) STATUS_CHECKED;

/* NULL: it is not in the list. Valid until the list changes. */
struct snapshot_retry *snapshot_retry(const struct snapshot_lane *lane, struct place place);
enum status snapshot_retry_add(struct snapshot_lane *lane, struct place place,
                               struct snapshot_retry **out, struct err *err) STATUS_CHECKED;
void snapshot_retry_remove(struct snapshot_lane *lane, struct place place);

/* Remembers that an event at or beyond the cursor is settled. */
enum status snapshot_settle(struct snapshot_lane *lane, struct place place,
                            struct err *err) STATUS_CHECKED;
bool snapshot_settled(struct snapshot_lane *lane, struct place place);
/* Forgets what the cursor has passed. */
void snapshot_tidy(struct snapshot_lane *lane);

/* Applies a line of the results log: the same when it is written and when it is read again. */
enum status snapshot_apply(struct snapshot *snapshot, const struct result *result,
                           struct err *err) STATUS_CHECKED;

/* Applies all lines of the results log from snapshot->results on, and moves that after them. */
enum status snapshot_replay(struct snapshot *snapshot, const struct spool *spool,
                            struct err *err) STATUS_CHECKED;

/* Makes an initialised one anew from all of the results log. Skips all orders if there is any
 * result, as it is unknown which of them were carried out, and those from before a resume. */
enum status snapshot_rebuild(struct snapshot *snapshot, const struct spool *spool,
                             struct err *err) STATUS_CHECKED;
/* Loads the file and the results after it into an initialised snapshot, which the caller frees,
 * also on failure. Rebuilds it, and sets *rebuilt, if the file is missing, damaged, or from before
 * a resume. */
enum status snapshot_load(struct snapshot *snapshot, const struct spool *spool, bool *rebuilt,
                          struct err *err) STATUS_CHECKED;

#endif
