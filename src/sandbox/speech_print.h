/* SPDX-License-Identifier: MIT
 * speech_print - the forms in which the API hands out a transcript's words: JSON and subtitles.
 * Pure.
 */
#ifndef SANDBOX_SPEECH_PRINT_H
#define SANDBOX_SPEECH_PRINT_H

#include "base/buf.h"
#include "base/str.h"
#include "sandbox/speech.h"

/* [{"text": ...}, ...] */
void speech_print_words(struct buf *out, const struct speech *speech, size_t first, size_t end,
                        enum speech_voices voices);
void speech_print_pieces(struct buf *out, const struct speech *speech, enum speech_piece piece,
                         enum speech_voices voices);
/* A confidence: 0.876. */
void speech_print_thousandths(struct buf *out, unsigned thousandths);

/* Subtitles of at most `chars` characters a caption; a longer word is a caption of its own. */
enum speech_subtitles { SPEECH_SRT, SPEECH_VTT };
#define SPEECH_CAPTION_CHARS 128
void speech_print_subtitles(struct buf *out, const struct speech *speech,
                            enum speech_subtitles format, uint64_t chars);

/* Of the words and phrases in `list` (separated by commas) those that are said:
 * "total_count": N, "matches": [...]. Neither capital letters nor punctuation count. */
void speech_print_matches(struct buf *out, const struct speech *speech, struct str list);

#endif
