/* SPDX-License-Identifier: MIT
 * speech - see sandbox/speech.h.
 */
#include "sandbox/speech.h"

#include <stdio.h>
#include <string.h>

#include "base/mac.h"

#define SENTENCES_MIN 8
#define SENTENCES_SPREAD 17
#define SENTENCES_A_TURN 2
#define SENTENCES_A_PARAGRAPH 4
/* The longest sentence: another is only begun if there is room for it. */
#define SENTENCE_WORDS 24
#define SILENCE_MS 400

/* A sentence has one of each list; "*" marks a person's name. */
static const char *const who[] = {"the caller", "our team",      "*Maria",       "the customer",
                                  "*Thomas",    "the engineer",  "a colleague",  "*Zoë",
                                  "the driver", "the librarian", "the new desk", "*Ahmed"};
static const char *const does[] = {"asked for",         "wrote about", "will check",   "has found",
                                   "cannot open",       "paid for",    "called about", "is reading",
                                   "would like to see", "sent back"};
static const char *const what[] = {"the second invoice", "a quiet room",    "the café's timetable",
                                   "the last recording", "three old maps",  "the delivery note",
                                   "a ticket to Łódź",   "the blue folder", "an answer",
                                   "the weather report", "two signatures"};
static const char *const when[] = {"this morning",       "before lunch",       "on the way home",
                                   "as soon as it can",  "for the third time", "without a word",
                                   "at the end of June", "in the main hall",   "after the meeting"};

#define PICK(list, random) list[next_random(random) % (sizeof list / sizeof *list)]

struct making {
    struct speech *speech;
    const struct speech_options *options;
    uint64_t random;
    uint32_t now_ms;
    unsigned sentence;
    bool begins;
};

/* splitmix64. */
static uint64_t next_random(uint64_t *state)
{
    uint64_t z = (*state += UINT64_C(0x9e3779b97f4a7c15));

    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

static void lower_text(char *text)
{
    for (; *text != '\0'; text++)
        if (*text >= 'A' && *text <= 'Z')
            *text = (char)(*text - 'A' + 'a');
}

static void add_word(struct making *m, struct str text)
{
    struct speech_word *w = &m->speech->words[m->speech->count++];
    uint32_t length = (uint32_t)(90 + 55 * text.len + next_random(&m->random) % 90);

    (void)snprintf(w->text, sizeof w->text, "%.*s", (int)text.len, text.ptr);
    if (m->begins && w->text[0] >= 'a' && w->text[0] <= 'z')
        w->text[0] = (char)(w->text[0] - 'a' + 'A');
    if (!m->options->format)
        lower_text(w->text);
    w->start_ms = m->now_ms;
    w->end_ms = m->now_ms + length;
    w->thousandths = (unsigned)(800 + next_random(&m->random) % 200);
    w->speaker = m->sentence / SENTENCES_A_TURN % m->options->speakers;
    w->ends_sentence = w->ends_paragraph = false;
    m->now_ms = w->end_ms + (uint32_t)(20 + next_random(&m->random) % 120);
    m->begins = false;
}

static void add_phrase(struct making *m, const char *phrase)
{
    struct str rest = str_of(phrase), word;

    if (phrase[0] == '*') {
        static const char *const names[] = {"", "####", "[PERSON_NAME]"};
        enum speech_redaction redaction = m->options->redaction;

        add_word(m, redaction == SPEECH_AS_SAID ? str_of(phrase + 1) : str_of(names[redaction]));
        return;
    }
    while (str_cut(rest, ' ', &word, &rest))
        add_word(m, word);
    add_word(m, word);
}

static void add_sentence(struct making *m, bool is_last)
{
    struct speech_word *last;

    m->begins = true;
    add_phrase(m, PICK(who, &m->random));
    add_phrase(m, PICK(does, &m->random));
    add_phrase(m, PICK(what, &m->random));
    if (next_random(&m->random) % 3 != 0)
        add_phrase(m, PICK(when, &m->random));
    last = &m->speech->words[m->speech->count - 1];
    if (m->options->punctuate)
        (void)strncat(last->text, ".", sizeof last->text - strlen(last->text) - 1);
    m->sentence++;
    last->ends_sentence = true;
    last->ends_paragraph = is_last || m->sentence % SENTENCES_A_PARAGRAPH == 0;
    m->now_ms += SILENCE_MS;
}

void speech_make(struct speech *speech, struct str audio, const struct speech_options *options)
{
    struct making m = {.speech = speech, .options = options, .now_ms = SILENCE_MS};
    uint8_t digest[MAC_SHA256_LEN];
    unsigned sentences;

    mac_sha256(&audio, 1, digest);
    memcpy(&m.random, digest, sizeof m.random);
    sentences = SENTENCES_MIN + (unsigned)(next_random(&m.random) % SENTENCES_SPREAD);
    speech->count = 0;
    for (unsigned i = 1; i <= sentences; i++)
        if (speech->count + SENTENCE_WORDS <= SPEECH_WORDS_MAX)
            add_sentence(&m, i == sentences);
}

void speech_text(struct buf *out, const struct speech *speech, size_t first, size_t end)
{
    for (size_t i = first; i < end; i++) {
        buf_add_text(out, i == first ? "" : " ");
        buf_add_text(out, speech->words[i].text);
    }
}

unsigned speech_thousandths(const struct speech *speech, size_t first, size_t end)
{
    unsigned long sum = 0;

    for (size_t i = first; i < end; i++)
        sum += speech->words[i].thousandths;
    return end > first ? (unsigned)(sum / (end - first)) : 0;
}

uint64_t speech_seconds(const struct speech *speech)
{
    return ((uint64_t)speech->words[speech->count - 1].end_ms + SILENCE_MS + 999) / 1000;
}

static bool piece_ends(const struct speech *speech, size_t at, enum speech_piece piece)
{
    const struct speech_word *w = &speech->words[at];

    switch (piece) {
    case SPEECH_SENTENCE:
        return w->ends_sentence;
    case SPEECH_PARAGRAPH:
        return w->ends_paragraph;
    case SPEECH_UTTERANCE:
        break;
    }
    return w[1].speaker != w->speaker;
}

size_t speech_piece_end(const struct speech *speech, size_t first, enum speech_piece piece)
{
    size_t at = first;

    while (at + 1 < speech->count && !piece_ends(speech, at, piece))
        at++;
    return at + 1;
}
