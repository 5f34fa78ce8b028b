/* SPDX-License-Identifier: MIT
 * speech - makes up what audio says: always the same for the same address. Pure.
 */
#ifndef SANDBOX_SPEECH_H
#define SANDBOX_SPEECH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"

#define SPEECH_WORDS_MAX 512
#define SPEECH_WORD_MAX 24
#define SPEECH_SPEAKERS_MAX 10

struct speech_word {
    char text[SPEECH_WORD_MAX]; /* UTF-8 */
    uint32_t start_ms, end_ms;
    unsigned thousandths; /* the confidence */
    unsigned speaker;     /* from 0; changes between sentences only */
    bool ends_sentence;
    bool ends_paragraph; /* then it ends a sentence as well */
};

struct speech {
    struct speech_word words[SPEECH_WORDS_MAX];
    size_t count; /* at least one */
};

/* What a word's "speaker" and "channel" show. */
enum speech_voices {
    SPEECH_NOBODY,   /* null: not asked for */
    SPEECH_SPEAKERS, /* "A", "B", ... */
    SPEECH_CHANNELS  /* "1", "2", in both members */
};

enum speech_redaction { SPEECH_AS_SAID, SPEECH_HASHES, SPEECH_ENTITIES };

struct speech_options {
    bool punctuate;
    bool format; /* capital letters */
    enum speech_redaction redaction;
    unsigned speakers; /* 1 to SPEECH_SPEAKERS_MAX */
};

void speech_make(struct speech *speech, struct str audio, const struct speech_options *options);

/* Appends words first to end - 1, with blanks between. */
void speech_text(struct buf *out, const struct speech *speech, size_t first, size_t end);
/* Returns the mean confidence of words first to end - 1. */
unsigned speech_thousandths(const struct speech *speech, size_t first, size_t end);
/* Returns the length in seconds, rounded up, with the silence after the last word. */
uint64_t speech_seconds(const struct speech *speech);

/* Returns the end of the piece that begins with word `first`. */
enum speech_piece { SPEECH_SENTENCE, SPEECH_PARAGRAPH, SPEECH_UTTERANCE };
size_t speech_piece_end(const struct speech *speech, size_t first, enum speech_piece piece);

#endif
