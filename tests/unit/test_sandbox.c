/* SPDX-License-Identifier: MIT
 * Tests of the sandbox's pure parts: ids, names of deliveries, the made-up transcript and its
 * forms, what may be submitted, what is stored.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "sandbox/answer.h"
#include "sandbox/due.h"
#include "sandbox/lighttpd_config.h"
#include "sandbox/speech_print.h"
#include "unit.h"

#define NOON_NS INT64_C(1795608000123456789) /* 2026-11-25T12:00:00.123Z */
#define NOON_MS (NOON_NS / 1000000)

static const uint8_t random8[8] = {0xff, 0x01, 2, 3, 4, 5, 6, 7};
static const struct speech_options plain = {.punctuate = true, .format = true, .speakers = 2};

/* ---- ids */

UNIT_TEST(an_id_is_a_uuid_that_tells_its_time)
{
    char id[TRANSCRIPT_ID_MAX], day[TRANSCRIPT_DAY_MAX];
    int64_t late;

    transcript_id_make(NOON_NS, random8, id);
    UNIT_TRUE(transcript_id_ok(str_of(id)));
    UNIT_INT(TRANSCRIPT_ID_LEN, strlen(id));
    UNIT_INT('7', id[14]);
    transcript_id_day(id, day);
    UNIT_TEXT("2026-11-25", day);
    late = NOON_NS - transcript_id_ns(id);
    UNIT_TRUE(late >= 0 && late < 500);
}

UNIT_TEST(ids_are_in_the_order_of_their_times)
{
    char before[TRANSCRIPT_ID_MAX], after[TRANSCRIPT_ID_MAX];
    const uint8_t high[8] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
    const uint8_t low[8] = {0};

    transcript_id_make(NOON_NS, high, before);
    transcript_id_make(NOON_NS + 1000, low, after);
    UNIT_TRUE(strcmp(before, after) < 0);
    transcript_id_make(NOON_NS + 1000000, low, after);
    UNIT_TRUE(strcmp(before, after) < 0);
}

UNIT_TEST(what_is_no_id_of_ours_is_refused)
{
    static const char *const bad[] = {
        "",
        "../../../../../../../../../etc/passwd",
        "01a2117d-d596-786b-ba82-099b85628b9",
        "01a2117d-d596-786b-ba82-099b85628b9bb",
        "01A2117d-d596-786b-ba82-099b85628b9b",
        "01a2117d-d596-486b-ba82-099b85628b9b",
        "01a2117d-d596-786b-7a82-099b85628b9b",
        "01a2117d/d596-786b-ba82-099b85628b9b",
        "ffffffff-ffff-786b-ba82-099b85628b9b",
    };

    UNIT_TRUE(transcript_id_ok(STR("01a2117d-d596-786b-ba82-099b85628b9b")));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        UNIT_FALSE(transcript_id_ok(str_of(bad[i])));
}

/* ---- names of deliveries */

UNIT_TEST(a_delivery_is_read_back_from_its_name)
{
    struct due due = {.at_ms = NOON_MS, .kind = DUE_REDACTED, .attempt = 9}, back;
    char name[DUE_NAME_MAX];

    transcript_id_make(NOON_NS, random8, due.id);
    due_print(&due, name);
    UNIT_REQUIRE(due_parse(&back, name));
    UNIT_INT(due.at_ms, back.at_ms);
    UNIT_TEXT(due.id, back.id);
    UNIT_INT(due.kind, back.kind);
    UNIT_INT(due.attempt, back.attempt);
    UNIT_TEXT(name, back.name);
}

UNIT_TEST(what_is_no_name_of_a_delivery_is_passed_over)
{
    struct due due = {.at_ms = NOON_MS, .kind = DUE_TRANSCRIPT, .attempt = 1}, back;
    char name[DUE_NAME_MAX];

    UNIT_FALSE(due_parse(&back, "."));
    UNIT_FALSE(due_parse(&back, ""));
    transcript_id_make(NOON_NS, random8, due.id);
    due_print(&due, name);
    UNIT_TRUE(due_parse(&back, name));
    for (size_t i = 0; name[i] != '\0'; i++) {
        char kept = name[i];

        name[i] = '/';
        UNIT_FALSE(due_parse(&back, name));
        name[i] = kept;
    }
}

/* ---- the made-up transcript */

UNIT_TEST(the_same_audio_says_the_same_and_another_says_something_else)
{
    static struct speech one, two, other;
    struct buf a, b, c;

    speech_make(&one, STR("https://example.com/a.mp3"), &plain);
    speech_make(&two, STR("https://example.com/a.mp3"), &plain);
    speech_make(&other, STR("https://example.com/b.mp3"), &plain);
    buf_init(&a, 65536);
    buf_init(&b, 65536);
    buf_init(&c, 65536);
    speech_text(&a, &one, 0, one.count);
    speech_text(&b, &two, 0, two.count);
    speech_text(&c, &other, 0, other.count);
    UNIT_TEXT(a.ptr, b.ptr);
    UNIT_TRUE(strcmp(a.ptr, c.ptr) != 0);
    buf_free(&a);
    buf_free(&b);
    buf_free(&c);
}

static void check_words(const struct speech *s, unsigned speakers)
{
    uint32_t last = 0;

    UNIT_TRUE(s->count > 0 && s->count <= SPEECH_WORDS_MAX);
    for (size_t i = 0; i < s->count; i++) {
        const struct speech_word *w = &s->words[i];

        UNIT_TRUE(w->text[0] != '\0' && text_utf8_ok(str_of(w->text)));
        UNIT_TRUE(w->start_ms >= last && w->end_ms > w->start_ms);
        UNIT_TRUE(w->thousandths > 0 && w->thousandths < 1000);
        UNIT_TRUE(w->speaker < speakers);
        UNIT_TRUE(w->ends_sentence || !w->ends_paragraph);
        last = w->end_ms;
    }
    UNIT_TRUE(s->words[s->count - 1].ends_paragraph);
    UNIT_TRUE(speech_seconds(s) * 1000 >= last);
}

UNIT_TEST(words_follow_one_another_whatever_the_audio)
{
    static struct speech s;
    struct speech_options options = plain;
    char url[64];

    for (unsigned i = 0; i < 300; i++) {
        options.speakers = 1 + i % SPEECH_SPEAKERS_MAX;
        (void)snprintf(url, sizeof url, "https://example.com/%u.mp3", i);
        speech_make(&s, str_of(url), &options);
        check_words(&s, options.speakers);
    }
}

UNIT_TEST(pieces_cover_all_words_once)
{
    static struct speech s;

    speech_make(&s, STR("https://example.com/a.mp3"), &plain);
    for (int piece = SPEECH_SENTENCE; piece <= SPEECH_UTTERANCE; piece++) {
        size_t at = 0, end = 0, count = 0;

        for (; at < s.count; at = end, count++) {
            end = speech_piece_end(&s, at, (enum speech_piece)piece);
            UNIT_REQUIRE(end > at && end <= s.count);
            UNIT_INT(s.words[at].speaker,
                     piece == SPEECH_PARAGRAPH ? s.words[at].speaker : s.words[end - 1].speaker);
        }
        UNIT_INT(s.count, end);
        UNIT_TRUE(count > 1);
    }
}

UNIT_TEST(what_was_asked_for_shapes_the_text)
{
    static struct speech s;
    struct speech_options options = {.speakers = 1, .redaction = SPEECH_ENTITIES};
    bool named = false;

    for (unsigned i = 0; i < 20; i++) {
        char url[16];

        (void)snprintf(url, sizeof url, "%u", i);
        speech_make(&s, str_of(url), &options);
        for (size_t w = 0; w < s.count; w++) {
            UNIT_TRUE(strchr(s.words[w].text, '.') == NULL);
            UNIT_TRUE(strcmp(s.words[w].text, "maria") != 0);
            named = named || strcmp(s.words[w].text, "[person_name]") == 0;
        }
    }
    UNIT_TRUE(named);
}

/* ---- forms */

/* Two captions' worth. */
static void small_speech(struct speech *s)
{
    static const char *const words[] = {"The", "caf\xc3\xa9", "opens.", "Extraordinarily."};

    memset(s, 0, sizeof *s);
    s->count = 4;
    for (unsigned i = 0; i < 4; i++) {
        memcpy(s->words[i].text, words[i], strlen(words[i]) + 1);
        s->words[i].start_ms = 3599000 + i * 1000;
        s->words[i].end_ms = 3599000 + i * 1000 + 999;
        s->words[i].thousandths = 900 + i;
        s->words[i].ends_sentence = i >= 2;
    }
}

UNIT_TEST(srt_numbers_its_captions_and_puts_a_comma_before_milliseconds)
{
    struct speech s;
    struct buf out;

    small_speech(&s);
    buf_init(&out, 4096);
    speech_print_subtitles(&out, &s, SPEECH_SRT, 15);
    UNIT_TEXT("1\n00:59:59,000 --> 01:00:01,999\nThe caf\xc3\xa9 opens.\n\n"
              "2\n01:00:02,000 --> 01:00:02,999\nExtraordinarily.\n\n",
              out.ptr);
    buf_free(&out);
}

UNIT_TEST(vtt_has_its_head_and_puts_a_point_before_milliseconds)
{
    struct speech s;
    struct buf out;

    small_speech(&s);
    buf_init(&out, 4096);
    speech_print_subtitles(&out, &s, SPEECH_VTT, 14);
    UNIT_TEXT("WEBVTT\n\n00:59:59.000 --> 01:00:00.999\nThe caf\xc3\xa9\n\n"
              "01:00:01.000 --> 01:00:01.999\nopens.\n\n"
              "01:00:02.000 --> 01:00:02.999\nExtraordinarily.\n\n",
              out.ptr);
    buf_free(&out);
}

UNIT_TEST(words_are_printed_with_who_said_them)
{
    struct speech s;
    struct buf out;

    small_speech(&s);
    buf_init(&out, 4096);
    speech_print_words(&out, &s, 0, 1, SPEECH_NOBODY);
    speech_print_words(&out, &s, 0, 1, SPEECH_SPEAKERS);
    speech_print_words(&out, &s, 0, 1, SPEECH_CHANNELS);
    UNIT_TEXT("[{\"text\": \"The\", \"start\": 3599000, \"end\": 3599999, \"confidence\": 0.900, "
              "\"speaker\": null}]"
              "[{\"text\": \"The\", \"start\": 3599000, \"end\": 3599999, \"confidence\": 0.900, "
              "\"speaker\": \"A\"}]"
              "[{\"text\": \"The\", \"start\": 3599000, \"end\": 3599999, \"confidence\": 0.900, "
              "\"speaker\": \"1\", \"channel\": \"1\"}]",
              out.ptr);
    buf_free(&out);
}

UNIT_TEST(a_search_finds_words_and_phrases_without_regard_to_capitals_and_points)
{
    struct speech s;
    struct buf out;

    small_speech(&s);
    buf_init(&out, 4096);
    speech_print_matches(&out, &s, STR("OPENS,nothing, caf\xc3\xa9 opens"));
    UNIT_TEXT("\"matches\": [{\"text\": \"OPENS\", \"count\": 1, \"timestamps\": [[3601000, "
              "3601999]], \"indexes\": [2]}, {\"text\": \"caf\xc3\xa9 opens\", \"count\": 1, "
              "\"timestamps\": [[3600000, 3601999]], \"indexes\": [1]}], \"total_count\": 2",
              out.ptr);
    buf_reset(&out, 4096);
    speech_print_matches(&out, &s, STR(""));
    UNIT_TEXT("\"matches\": [], \"total_count\": 0", out.ptr);
    buf_free(&out);
}

/* ---- what may be submitted */

static void check_refused(const char *text, const char *words)
{
    struct err err = ERR_INIT;
    static struct transcript transcript;

    UNIT_STATUS(STATUS_MALFORMED, transcript_submit(&transcript, str_of(text), &err), &err);
    UNIT_TRUE(strstr(err.text, words) != NULL);
}

UNIT_TEST(a_submission_that_is_not_as_documented_is_refused_with_the_name_of_what_is_wrong)
{
    check_refused("[]", "not a JSON object");
    check_refused("{\"audio_url\": 3}", "audio_url must be a string");
    check_refused("{\"webhook_url\": \"https://example.com/\"}", "audio_url is missing");
    check_refused("{\"audio_url\": null}", "audio_url is missing");
    check_refused("{\"audio_url\": \"ftp://example.com/a\"}", "audio_url must begin");
    check_refused("{\"audio_url\": \"https://a.b/\", \"audio_url\": \"https://a.b/\"}", "twice");
    check_refused("{\"audio_url\": \"https://a.b/\", \"webhook_url\": \"here\"}", "webhook_url");
    check_refused("{\"audio_url\": \"https://a.b/\", \"speaker_labels\": \"yes\"}",
                  "speaker_labels must be true or false");
    check_refused("{\"audio_url\": \"https://a.b/\", \"webhook_auth_header_name\": \"X-A\"}",
                  "given together");
    check_refused("{\"audio_url\": \"https://a.b/\", \"webhook_auth_header_value\": \"v\"}",
                  "given together");
    check_refused("{\"audio_url\": \"https://a.b/\", \"webhook_auth_header_name\": \"X A\", "
                  "\"webhook_auth_header_value\": \"v\"}",
                  "not a valid header name");
    check_refused("{\"audio_url\": \"https://a.b/\", \"webhook_auth_header_name\": \"X-A\", "
                  "\"webhook_auth_header_value\": \"v\\r\\nX-B: w\"}",
                  "not a valid header value");
    check_refused("{\"audio_url\": \"https://a.b/\\u0000\"}", "audio_url");
}

static void check_members(size_t count, enum status wanted)
{
    struct err err = ERR_INIT;
    static struct transcript transcript;
    struct buf text;

    buf_init(&text, 65536);
    buf_add_text(&text, "{\"audio_url\": \"https://a.b/\"");
    for (size_t i = 1; i < count; i++)
        buf_printf(&text, ", \"unknown_%zu\": %zu", i, i);
    buf_add_char(&text, '}');
    UNIT_STATUS(wanted, transcript_submit(&transcript, buf_str(&text), &err), &err);
    buf_free(&text);
}

UNIT_TEST(a_submission_has_so_many_members_and_no_more)
{
    check_members(OBJECT_MEMBERS_MAX, STATUS_OK);
    check_members(OBJECT_MEMBERS_MAX + 1, STATUS_MALFORMED);
}

static bool fails(const char *url)
{
    struct err err = ERR_INIT;
    static struct transcript transcript;
    struct buf text;

    buf_init(&text, 4096);
    buf_printf(&text, "{\"audio_url\": \"%s\"}", url);
    UNIT_STATUS(STATUS_OK, transcript_submit(&transcript, buf_str(&text), &err), &err);
    buf_free(&text);
    return transcript.fails;
}

UNIT_TEST(audio_fails_where_the_last_part_of_its_address_holds_error)
{
    UNIT_TRUE(fails("https://example.com/error.mp3"));
    UNIT_TRUE(fails("https://example.com/a/some-error?x=1"));
    UNIT_FALSE(fails("https://example.com/error/a.mp3"));
    UNIT_FALSE(fails("https://example.com/a.mp3?error=1"));
    UNIT_FALSE(fails("https://example.com/a.mp3#error"));
}

/* ---- what is stored, and said of it */

static const char asked_text[] =
    "{\"audio_url\": \"https://example.com/a.mp3\", \"webhook_url\": "
    "\"https://example.com/h?c=1\", "
    "\"webhook_auth_header_name\": \"X-A\", \"webhook_auth_header_value\": \"the-value\", "
    "\"unheard_of\": {\"a\": [1]}, \"status\": \"completed\", \"id\": \"mine\", \"error\": 1}";

static void make_job(struct transcript *transcript)
{
    struct err err = ERR_INIT;

    UNIT_STATUS(STATUS_OK, transcript_submit(transcript, str_of(asked_text), &err), &err);
    transcript_id_make(NOON_NS, random8, transcript->id);
    transcript->ready_ms = NOON_MS + 1000;
    transcript->deleted = false;
    transcript->webhook_code = 0;
    (void)snprintf(transcript->base, sizeof transcript->base, "http://127.0.0.1:80");
}

UNIT_TEST(a_stored_transcript_is_read_back)
{
    static struct transcript transcript, back;
    struct err err = ERR_INIT;
    struct buf text;

    make_job(&transcript);
    transcript.webhook_code = 503;
    buf_init(&text, TRANSCRIPT_TEXT_MAX);
    transcript_print(&text, &transcript);
    UNIT_STATUS(STATUS_OK, transcript_parse(&back, buf_str(&text), &err), &err);
    UNIT_TEXT(transcript.id, back.id);
    UNIT_TEXT(transcript.base, back.base);
    UNIT_INT(transcript.ready_ms, back.ready_ms);
    UNIT_INT(503, back.webhook_code);
    UNIT_FALSE(back.deleted || back.fails);
    UNIT_TRUE(str_is(back.asked_text, asked_text));
    /* Torn anywhere, it is no transcript, and never half of one. */
    for (size_t len = 0; len + 2 < text.len; len++)
        if (transcript_parse(&back, (struct str){text.ptr, len}, NULL) != STATUS_CORRUPT)
            UNIT_INT(-1, len);
    buf_free(&text);
}

UNIT_TEST(the_status_follows_from_the_clock)
{
    static struct transcript transcript;

    make_job(&transcript);
    UNIT_INT(TRANSCRIPT_QUEUED, transcript_status(&transcript, NOON_MS));
    UNIT_INT(TRANSCRIPT_QUEUED, transcript_status(&transcript, NOON_MS + 499));
    UNIT_INT(TRANSCRIPT_PROCESSING, transcript_status(&transcript, NOON_MS + 500));
    UNIT_INT(TRANSCRIPT_PROCESSING, transcript_status(&transcript, NOON_MS + 999));
    UNIT_INT(TRANSCRIPT_COMPLETED, transcript_status(&transcript, NOON_MS + 1000));
    transcript.fails = true;
    UNIT_INT(TRANSCRIPT_ERROR, transcript_status(&transcript, NOON_MS + 1000));
}

static void answer_at(struct buf *out, const struct transcript *transcript, int64_t ms)
{
    struct err err = ERR_INIT;

    buf_reset(out, TRANSCRIPT_ANSWER_MAX);
    UNIT_STATUS(STATUS_OK, answer_transcript(out, transcript, ms, &err), &err);
    UNIT_INT(SCAN_OK, scan_json(buf_str(out), NULL, NULL).verdict);
}

static unsigned count_of(const char *text, const char *part)
{
    unsigned count = 0;

    for (; (text = strstr(text, part)) != NULL; text++)
        count++;
    return count;
}

UNIT_TEST(an_answer_echoes_what_nobody_has_heard_of_and_keeps_the_secret)
{
    static struct transcript transcript;
    struct buf out;

    make_job(&transcript);
    buf_init(&out, TRANSCRIPT_ANSWER_MAX);
    answer_at(&out, &transcript, NOON_MS);
    UNIT_TRUE(strstr(out.ptr, "\"unheard_of\": {\"a\": [1]}") != NULL);
    UNIT_TRUE(strstr(out.ptr, "\"status\": \"queued\"") != NULL);
    UNIT_TRUE(strstr(out.ptr, "\"webhook_auth\": true") != NULL);
    UNIT_TRUE(strstr(out.ptr, "\"webhook_auth_header_name\": \"X-A\"") != NULL);
    UNIT_TRUE(strstr(out.ptr, "\"text\": null") != NULL);
    UNIT_TRUE(strstr(out.ptr, "the-value") == NULL);
    UNIT_TRUE(strstr(out.ptr, "mine") == NULL);
    UNIT_TRUE(strstr(out.ptr, "\"error\"") == NULL);
    UNIT_INT(1, count_of(out.ptr, "\"status\":"));
    UNIT_INT(1, count_of(out.ptr, "\"id\":"));
    answer_at(&out, &transcript, NOON_MS + 1000);
    UNIT_TRUE(strstr(out.ptr, "\"text\": null") == NULL);
    buf_free(&out);
}

UNIT_TEST(nothing_of_the_submitter_is_left_in_a_deleted_transcript)
{
    static struct transcript transcript;
    struct buf out;

    make_job(&transcript);
    transcript_delete(&transcript);
    buf_init(&out, TRANSCRIPT_ANSWER_MAX);
    answer_at(&out, &transcript, NOON_MS + 1000);
    UNIT_TRUE(strstr(out.ptr, "\"text\": \"Deleted by user.\"") != NULL);
    UNIT_TRUE(strstr(out.ptr, "\"webhook_url\": \"http://deleted_by_user\"") != NULL);
    UNIT_TRUE(strstr(out.ptr, "\"webhook_auth\": false") != NULL);
    UNIT_TRUE(strstr(out.ptr, "\"utterances\": null") != NULL);
    UNIT_TRUE(strstr(out.ptr, "\"status\": \"completed\"") != NULL);
    UNIT_TRUE(strstr(out.ptr, "example.com") == NULL);
    buf_reset(&out, TRANSCRIPT_ANSWER_MAX);
    transcript_print(&out, &transcript);
    UNIT_TRUE(strstr(out.ptr, "example.com") == NULL && strstr(out.ptr, "the-value") == NULL);
    buf_free(&out);
}

UNIT_TEST(a_path_that_lighttpd_would_misread_is_refused)
{
    struct lighttpd_config config = {"/p", "/f", "/r", 80};
    struct err err = ERR_INIT;
    struct buf out;

    buf_init(&out, LIGHTTPD_CONFIG_MAX);
    UNIT_STATUS(STATUS_OK, lighttpd_config_print(&out, &config, &err), &err);
    config.run = "/a\"; server.bind = \"0.0.0.0";
    UNIT_STATUS(STATUS_USAGE, lighttpd_config_print(&out, &config, &err), &err);
    buf_free(&out);
}
