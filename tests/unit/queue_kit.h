/* SPDX-License-Identifier: MIT
 * queue_kit - a spool with a queue for tests: events by names, and a runner that may be killed
 * after every step.
 *
 * An event is called by the letter of its endpoint and whatever follows: "a1" is one of "a". There
 * are the endpoints a, b and c, of which a and b have a hook at first. Time stands still unless a
 * test moves it.
 */
#ifndef QUEUE_KIT_H
#define QUEUE_KIT_H

#include "journal_kit.h"
#include "store/queue/orders.h"
#include "store/queue/queue.h"
#include "unit.h"

#define QK_SECOND_NS INT64_C(1000000000)
/* What a test lets follow the first run that fails: ten seconds, a fifth shorter. */
#define QK_FIRST_DELAY_NS (8 * QK_SECOND_NS)
/* An exit status that leads to another run. */
#define QK_FAILS 1

/* What becomes of the runner after every step. What it had claimed the next one adopts, as it does
 * with hooks that live on. */
enum qk_way {
    QK_STAYS,
    QK_KILLED, /* another one is opened, with what is on disk */
    QK_ENDS    /* it flushes before another one is opened */
};

/* The spool and its clock, below the queue. */
extern struct kit qk_kit;
extern struct queue *qk_queue;
extern struct err qk_err;

bool qk_open(enum qk_way way);
void qk_close(void);
/* A scenario in each way, with a fresh spool. */
void qk_each_way(void (*scenario)(void));

/* The runner is gone; another one takes over. States of all events must be as they were. */
void qk_crash(void);
void qk_reopen(void);
/* Only one of both. */
void qk_leave(void);
bool qk_enter(void);

/* As it is now. */
const struct config *qk_config(void);
/* Whether an endpoint has a hook. Also where there is no queue now. */
void qk_hook(char endpoint, bool has);

/* Records an event. */
void qk_record(const char *name);
/* So many of them: "a1", "a2", ... */
void qk_record_many(char endpoint, unsigned from, unsigned to);
struct place qk_place(const char *name);
const char *qk_id(const char *name);

void qk_fill(void);
/* Fills, and the next event with its attempt: "a1/1". "-": none is due; then there must be a time
 * at which one is, or never. */
const char *qk_claim(void);
/* As many as are due, up to `most`, with one fill before each: "a1/1 a2/1". */
const char *qk_claims(unsigned most);
/* The same, by its name only. */
const char *qk_claim_name(void);
/* How many are due without reading on. */
unsigned qk_claim_unfilled(void);
struct claim *qk_claimed(const char *name);
/* The hook of what was claimed has ended: exit status. */
void qk_end(const char *name, int code);
/* ... or nobody saw it. */
void qk_lose(const char *name);
void qk_not_run(const char *name);
/* Fills, claims this very event and ends it. */
void qk_run(const char *expected, int code);
/* A test has settled it by itself. */
void qk_forget(const char *name);
void qk_unclaim(const char *name);
void qk_put_off(const char *name);
void qk_suspend(const char *name);
/* NULL: its end is known, or it is none of ours. */
struct claim *qk_adopt(const char *name, uint32_t attempt);

void qk_order(enum order_kind kind, const char *name);
void qk_after(int64_t ns);

/* Whether there are orders that the snapshot on disk does not have as carried out. */
bool qk_orders_wait(void);

/* What people are told of each event: "a1:done/1 a2:again/1 a3:waiting/0". */
const char *qk_states(void);

/* The snapshot as it is on disk; false: there is none. */
bool qk_snapshot(struct buf *out);
bool qk_write_snapshot(struct str bytes);
bool qk_remove(const char *name);

#endif
