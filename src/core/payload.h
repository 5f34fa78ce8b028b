/* SPDX-License-Identifier: MIT
 * payload - which of the sender's documented bodies this is, and the few members that name it.
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

#include <stdbool.h>

#include "base/err.h"
#include "base/str.h"
#include "core/event_kind.h"

#define EVENT_ID_MAX 128

struct payload {
    enum event_kind kind;
    const char *subject_name; /* "transcript_id", "session_id", "event_id", or NULL */
    char subject[EVENT_ID_MAX + 1];
    char status[EVENT_ID_MAX + 1];
    char identity[EVENT_ID_MAX + 1]; /* "" for an unknown shape */
    bool utf8;                       /* the body is well-formed UTF-8 */
};

/* Redacted audio has no id: its identity is the path of its URL without the presigned query (hashed
 * if it has other characters or is long), and the subject is the transcript id in that path if it
 * has one. STATUS_OK, also for unknown shapes; STATUS_TRUNCATED: JSON that ends too early, or an
 * empty body; STATUS_MALFORMED: broken, too deep, or not JSON; STATUS_MEMORY. *out is untouched on
 * failure. */
enum status payload_parse(struct payload *out, struct str body, struct err *err) STATUS_CHECKED;

/* Copies an id of the characters and the length above; false: it is another, and out is untouched.
 */
bool payload_copy_id(char out[EVENT_ID_MAX + 1], struct str s);

#endif
