/* SPDX-License-Identifier: MIT
 * event - one delivery that will be recorded, and the key that makes its retries the same event.
 */
#include "core/event.h"

#include <stdio.h>
#include <string.h>

#include "base/mac.h"

static const char *const kind_names[] = {
    [EVENT_TRANSCRIPT] = "transcript", [EVENT_REDACTED_AUDIO] = "redacted_audio",
    [EVENT_STREAMING] = "streaming",   [EVENT_VOICE_AGENT] = "voice_agent",
    [EVENT_TRIAL] = "trial",           [EVENT_UNKNOWN] = "unknown",
};
#define KINDS (sizeof kind_names / sizeof *kind_names)

const char *event_kind_name(enum event_kind kind)
{
    return kind_names[kind];
}

bool event_kind_parse(struct str s, enum event_kind *out)
{
    for (size_t i = 0; i < KINDS; i++) {
        if (!str_is(s, kind_names[i]))
            continue;
        *out = (enum event_kind)i;
        return true;
    }
    return false;
}

/* No default: the compiler asks whoever adds a kind. */
bool event_kind_runs_hooks(enum event_kind kind)
{
    switch (kind) {
    case EVENT_TRANSCRIPT:
    case EVENT_REDACTED_AUDIO:
    case EVENT_STREAMING:
    case EVENT_VOICE_AGENT:
    case EVENT_UNKNOWN:
        return true;
    case EVENT_TRIAL:
        return false;
    }
    return false;
}

void event_take_hooks(struct event *event, const struct config_endpoint *endpoint)
{
    static const char *const only[] = {CONFIG_HOOK_DEFAULT};
    bool has = endpoint->hook != NULL && event_kind_runs_hooks(event->kind);

    event->hooks = has ? only : NULL;
    event->hook_count = has ? sizeof only / sizeof *only : 0;
}

/* Standard Webhooks: the sender's own id of the delivery names it, whatever the body is. */
static void take_message_id(struct payload *p, struct str message_id)
{
    if (!payload_copy_id(p->identity, message_id)) {
        mac_sha256_hex(&message_id, 1, p->identity);
        return;
    }
    if (p->kind != EVENT_UNKNOWN)
        return;
    memcpy(p->subject, p->identity, sizeof p->subject);
    p->subject_name = "event_id";
}

enum status event_name(struct event *event, const char *endpoint, struct str message_id,
                       struct str query, struct str body, struct err *err)
{
    const struct str parts[] = {query, STR("\0"), body};
    struct event named = *event;
    struct payload payload;
    enum status status;
    int len;

    status = payload_parse(&payload, body, err);
    if (status != STATUS_OK)
        return status;
    if (message_id.len > 0)
        take_message_id(&payload, message_id);
    else if (payload.identity[0] == '\0')
        mac_sha256_hex(parts, sizeof parts / sizeof *parts, payload.identity);
    named.kind = payload.kind;
    named.subject_name = payload.subject_name;
    named.body_utf8 = payload.utf8;
    memcpy(named.subject, payload.subject, sizeof named.subject);
    memcpy(named.status, payload.status, sizeof named.status);
    len =
        snprintf(named.key, sizeof named.key, "%s %s %s %s", endpoint, event_kind_name(named.kind),
                 payload.identity, named.status[0] == '\0' ? "-" : named.status);
    if (len < 0 || (size_t)len >= sizeof named.key)
        return err_set(err, STATUS_LIMIT, "the event's key is longer than %zu bytes",
                       sizeof named.key - 1);
    named.endpoint = endpoint;
    named.query = query;
    named.body = body;
    *event = named;
    return STATUS_OK;
}

enum status event_make(struct event *event, const struct principal *principal,
                       const struct request *request, struct str query, struct str body,
                       int64_t received_ns, struct err *err)
{
    struct event made = {
        .received_ns = received_ns,
        .remote_addr = request->remote_addr,
        .content_type = request->content_type,
        .user_agent = request->user_agent,
        .via = principal_via(principal),
    };
    enum status status;

    if (!principal_may_record(principal))
        return err_set(err, STATUS_UNAUTHORIZED, "this delivery may be kept, but not recorded");
    status = event_name(&made, principal_endpoint(principal)->name, principal_message_id(principal),
                        query, body, err);
    if (status != STATUS_OK)
        return status;
    event_take_hooks(&made, principal_endpoint(principal));
    *event = made;
    return STATUS_OK;
}
