/* SPDX-License-Identifier: MIT
 * queue - which hooks have still to run, derived from the journal and the results log.
 *
 * The hook of an event on record runs until it is done, dead or dropped, if its record names it
 * (core/record.h) or an order asks for it. The results log says what became of each attempt; a
 * snapshot (run/snapshot) spares reading all of it. It has of each endpoint a cursor, before which
 * all events are settled or in the retry list, what is settled beyond it, and the retry list. The
 * snapshot is written only after the results that it covers are synced, so a cursor passes an event
 * only after its outcome is durable. A lost snapshot costs a walk over the results.
 *
 * One process has the queue: the one that holds run/lock. Not thread-safe.
 */
#ifndef STORE_QUEUE_QUEUE_H
#define STORE_QUEUE_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "core/config/config.h"
#include "core/record.h"
#include "core/result.h"
#include "store/spool/spool.h"

/* Events of one endpoint that were read ahead and wait for their first attempt. */
#define QUEUE_WINDOW_MAX 64
/* Events of one endpoint that wait for another attempt. When there are as many, no further event of
 * it is begun, and a replay waits; a later order to drop one makes room for it. */
#define QUEUE_RETRIES_MAX 1000
/* How long an endpoint whose hook cannot be executed is suspended. */
#define QUEUE_SUSPEND_NS (60 * NS_PER_S)
/* How long an event waits whose record cannot be read: longer than the minute after which cron
 * starts the next runner, which would otherwise always begin with it. */
#define QUEUE_PUT_OFF_NS (300 * NS_PER_S)
/* The least time between two snapshots while events flow. */
#define QUEUE_SNAPSHOT_NS (500 * NS_PER_MS)

struct queue;

/* PROOF: we hold the runner's lock, and no other process runs the hook of this event. Only the
 * queue makes one. */
struct claim;

/* Takes run/lock, and loads snapshot and results. STATUS_DEADLINE: another process has the lock.
 * STATUS_PAUSED: hooks are paused (store/queue/standing.h). */
enum status queue_open(struct queue **out, const struct spool *spool, int64_t now_ns,
                       struct err *err) STATUS_CHECKED;
/* Releases the lock. What was settled is in the results log even if it was not flushed. */
void queue_close(struct queue *queue);

/* Sets which endpoints have a hook. `config` is borrowed until the next call. An endpoint that lost
 * its hook keeps its cursor. */
void queue_configure(struct queue *queue, const struct config *config);

/* Reads what came: records that are durable by now, and orders. Cheap if there is nothing new. */
enum status queue_fill(struct queue *queue, int64_t now_ns, struct err *err) STATUS_CHECKED;

/* Claims the next event that is due: endpoints take turns, and first attempts of one endpoint are
 * in the order of the journal. *out NULL: nothing is due. */
enum status queue_claim(struct queue *queue, int64_t now_ns, struct claim **out,
                        struct err *err) STATUS_CHECKED;

const char *claim_id(const struct claim *claim);
/* As it is configured now. NULL: it has no hook any more. */
const struct config_endpoint *claim_endpoint(const struct claim *claim);
/* The number of the attempt to make: 1 is the first. */
uint32_t claim_attempt(const struct claim *claim);
/* Attempts in a row before this one whose end no runner saw. */
uint32_t claim_lost(const struct claim *claim);
/* Reads the whole record. STATUS_MISSING: it was pruned. STATUS_CORRUPT: it is damaged. */
enum status claim_record(const struct queue *queue, const struct claim *claim, struct record *out,
                         struct err *err) STATUS_CHECKED;

/* The hook has ended: appends the result, with id and endpoint of the claim, whose attempt it is;
 * RESULT_NOT_RUN settles an event whose record is gone or damaged for good. Frees the claim, also
 * on failure: the event is then retried, but not at once. */
enum status queue_settle(struct queue *queue, struct claim *claim, const struct result *result,
                         int64_t now_ns, struct err *err) STATUS_CHECKED;
/* The hook cannot be started, whatever the event: suspends the endpoint for QUEUE_SUSPEND_NS, uses
 * up no attempt, and frees the claim. `why` is kept for people. */
void queue_suspend(struct queue *queue, struct claim *claim, const char *why, int64_t now_ns);
/* Frees the claim as if it had not been made: it is not to run now. */
void queue_unclaim(struct queue *queue, struct claim *claim);

/* Its record cannot be read, which may pass: frees the claim, uses up no attempt, and lets others
 * go first for QUEUE_PUT_OFF_NS; also in the next runner, if this one flushes. */
void queue_put_off(struct queue *queue, struct claim *claim, int64_t now_ns);

/* Claims an attempt that an earlier runner began and whose end it did not see. *out NULL: its end
 * is in the results log after all, or it is no event of this journal. */
enum status queue_adopt(struct queue *queue, struct str id, uint32_t attempt, struct claim **out,
                        struct err *err) STATUS_CHECKED;

/* The wall clock's time at which queue_fill and queue_claim may have something though nothing new
 * came: INT64_MAX is never, 0 now. For a runner that could claim one more. */
int64_t queue_next_ns(const struct queue *queue);
/* When queue_flush has something to do: INT64_MAX is never. */
int64_t queue_flush_ns(const struct queue *queue);

/* Makes results durable and writes the snapshot, if anything is new and that is due, or `now`. */
enum status queue_flush(struct queue *queue, bool now, int64_t now_ns,
                        struct err *err) STATUS_CHECKED;

/* Ends a pause: makes the state anew. Events on record that were received before `from_ns` run by
 * orders only (0: all run, INT64_MAX: none), and older orders do not count. Results of events that
 * are still on record stay known, if they are of this journal. STATUS_DEADLINE: a runner is at
 * work. On failure the pause either goes on, or is over as asked for. */
struct queue_resumed {
    bool paused; /* false: hooks were not paused, and nothing was done */
    uint64_t runs,
        rest; /* events on record that name a hook: those that run, and those that do not */
};
/* `dry`: only reports, and takes no lock. `config` says which endpoints have a hook. */
enum status queue_resume(const struct spool *spool, const struct config *config, int64_t from_ns,
                         bool dry, int64_t now_ns, struct queue_resumed *out,
                         struct err *err) STATUS_CHECKED;

/* Writes the snapshot anew from all of the results log. Orders that were not carried out stay so;
 * if the old snapshot is missing or damaged they are skipped. One that cannot be read is an error,
 * and stays as it was. STATUS_DEADLINE: a runner is at work, and nothing is changed. */
enum status queue_rebuild(const struct spool *spool, int64_t now_ns,
                          struct err *err) STATUS_CHECKED;

#endif
