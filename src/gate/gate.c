/* SPDX-License-Identifier: MIT
 * gate - see gate/gate.h.
 */
#include "gate/gate.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "gate/gate_parts.h"
#include "gate/reply.h"
#include "store/boxes/quarantine_tidy.h"

/* Memory that a thread keeps for the next request. */
#define BUFFER_KEEP ((size_t)256 * 1024)
/* Time for a slice of an index rebuild after a reply. */
#define SLICE_NS (20 * NS_PER_MS)

static enum status answer_visit(struct visit *v)
{
    v->endpoint = config_endpoint(v->settings->config, v->name, v->named);
    switch (v->request.method) {
    case METHOD_POST:
        return accept_delivery(v);
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

    return exchange_accepted_ns(v->x) + ms * (uint64_t)NS_PER_MS;
}

static enum status begin_visit(struct visit *v)
{
    struct gate *gate = v->thread->gate;
    enum status status;

    v->length_status = request_parse(&v->request, exchange_env(v->x), &v->length_err);
    v->name = request_endpoint_name(&v->request, &v->named);
    status = gate_settings(gate, &v->settings, &v->err);
    v->deadline_ns = v->body_deadline_ns = deadline_of(v);
    if (status != STATUS_OK) {
        visit_log_notes(v);
        visit_log_failure(v, status, "");
        return status;
    }
    v->spool_status =
        spool_pool_use(&gate->pool, &v->thread->user, v->settings->config, &v->spool_err);
    visit_log_notes(v);
    return STATUS_OK;
}

static void end_visit(struct visit *v)
{
    principal_free(v->principal);
    v->thread->keep_s = v->spool_status == STATUS_OK ? v->settings->config->keep_s : 0;
    /* wake_later_run releases those that it needs. */
    if (v->settings != NULL && v->settings != v->thread->wake_by)
        gate_settings_release(v->thread->gate, v->settings);
}

static bool from_browser(const struct visit *v)
{
    struct str accept = request_header(&v->request, "Accept", NULL);

    return v->request.method == METHOD_GET && accept.len > 0 &&
           memmem(accept.ptr, accept.len, "text/html", strlen("text/html")) != NULL;
}

static void serve_exchange(void *thread, struct exchange *x)
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
    status = begin_visit(&v);
    if (status == STATUS_OK)
        status = answer_visit(&v);
    /* Without settings no secret can be checked: the report is a word. */
    if (status != STATUS_OK && v.settings == NULL && v.request.method != METHOD_POST &&
        v.request.method != METHOD_OTHER)
        health_unproved(&v, status);
    else if (status == STATUS_METHOD && from_browser(&v))
        reply_page(&t->reply);
    else if (status != STATUS_OK)
        reply_failed(&t->reply, status);
    if (!v.known)
        body_hurry(&v);
    body_drain(&v);
    exchange_write(x, t->reply.ptr, t->reply.len);
    end_visit(&v);
}

/* ---- threads */

static void *begin_thread(void *context)
{
    struct gate_thread *t = calloc(1, sizeof *t);

    if (t == NULL)
        return NULL;
    t->gate = context;
    buf_init(&t->body, 0);
    buf_init(&t->query, GATE_QUERY_MAX);
    buf_init(&t->reply, REPLY_MAX);
    return t;
}

/* The next append finds and reports a failure. */
static void rebuild_index(struct gate_thread *t)
{
    struct err err = ERR_INIT;
    bool more;

    if (t->appended && t->user.journal != NULL &&
        journal_rebuild_slice(t->user.journal, clock_mono_ns() + SLICE_NS, &more, &err) !=
            STATUS_OK)
        spool_pool_journal_drop(&t->user);
    t->appended = false;
}

static void finish_exchange(void *thread)
{
    struct gate_thread *t = thread;

    wake_later_run(t);
    rebuild_index(t);
    if (t->keep_s != 0)
        quarantine_tidy(spool_pool_spool(&t->user), t->keep_s, clock_wall_ns());
    buf_reset(&t->body, BUFFER_KEEP);
    buf_reset(&t->query, BUFFER_KEEP);
}

static void end_thread(void *thread)
{
    struct gate_thread *t = thread;

    spool_pool_leave(&t->gate->pool, &t->user);
    buf_free(&t->body);
    buf_free(&t->query);
    buf_free(&t->reply);
    free(t);
}

int gate_run(void)
{
    struct cgi_handler handler = {
        .begin = begin_thread,
        .serve = serve_exchange,
        .after = finish_exchange,
        .end = end_thread,
    };
    bool fastcgi = cgi_is_fastcgi();
    struct err err = ERR_INIT;
    struct gate *gate;
    int code;

    if (gate_make(&gate, fastcgi, &err) != STATUS_OK) {
        fprintf(stderr, "stenohook.fcgi: %s\n", err.text);
        return EXIT_FAILURE;
    }
    handler.context = gate;
    handler.able = &gate->threads;
    code = fastcgi ? fcgi_serve(&handler, gate_threads(gate)) : cgi_serve(&handler);
    gate_free(gate);
    return code;
}
