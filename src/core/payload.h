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
#include "core/event.h"

/* Fills kind, subject, subject_name, status, body_utf8 of the event, and `identity`, "" for an
 * unknown shape. Redacted audio has no id: its identity is the path of its URL without the
 * presigned query (hashed where it has other characters or is long), and the subject is the
 * transcript id in that path where there is one. */
enum status payload_parse(struct str body, struct event *event, char identity[EVENT_ID_MAX + 1],
                          struct err *err) STATUS_CHECKED;

/* Copies an id of the characters and the length above; false (out is untouched) where it is
 * another. */
bool payload_keep_id(char out[EVENT_ID_MAX + 1], struct str s);

#endif
