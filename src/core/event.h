/* SPDX-License-Identifier: MIT
 * event - one delivery that may be recorded: what it is about, and the key that makes its retries
 * the same event.
 */
#ifndef CORE_EVENT_H
#define CORE_EVENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"
#include "core/auth/auth.h"
#include "core/payload.h"
#include "core/request.h"

#define EVENT_KEY_MAX 384

/* What an event says: for readers. */
struct event_facts {
    struct payload about;
    char key[EVENT_KEY_MAX]; /* "ENDPOINT KIND IDENTITY STATUS", plain ASCII; never the query; "-"
                                for no status */
    int64_t received_ns;     /* wall clock */
    const char *endpoint;    /* borrowed from the configuration */
    struct str remote_addr;
    struct str query; /* raw, without the token of auth-query */
    struct str content_type;
    struct str user_agent;
    struct str body;
    const char *const *hooks; /* names of the hooks that the endpoint has now */
    size_t hook_count;
    const char *via; /* principal_via */
};

/* Only a principal makes one, so whatever has an event may record it. */
struct event;

/* Classifies and names a delivery. `query` is the request's without the token. Principal, query,
 * body and the strings of the request stay borrowed; *out is freed with event_free. STATUS_OK,
 * also for unknown shapes; STATUS_TRUNCATED, STATUS_MALFORMED: as payload_parse; STATUS_MEMORY. */
enum status event_make(struct event **out, const struct principal *principal,
                       const struct request *request, struct str query, struct str body,
                       int64_t received_ns, struct err *err) STATUS_CHECKED;
void event_free(struct event *event); /* NULL is fine */
const struct event_facts *event_facts(const struct event *event);
/* Whether it was made of that principal. */
bool event_is_of(const struct event *event, const struct principal *principal);

/* The part of event_make that needs no proof: about, key, endpoint, query, body; the rest of *facts
 * stays as it was. `message_id` is the signed id of the delivery (Standard Webhooks), or STR_NONE.
 *
 * A message id is the identity of its delivery; a body of unknown shape has it as its subject too,
 * named event_id. Without one, the identity of an unknown shape is the hash of query, NUL and
 * body. On failure *facts is untouched. */
enum status event_name(struct event_facts *facts, const char *endpoint, struct str message_id,
                       struct str query, struct str body, struct err *err) STATUS_CHECKED;

#endif
