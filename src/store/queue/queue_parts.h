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
    struct place window[QUEUE_WINDOW_MAX]; /* events that wait for their first attempt, in order */
    size_t count;
    struct place read; /* all of its events before this are in the window, begun or settled */
    bool behind;       /* not read for at the front: catches up with a reader of its own */
    bool first_next;   /* whose turn it is if a retry and a first attempt are both due */
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
    bool unlinked;             /* lanes do not follow the configuration yet */
    struct record_owner owner; /* of the results: which events run without an order */
    struct snapshot snapshot;
    struct ledger *results;
    struct lane **lanes; /* as many as the snapshot has, in its order */
    size_t count, turn;
    struct claim *claims;
    struct place front;           /* where reading for all that keep up has come to */
    bool front_known, front_done; /* done: it has reached `seen` */
    struct place seen;            /* what was durable then; {0,0}: not recovered since the boot */
    bool more;                    /* reading stopped at its bounds, not at the end */
    bool dirty;                   /* the snapshot on disk is older than this */
    bool held;                    /* some retries wait for a snapshot that has them */
    int64_t flushed_ns;
    struct place
        ahead; /* where looking for drops, after a replay that waits for room, has come to */
};

/* ---- queue_lanes.c */

/* Returns the lane of that snapshot lane; queue_grow has made it. */
struct lane *queue_lane(const struct queue *q, const struct snapshot_lane *saved);
/* Makes lanes for those that came into the snapshot. */
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
/* Reads an event into `line`, and finds the name of its endpoint in it. */
enum status queue_endpoint_of(const struct queue *q, struct place place, struct buf *line,
                              struct str *name, struct err *err) STATUS_CHECKED;

/* ---- queue_orders.c */

enum status queue_take_orders(struct queue *q, int64_t now_ns, struct err *err) STATUS_CHECKED;

/* ---- queue.c */

/* Locked, and with nothing loaded. `check`: only if hooks may run. */
enum status queue_open_empty(struct queue **out, const struct spool *spool, bool check,
                             int64_t now_ns, struct err *err) STATUS_CHECKED;

#endif
