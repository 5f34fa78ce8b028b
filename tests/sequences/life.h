/* SPDX-License-Identifier: MIT
 * life - one sequence: a spool, the processes that have it open, and what was promised of each
 * delivery.
 *
 * There are three processes in one: a gateway, which keeps its journal open; a runner, which keeps
 * its queue; an operator, whose commands begin anew each time. A kill takes all of them. What dies
 * in the middle of something is a forked process; what it has promised by then is in memory that
 * it shares.
 */
#ifndef SEQUENCES_LIFE_H
#define SEQUENCES_LIFE_H

#include <stdbool.h>
#include <stdint.h>

#include "../unit/queue_model.h"
#include "base/err.h"
#include "core/config/config.h"
#include "core/record.h"
#include "store/journal/journal.h"
#include "store/queue/queue.h"
#include "store/spool/place.h"
#include "store/spool/spool.h"
#include "world.h"

#define DELIVERIES_MAX 24
#define PLACES_MAX 64
#define ORDERS_MAX 16
#define COMPLAINT_MAX 400
#define KEEP_S ((int64_t)3 * 86400)
/* Longer than `keep`, shorter than twice that. */
#define PRUNE_STEP_S ((int64_t)4 * 86400)
#define STEP_S 20 /* between two operations: longer than the first delay of a hook */

/* How far an attempt has come. */
enum phase {
    PHASE_NONE,
    PHASE_CLAIMED, /* no slot says so yet, or one does, but the hook has not run */
    PHASE_RAN      /* the hook has ended, and its result is being written */
};

struct delivery {
    bool sent;  /* to the gateway */
    bool tried; /* to be recorded: sent, or accepted by the operator */
    bool acked; /* promised: it is on record */
    bool boxed; /* promised: it is in the quarantine, or on record */
    bool on_record;
    struct place place; /* on_record */
    int64_t seen_ns;    /* when it was first seen there */
    int64_t sealed_ns;  /* when the next segment was made; INT64_MAX: there is none */
    char id[RECORD_ID_MAX];
    struct model hook; /* on_record */
    enum phase phase;
    int code;          /* PHASE_RAN: how it ended */
    unsigned ran;      /* how often its hook has run since it is on record */
    int64_t unsure_ns; /* until then it is open whether its hook is due */
};

struct life {
    struct delivery deliveries[DELIVERIES_MAX];
    unsigned count;
    unsigned last; /* the one that was delivered last, recorded or not */
    /* Orders that were given, and not carried out yet; by id. */
    char orders[ORDERS_MAX][RECORD_ID_MAX];
    unsigned order_count;
    /* Places that were ever in use, and by whose record. */
    struct place places[PLACES_MAX];
    unsigned owners[PLACES_MAX];
    unsigned place_count;
    struct replay {
        enum { REPLAY_NONE, REPLAY_TRIED, REPLAY_GIVEN, REPLAY_REFUSED } how;
        char id[RECORD_ID_MAX];
        unsigned before; /* orders on disk */
    } replay;            /* by the operation that was last */
    bool bad;
    char complaint[COMPLAINT_MAX];
};
/* What has happened in all sequences. */
struct tally {
    uint64_t killed;  /* processes, in the middle of something */
    uint64_t refused; /* operations, by a full disk */
};
/* Shared with forked processes. */
extern struct life *life;
extern struct tally *tally;

/* What this process has open. */
struct open {
    bool spooled;
    struct spool spool;
    struct journal *journal;
    struct queue *queue;
};
extern struct open live;
extern const struct config *life_config;
extern struct journal_options life_options;

/* Says what is wrong, if nothing was yet. */
void complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Once in a program: everything below `root`. */
bool life_prepare(const char *root);
/* A new spool, with one delivery in the quarantine. */
void life_begin(void);
void life_end(void);
/* All that is open is gone, as after a kill: closing writes nothing. */
void life_drop(void);
/* The machine starts again, without the index: no sync of it was promised. */
void life_boot(void);
/* Opens the spool, if it is not. */
bool life_open(void);

/* ---- deeds.c: operations; `calm`: nothing is to go wrong with it */

/* The gateway gets a delivery, for the first time or again. */
void deed_deliver(unsigned number, bool calm);
void deed_rotate(bool calm);
void deed_prune(bool calm);
void deed_replay(bool calm);
/* How many orders are on disk. */
unsigned deed_orders(void);
/* Puts one more delivery into the quarantine. */
void deed_quarantine(void);
/* The operator accepts all of the quarantine. */
void deed_accept(bool calm);
/* The bytes of a delivery, and which one has these bytes, or that key: DELIVERIES_MAX for none. */
#define DEED_BODY_MAX 128
struct str deed_body(unsigned number, char out[DEED_BODY_MAX]);
unsigned deed_number(struct str text);
/* The delivery of that id, or NULL. */
struct delivery *deed_named(const char *id);

/* ---- hooks.c: the runner */

void hooks_run(bool calm);
/* What a runner that waits does meanwhile. */
void hooks_idle(void);
/* A runner, begun with nothing but the results, finds nothing to do. */
void hooks_rest(void);

/* ---- look.c: is all as it was promised? */

/* Whether it is old enough to be pruned. */
bool look_may_go(const struct delivery *d);
/* After each operation: `pruned`, `calm`: it was a prune, and nothing was to go wrong. */
void look_around(bool pruned, bool calm);
/* By a fresh process, at the end; then it goes on until nothing is left to be done. */
void look_finally(const struct disaster *left);

#endif
