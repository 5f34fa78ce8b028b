/* SPDX-License-Identifier: MIT
 * queue_model - what becomes of the hook of one event, by rules so plain that they can be checked
 * by reading: for tests, beside the real queue.
 */
#ifndef QUEUE_MODEL_H
#define QUEUE_MODEL_H

#include <stdbool.h>
#include <stdint.h>

#include "store/queue/hookview.h"
#include "store/queue/orders.h"

enum model_state {
    MODEL_NONE,     /* it names no hook, and was not replayed */
    MODEL_NEW,      /* waits for its first attempt */
    MODEL_REPLAYED, /* waits for its first attempt since a replay */
    MODEL_AGAIN,    /* waits for another attempt, until next_ns */
    MODEL_DONE,
    MODEL_DEAD,
    MODEL_DROPPED
};

struct model {
    enum model_state state;
    uint32_t attempts; /* that count */
    uint32_t lost;     /* in a row */
    int64_t next_ns;
    bool running, again, dropped; /* what was ordered while it runs */
};

/* On record; `has_hook`: its endpoint has one now. */
void model_record(struct model *e, bool has_hook);
bool model_due(const struct model *e, bool has_hook, int64_t now_ns);
/* Whether no attempt is to follow, unless it is replayed. */
bool model_settled(const struct model *e);

/* An attempt begins ... */
void model_claim(struct model *e);
/* ... and ended with that exit status, ... */
void model_end(struct model *e, int code, int64_t now_ns);
/* ... or its runner was gone first, ... */
void model_lose(struct model *e, int64_t now_ns);
/* ... or did not begin after all. */
void model_unclaim(struct model *e);
/* Its runner is gone and a hook that was dropped runs on: nobody waits for it any more. Returns
 * whether that is so. */
bool model_abandon(struct model *e);

/* The runner carries out an order. */
void model_order(struct model *e, enum order_kind kind, bool has_hook);

/* What people are told of an event whose hook does not run. */
enum hook_state model_told(const struct model *e);

#endif
