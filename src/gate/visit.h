/* SPDX-License-Identifier: MIT
 * visit - one request on its way through the gate: private to this room.
 */
#ifndef GATE_VISIT_H
#define GATE_VISIT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "cgi/cgi.h"
#include "core/auth/auth.h"
#include "core/request.h"
#include "gate/accept.h"
#include "gate/spool_pool.h"
#include "settings/settings.h"
#include "store/journal/journal.h"

/* Bodies that are not kept in memory pass in pieces of this. */
#define GATE_PIECE 16384
/* So much of a body that is too large is kept in the quarantine. */
#define GATE_HEAD_MAX ((uint64_t)64 * 1024)
/* Bodies are read up to so many times body-max, or up to the minimum where that is more, and then
 * left. */
#define GATE_DRAIN_FACTOR 2
#define GATE_DRAIN_MIN ((uint64_t)16 << 20)
/* Where no endpoint, or no configuration, says one. */
#define GATE_BODY_MAX_UNKNOWN ((uint64_t)16 << 20)
#define GATE_DEADLINE_MS_UNKNOWN 6000

/* What a thread keeps from one request to the next. */
struct gate_thread {
    struct gate *gate;
    struct spool_user user;
    struct buf body;
    struct buf query; /* without the token */
    struct buf reply;
    bool appended;                /* a rebuild of the index may be due */
    const struct settings *hooks; /* a runner is to be woken by these; NULL: none is */
};

struct visit {
    struct gate_thread *thread;
    struct exchange *x;
    const struct settings *settings;
    struct request request;
    struct str name; /* of the endpoint, as asked for */
    bool named;      /* and meant to be one */
    const struct config_endpoint *endpoint;
    bool known;                  /* the secret is right */
    struct principal *principal; /* and the delivery may be recorded */
    uint64_t taken;              /* body bytes read so far */
    int64_t now_ns;
    uint64_t deadline_ns;
    enum status length_status; /* whether CONTENT_LENGTH, where it is there, is a number */
    struct err length_err;
    enum status spool_status; /* whether the spool can be used */
    struct err spool_err;
    struct err err;
};

/* Spool of the visit's thread; only where spool_status is STATUS_OK. */
const struct spool *visit_spool(const struct visit *v);
const struct auth_secrets *visit_secrets(const struct visit *v);
/* One line about a request that was not accepted. What strangers can cause is rate-limited. */
void visit_log_failure(const struct visit *v, enum status status, const char *note);
/* What there is to say about the configuration and the spool. */
void visit_log_notes(const struct visit *v);

/* body.c */
/* The whole body into the thread's buffer. STATUS_TOO_LARGE, STATUS_TRUNCATED (also: fewer bytes
 * than CONTENT_LENGTH), STATUS_DEADLINE, STATUS_MEMORY; the buffer then holds what came. */
enum status body_read(struct visit *v) STATUS_CHECKED;
/* The next piece of what is still unread. *got 0: the body has *ended, or the bound is reached. */
enum status body_next(struct visit *v, char piece[GATE_PIECE], size_t *got,
                      bool *ended) STATUS_CHECKED;
/* Reads what is left up to the bound: a server may drop the reply of a program that leaves bytes
 * unread. */
void body_drain(struct visit *v);

/* refuse.c: what becomes of deliveries that are not recorded. Each returns the status that is
 * answered. */
enum status refuse_stranger(struct visit *v, enum status status) STATUS_CHECKED;
enum status refuse_authenticated(struct visit *v, enum status status) STATUS_CHECKED;

/* hooks.c: what is run for a delivery, behind its answer. */
/* Notes that a runner may have something to do: for `endpoint`, or where that is NULL for any. */
void hooks_due(struct visit *v, const struct config_endpoint *endpoint);
/* Wakes or starts the runner where that was noted. */
void hooks_wake(struct gate_thread *t);

/* health.c */
/* What is said of a GET or HEAD. A status other than STATUS_OK is answered as any failure. */
enum status health_answer(struct visit *v) STATUS_CHECKED;
/* The report where the configuration or every secret is missing, so that nobody can prove himself:
 * it names the problem in a word, and says no more. `status` is 503's. */
void health_unproved(struct visit *v, enum status status);

/* What the report collects. Each is bounded; what does not fit is left out. */
struct health {
    struct buf sentences; /* JSON texts with commas between */
    struct buf hooks;     /* figures: members of a JSON object, or empty */
};
void health_say(struct health *h, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* health_hooks.c */
/* Adds what keeps the hooks of the visit's endpoint from running. Reads the snapshot of the queue
 * and the results behind it; those of the last day only where hooks were ever given up. */
void health_hooks(struct visit *v, struct health *h);

#endif
