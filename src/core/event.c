/* SPDX-License-Identifier: MIT
 * event - one delivery that will be recorded, and the key that makes its retries the same event.
 */
#include "core/event.h"

#include <stdio.h>
#include <string.h>

#include "base/mac.h"
#include "core/payload.h"

static const char *const kind_names[] = {
    [EVENT_TRANSCRIPT] = "transcript", [EVENT_REDACTED_AUDIO] = "redacted_audio",
    [EVENT_STREAMING] = "streaming",   [EVENT_VOICE_AGENT] = "voice_agent",
    [EVENT_TRIAL] = "trial",           [EVENT_UNKNOWN] = "unknown",
};
#define KINDS (sizeof kind_names / sizeof *kind_names)

_Static_assert(MAC_SHA256_LEN * 2 <= EVENT_ID_MAX, "a hash is an identity");

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

void event_hash(const struct str *parts, size_t count, char out[EVENT_ID_MAX + 1])
{
    static const char digits[] = "0123456789abcdef";
    uint8_t hash[MAC_SHA256_LEN];

    mac_sha256(parts, count, hash);
    for (size_t i = 0; i < sizeof hash; i++) {
        out[2 * i] = digits[hash[i] >> 4];
        out[2 * i + 1] = digits[hash[i] & 15];
    }
    out[2 * sizeof hash] = '\0';
}

/* Standard Webhooks: the sender's own id of the delivery names it, whatever the body is. */
static void take_message_id(struct event *event, struct str message_id,
                            char identity[EVENT_ID_MAX + 1])
{
    if (!payload_keep_id(identity, message_id)) {
        event_hash(&message_id, 1, identity);
        return;
    }
    if (event->kind != EVENT_UNKNOWN)
        return;
    memcpy(event->subject, identity, sizeof event->subject);
    event->subject_name = "event_id";
}

enum status event_name(struct event *event, const char *endpoint, struct str message_id,
                       struct str query, struct str body, struct err *err)
{
    const struct str parts[] = {query, STR("\0"), body};
    char identity[EVENT_ID_MAX + 1];
    struct event named = *event;
    enum status status;
    int len;

    status = payload_parse(body, &named, identity, err);
    if (status != STATUS_OK)
        return status;
    if (message_id.len > 0)
        take_message_id(&named, message_id, identity);
    else if (identity[0] == '\0')
        event_hash(parts, sizeof parts / sizeof *parts, identity);
    len =
        snprintf(named.key, sizeof named.key, "%s %s %s %s", endpoint, event_kind_name(named.kind),
                 identity, named.status[0] == '\0' ? "-" : named.status);
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
