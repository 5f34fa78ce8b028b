/* SPDX-License-Identifier: MIT
 * answer - what the API answers: the documented members of a transcript and of a list.
 * Pure.
 */
#ifndef SANDBOX_ANSWER_H
#define SANDBOX_ANSWER_H

#include "base/buf.h"
#include "sandbox/transcript.h"

/* The transcript with all documented members; what was submitted under names that nobody has heard
 * of comes back behind them. Never the value of the webhook's header. STATUS_MEMORY. */
enum status answer_transcript(struct buf *out, const struct transcript *transcript, int64_t now_ms,
                              struct err *err) STATUS_CHECKED;

/* One item of a list. */
void answer_item(struct buf *out, const struct transcript *transcript, int64_t now_ms);

/* {"error": ...} */
void answer_error(struct buf *out, const char *words);

#endif
