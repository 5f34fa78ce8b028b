/* SPDX-License-Identifier: MIT
 * queue - which recorded events still have to have their hook run. A named cursor an endpoint over
 * the journal; derived from the journal and the results log.
 *
 * Every event on record that names the hook of its endpoint (core/record.h) is run until it is
 * done, dead or dropped; of the others only those for which a command asks. What is known of that
 * is the results log; a snapshot (run/snapshot) spares reading all of it: per endpoint a cursor,
 * which all settled events lie before, those settled beyond it, and the retry list. The snapshot is
 * only written when the results that it speaks of are synced, so a cursor passes an event only
 * after its outcome is durable. A lost snapshot costs a walk over the results.
 *
 * One process has it: the one that holds run/lock. Not thread-safe.
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

/* Events of one endpoint that were read ahead and wait for their first run. */
#define QUEUE_WINDOW_MAX 64
/* Events of one endpoint that wait for another run. Where there are as many, no further event of it
 * is begun, and a replay waits too; what is dropped behind it makes room for it. */
#define QUEUE_RETRIES_MAX 1000
/* How long an endpoint whose hook cannot be executed rests before it is tried again. */
#define QUEUE_SUSPEND_NS (60 * NS_PER_S)
/* How long an event waits whose record cannot be read: longer than the minute after which cron
 * starts the next runner, which would else always begin with it. */
#define QUEUE_PUT_OFF_NS (300 * NS_PER_S)
/* The snapshot is written at most so often while events flow. */
#define QUEUE_SNAPSHOT_NS (500 * NS_PER_MS)

struct queue;

/* PROOF: we hold the runner's lock, and nobody else runs the hook of this event. Only the queue
 * makes one. */
struct claim;

/* Takes run/lock: STATUS_DEADLINE where another process has it. Loads snapshot, results and
 * commands. STATUS_PAUSED: hooks are (store/queue/standing.h). */
enum status queue_open(struct queue **out, const struct spool *spool, int64_t now_ns,
                       struct err *err) STATUS_CHECKED;
/* Gives the lock back; what was settled and not flushed is in the results log all the same. */
void queue_close(struct queue *queue);

/* Says which endpoints have a hook. Borrowed until the next call. An endpoint that has none any
 * more keeps its cursor. */
void queue_configure(struct queue *queue, const struct config *config);

/* Takes in what came: records that are durable by now, and commands. Cheap where there is nothing
 * new. */
enum status queue_fill(struct queue *queue, int64_t now_ns, struct err *err) STATUS_CHECKED;

/* The next event that is due, in turns over the endpoints; first runs of one endpoint in the order
 * of the journal. *out NULL: none is due. */
enum status queue_claim(struct queue *queue, int64_t now_ns, struct claim **out,
                        struct err *err) STATUS_CHECKED;

const char *claim_id(const struct claim *claim);
/* As it is configured now: NULL where its hook was taken away since it was claimed, or adopted. */
const struct config_endpoint *claim_endpoint(const struct claim *claim);
/* Of the run that is to be made: 1 for the first. */
uint32_t claim_attempt(const struct claim *claim);
/* Runs in a row before this one whose end nobody saw. */
uint32_t claim_lost(const struct claim *claim);
/* The whole record. STATUS_MISSING: it was pruned. STATUS_CORRUPT: it is damaged. */
enum status claim_record(const struct queue *queue, const struct claim *claim, struct record *out,
                         struct err *err) STATUS_CHECKED;

/* The hook has ended: appends the result, with id and endpoint of the claim, and gives the claim
 * back, also on failure (the event is then run again, not at once). The result's attempt is the
 * claim's; RESULT_NOT_RUN of a record that is gone or damaged settles it for good. */
enum status queue_settle(struct queue *queue, struct claim *claim, const struct result *result,
                         int64_t now_ns, struct err *err) STATUS_CHECKED;
/* The hook could not be started for a reason that is not the event's: no attempt is used up, and
 * the endpoint is suspended until now + QUEUE_SUSPEND_NS. `why` is kept for people. */
void queue_suspend(struct queue *queue, struct claim *claim, const char *why, int64_t now_ns);
/* It is not to be run now (we are told to stop): as if it had not been claimed. */
void queue_unclaim(struct queue *queue, struct claim *claim);

/* Its record cannot be read, which may pass: no attempt is used up, and others come first for
 * QUEUE_PUT_OFF_NS, also in the next runner where this one flushes. */
void queue_put_off(struct queue *queue, struct claim *claim, int64_t now_ns);

/* An earlier runner began this run and did not see its end. Until queue_settle it is claimed like
 * any other. *out NULL: its end is known after all (the results log has it), or it is no event of
 * ours. */
enum status queue_adopt(struct queue *queue, struct str id, uint32_t attempt, struct claim **out,
                        struct err *err) STATUS_CHECKED;

/* When queue_fill and queue_claim may have something again without anything new, of the wall clock:
 * INT64_MAX for never, 0 for now. Of use only to a runner that could claim one more. */
int64_t queue_next_ns(const struct queue *queue);
/* When queue_flush has something to do: INT64_MAX for never. */
int64_t queue_flush_ns(const struct queue *queue);

/* Makes results durable and writes the snapshot where that is due, or where `now` is said, if there
 * is anything new. */
enum status queue_flush(struct queue *queue, bool now, int64_t now_ns,
                        struct err *err) STATUS_CHECKED;

/* Ends a pause: makes the state anew. All that was on record and received before `from_ns` does not
 * run of its own (0: all does, INT64_MAX: nothing does), and orders from before do not count. What
 * the results say of events that are still there stays known, if they are of this journal.
 * STATUS_DEADLINE: a runner is at work. On failure the pause goes on, or is over as was wanted. */
struct queue_resumed {
    bool paused; /* false: they were not, and nothing was done */
    uint64_t runs,
        rest; /* events on record that name a hook: those that run, and those that do not */
};
/* `dry`: only tells, and takes no lock. `config` says which endpoints have a hook. */
enum status queue_resume(const struct spool *spool, const struct config *config, int64_t from_ns,
                         bool dry, int64_t now_ns, struct queue_resumed *out,
                         struct err *err) STATUS_CHECKED;

/* Writes the snapshot anew from all of the results log, whatever it says now. Commands that were
 * not carried out stay so; without a sound old snapshot they are passed over. One that cannot be
 * read is an error, and stays as it was. STATUS_DEADLINE: a runner is at work, and nothing is
 * changed. */
enum status queue_rebuild(const struct spool *spool, int64_t now_ns,
                          struct err *err) STATUS_CHECKED;

#endif
