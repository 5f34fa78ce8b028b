/* SPDX-License-Identifier: MIT
 * event - see core/event.h.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mac.h"
#include "core/event_parts.h"

/* The sender's own id of the delivery names it, whatever the body is. */
static void use_message_id(struct payload *about, struct str message_id)
{
    if (!payload_copy_id(about->identity, message_id)) {
        mac_sha256_hex(&message_id, 1, about->identity);
        return;
    }
    if (about->kind != EVENT_UNKNOWN)
        return;
    memcpy(about->subject, about->identity, sizeof about->subject);
    about->subject_name = "event_id";
}

enum status event_name(struct event_facts *facts, const char *endpoint, struct str message_id,
                       struct str query, struct str body, struct err *err)
{
    const struct str parts[] = {query, STR("\0"), body};
    struct event_facts named = *facts;
    struct payload *about = &named.about;
    enum status status = payload_parse(about, body, err);
    int len;

    if (status != STATUS_OK)
        return status;
    if (message_id.len > 0)
        use_message_id(about, message_id);
    else if (about->identity[0] == '\0')
        mac_sha256_hex(parts, sizeof parts / sizeof *parts, about->identity);
    len =
        snprintf(named.key, sizeof named.key, "%s %s %s %s", endpoint, event_kind_name(about->kind),
                 about->identity, about->status[0] == '\0' ? "-" : about->status);
    if (len < 0 || (size_t)len >= sizeof named.key)
        return err_set(err, STATUS_LIMIT, "the event's key is longer than %zu bytes",
                       sizeof named.key - 1);
    named.endpoint = endpoint;
    named.query = query;
    named.body = body;
    *facts = named;
    return STATUS_OK;
}

static void name_hooks(struct event_facts *facts, const struct config_endpoint *endpoint)
{
    static const char *const only[] = {CONFIG_HOOK_DEFAULT};

    if (endpoint->hook == NULL || !event_kind_runs_hooks(facts->about.kind))
        return;
    facts->hooks = only;
    facts->hook_count = sizeof only / sizeof *only;
}

enum status event_make(struct event **out, const struct principal *principal,
                       const struct request *request, struct str query, struct str body,
                       int64_t received_ns, struct err *err)
{
    const struct config_endpoint *endpoint = principal_endpoint(principal);
    struct event *event = calloc(1, sizeof *event);
    enum status status;

    if (event == NULL)
        return err_set(err, STATUS_MEMORY, "no memory for an event");
    event->principal = principal;
    event->facts = (struct event_facts){
        .received_ns = received_ns,
        .remote_addr = request->remote_addr,
        .content_type = request->content_type,
        .user_agent = request->user_agent,
        .via = principal_via(principal),
    };
    status = event_name(&event->facts, endpoint->name, principal_message_id(principal), query, body,
                        err);
    if (status != STATUS_OK) {
        event_free(event);
        return status;
    }
    name_hooks(&event->facts, endpoint);
    *out = event;
    return STATUS_OK;
}

void event_free(struct event *event)
{
    free(event);
}

const struct event_facts *event_facts(const struct event *event)
{
    return &event->facts;
}

bool event_is_of(const struct event *event, const struct principal *principal)
{
    return event->principal == principal;
}
