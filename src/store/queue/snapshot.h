/* SPDX-License-Identifier: MIT
 * snapshot - what is known of the hooks of each endpoint at one moment: made of the results log,
 * kept in run/snapshot so that not all of it has to be read again. stenohook-spool(5) is the
 * file's specification.
 *
 * The queue is the one that writes it; whoever looks on (store/queue/hookview.h, pruning) reads it.
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

/* Events of one endpoint that are settled beyond its cursor: many only while a lost snapshot is
 * made up for. What is beyond this is forgotten, and run again. */
#define SNAPSHOT_SETTLED_MAX ((size_t)2 * 1024 * 1024)
#define SNAPSHOT_WHY_MAX 240

/* An event that was begun and is not settled, or that is to be run again. */
struct snapshot_retry {
    struct place place;
    uint32_t attempts; /* that count */
    uint32_t lost;     /* in a row, the last ones */
    int64_t next_ns;   /* not before that */
    bool again;        /* while it was running, somebody asked for another run */
    bool first;        /* its first run was begun and not ended: it comes before any later event */
    /* Of a running queue only. */
    bool claimed;
    bool held; /* until a snapshot has it */
};

struct snapshot_lane {
    char name[CONFIG_NAME_MAX + 1]; /* of the endpoint */
    struct place cursor; /* all of its events before it are settled or in the retry list */
    uint64_t done, dead, dropped, failed, lost;
    int64_t suspended_ns; /* its hook cannot be executed: rests until then; 0: it does not */
    char why[SNAPSHOT_WHY_MAX];
    struct snapshot_retry *retries; /* in no order */
    size_t retry_count, retry_room;
    uint64_t *settled; /* packed places at or beyond the cursor */
    size_t settled_count, settled_room;
    bool unsorted; /* settled is */
};

struct snapshot {
    struct place results; /* the lines of the results log before it are in */
    struct place orders;  /* those before it were carried out */
    struct place read;    /* behind the last record that the queue has read; {0,0}: not known */
    char read_crc[RECORD_CRC_DIGITS + 1]; /* of that record: another is not the one meant */
    struct snapshot_lane **lanes;
    size_t count;
};

void snapshot_init(struct snapshot *snapshot);
void snapshot_free(struct snapshot *snapshot);

/* The file. STATUS_MISSING: there is none. STATUS_CORRUPT: it is damaged, or of another version. */
enum status snapshot_read(const struct spool *spool, struct snapshot *out,
                          struct err *err) STATUS_CHECKED;
/* Its first line alone, whatever the rest says: `results`, `commands`, `read` and `read_crc`.
 * false: there is none that could be read. */
bool snapshot_head(const struct spool *spool, struct snapshot *out);
/* Replaces it, durably. What `results` lies behind is synced already. */
enum status snapshot_write(const struct spool *spool, struct snapshot *snapshot, int64_t now_ns,
                           struct err *err) STATUS_CHECKED;

/* The oldest segment that holds an event which waits for another run, or that the cursor of an
 * endpoint has not passed. 0: not known, since there is no snapshot or it names no endpoint. */
uint32_t snapshot_hold(const struct spool *spool);

/* NULL: there is none. */
struct snapshot_lane *snapshot_find(const struct snapshot *snapshot, struct str endpoint);
/* Makes it where it is missing, its cursor at the oldest event. STATUS_LIMIT: no name of an
 * endpoint. */
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

/* What a line of the results log changes: the same when it is written and when it is read again. */
enum status snapshot_apply(struct snapshot *snapshot, const struct result *result,
                           struct err *err) STATUS_CHECKED;

/* All lines of the results log from snapshot->results on, which moves behind them. */
enum status snapshot_replay(struct snapshot *snapshot, const struct spool *spool,
                            struct err *err) STATUS_CHECKED;

/* Makes it anew from all of the results log; it was initialised. Commands are passed over where
 * there is any result, as nobody knows which of them were carried out, and so are those of before a
 * resume. */
enum status snapshot_rebuild(struct snapshot *snapshot, const struct spool *spool,
                             struct err *err) STATUS_CHECKED;
/* What is known now: the file and the results behind it. Where it is missing, damaged, or of before
 * a resume, it is rebuilt, which *rebuilt tells. `snapshot` was initialised, and is freed by the
 * caller in any case.
 */
enum status snapshot_load(struct snapshot *snapshot, const struct spool *spool, bool *rebuilt,
                          struct err *err) STATUS_CHECKED;

#endif
