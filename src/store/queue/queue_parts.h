/* SPDX-License-Identifier: MIT
 * queue_parts - what the files of the queue share.
 *
 *   queue_lanes.c   the endpoints, and the events of each that wait for their first attempt
 *   queue_flush.c   results, and the snapshot on disk
 *   queue_feed.c    reads the journal
 *   queue_claim.c   claims, and what becomes of them
 *   queue_orders.c  carries out orders
 *   queue.c         opens, configures, fills
 *   queue_resume.c  ends a pause
 *
 * Each of them calls only those above it.
 *
 * An event that is begun moves from its endpoint's window to the retry list, so the cursor is just
 * the first event in the window, and nothing that runs long holds it.
 */
#ifndef STORE_QUEUE_QUEUE_PARTS_H
#define STORE_QUEUE_QUEUE_PARTS_H

#include <stdbool.h>

#include "store/queue/ledger.h"
#include "store/queue/queue.h"
#include "store/queue/snapshot.h"

/* An endpoint. */
struct lane {
    struct snapshot_lane *saved;
    const struct config_endpoint *config;  /* NULL: it has no hook */
    struct place window[QUEUE_WINDOW_MAX]; /* events that wait for their first run, in order */
    size_t count;
    struct place read; /* all of its events before this are in the window, begun or settled */
    bool behind;       /* not read for at the front: it catches up with a reader of its own */
    bool first_next;   /* whose turn it is where a retry and a first run are both due */
    unsigned claimed;
};

struct claim {
    struct claim *next;
    struct lane *lane;
    struct place place;
    char id[RECORD_ID_MAX];
    uint32_t attempt, lost;
};

struct queue {
    const struct spool *spool;
    int lock;
    const struct config *config;
    bool unlinked;             /* the configuration was not taken over yet */
    struct record_owner owner; /* of the results: what runs of its own */
    struct snapshot snapshot;
    struct ledger *results;
    struct lane **lanes; /* as many as the snapshot has, in its order */
    size_t count, turn;
    struct claim *claims;
    struct place front;           /* up to where is read for all that keep up */
    bool front_known, front_done; /* done: up to `seen` */
    struct place seen; /* what was durable then; {0,0}: nobody has recovered since the boot */
    bool more;         /* reading was ended by its bounds, not by the end */
    bool dirty;        /* the snapshot on disk is older than this */
    bool held;         /* some retries wait for a snapshot that has them */
    int64_t flushed_ns;
    struct place ahead; /* up to where drops were looked for behind a replay that waits for room */
};

/* ---- queue_lanes.c */

/* The lane of that snapshot lane, which exists after queue_grow. */
struct lane *queue_lane(const struct queue *q, const struct snapshot_lane *saved);
/* Makes lanes for what came into the snapshot. */
enum status queue_grow(struct queue *q, struct err *err) STATUS_CHECKED;
bool queue_in_window(const struct lane *lane, struct place place);
void queue_leave_window(struct queue *q, struct lane *lane, struct place place);
/* After each change of window or `read`. */
void queue_move_cursor(struct queue *q, struct lane *lane);

/* ---- queue_flush.c */

/* Writes a result down, and applies it to the snapshot. */
enum status queue_record(struct queue *q, const struct result *result, int64_t now_ns,
                         struct err *err) STATUS_CHECKED;

/* ---- queue_feed.c */

enum status queue_feed(struct queue *q, struct err *err) STATUS_CHECKED;
/* Whether a hook runs for that record without an order: the record names the hook, and was not
 * passed over when hooks were resumed. */
bool queue_takes(const struct queue *q, struct place place, struct str line);
/* The name of the endpoint of an event on record, in `line`. */
enum status queue_endpoint_of(const struct queue *q, struct place place, struct buf *line,
                              struct str *name, struct err *err) STATUS_CHECKED;

/* ---- queue_orders.c */

enum status queue_take_orders(struct queue *q, int64_t now_ns, struct err *err) STATUS_CHECKED;

/* ---- queue.c */

/* Locked, and with nothing loaded. `check`: only if hooks may run. */
enum status queue_open_empty(struct queue **out, const struct spool *spool, bool check,
                             int64_t now_ns, struct err *err) STATUS_CHECKED;

#endif
