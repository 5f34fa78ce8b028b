/* SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/file.h"
#include "core/payload.h"
#include "unit.h"

static struct payload parse(struct str body)
{
    struct payload seen = {.kind = EVENT_UNKNOWN};
    struct err err = ERR_INIT;

    UNIT_STATUS(STATUS_OK, payload_parse(&seen, body, &err), &err);
    return seen;
}

static void is(enum event_kind kind, const char *name, const char *subject, const char *status,
               const char *identity, const char *body)
{
    struct payload seen = parse(str_of(body));

    UNIT_INT(kind, seen.kind);
    UNIT_TEXT(name, seen.subject_name);
    UNIT_TEXT(subject, seen.subject);
    UNIT_TEXT(status, seen.status);
    UNIT_TEXT(identity, seen.identity);
    UNIT_TRUE(seen.utf8);
}

static void is_unknown(const char *body)
{
    is(EVENT_UNKNOWN, NULL, "", "", "", body);
}

/* The bodies in tests/data/bodies: what the sender documents, as it would send it. */
static void file_is(const char *file, enum event_kind kind, const char *name, const char *subject,
                    const char *status, const char *identity)
{
    struct buf body;

    buf_init(&body, 65536);
    UNIT_INT(0, file_slurp(AT_FDCWD, file, &body));
    is(kind, name, subject, status, identity, body.ptr);
    buf_free(&body);
}

#define BODY(name) TEST_DATA "/bodies/" name ".json"

UNIT_TEST(the_documented_bodies_are_known)
{
    file_is(BODY("completed"), EVENT_TRANSCRIPT, "transcript_id",
            "5552493-16d8-42d8-8feb-c2a16b56f6e8", "completed",
            "5552493-16d8-42d8-8feb-c2a16b56f6e8");
    file_is(BODY("error"), EVENT_TRANSCRIPT, "transcript_id",
            "62nfw3mlar-01ad-4631-92f6-629929496eed", "error",
            "62nfw3mlar-01ad-4631-92f6-629929496eed");
    file_is(BODY("redacted-audio"), EVENT_REDACTED_AUDIO, "transcript_id",
            "785efd9e-0e20-45e1-967b-3db17770ed9f", "redacted_audio_ready",
            "/api.assembly.ai.usw2/redacted-audio/785efd9e-0e20-45e1-967b-3db17770ed9f.wav");
    file_is(BODY("streaming"), EVENT_STREAMING, "session_id",
            "273e79fd-99e9-4e1d-91da-90f56a132d01", "", "273e79fd-99e9-4e1d-91da-90f56a132d01");
    file_is(BODY("voice-agent"), EVENT_VOICE_AGENT, "event_id", "evt_01JD8ZK3M4",
            "session.completed", "evt_01JD8ZK3M4");
    file_is(BODY("doubled-name"), EVENT_UNKNOWN, NULL, "", "", "");
}

UNIT_TEST(other_members_are_passed_over)
{
    is(EVENT_TRANSCRIPT, "transcript_id", "a", "error", "a",
       "{\"x\":{\"status\":\"no\",\"transcript_id\":1},\"transcript_id\":\"a\",\"y\":[1],"
       "\"status\":\"error\",\"y\":2}");
    is(EVENT_TRANSCRIPT, "transcript_id", "a", "queued", "a",
       "{\"transcript_id\":\"a\",\"status\":\"queued\",\"session_id\":\"s\",\"messages\":[],"
       "\"redacted_audio_url\":\"/b/c\"}");
    is(EVENT_STREAMING, "session_id", "s", "", "s",
       "{\"messages\":[],\"status\":7,\"session_id\":\"s\"}");
}

UNIT_TEST(the_shapes_are_tried_in_their_order)
{
    is(EVENT_VOICE_AGENT, "event_id", "e", "call.ended", "e",
       "{\"transcript_id\":\"a\",\"status\":\"completed\",\"event_id\":\"e\",\"event\":\"call."
       "ended\"}");
    is(EVENT_TRANSCRIPT, "transcript_id", "a", "completed", "a",
       "{\"transcript_id\":\"a\",\"status\":\"completed\",\"event\":\"call.ended\"}");
    is(EVENT_REDACTED_AUDIO, NULL, "", "", "/x.wav",
       "{\"redacted_audio_url\":\"http://h/x.wav\",\"session_id\":\"s\",\"messages\":[]}");
    is(EVENT_STREAMING, "session_id", "s", "", "s",
       "{\"transcript_id\":5,\"session_id\":\"s\",\"messages\":[]}");
}

UNIT_TEST(a_trial_is_known_by_our_own_member_alone)
{
    is(EVENT_TRIAL, "event_id", "e", "", "e",
       "{\"stenohook\": \"trial\", \"event_id\": \"e\", \"status\": \"completed\"}");
    is_unknown("{\"stenohook\":\"Trial\",\"event_id\":\"e\"}");
    is_unknown("{\"stenohook\":\"trial\",\"stenohook\":\"trial\",\"event_id\":\"e\"}");
    is_unknown("{\"stenohook\":true,\"event_id\":\"e\"}");
    is_unknown("{\"stenohook\":\"trial\"}");
    is_unknown("{\"event_id\":\"e\"}");
}

UNIT_TEST(nothing_that_the_sender_documents_is_a_trial)
{
    is(EVENT_TRANSCRIPT, "transcript_id", "a", "completed", "a",
       "{\"stenohook\":\"trial\",\"event_id\":\"e\",\"transcript_id\":\"a\",\"status\":"
       "\"completed\"}");
    is(EVENT_VOICE_AGENT, "event_id", "e", "x", "e",
       "{\"stenohook\":\"trial\",\"event_id\":\"e\",\"event\":\"x\"}");
    is(EVENT_STREAMING, "session_id", "s", "", "s",
       "{\"stenohook\":\"trial\",\"event_id\":\"e\",\"session_id\":\"s\",\"messages\":[]}");
}

UNIT_TEST(valid_json_of_another_shape_is_unknown)
{
    static const char *const bodies[] = {
        "{}",
        "[]",
        "null",
        "\"transcript_id\"",
        "[{\"transcript_id\":\"a\",\"status\":\"completed\"}]",
        "{\"transcript_id\":\"a\"}",
        "{\"transcript_id\":\"a\",\"status\":null}",
        "{\"transcript_id\":\"a\",\"status\":\"\"}",
        "{\"transcript_id\":\"a\",\"status\":\"Completed\"}",
        "{\"transcript_id\":\"a\",\"status\":\"com pleted\"}",
        "{\"transcript_id\":null,\"status\":\"completed\"}",
        "{\"Transcript_id\":\"a\",\"status\":\"completed\"}",
        "{\"session_id\":\"s\",\"messages\":{}}",
        "{\"session_id\":\"s\"}",
        "{\"event_id\":\"e\"}",
        "{\"event_id\":\"e\",\"event\":1}",
        "{\"redacted_audio_url\":\"\"}",
        "{\"redacted_audio_url\":\"https://host\"}",
        "{\"redacted_audio_url\":\"https://host/?x=/y\"}",
        "{\"redacted_audio_url\":\"https://host#/y\"}",
    };

    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++)
        is_unknown(bodies[i]);
}

UNIT_TEST(an_id_of_other_characters_makes_it_unknown)
{
    static const char *const ids[] = {"",         " ",      "a b",     "a/b",
                                      "../a",     "a\\\"b", "\\u0000", "a\\u0000",
                                      "\xc3\xa9", "a\\n",   "a\\ud800"};
    char body[256];

    for (size_t i = 0; i < sizeof ids / sizeof *ids; i++) {
        snprintf(body, sizeof body, "{\"transcript_id\":\"%s\",\"status\":\"completed\"}", ids[i]);
        is_unknown(body);
        snprintf(body, sizeof body, "{\"session_id\":\"%s\",\"messages\":[]}", ids[i]);
        is_unknown(body);
    }
    is(EVENT_TRANSCRIPT, "transcript_id", "aZ09_.:-", "ok_1.-", "aZ09_.:-",
       "{\"transcript_id\":\"aZ09_.:-\",\"status\":\"ok_1.-\"}");
}

static enum event_kind kind_with(size_t id_len, size_t status_len)
{
    char body[1024], id[256], status[256];

    memset(id, 'i', id_len);
    id[id_len] = '\0';
    memset(status, 's', status_len);
    status[status_len] = '\0';
    snprintf(body, sizeof body, "{\"transcript_id\":\"%s\",\"status\":\"%s\"}", id, status);
    return parse(str_of(body)).kind;
}

UNIT_TEST(ids_and_statuses_are_bounded)
{
    UNIT_INT(EVENT_TRANSCRIPT, kind_with(EVENT_ID_MAX, EVENT_ID_MAX));
    UNIT_INT(EVENT_UNKNOWN, kind_with(EVENT_ID_MAX + 1, 1));
    UNIT_INT(EVENT_UNKNOWN, kind_with(1, EVENT_ID_MAX + 1));
}

UNIT_TEST(escapes_in_names_and_values_are_undone)
{
    is(EVENT_TRANSCRIPT, "transcript_id", "abc-1", "completed", "abc-1",
       "{\"transcript\\u005fid\":\"\\u0061bc\\u002d1\","
       "\"\\u0073\\u0074\\u0061\\u0074\\u0075\\u0073\":\"complete\\u0064\"}");
    is(EVENT_REDACTED_AUDIO, NULL, "", "", "/b/c.wav",
       "{\"redacted_audio_url\":\"https:\\/\\/h\\/b\\/c.wav\"}");
}

UNIT_TEST(a_name_that_comes_twice_fools_nobody)
{
    is_unknown("{\"transcript_id\":\"a\",\"status\":\"completed\",\"status\":\"error\"}");
    is_unknown("{\"transcript_id\":\"a\",\"transcript_id\":\"a\",\"status\":\"completed\"}");
    is_unknown("{\"transcript_id\":\"a\",\"transcript\\u005fid\":\"b\",\"status\":\"completed\"}");
    is_unknown("{\"transcript_id\":\"a\",\"status\":\"completed\",\"\\u0073tatus\":1}");
    is_unknown("{\"session_id\":\"a\",\"messages\":[],\"messages\":[1]}");
    is_unknown("{\"event_id\":\"a\",\"event\":\"b\",\"event\":null}");
    is_unknown("{\"transcript_id\":\"a\",\"status\":\"completed\","
               "\"\\u0072\\u0065\\u0064\\u0061\\u0063\\u0074\\u0065\\u0064"
               "\\u005f\\u0061\\u0075\\u0064\\u0069\\u006f\\u005f\\u0075\\u0072\\u006c\":1,"
               "\"redacted_audio_url\":1}");
}

UNIT_TEST(a_long_escaped_name_is_another_name)
{
    is(EVENT_TRANSCRIPT, "transcript_id", "a", "b", "a",
       "{\"transcript_id\":\"a\",\"status\":\"b\",\"\\u0073tatus_and_more_than_fits\":1}");
}

UNIT_TEST(redacted_audio_is_known_by_the_path_of_its_url)
{
    is(EVENT_REDACTED_AUDIO, NULL, "", "", "/x",
       "{\"redacted_audio_url\":\"https://u:p@host:8/x#?\"}");
    is(EVENT_REDACTED_AUDIO, NULL, "", "", "a/b", "{\"redacted_audio_url\":\"a/b?c\"}");
    is(EVENT_REDACTED_AUDIO, "transcript_id", "a.b", "", "/redacted-audio/a.b.mp3",
       "{\"redacted_audio_url\":\"s://h/redacted-audio/a.b.mp3\",\"status\":\"Not Kept\"}");
    is(EVENT_REDACTED_AUDIO, NULL, "", "", "/redacted-audio/a",
       "{\"redacted_audio_url\":\"s://h/redacted-audio/a\",\"status\":1}");
    is(EVENT_REDACTED_AUDIO, NULL, "", "", "/redacted-audio/.mp3",
       "{\"redacted_audio_url\":\"s://h/redacted-audio/.mp3\"}");
    is(EVENT_REDACTED_AUDIO, NULL, "", "", "/other/a.mp3",
       "{\"redacted_audio_url\":\"s://h/other/a.mp3\"}");
}

UNIT_TEST(a_long_or_odd_path_is_known_by_its_hash)
{
    char body[512], path[256];
    struct payload seen;

    /* printf %s '/a b' | sha256sum */
    is(EVENT_REDACTED_AUDIO, NULL, "", "",
       "73c9c45d21e1dbbab5ec7d874b3972a958e80d75b7b71cbe5ae4262b74958205",
       "{\"redacted_audio_url\":\"https://h/a b?c\"}");
    memset(path, 'x', sizeof path);
    for (size_t len = EVENT_ID_MAX; len <= EVENT_ID_MAX + 1; len++) {
        snprintf(body, sizeof body, "{\"redacted_audio_url\":\"https://h/%.*s\"}", (int)len - 1,
                 path);
        seen = parse(str_of(body));
        UNIT_INT(EVENT_REDACTED_AUDIO, seen.kind);
        UNIT_INT(len == EVENT_ID_MAX ? EVENT_ID_MAX : 64, strlen(seen.identity));
    }
}

static enum event_kind kind_of_url(size_t url_len)
{
    enum event_kind kind;
    struct buf body;

    buf_init(&body, 1 << 20);
    buf_add_text(&body, "{\"redacted_audio_url\":\"");
    for (size_t i = 0; i < url_len; i++)
        buf_add_char(&body, i == 0 ? '/' : 'u');
    buf_add_text(&body, "\"}");
    kind = parse(buf_str(&body)).kind;
    buf_free(&body);
    return kind;
}

UNIT_TEST(a_url_of_absurd_length_is_unknown)
{
    UNIT_INT(EVENT_REDACTED_AUDIO, kind_of_url(65536 - 2));
    UNIT_INT(EVENT_UNKNOWN, kind_of_url(65536 - 1));
}

UNIT_TEST(invalid_utf8_is_told)
{
    struct payload seen = parse(STR("{\"transcript_id\":\"a\",\"status\":\"b\",\"x\":\"\xff\"}"));

    UNIT_INT(EVENT_TRANSCRIPT, seen.kind);
    UNIT_FALSE(seen.utf8);
    seen = parse(STR("{\"transcript_id\":\"\xff\",\"status\":\"b\"}"));
    UNIT_INT(EVENT_UNKNOWN, seen.kind);
    UNIT_FALSE(seen.utf8);
}

static void refuses(enum status expected, const char *word, struct str body)
{
    struct payload payload = {.kind = EVENT_STREAMING, .subject = "kept", .identity = "kept"};
    struct err err = ERR_INIT;

    UNIT_STATUS(expected, payload_parse(&payload, body, &err), &err);
    UNIT_TRUE(strstr(err.text, word) != NULL);
    UNIT_INT(EVENT_STREAMING, payload.kind);
    UNIT_TEXT("kept", payload.subject);
    UNIT_TEXT("kept", payload.identity);
}

UNIT_TEST(what_is_no_json_is_refused_by_how_it_fails)
{
    char deep[1024];

    refuses(STATUS_TRUNCATED, "empty", STR(""));
    refuses(STATUS_TRUNCATED, "too early", STR(" "));
    refuses(STATUS_TRUNCATED, "25 bytes", STR("{\"transcript_id\":\"a\",\"sta"));
    refuses(STATUS_MALFORMED, "offset 0", STR("status=a"));
    refuses(STATUS_MALFORMED, "offset 24", STR("{\"transcript_id\":\"a\",\"x\"}"));
    refuses(STATUS_MALFORMED, "offset 2", STR("{}{}"));
    memset(deep, '[', sizeof deep);
    refuses(STATUS_MALFORMED, "deeper than 512", (struct str){deep, sizeof deep});
}
