/* SPDX-License-Identifier: MIT
 * accept - see gate/accept.h.
 */
#include "gate/accept.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "core/event.h"
#include "gate/gate.h"
#include "gate/reply.h"
#include "gate/visit.h"
#include "store/intake.h"

#define NS_PER_MS UINT64_C(1000000)
#define BUFFER_KEEP ((size_t)256 * 1024)
#define QUERY_MAX ((size_t)16 << 20)
/* Time for a slice of an index rebuild, behind a reply. */
#define SLICE_NS (20 * NS_PER_MS)

/* ---- the pipeline */

/* The token may be in the query under any name that the configuration knows, also where the
 * endpoint is unknown. */
static enum status keep_query(struct visit *v)
{
    const struct config *config = v->settings->config;
    struct buf *query = &v->thread->query;

    if (v->endpoint != NULL) {
        auth_query_kept(query, v->endpoint, v->request.query);
        return buf_status(query, "the query", &v->err);
    }
    buf_add_str(query, v->request.query);
    for (size_t i = 0; i < config->endpoint_count; i++) {
        struct buf kept;

        if (config->endpoints[i].auth_query == NULL)
            continue;
        buf_init(&kept, QUERY_MAX);
        auth_query_kept(&kept, &config->endpoints[i], buf_str(query));
        buf_free(query);
        *query = kept;
    }
    return buf_status(query, "the query", &v->err);
}

/* 404 is final for the sender: said only where it is certain that no endpoint of that name is meant
 * to be there. */
static enum status unknown_endpoint(struct visit *v)
{
    if (!gate_settings_whole(v->thread->gate))
        return err_set(&v->err, STATUS_CONFIG,
                       "no such endpoint, but the configuration on disk is broken");
    if (v->spool_status != STATUS_OK)
        return err_set(&v->err, v->spool_status, "%s", v->spool_err.text);
    return err_set(&v->err, STATUS_UNKNOWN_ENDPOINT, "no such endpoint");
}

static enum status authenticate(struct visit *v, struct str body)
{
    enum status status = auth_check(v->endpoint, visit_secrets(v), &v->request, body, v->now_ns,
                                    &v->principal, &v->err);

    v->known = auth_secret_right(status);
    return status;
}

static enum status record(struct visit *v, const struct event *event)
{
    struct gate_thread *t = v->thread;
    const struct receipt *receipt;
    struct journal *journal;
    enum status status;

    status = spool_pool_journal(&t->user, v->settings->config, &journal, &v->err);
    if (status != STATUS_OK)
        return status;
    status =
        intake_append(journal, v->principal, event, v->now_ns, v->deadline_ns, &receipt, &v->err);
    if (status == STATUS_OK) {
        reply_accepted(&t->reply, receipt);
        t->appended = true;
        if (event_facts(event)->hook_count > 0)
            hooks_due(v, v->endpoint);
    } else if (status == STATUS_IO || status == STATUS_CORRUPT) {
        spool_pool_journal_drop(&t->user);
    }
    return status;
}

/* The sender is known; `status` says what is wrong with address, time or body so far. */
static enum status take(struct visit *v, enum status status)
{
    struct event *event = NULL;

    if (status == STATUS_OK)
        status = event_make(&event, v->principal, &v->request, buf_str(&v->thread->query),
                            buf_str(&v->thread->body), v->now_ns, &v->err);
    if (status == STATUS_OK && v->spool_status != STATUS_OK)
        status = err_set(&v->err, v->spool_status, "%s", v->spool_err.text);
    if (status == STATUS_OK)
        status = record(v, event);
    event_free(event);
    switch ((int)status) {
    case STATUS_OK:
        return STATUS_OK;
    case STATUS_ADDRESS:
    case STATUS_STALE:
    case STATUS_TOO_LARGE:
    case STATUS_TRUNCATED:
    case STATUS_MALFORMED:
        return refuse_authenticated(v, status);
    default:
        visit_log_failure(v, status, "");
        return status;
    }
}

static enum status post(struct visit *v)
{
    enum status verdict = STATUS_OK;
    enum status status = keep_query(v);

    if (status == STATUS_OK && v->endpoint == NULL)
        status = unknown_endpoint(v);
    if (status != STATUS_OK)
        return refuse_stranger(v, status);
    if (!auth_needs_body(v->endpoint)) {
        verdict = authenticate(v, STR_NONE);
        if (!v->known)
            return refuse_stranger(v, verdict);
    }
    status = body_read(v);
    /* A server that cannot say how long the body is may as well have cut it off. */
    if (status == STATUS_OK && v->length_status != STATUS_OK)
        status = err_set(&v->err, STATUS_TRUNCATED, "%s", v->length_err.text);
    if (!v->known && status == STATUS_OK)
        verdict = authenticate(v, buf_str(&v->thread->body));
    if (!v->known)
        return refuse_stranger(v, status != STATUS_OK ? status : verdict);
    return take(v, status != STATUS_OK ? status : verdict);
}

static enum status answer(struct visit *v)
{
    v->endpoint = config_endpoint(v->settings->config, v->name, v->named);
    switch (v->request.method) {
    case METHOD_POST:
        return post(v);
    case METHOD_GET:
    case METHOD_HEAD:
        return health_answer(v);
    case METHOD_OTHER:
        break;
    }
    return err_set(&v->err, STATUS_METHOD, "not a POST");
}

/* ---- begin and end of a visit */

static uint64_t deadline_of(const struct visit *v)
{
    uint64_t ms = v->settings != NULL ? v->settings->config->deadline_ms : GATE_DEADLINE_MS_UNKNOWN;

    return exchange_accepted_ns(v->x) + ms * NS_PER_MS;
}

static enum status begin(struct visit *v)
{
    struct gate *gate = v->thread->gate;
    enum status status;

    v->length_status = request_parse(&v->request, exchange_env(v->x), &v->length_err);
    v->name = request_endpoint_name(&v->request, &v->named);
    status = gate_settings(gate, &v->settings, &v->err);
    if (status != STATUS_OK) {
        v->settings = NULL;
        v->deadline_ns = deadline_of(v);
        visit_log_notes(v);
        visit_log_failure(v, status, "");
        return status;
    }
    v->deadline_ns = deadline_of(v);
    v->spool_status =
        spool_pool_use(&gate->sites, &v->thread->user, v->settings->config, &v->spool_err);
    visit_log_notes(v);
    return STATUS_OK;
}

static void end(struct visit *v)
{
    principal_free(v->principal);
    /* What wakes the runner behind the answer needs them still. */
    if (v->settings != NULL && v->settings != v->thread->hooks)
        gate_settings_release(v->thread->gate, v->settings);
}

static bool from_browser(const struct visit *v)
{
    struct str accept = request_header(&v->request, "Accept", NULL);

    return v->request.method == METHOD_GET && accept.len > 0 &&
           memmem(accept.ptr, accept.len, "text/html", strlen("text/html")) != NULL;
}

void gate_serve(void *thread, struct exchange *x)
{
    struct gate_thread *t = thread;
    struct visit v = {
        .thread = t,
        .x = x,
        .now_ns = clock_wall_ns(),
        .spool_status = STATUS_CONFIG,
        .spool_err = ERR_INIT,
        .length_err = ERR_INIT,
        .err = ERR_INIT,
    };
    enum status status;

    buf_reset(&t->reply, REPLY_MAX);
    status = begin(&v);
    if (status == STATUS_OK)
        status = answer(&v);
    /* No secret could be told from a wrong one: whoever asks for the report gets the word. */
    if (status != STATUS_OK && v.settings == NULL && v.request.method != METHOD_POST &&
        v.request.method != METHOD_OTHER)
        health_unproved(&v, status);
    else if (status == STATUS_METHOD && from_browser(&v))
        reply_page(&t->reply);
    else if (status != STATUS_OK)
        reply_failed(&t->reply, status);
    body_drain(&v);
    exchange_write(x, t->reply.ptr, t->reply.len);
    end(&v);
}

/* ---- threads */

void *gate_thread_begin(void *context)
{
    struct gate_thread *t = calloc(1, sizeof *t);

    if (t == NULL)
        return NULL;
    t->gate = context;
    buf_init(&t->body, 0);
    buf_init(&t->query, QUERY_MAX);
    buf_init(&t->reply, REPLY_MAX);
    return t;
}

/* A failure here is the next append's to find and to tell. */
static void rebuild(struct gate_thread *t)
{
    struct err err = ERR_INIT;
    bool more;

    if (t->appended && t->user.journal != NULL &&
        journal_rebuild_slice(t->user.journal, clock_mono_ns() + SLICE_NS, &more, &err) !=
            STATUS_OK)
        spool_pool_journal_drop(&t->user);
    t->appended = false;
}

void gate_after(void *thread)
{
    struct gate_thread *t = thread;

    hooks_wake(t);
    rebuild(t);
    buf_reset(&t->body, BUFFER_KEEP);
    buf_reset(&t->query, BUFFER_KEEP);
}

void gate_thread_end(void *thread)
{
    struct gate_thread *t = thread;

    spool_pool_leave(&t->gate->sites, &t->user);
    buf_free(&t->body);
    buf_free(&t->query);
    buf_free(&t->reply);
    free(t);
}
