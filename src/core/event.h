/* SPDX-License-Identifier: MIT
 * event - one delivery that will be recorded: what it is about, and the key that makes its retries
 * the same event.
 */
#ifndef CORE_EVENT_H
#define CORE_EVENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "core/auth/auth.h"
#include "core/payload.h"
#include "core/request.h"

#define EVENT_KEY_MAX 384

/* Strings in fixed arrays are plain ASCII without quotes, backslashes or blanks, so they need no
 * escaping. */
struct event {
    enum event_kind kind;
    char key[EVENT_KEY_MAX]; /* "ENDPOINT KIND IDENTITY STATUS"; never the query; "-" for no status
                              */
    char subject[EVENT_ID_MAX + 1]; /* transcript, session or event id; "" where there is none */
    const char *subject_name;       /* "transcript_id", "session_id", "event_id", or NULL */
    char status[EVENT_ID_MAX +
                1]; /* "completed", "error", "session.completed", ...; "" where there is none */
    int64_t received_ns;  /* wall clock */
    const char *endpoint; /* borrowed from the configuration */
    struct str remote_addr;
    struct str query; /* raw, without the token of auth-query */
    struct str content_type;
    struct str user_agent;
    struct str body;
    bool body_utf8;
    const char *const
        *hooks; /* names of the hooks that it is for: of the configuration, or static */
    size_t hook_count;
    const char *via; /* NULL, or "rejected" (accepted later by hand), "reconciled" */
};

/* Each delivery with a signed message id (Standard Webhooks) has that as its identity; a body of
 * unknown shape has it as its subject too, named event_id. Without, the identity of an unknown
 * shape is the hash of query, NUL and body.
 *
 * Classifies and names. The principal proves that the delivery was authenticated.
 * `query` is the request's without the token; the strings stay borrowed from request, query and
 * body. The event is for the hooks that the endpoint has now. STATUS_OK, also for unknown shapes;
 * STATUS_TRUNCATED: JSON that ends too early, or an empty body; STATUS_MALFORMED: JSON broken in
 * the middle, too deep, or not JSON; STATUS_UNAUTHORIZED: a principal that opens the quarantine
 * only (principal_may_record). On failure *event is untouched. */
enum status event_make(struct event *event, const struct principal *principal,
                       const struct request *request, struct str query, struct str body,
                       int64_t received_ns, struct err *err) STATUS_CHECKED;

/* Whether hooks run for events of this kind at all: an event of one that says no names none,
 * whatever its endpoint has, and a replay leaves it out. */
bool event_kind_runs_hooks(enum event_kind kind);
/* Says which hooks the event is for: those that its endpoint has now. event_make does. */
void event_take_hooks(struct event *event, const struct config_endpoint *endpoint);

/* The part of event_make that needs no proof: kind, key, subject, status, endpoint, query, body.
 * `message_id` is the signed id of the delivery, or STR_NONE. The rest of *event stays as it was.
 */
enum status event_name(struct event *event, const char *endpoint, struct str message_id,
                       struct str query, struct str body, struct err *err) STATUS_CHECKED;

/* "transcript", "redacted_audio", "streaming", "voice_agent", "trial", "unknown". */
const char *event_kind_name(enum event_kind kind);
bool event_kind_parse(struct str s, enum event_kind *out);

#endif
