/* SPDX-License-Identifier: MIT
 * missed - see remote/missed.h.
 */
#include "remote/missed.h"

#include <string.h>

#include "base/clock.h"
#include "core/url.h"

#define BODY_MAX 512
#define QUERY_MAX ((size_t)64 * 1024)

int64_t missed_reach(int64_t since_ns, int64_t now_ns, uint64_t keep_s)
{
    uint64_t margin_s = keep_s / 2 < MISSED_MARGIN_S ? keep_s / 2 : MISSED_MARGIN_S;
    uint64_t back_s = keep_s - margin_s;
    int64_t earliest_ns;

    if (keep_s == 0 || now_ns < 0 || back_s > (uint64_t)(now_ns / NS_PER_S))
        return since_ns;
    earliest_ns = now_ns - (int64_t)back_s * NS_PER_S;
    return since_ns > earliest_ns ? since_ns : earliest_ns;
}

bool missed_possible(const struct config_endpoint *endpoint)
{
    return endpoint->url != NULL &&
           (endpoint->scheme == AUTH_STATIC || endpoint->scheme == AUTH_NONE);
}

bool missed_finished(struct str status)
{
    return str_is(status, "completed") || str_is(status, "error");
}

/* As AssemblyAI writes it. Neither value needs escaping. */
static enum status print_body(struct buf *out, struct str id, struct str status, struct err *err)
{
    if (!aai_id_ok(id) || !missed_finished(status))
        return err_set(err, STATUS_MALFORMED, "the transcript is not finished");
    buf_add_text(out, "{\"transcript_id\": \"");
    buf_add_str(out, id);
    buf_add_text(out, "\", \"status\": \"");
    buf_add_str(out, status);
    buf_add_text(out, "\"}");
    return buf_status(out, "the event's body", err);
}

enum status missed_key(char key[EVENT_KEY_MAX], const struct config_endpoint *endpoint,
                       struct str id, struct str status, struct err *err)
{
    struct event_facts facts = {.received_ns = 0};
    struct buf body;
    enum status result;

    buf_init(&body, BODY_MAX);
    result = print_body(&body, id, status, err);
    if (result == STATUS_OK)
        result = event_name(&facts, endpoint->name, STR_NONE, STR(""), buf_str(&body), err);
    if (result == STATUS_OK)
        memcpy(key, facts.key, sizeof facts.key);
    buf_free(&body);
    return result;
}

/* The query as it would have come, without the secret. */
static enum status print_query(struct buf *out, const struct config_endpoint *endpoint,
                               struct str webhook_url, struct err *err)
{
    struct buf sent;
    enum status status;

    buf_init(&sent, QUERY_MAX);
    status = url_send_query(&sent, url_query(webhook_url), err);
    if (status == STATUS_OK) {
        auth_query_kept(out, endpoint, 1, buf_str(&sent));
        status = buf_status(out, "the query", err);
    }
    buf_wipe(&sent);
    return status;
}

enum status missed_make(struct missed *out, const struct config_endpoint *endpoint,
                        const struct aai_transcript *transcript, int64_t now_ns, struct err *err)
{
    const struct request request = {.method = METHOD_POST, .remote_addr = STR("")};
    struct missed m = {.event = NULL};
    enum status status;

    buf_init(&m.body, BODY_MAX);
    buf_init(&m.query, QUERY_MAX);
    status = print_body(&m.body, transcript->id, transcript->status, err);
    if (status == STATUS_OK)
        status = print_query(&m.query, endpoint, transcript->webhook_url, err);
    if (status == STATUS_OK)
        status = auth_by_api(endpoint, &m.principal, err);
    if (status == STATUS_OK)
        status = event_make(&m.event, m.principal, &request, buf_str(&m.query), buf_str(&m.body),
                            now_ns, err);
    if (status == STATUS_OK)
        *out = m;
    else
        missed_free(&m);
    return status;
}

void missed_free(struct missed *m)
{
    event_free(m->event);
    principal_free(m->principal);
    m->event = NULL;
    m->principal = NULL;
    buf_free(&m->body);
    buf_free(&m->query);
}
