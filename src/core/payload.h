/* SPDX-License-Identifier: MIT
 * payload - which of the sender's documented bodies this is, and the few members that name it.
 * core/scan.h validates the body and finds them, core/json.h decodes just those.
 *
 * Order of the shapes (each member a string, named once; a name that comes twice makes the body
 * EVENT_UNKNOWN): `event` and `event_id`: voice agent; `transcript_id`: transcript;
 * `redacted_audio_url`: redacted audio; `session_id` with an array `messages`: streaming;
 * `stenohook`, which is "trial", and `event_id`: a trial of our own. That one comes last: nothing
 * that the sender documents is ever taken for a trial. An id with other characters than
 * [A-Za-z0-9_.:-] or longer than EVENT_ID_MAX makes it EVENT_UNKNOWN.
 */
#ifndef CORE_PAYLOAD_H
#define CORE_PAYLOAD_H

#include "base/err.h"
#include "base/str.h"
#include "core/event_kind.h"

#define EVENT_ID_MAX 128

/* What a body is about. The arrays hold plain ASCII without quotes, backslashes or blanks, so they
 * need no escaping; "" stands for a missing value. */
struct payload {
    enum event_kind kind;
    char subject[EVENT_ID_MAX + 1]; /* transcript, session or event id */
    const char *subject_name;       /* "transcript_id", "session_id", "event_id", or NULL */
    char status[EVENT_ID_MAX + 1];  /* "completed", "error", "session.completed", ... */
    char identity[EVENT_ID_MAX + 1];
    bool body_utf8;
};

/* `identity` is "" for an unknown shape. Redacted audio has no id: its identity is the path of its
 * URL without the presigned query (hashed if it has other characters or is long), and its subject
 * the transcript id in that path, if any. STATUS_OK, also for unknown shapes; STATUS_TRUNCATED:
 * JSON that ends too early, or an empty body; STATUS_MALFORMED: JSON broken in the middle, too
 * deep, or not JSON; STATUS_MEMORY. */
enum status payload_parse(struct str body, struct payload *out, struct err *err) STATUS_CHECKED;

/* Copies an id of the characters and the length above; otherwise returns false. */
bool payload_keep_id(char out[EVENT_ID_MAX + 1], struct str s);

/* SHA-256 over the parts in lower-case hexadecimal: the identity of what has no id that fits. */
void payload_hash(const struct str *parts, size_t count, char out[EVENT_ID_MAX + 1]);

#endif
