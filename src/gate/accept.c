/* SPDX-License-Identifier: MIT
 * accept - the way of a delivery: request -> endpoint -> principal -> event -> record -> receipt ->
 * answer.
 */
#include "core/event.h"
#include "gate/gate_parts.h"
#include "gate/reply.h"
#include "store/intake.h"

/* The token may be in the query under any name that the configuration knows, even if the endpoint
 * is unknown. */
static enum status keep_query(struct visit *v)
{
    const struct config *config = v->settings->config;
    struct buf *query = &v->thread->query;

    if (v->endpoint != NULL)
        auth_query_kept(query, v->endpoint, 1, v->request.query);
    else
        auth_query_kept(query, config->endpoints, config->endpoint_count, v->request.query);
    return buf_status(query, "the query", &v->err);
}

/* Somebody may have made the secret a part of the address: log and box must not show it. */
static void hide_name(struct visit *v)
{
    struct auth_hidden *hidden;

    if (auth_hidden_make(&hidden, v->settings->secrets, v->settings->config->endpoint_count,
                         NULL) != STATUS_OK) {
        v->name = STR("");
        return;
    }
    if (auth_is_secret(hidden, v->name))
        v->name = STR("");
    auth_hidden_free(hidden);
}

/* 404 is final for the sender: answered only if it is certain that no such endpoint is meant to be
 * there (and if the delivery can be kept, as refuse_stranger sees to). */
static enum status unknown_endpoint(struct visit *v)
{
    hide_name(v);
    if (!gate_settings_whole(v->thread->gate))
        return err_set(&v->err, STATUS_CONFIG,
                       "no such endpoint, but the configuration on disk is broken");
    return err_set(&v->err, STATUS_UNKNOWN_ENDPOINT, "no such endpoint");
}

static enum status authenticate(struct visit *v, struct str body)
{
    enum status status = auth_check(v->endpoint, visit_secrets(v), &v->request, body, v->now_ns,
                                    &v->principal, &v->err);

    v->known = auth_secret_right(status);
    return status;
}

static enum status record_event(struct visit *v, const struct event *event)
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
            wake_later_note(v, v->endpoint);
    } else if (status == STATUS_IO || status == STATUS_CORRUPT) {
        spool_pool_journal_drop(&t->user);
    }
    return status;
}

/* The sender is known; `status` says what is wrong with address, time or body so far. */
static enum status take_known(struct visit *v, enum status status)
{
    struct event *event = NULL;

    /* The body may have been long in coming. */
    if (v->spool_status == STATUS_OK)
        v->spool_status = spool_pool_check(&v->thread->user, v->settings->config, &v->spool_err);
    if (status == STATUS_OK)
        status = event_make(&event, v->principal, &v->request, buf_str(&v->thread->query),
                            buf_str(&v->thread->body), v->now_ns, &v->err);
    if (status == STATUS_OK && v->spool_status != STATUS_OK)
        status = err_pass(&v->err, v->spool_status, &v->spool_err);
    if (status == STATUS_OK)
        status = record_event(v, event);
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

enum status accept_delivery(struct visit *v)
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
    /* A server that does not know the body's length may have cut it off. */
    if (status == STATUS_OK && v->length_status != STATUS_OK)
        status = err_pass(&v->err, STATUS_TRUNCATED, &v->length_err);
    if (!v->known && status == STATUS_OK)
        verdict = authenticate(v, buf_str(&v->thread->body));
    if (!v->known)
        return refuse_stranger(v, status != STATUS_OK ? status : verdict);
    return take_known(v, status != STATUS_OK ? status : verdict);
}
