/* SPDX-License-Identifier: MIT
 * Tests of the sample bodies: byte for byte, and as the gateway understands them.
 */
#include <string.h>

#include "core/payload.h"
#include "remote/sample.h"
#include "unit.h"

#define ID "9ea68fd3-f953-42c1-9742-976c447fb463"
#define NOW_NS INT64_C(1795608000123456789) /* 2026-11-25T12:00:00.123Z */
#define NOW "2026-11-25T12:00:00.123Z"

static void print_sample(struct buf *out, const char *kind, const char *id)
{
    struct members m;
    struct err err = ERR_INIT;

    members_init(&m);
    buf_init(out, 64 * 1024);
    UNIT_STATUS(STATUS_OK, sample_fill(&m, kind, id, NOW_NS, &err), &err);
    members_print(&m, out);
    members_free(&m);
}

static void is(const char *kind, const char *expected)
{
    struct buf body;

    print_sample(&body, kind, ID);
    UNIT_STR(expected, buf_str(&body));
    buf_free(&body);
}

UNIT_TEST(the_bodies_are_those_of_the_documentation_byte_for_byte)
{
    is("completed", "{\"transcript_id\": \"" ID "\", \"status\": \"completed\"}");
    is("error", "{\"transcript_id\": \"" ID "\", \"status\": \"error\"}");
    is("redacted", "{\"status\": \"redacted_audio_ready\", \"redacted_audio_url\": "
                   "\"https://s3.us-west-2.amazonaws.com/api.assembly.ai.usw2/redacted-audio/" ID
                   ".wav?AWSAccessKeyId=SAMPLE&Signature=SAMPLE&Expires=1795609800\"}");
    is("streaming",
       "{\"session_id\": \"" ID "\", \"messages\": [{\"turn_order\": 0, "
       "\"turn_is_formatted\": true, \"end_of_turn\": true, \"transcript\": \"Good morning.\", "
       "\"end_of_turn_confidence\": 0.5005, \"words\": [{\"start\": 4880, \"end\": 5040, "
       "\"text\": \"Good\", \"confidence\": 0.76054, \"word_is_final\": true}, {\"start\": 5120, "
       "\"end\": 5600, \"text\": \"morning.\", \"confidence\": 0.99105, \"word_is_final\": true}], "
       "\"utterance\": \"\", \"type\": \"Turn\"}]}");
    is("voice", "{\"event_id\": \"" ID "\", \"event\": \"session.completed\", \"timestamp\": \"" NOW
                "\", \"session\": {\"session_id\": \"" ID "\", \"account_id\": \"sample\", "
                "\"agent_id\": \"sample\", \"status\": \"completed\", \"duration_seconds\": 12, "
                "\"public_close_reason\": \"client_disconnect\", \"created_at\": \"" NOW
                "\", \"ended_at\": \"" NOW "\"}}");
}

UNIT_TEST(the_lengths_are_those_that_the_documentation_shows)
{
    struct buf body;

    /* content-length: 82, of an id of 38 characters. */
    print_sample(&body, "completed", "62npeahu2b-a8ea-4112-854c-69542c20d90c");
    UNIT_INT(82, body.len);
    buf_free(&body);
    print_sample(&body, "completed", ID);
    UNIT_INT(80, body.len);
    buf_free(&body);
    print_sample(&body, "error", ID);
    UNIT_INT(76, body.len);
    buf_free(&body);
}

UNIT_TEST(the_gateway_knows_every_sample_for_what_it_is)
{
    static const struct {
        const char *kind;
        enum event_kind event;
        const char *subject, *name, *status;
    } rows[] = {
        {"completed", EVENT_TRANSCRIPT, ID, "transcript_id", "completed"},
        {"error", EVENT_TRANSCRIPT, ID, "transcript_id", "error"},
        {"redacted", EVENT_REDACTED_AUDIO, ID, "transcript_id", "redacted_audio_ready"},
        {"streaming", EVENT_STREAMING, ID, "session_id", ""},
        {"voice", EVENT_VOICE_AGENT, ID, "event_id", "session.completed"},
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct payload payload;
        struct err err = ERR_INIT;
        struct buf body;

        print_sample(&body, rows[i].kind, ID);
        UNIT_STATUS(STATUS_OK, payload_parse(&payload, buf_str(&body), &err), &err);
        UNIT_INT(rows[i].event, payload.kind);
        UNIT_TEXT(rows[i].subject, payload.subject);
        UNIT_TEXT(rows[i].name, payload.subject_name == NULL ? "" : payload.subject_name);
        UNIT_TEXT(rows[i].status, payload.status);
        UNIT_TRUE(payload.utf8);
        buf_free(&body);
    }
}

UNIT_TEST(an_unknown_kind_lists_those_there_are_and_fills_nothing)
{
    static const char *const kinds[] = {"", "complete", "completed ", "Completed", "queued"};

    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        struct members m;
        struct err err = ERR_INIT;

        members_init(&m);
        UNIT_STATUS(STATUS_USAGE, sample_fill(&m, kinds[i], ID, NOW_NS, &err), &err);
        UNIT_TRUE(strstr(err.text, "completed, error, redacted, streaming or voice") != NULL);
        UNIT_INT(0, m.count);
        members_free(&m);
    }
}

UNIT_TEST(an_id_is_a_uuid_of_version_4_and_keeps_all_other_bits)
{
    static const uint8_t ones[16] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                                     0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
    static const uint8_t count[16] = {0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef,
                                      0xfe, 0xdc, 0xba, 0x98, 0x76, 0x54, 0x32, 0x10};
    static const uint8_t zeros[16] = {0};
    char id[SAMPLE_ID_MAX];

    sample_id(zeros, id);
    UNIT_TEXT("00000000-0000-4000-8000-000000000000", id);
    sample_id(ones, id);
    UNIT_TEXT("ffffffff-ffff-4fff-bfff-ffffffffffff", id);
    sample_id(count, id);
    UNIT_TEXT("01234567-89ab-4def-bedc-ba9876543210", id);
}
