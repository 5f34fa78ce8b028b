/* SPDX-License-Identifier: MIT
 * gate_parts - the gateway from inside: the process, its threads, and one request on its way
 * through. Private to this room.
 */
#ifndef GATE_GATE_PARTS_H
#define GATE_GATE_PARTS_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/log.h"
#include "cgi/cgi.h"
#include "core/auth/auth.h"
#include "core/request.h"
#include "gate/spool_pool.h"
#include "settings/settings.h"
#include "store/journal/journal.h"
#include "store/spool/log_budget.h"

#define GATE_NOTES_MAX 2048
#define GATE_THREADS_DEFAULT 32
#define GATE_QUERY_MAX ((size_t)16 << 20)
/* Bodies that are not kept in memory pass in pieces of this. */
#define GATE_PIECE 16384
/* The quarantine keeps so much of a body that is too large. */
#define GATE_HEAD_MAX ((uint64_t)64 * 1024)
/* Bodies are read up to so many times body-max, or up to the minimum if that is more. */
#define GATE_DRAIN_FACTOR 2
#define GATE_DRAIN_MIN ((uint64_t)16 << 20)
/* Without an endpoint or a configuration. */
#define GATE_BODY_MAX_UNKNOWN ((uint64_t)16 << 20)
#define GATE_DEADLINE_MS_UNKNOWN 6000
/* So long the body of a stranger is waited for, in all, when the answer is known. A sender whose
 * secret was changed sends a few KB at once, and they are kept. */
#define GATE_STRANGER_NS (250 * NS_PER_MS)

/* What the threads of the process share. */
struct gate {
    bool fastcgi;
    bool root; /* we are: nothing is read or served */
    struct spool_pool pool;
    /* FastCGI. */
    struct settings_cache *cache;
    /* CGI: read once; NULL: problem says why. */
    const struct settings *settings;
    struct err problem;
    /* Warnings about the settings that the next request takes to the log. */
    pthread_mutex_t lock;
    struct buf notes;             /* sentences, each with a newline */
    atomic_bool noted;            /* there are some: most requests need no lock */
    atomic_uint threads, waiting; /* all, and those that wait for the body of a stranger */
};

/* What a thread keeps from one request to the next. */
struct gate_thread {
    struct gate *gate;
    struct spool_user user;
    struct buf body;
    struct buf query; /* without the token */
    struct buf reply;
    uint64_t keep_s;                /* of the quarantine; 0: there is no spool */
    bool appended;                  /* a rebuild of the index may be due */
    const struct settings *wake_by; /* after the answer wake a runner by these; NULL: none is due */
};

/* One request. */
struct visit {
    struct gate_thread *thread;
    struct exchange *x;
    const struct settings *settings;
    struct request request;
    struct str name; /* of the endpoint, as asked for */
    bool named;      /* by the path, so that no other endpoint can be meant */
    const struct config_endpoint *endpoint;
    bool known;                  /* auth_secret_right: no stranger */
    struct principal *principal; /* and the delivery may be recorded */
    uint64_t taken;              /* body bytes read so far */
    int64_t now_ns;
    uint64_t deadline_ns;
    uint64_t body_deadline_ns; /* no later; for the body */
    bool hurried;              /* body_hurry was called */
    enum status length_status; /* of CONTENT_LENGTH */
    struct err length_err;
    enum status spool_status; /* whether the spool can be used */
    struct err spool_err;
    struct err err;
};

/* ---- gate_shared.c */

/* A missing or broken configuration is no failure. */
enum status gate_make(struct gate **out, bool fastcgi, struct err *err) STATUS_CHECKED;
void gate_free(struct gate *gate);
/* Its name in the log. */
const char *gate_program(const struct gate *gate);
/* The settings that serve now, given back with gate_settings_release. */
enum status gate_settings(struct gate *gate, const struct settings **out,
                          struct err *err) STATUS_CHECKED;
void gate_settings_release(struct gate *gate, const struct settings *settings);
/* Whether those settings are what is on disk. */
bool gate_settings_whole(struct gate *gate);
/* Threads in FastCGI mode: the configuration's, or the default while that is broken. */
unsigned gate_threads(struct gate *gate);
/* Moves the warnings to `out`. */
void gate_take_notes(struct gate *gate, struct buf *out);

/* Whether one more thread may wait for the body of a sender who is not authenticated: no more than
 * half of them may, so that strangers never hold all (one if it is the only one: a signature covers
 * the body). A true one is given back with gate_wait_end. A CGI process serves nobody else. */
bool gate_wait_begin(struct gate *gate);
void gate_wait_end(struct gate *gate);

/* ---- visit.c */

/* The spool of the thread; only if spool_status is STATUS_OK. */
const struct spool *visit_spool(const struct visit *v);
const struct auth_secrets *visit_secrets(const struct visit *v);
/* Whether the request has not proved itself. If its endpoint proves nothing, nobody has. */
bool visit_is_stranger(const struct visit *v);
/* Logs a request that is not accepted, within the budget of its kind and status. */
void visit_log_failure(const struct visit *v, enum status status, const char *note);
/* Logs the warnings about the configuration and the spool. */
void visit_log_notes(const struct visit *v);
/* Whether to log a line of that kind now; logs the line that closes an earlier minute. */
bool gate_line_due(const struct log *log, const struct spool *spool, enum log_kind kind,
                   enum status status, int64_t now_ns);

/* ---- body.c */

/* All of these may wait for the sender until the deadline. As long as nothing proves who that is,
 * they end with STATUS_BUSY instead if gate_wait_begin does not allow it. */

/* The sender is a stranger and the answer is known: from now on waits for the body for a moment
 * only. */
void body_hurry(struct visit *v);
/* Reads the whole body into the thread's buffer. STATUS_TOO_LARGE, STATUS_TRUNCATED (also: fewer
 * bytes than CONTENT_LENGTH), STATUS_DEADLINE, STATUS_BUSY, STATUS_MEMORY; the buffer then holds
 * what came. */
enum status body_read(struct visit *v) STATUS_CHECKED;
/* Reads the next piece of the rest. *got 0: the body has *ended, or the bound is reached. */
enum status body_next(struct visit *v, char piece[GATE_PIECE], size_t *got,
                      bool *ended) STATUS_CHECKED;
/* Reads the rest up to the bound: a server may drop the reply of a program that leaves bytes
 * unread. */
void body_drain(struct visit *v);

/* ---- wake_later.c: hooks run after the answer */

/* Remembers that a runner may have something to do for `endpoint`, or for any if that is NULL. */
void wake_later_note(struct visit *v, const struct config_endpoint *endpoint);
/* Wakes or starts the runner if one was noted. */
void wake_later_run(struct gate_thread *t);

/* ---- refuse.c: boxes for deliveries that are not recorded; returns the status to answer */

enum status refuse_stranger(struct visit *v, enum status status) STATUS_CHECKED;
enum status refuse_authenticated(struct visit *v, enum status status) STATUS_CHECKED;

/* ---- health_hooks.c */

/* Adds to `sentences` (reply_add_sentence) what keeps the hooks of the visit's endpoint from
 * running, and to `hooks` their figures. Reads the snapshot of the queue and the results after it;
 * those of the last day only if hooks were ever given up. */
void health_hooks(struct visit *v, struct buf *sentences, struct buf *hooks);

/* ---- health.c */

/* Answers a GET or HEAD with the report. Another status than STATUS_OK is answered as any failure.
 */
enum status health_answer(struct visit *v) STATUS_CHECKED;
/* The report if the configuration or every secret is missing, so that no request can prove itself:
 * it names the problem in a word. `status` is 503's. */
void health_unproved(struct visit *v, enum status status);

/* ---- accept.c */

/* Records a POST, or puts it into a box. */
enum status accept_delivery(struct visit *v) STATUS_CHECKED;

#endif
