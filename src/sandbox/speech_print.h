/* SPDX-License-Identifier: MIT
 * speech_print - prints speech as the API does: JSON and subtitles. Pure.
 */
#ifndef SANDBOX_SPEECH_PRINT_H
#define SANDBOX_SPEECH_PRINT_H

#include "base/buf.h"
#include "base/str.h"
#include "sandbox/speech.h"

/* Prints [{"text": ...}, ...]. */
void speech_print_words(struct buf *out, const struct speech *speech, size_t first, size_t end,
                        enum speech_voices voices);
void speech_print_pieces(struct buf *out, const struct speech *speech, enum speech_piece piece,
                         enum speech_voices voices);
/* Prints a confidence: 0.876. */
void speech_print_thousandths(struct buf *out, unsigned thousandths);

/* Prints subtitles of at most `chars` characters a caption; a longer word has its own. */
enum speech_subtitles { SPEECH_SRT, SPEECH_VTT };
#define SPEECH_CAPTION_CHARS 128
void speech_print_subtitles(struct buf *out, const struct speech *speech,
                            enum speech_subtitles format, uint64_t chars);

/* Prints where the words and phrases of `list` (separated by commas) are said:
 * "matches": [...], "total_count": N. Ignores case and punctuation. */
void speech_print_matches(struct buf *out, const struct speech *speech, struct str list);

#endif
