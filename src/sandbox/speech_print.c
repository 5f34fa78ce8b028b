/* SPDX-License-Identifier: MIT
 * speech_print - see sandbox/speech_print.h.
 */
#include "sandbox/speech_print.h"

#include <inttypes.h>
#include <string.h>

#include "base/text.h"

/* What text_json needs a string for. */
#define PIECE_MAX ((size_t)SPEECH_WORDS_MAX * (SPEECH_WORD_MAX + 1))

void speech_print_thousandths(struct buf *out, unsigned thousandths)
{
    buf_printf(out, "%u.%03u", thousandths / 1000, thousandths % 1000);
}

static void add_voice(struct buf *out, unsigned speaker, enum speech_voices voices)
{
    switch (voices) {
    case SPEECH_NOBODY:
        buf_add_text(out, "null");
        return;
    case SPEECH_SPEAKERS:
        buf_printf(out, "\"%c\"", 'A' + (int)speaker);
        return;
    case SPEECH_CHANNELS:
        buf_printf(out, "\"%u\"", speaker + 1);
        return;
    }
}

/* "text": TEXT, "start": ..., without braces. */
static void add_span(struct buf *out, const struct speech *s, size_t first, size_t end,
                     enum speech_voices voices)
{
    struct buf text;

    buf_init(&text, PIECE_MAX);
    speech_text(&text, s, first, end);
    buf_add_text(out, "\"text\": ");
    text_json(out, buf_str(&text));
    /* Without memory the text is short: then the answer must fail, too. */
    if (text.failed != STATUS_OK)
        out->failed = text.failed;
    buf_free(&text);
    buf_printf(out, ", \"start\": %" PRIu32 ", \"end\": %" PRIu32 ", \"confidence\": ",
               s->words[first].start_ms, s->words[end - 1].end_ms);
    speech_print_thousandths(out, speech_thousandths(s, first, end));
    buf_add_text(out, ", \"speaker\": ");
    add_voice(out, s->words[first].speaker, voices);
    if (voices == SPEECH_CHANNELS) {
        buf_add_text(out, ", \"channel\": ");
        add_voice(out, s->words[first].speaker, voices);
    }
}

void speech_print_words(struct buf *out, const struct speech *speech, size_t first, size_t end,
                        enum speech_voices voices)
{
    buf_add_char(out, '[');
    for (size_t i = first; i < end; i++) {
        buf_add_text(out, i == first ? "{" : ", {");
        add_span(out, speech, i, i + 1, voices);
        buf_add_char(out, '}');
    }
    buf_add_char(out, ']');
}

void speech_print_pieces(struct buf *out, const struct speech *speech, enum speech_piece piece,
                         enum speech_voices voices)
{
    size_t end;

    buf_add_char(out, '[');
    for (size_t first = 0; first < speech->count; first = end) {
        end = speech_piece_end(speech, first, piece);
        buf_add_text(out, first == 0 ? "{" : ", {");
        add_span(out, speech, first, end, voices);
        buf_add_text(out, ", \"words\": ");
        speech_print_words(out, speech, first, end, voices);
        buf_add_char(out, '}');
    }
    buf_add_char(out, ']');
}

/* ---- subtitles */

static size_t count_characters(const char *text)
{
    size_t count = 0;

    for (; *text != '\0'; text++)
        count += ((unsigned char)*text & 0xc0) != 0x80;
    return count;
}

static size_t caption_end(const struct speech *s, size_t first, uint64_t chars)
{
    size_t end = first + 1;
    uint64_t used = count_characters(s->words[first].text);

    for (; end < s->count; end++) {
        used += 1 + count_characters(s->words[end].text);
        if (used > chars)
            break;
    }
    return end;
}

static void add_time(struct buf *out, uint32_t ms, char point)
{
    buf_printf(out, "%02" PRIu32 ":%02" PRIu32 ":%02" PRIu32 "%c%03" PRIu32, ms / 3600000,
               ms / 60000 % 60, ms / 1000 % 60, point, ms % 1000);
}

void speech_print_subtitles(struct buf *out, const struct speech *speech,
                            enum speech_subtitles format, uint64_t chars)
{
    char point = format == SPEECH_SRT ? ',' : '.';
    unsigned number = 1;
    size_t end;

    buf_add_text(out, format == SPEECH_SRT ? "" : "WEBVTT\n\n");
    for (size_t first = 0; first < speech->count; first = end, number++) {
        end = caption_end(speech, first, chars);
        if (format == SPEECH_SRT)
            buf_printf(out, "%u\n", number);
        add_time(out, speech->words[first].start_ms, point);
        buf_add_text(out, " --> ");
        add_time(out, speech->words[end - 1].end_ms, point);
        buf_add_char(out, '\n');
        speech_text(out, speech, first, end);
        buf_add_text(out, "\n\n");
    }
}

/* ---- the search for words */

static bool word_is(const struct speech_word *word, struct str wanted)
{
    struct str said = str_of(word->text);

    if (str_ends(said, "."))
        said.len--;
    return said.len == wanted.len && wanted.len < SPEECH_WORD_MAX &&
           strncasecmp(said.ptr, wanted.ptr, wanted.len) == 0;
}

/* How many words of `phrase` stand at `at`; 0: it does not stand there. */
static size_t phrase_at(const struct speech *s, size_t at, struct str phrase)
{
    struct str rest = phrase, word;
    size_t n = 0;
    bool more;

    do {
        more = str_cut(rest, ' ', &word, &rest);
        if (at + n >= s->count || !word_is(&s->words[at + n], word))
            return 0;
        n++;
    } while (more);
    return n;
}

static uint64_t add_match(struct buf *out, const struct speech *s, struct str phrase, bool is_first)
{
    struct buf indexes, times;
    uint64_t count = 0;
    size_t n;

    buf_init(&indexes, out->max);
    buf_init(&times, out->max);
    for (size_t at = 0; at < s->count; at++) {
        n = phrase_at(s, at, phrase);
        if (n == 0)
            continue;
        buf_printf(&indexes, "%s%zu", count == 0 ? "" : ", ", at);
        buf_printf(&times, "%s[%" PRIu32 ", %" PRIu32 "]", count == 0 ? "" : ", ",
                   s->words[at].start_ms, s->words[at + n - 1].end_ms);
        count++;
    }
    if (count > 0) {
        buf_add_text(out, is_first ? "{\"text\": " : ", {\"text\": ");
        text_json(out, phrase);
        buf_printf(out, ", \"count\": %" PRIu64 ", \"timestamps\": [%s], \"indexes\": [%s]}", count,
                   times.ptr, indexes.ptr);
    }
    buf_free(&indexes);
    buf_free(&times);
    return count;
}

void speech_print_matches(struct buf *out, const struct speech *speech, struct str list)
{
    struct str rest = list, phrase;
    uint64_t total = 0;
    bool more;

    buf_add_text(out, "\"matches\": [");
    do {
        more = str_cut(rest, ',', &phrase, &rest);
        total += add_match(out, speech, str_trim(phrase), total == 0);
    } while (more);
    buf_printf(out, "], \"total_count\": %" PRIu64, total);
}
