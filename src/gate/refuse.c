/* SPDX-License-Identifier: MIT
 * refuse - keeps a delivery that is not recorded in a box, logs it, and says how to answer.
 */
#include <inttypes.h>
#include <stdio.h>

#include "core/address.h"
#include "gate/gate_parts.h"
#include "store/boxes/box.h"
#include "store/intake.h"

#define NAME_MAX_LEN 64

static bool find_client(const struct visit *v, struct address *out)
{
    const struct config_endpoint *e = v->endpoint;

    return request_client(&v->request, e == NULL ? NULL : e->trusted_proxies,
                          e == NULL ? 0 : e->trusted_proxy_count, out);
}

static void fill_entry(const struct visit *v, enum status reason, char name[NAME_MAX_LEN + 1],
                       struct box_entry *entry)
{
    struct address client;
    bool located = find_client(v, &client);

    snprintf(name, NAME_MAX_LEN + 1, "%.*s",
             (int)(v->name.len > NAME_MAX_LEN ? NAME_MAX_LEN : v->name.len),
             v->name.ptr == NULL ? "" : v->name.ptr);
    *entry = (struct box_entry){
        .reason = reason,
        .detail = v->err.text,
        .endpoint = v->endpoint != NULL ? v->endpoint->name : name,
        .query = buf_str(&v->thread->query),
        .content_type = v->request.content_type,
        .user_agent = v->request.user_agent,
        .remote_addr = v->request.remote_addr,
        .query_unproved = v->known && auth_needs_body(v->endpoint),
        .network = located ? address_network(&client) : 0,
        .published = located && address_published(&client),
        .kept_max = reason == STATUS_TOO_LARGE ? GATE_HEAD_MAX : UINT64_MAX,
        .announced = v->request.has_length ? v->request.length : 0,
        .received_ns = v->now_ns,
    };
}

/* Whether all of the body is in the box: it ended, and not before the announced length. */
static bool is_complete(const struct visit *v, bool ended)
{
    return ended && (!v->request.has_length || v->taken >= v->request.length);
}

/* First what is in memory, then what is still on its way. */
static enum status fill_box(struct visit *v, struct box *box, bool *complete, struct err *err)
{
    const struct buf *body = &v->thread->body;
    enum status status = box_add(box, body->ptr, body->len, err);
    BUF_UNSET char piece[GATE_PIECE];
    bool ended = false;

    while (status == STATUS_OK) {
        enum status next;
        size_t got;

        next = body_next(v, piece, &got, &ended);
        if (next == STATUS_BUSY)
            return err_set(err, next, "half of the threads wait for bodies of strangers");
        /* Of a body that breaks off, what came is kept. */
        if (next != STATUS_OK || got == 0)
            break;
        status = box_add(box, piece, got, err);
    }
    *complete = is_complete(v, ended);
    return status;
}

/* Leaves out what a person took for the secret's place. `query` holds the entry's then. */
static enum status hide_secrets(const struct visit *v, struct box_entry *entry, struct buf *query,
                                struct err *err)
{
    struct auth_hidden *hidden;
    enum status status =
        auth_hidden_make(&hidden, v->settings->secrets, v->settings->config->endpoint_count, err);

    if (status != STATUS_OK)
        return status;
    auth_query_hide(query, hidden, entry->query);
    entry->query = buf_str(query);
    if (auth_is_secret(hidden, entry->content_type))
        entry->content_type = STR_NONE;
    if (auth_is_secret(hidden, entry->user_agent))
        entry->user_agent = STR_NONE;
    auth_hidden_free(hidden);
    return buf_status(query, "the query", err);
}

static enum status keep_in_box(struct visit *v, enum box_kind kind, enum status reason, bool *again,
                               struct err *err)
{
    struct box_limits limits = {.bytes_max = kind == BOX_QUARANTINED
                                                 ? v->endpoint->quarantine_max
                                                 : v->settings->config->refused_max,
                                .deadline_ns = v->deadline_ns,
                                .reserve = intake_options(v->settings->config).reserve};
    char name[NAME_MAX_LEN + 1];
    struct box_entry entry;
    struct buf query;
    struct box *box;
    bool complete = false;
    enum status status;

    if (v->spool_status != STATUS_OK)
        return err_pass(err, v->spool_status, &v->spool_err);
    fill_entry(v, reason, name, &entry);
    buf_init(&query, GATE_QUERY_MAX);
    status = hide_secrets(v, &entry, &query, err);
    if (status == STATUS_OK)
        status = box_begin(&box, visit_spool(v), kind, &entry, &limits, err);
    buf_free(&query);
    if (status != STATUS_OK)
        return status;
    status = fill_box(v, box, &complete, err);
    if (status != STATUS_OK) {
        box_abandon(box);
        return status;
    }
    return box_end(box, complete, again, err);
}

/* Only what a person may have to mend: the sender does not retry it, and the fault is not ours. */
static bool stranger_is_kept(enum status status)
{
    return status == STATUS_UNAUTHORIZED || status == STATUS_FOREIGN ||
           status == STATUS_UNKNOWN_ENDPOINT || status == STATUS_TOO_LARGE;
}

enum status refuse_stranger(struct visit *v, enum status status)
{
    struct err err = ERR_INIT;
    bool again = false;
    char note[ERR_TEXT_MAX + 32] = "";

    body_hurry(v);
    if (stranger_is_kept(status)) {
        enum status kept = keep_in_box(v, BOX_REFUSED, status, &again, &err);

        if (kept == STATUS_OK)
            snprintf(note, sizeof note, "%s", again ? "kept before" : "kept");
        else
            snprintf(note, sizeof note, "not kept: %s", err.text);
        /* Whoever it was may come again: also if it was a sender whose secret, address or URL is to
         * be mended, as long as there is nothing that could keep the delivery until then. */
        if (kept == STATUS_BUSY || v->spool_status != STATUS_OK)
            status = kept;
    }
    visit_log_failure(v, status, note);
    return status;
}

enum status refuse_authenticated(struct visit *v, enum status status)
{
    struct err err = ERR_INIT;
    bool again = false;
    enum status kept = keep_in_box(v, BOX_QUARANTINED, status, &again, &err);
    char note[ERR_TEXT_MAX + 32];

    if (kept == STATUS_OK) {
        visit_log_failure(v, status, again ? "quarantined before" : "quarantined");
        return status;
    }
    /* Without a copy no answer may be final for the sender. */
    snprintf(note, sizeof note, "not quarantined: %s", err.text);
    visit_log_failure(v, kept, note);
    return status_http(kept) == 503 ? kept : STATUS_IO;
}
