/* SPDX-License-Identifier: MIT
 * answer - the API's answers: transcripts, items of a list, errors. Pure.
 */
#ifndef SANDBOX_ANSWER_H
#define SANDBOX_ANSWER_H

#include "base/buf.h"
#include "sandbox/transcript.h"

/* Prints a transcript with all documented members, then those submitted under other names. Never
 * prints the value of the webhook's header. STATUS_MEMORY is the only failure. */
enum status answer_transcript(struct buf *out, const struct transcript *transcript, int64_t now_ms,
                              struct err *err) STATUS_CHECKED;

/* Prints an item of a list. */
void answer_item(struct buf *out, const struct transcript *transcript, int64_t now_ms);

/* Prints {"error": ...}. */
void answer_error(struct buf *out, const char *words);

#endif
