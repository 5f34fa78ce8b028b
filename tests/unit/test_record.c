/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/crc32c.h"
#include "base/text.h"
#include "core/event_parts.h"
#include "core/record.h"
#include "core/scan.h"
#include "unit.h"

#define LINE_MAX_BYTES (8 << 20)

static const char *const two_hooks[] = {CONFIG_HOOK_DEFAULT, "mail-2_B"};

static struct event_facts sample(void)
{
    struct event_facts event = {
        .about.kind = EVENT_TRANSCRIPT,
        .key = "calls transcript a-1 completed",
        .about.subject = "a-1",
        .about.subject_name = "transcript_id",
        .about.status = "completed",
        .received_ns = 1795420218966123456,
        .endpoint = "calls",
        .remote_addr = STR("44.238.19.20"),
        .query = STR("customer_id=1&tag=a&tag=b"),
        .content_type = STR("application/json"),
        .user_agent = STR("python-requests/2.25.1"),
        .body = STR("{\"transcript_id\":\"a-1\",\"status\":\"completed\"}"),
        .about.utf8 = true,
        .hooks = two_hooks,
        .hook_count = 1,
    };

    return event;
}

static void print(struct record_line *line, const struct event_facts *event)
{
    struct err err = ERR_INIT;

    UNIT_STATUS(STATUS_OK,
                record_print(line, &(struct event){.facts = *event}, LINE_MAX_BYTES, &err), &err);
}

/* The line without its newline. */
static struct str line_of(struct str sealed)
{
    UNIT_TRUE(str_ends(sealed, "\n"));
    return (struct str){sealed.ptr, sealed.len - 1};
}

/* Prints, seals and reads back; the record is the caller's to free. */
static struct record round_trip(const struct event_facts *event)
{
    struct record record = {.received_ns = 0};
    struct record_line line;
    struct err err = ERR_INIT;
    struct str text;

    print(&line, event);
    text = line_of(record_seal(&line, 12, 103, false));
    UNIT_TRUE(record_ok(text));
    UNIT_TRUE(text_utf8_ok(text));
    UNIT_TRUE(memchr(text.ptr, '\n', text.len) == NULL);
    UNIT_STATUS(STATUS_OK, record_parse(&record, text, true, &err), &err);
    record_line_free(&line);
    return record;
}

UNIT_TEST(a_record_is_one_line_with_its_members_in_order)
{
    static const char expected[] =
        "{\"key\":\"calls transcript a-1 "
        "completed\",\"id\":\"12:103\",\"hooks\":[\"default\"],\"received_at\":\"2026-11-23T07:50:"
        "18.966Z\","
        "\"endpoint\":\"calls\",\"kind\":\"transcript\",\"transcript_id\":\"a-1\",\"status\":"
        "\"completed\","
        "\"remote_addr\":\"44.238.19.20\",\"query\":\"customer_id=1&tag=a&tag=b\","
        "\"params\":{\"customer_id\":\"1\",\"tag\":[\"a\",\"b\"]},\"content_type\":\"application/"
        "json\","
        "\"user_agent\":\"python-requests/2.25.1\",\"via\":\"reconciled\","
        "\"body\":\"{\\\"transcript_id\\\":\\\"a-1\\\",\\\"status\\\":\\\"completed\\\"}\"";
    struct event_facts event = sample();
    struct record_line line;
    struct str text;
    char tail[32];

    event.via = "reconciled";
    print(&line, &event);
    text = line_of(record_seal(&line, 12, 103, false));
    snprintf(tail, sizeof tail, ",\"crc\":\"%08x\"}",
             (unsigned)crc32c_table(0, expected, sizeof expected - 1));
    UNIT_TRUE(str_starts(text, expected));
    UNIT_INT(sizeof expected - 1 + strlen(tail), text.len);
    UNIT_TRUE(str_ends(text, tail));
    UNIT_STR("calls transcript a-1 completed", record_key(text));
    record_line_free(&line);
}

UNIT_TEST(a_record_comes_back_as_it_was)
{
    struct event_facts event = sample();
    struct record r = round_trip(&event);

    UNIT_STR(event.key, r.key);
    UNIT_STR("12:103", r.id);
    UNIT_STR("[\"default\"]", r.hooks);
    UNIT_STR("2026-11-23T07:50:18.966Z", r.received_at);
    UNIT_INT(1795420218966000000, r.received_ns);
    UNIT_STR("calls", r.endpoint);
    UNIT_STR("transcript", r.kind);
    UNIT_STR("a-1", r.subject);
    UNIT_TEXT("transcript_id", r.subject_name);
    UNIT_STR("completed", r.status);
    UNIT_STR("44.238.19.20", r.remote_addr);
    UNIT_STR("customer_id=1&tag=a&tag=b", r.query);
    UNIT_STR("{\"customer_id\":\"1\",\"tag\":[\"a\",\"b\"]}", r.params);
    UNIT_STR("application/json", r.content_type);
    UNIT_STR("python-requests/2.25.1", r.user_agent);
    UNIT_STR(NULL, r.via);
    UNIT_STR("{\"transcript_id\":\"a-1\",\"status\":\"completed\"}", r.body);
    record_free(&r);
}

UNIT_TEST(what_is_absent_stays_absent)
{
    struct event_facts event = {.about.kind = EVENT_UNKNOWN,
                                .key = "x unknown h -",
                                .endpoint = "x",
                                .query = STR_NONE,
                                .body = STR("[]"),
                                .about.utf8 = true};
    struct record r = round_trip(&event);

    UNIT_STR(NULL, r.subject);
    UNIT_TEXT(NULL, r.subject_name);
    UNIT_STR(NULL, r.status);
    UNIT_STR("", r.remote_addr);
    UNIT_STR("", r.query);
    UNIT_STR("{}", r.params);
    UNIT_STR(NULL, r.content_type);
    UNIT_STR(NULL, r.user_agent);
    UNIT_STR(NULL, r.via);
    UNIT_STR("[]", r.body);
    record_free(&r);
}

UNIT_TEST(each_subject_keeps_its_name)
{
    static const char *const names[] = {"transcript_id", "session_id", "event_id"};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct event_facts event = sample();
        struct record r;

        event.about.subject_name = names[i];
        r = round_trip(&event);
        UNIT_TEXT(names[i], r.subject_name);
        UNIT_STR("a-1", r.subject);
        record_free(&r);
    }
}

UNIT_TEST(a_body_of_all_bytes_comes_back_byte_for_byte)
{
    struct event_facts event = sample();
    char body[512];
    struct record r;

    for (size_t i = 0; i < sizeof body; i++)
        body[i] = (char)(unsigned char)i;
    for (size_t len = 126; len <= sizeof body; len += len < 130 ? 1 : 127) {
        event.body = (struct str){body, len};
        event.about.utf8 = text_utf8_ok(event.body);
        UNIT_INT(len <= 128, event.about.utf8);
        r = round_trip(&event);
        UNIT_TRUE(str_eq(event.body, r.body));
        record_free(&r);
    }
}

UNIT_TEST(an_empty_body_comes_back_empty)
{
    struct event_facts event = sample();
    struct record r;

    event.body = STR("");
    r = round_trip(&event);
    UNIT_STR("", r.body);
    record_free(&r);
}

UNIT_TEST(text_beyond_ascii_stays_readable_in_the_line)
{
    struct event_facts event = sample();
    struct record_line line;
    struct str text;

    event.body = STR("\"caf\xc3\xa9 \xf0\x9f\x98\x80\"");
    print(&line, &event);
    text = record_seal(&line, 1, 2, false);
    UNIT_TRUE(memmem(text.ptr, text.len, "caf\xc3\xa9 \xf0\x9f\x98\x80", 10) != NULL);
    record_line_free(&line);
}

UNIT_TEST(a_query_of_any_bytes_is_recorded_as_ascii)
{
    struct event_facts event = sample();
    struct record r;

    event.query = STR("a=%00&b=\xff\xc3\xa9&c=\"\\&d=\x01");
    r = round_trip(&event);
    UNIT_STR("a=%00&b=%FF%C3%A9&c=\"\\&d=%01", r.query);
    UNIT_STR(
        "{\"a\":\"\\u0000\",\"b\":\"\xef\xbf\xbd\xc3\xa9\",\"c\":\"\\\"\\\\\",\"d\":\"\\u0001\"}",
        r.params);
    record_free(&r);
}

UNIT_TEST(a_parameter_of_64_kib_is_kept_whole)
{
    struct event_facts event = sample();
    struct buf query;
    struct record r;

    buf_init(&query, 1 << 20);
    buf_add_text(&query, "v=");
    while (query.len < 65536 + 2)
        buf_add_char(&query, (char)('a' + query.len % 26));
    event.query = buf_str(&query);
    r = round_trip(&event);
    UNIT_TRUE(str_eq(event.query, r.query));
    UNIT_INT(query.len + strlen("{\"\":\"\"}") - 1, r.params.len);
    buf_free(&query);
    record_free(&r);
}

UNIT_TEST(headers_of_odd_bytes_are_made_text)
{
    struct event_facts event = sample();
    struct record r;

    event.content_type = STR("a\"\\\n\xff");
    event.user_agent = STR("");
    event.remote_addr = STR("unix:\xfe");
    r = round_trip(&event);
    UNIT_STR("a\"\\\n\xef\xbf\xbd", r.content_type);
    UNIT_STR("", r.user_agent);
    UNIT_STR("unix:\xef\xbf\xbd", r.remote_addr);
    record_free(&r);
}

UNIT_TEST(a_record_is_read_without_its_body_where_that_is_not_wanted)
{
    struct event_facts event = sample();
    struct record record;
    struct record_line line;
    struct err err = ERR_INIT;

    print(&line, &event);
    UNIT_STATUS(STATUS_OK,
                record_parse(&record, line_of(record_seal(&line, 1, 2, false)), false, &err), &err);
    UNIT_STR(NULL, record.body);
    UNIT_STR("python-requests/2.25.1", record.user_agent);
    UNIT_TRUE(record.text.cap < event.body.len + 400);
    record_free(&record);
    record_line_free(&line);
}

static void seals(struct record_line *line, uint32_t segment, uint64_t offset, bool newline,
                  const char *id)
{
    struct record record;
    struct err err = ERR_INIT;
    struct str text = record_seal(line, segment, offset, newline);

    UNIT_INT(newline, text.ptr[0] == '\n');
    if (newline)
        text = (struct str){text.ptr + 1, text.len - 1};
    text = line_of(text);
    UNIT_TRUE(record_ok(text));
    UNIT_STATUS(STATUS_OK, record_parse(&record, text, true, &err), &err);
    UNIT_STR(id, record.id);
    UNIT_STR("calls transcript a-1 completed", record.key);
    UNIT_STR("{\"transcript_id\":\"a-1\",\"status\":\"completed\"}", record.body);
    record_free(&record);
}

UNIT_TEST(a_line_is_sealed_again_with_any_other_id)
{
    struct event_facts event = sample();
    struct record_line line;

    print(&line, &event);
    seals(&line, UINT32_MAX, UINT64_MAX, true, "4294967295:18446744073709551615");
    seals(&line, 0, 0, false, "0:0");
    seals(&line, 12, 103, true, "12:103");
    seals(&line, 12, 103, true, "12:103");
    seals(&line, UINT32_MAX, UINT64_MAX, false, "4294967295:18446744073709551615");
    seals(&line, 7, 1000000, false, "7:1000000");
    record_line_free(&line);
}

UNIT_TEST(the_longest_key_is_sealed_as_any_other)
{
    struct event_facts event = sample();
    struct record_line line;
    struct str text;

    memset(event.key, 'k', sizeof event.key - 1);
    event.key[sizeof event.key - 1] = '\0';
    print(&line, &event);
    text = line_of(record_seal(&line, UINT32_MAX, UINT64_MAX, false));
    UNIT_TRUE(record_ok(text));
    UNIT_STR(event.key, record_key(text));
    record_line_free(&line);
}

UNIT_TEST(a_record_that_does_not_fit_is_refused)
{
    struct event_facts event = sample();
    struct record_line line;
    struct err err = ERR_INIT;
    size_t need;

    print(&line, &event);
    need = line.bytes.len;
    record_line_free(&line);
    UNIT_STATUS(STATUS_OK, record_print(&line, &(struct event){.facts = event}, need, &err), &err);
    record_line_free(&line);
    UNIT_STATUS(STATUS_LIMIT, record_print(&line, &(struct event){.facts = event}, need - 1, &err),
                &err);
    err_clear(&err);
    UNIT_STATUS(STATUS_LIMIT, record_print(&line, &(struct event){.facts = event}, 0, &err), &err);
}

UNIT_TEST(a_query_that_does_not_fit_is_no_shorter_query)
{
    struct event_facts event = sample();
    struct record_line line;
    struct err err = ERR_INIT;
    char query[3000];

    memset(query, '\xff', sizeof query);
    event.query = (struct str){query, sizeof query};
    UNIT_STATUS(STATUS_LIMIT, record_print(&line, &(struct event){.facts = event}, 4000, &err),
                &err);
}

/* The sealed line of an event in memory of its own. */
static char *copy_of_line(const struct event_facts *event, size_t *len)
{
    struct record_line line;
    struct str text;
    char *copy;

    print(&line, event);
    text = line_of(record_seal(&line, 1, 2, false));
    copy = str_dup(text);
    *len = text.len;
    record_line_free(&line);
    if (copy == NULL)
        abort();
    return copy;
}

UNIT_TEST(a_single_changed_byte_makes_it_no_record)
{
    struct event_facts event = sample();
    size_t len;
    char *line = copy_of_line(&event, &len);

    UNIT_TRUE(record_ok((struct str){line, len}));
    for (size_t i = 0; i < len; i++) {
        for (unsigned bit = 0; bit < 8; bit++) {
            char kept = line[i];

            line[i] = (char)((unsigned char)kept ^ (1U << bit));
            UNIT_FALSE(record_ok((struct str){line, len}));
            line[i] = kept;
        }
    }
    free(line);
}

UNIT_TEST(a_cut_or_longer_line_is_no_record)
{
    struct event_facts event = sample();
    struct record record;
    struct err err = ERR_INIT;
    size_t len;
    char *line = copy_of_line(&event, &len);

    for (size_t cut = 0; cut < len; cut++) {
        char *part = malloc(cut == 0 ? 1 : cut);

        if (part == NULL)
            abort();
        memcpy(part, line, cut);
        UNIT_FALSE(record_ok((struct str){part, cut}));
        memcpy(part, line + len - cut, cut);
        UNIT_FALSE(record_ok((struct str){part, cut}));
        free(part);
    }
    UNIT_FALSE(record_ok((struct str){line, len + 1}));
    UNIT_FALSE(record_ok(STR_NONE));
    UNIT_STATUS(STATUS_CORRUPT, record_parse(&record, (struct str){line, len - 1}, true, &err),
                &err);
    free(line);
}

/* Whether a line of these members, with the right checksum, is read as a record. */
static bool reads(const char *members)
{
    struct record record;
    struct buf line;
    bool ok;

    buf_init(&line, 4096);
    buf_add_text(&line, members);
    buf_printf(&line, ",\"crc\":\"%08x\"}", (unsigned)crc32c(0, line.ptr, line.len));
    ok = record_parse(&record, buf_str(&line), true, NULL) == STATUS_OK;
    if (ok)
        record_free(&record);
    buf_free(&line);
    return ok;
}

#define ID "{\"key\":\"k\",\"id\":\"1:2\""
#define HEAD ID ",\"hooks\":[]"
#define TIME ",\"received_at\":\"2026-11-23T07:50:18Z\""
#define MIDDLE                                                                                     \
    ",\"endpoint\":\"e\",\"kind\":\"k\",\"remote_addr\":\"\",\"query\":\"\",\"params\":{}"
#define BODY ",\"body\":\"{}\""

UNIT_TEST(a_right_checksum_alone_makes_no_record)
{
    UNIT_TRUE(reads(HEAD TIME MIDDLE BODY));
    UNIT_TRUE(reads(HEAD TIME MIDDLE BODY ",\"added_later\":[1,{\"body\":2}]"));
    UNIT_FALSE(reads(HEAD TIME MIDDLE));
    UNIT_FALSE(reads(HEAD MIDDLE BODY));
    UNIT_FALSE(reads(HEAD TIME BODY));
    UNIT_FALSE(reads(HEAD TIME MIDDLE BODY BODY));
    UNIT_FALSE(reads(HEAD TIME MIDDLE BODY ",\"body_base64\":\"\""));
    UNIT_FALSE(reads(HEAD TIME MIDDLE BODY ",\"status\":1"));
    UNIT_FALSE(reads(HEAD TIME MIDDLE BODY ",\"via\":null"));
    UNIT_FALSE(reads(HEAD TIME MIDDLE BODY ",\"session_id\":\"s\",\"event_id\":\"e\""));
    UNIT_FALSE(reads(HEAD TIME MIDDLE ",\"body_base64\":\"a\""));
    UNIT_TRUE(reads(HEAD TIME MIDDLE ",\"body_base64\":\"YQ==\""));
    UNIT_FALSE(reads(HEAD ",\"received_at\":\"yesterday\"" MIDDLE BODY));
    UNIT_FALSE(reads(HEAD TIME MIDDLE ",\"body\":\"\\x\""));
    UNIT_FALSE(reads("{\"id\":\"1:2\",\"key\":\"k\"" TIME MIDDLE BODY));
    UNIT_FALSE(reads("{\"key\":\"k\"" TIME MIDDLE BODY));
    UNIT_FALSE(reads(""));
    UNIT_FALSE(reads(ID TIME MIDDLE BODY));
    UNIT_FALSE(reads(HEAD TIME MIDDLE BODY ",\"hooks\":[]"));
}

/* ---- hooks */

/* What record_hooks says of a line that begins so. */
static void has_hooks(const char *expected, const char *line)
{
    UNIT_STR(expected, record_hooks(str_of(line)));
}

UNIT_TEST(a_record_names_its_hooks_behind_its_id)
{
    struct event_facts event = sample();
    struct record r;

    event.hook_count = 2;
    r = round_trip(&event);
    UNIT_STR("[\"default\",\"mail-2_B\"]", r.hooks);
    UNIT_TRUE(record_hooks_have(r.hooks, "default"));
    UNIT_TRUE(record_hooks_have(r.hooks, "mail-2_B"));
    UNIT_FALSE(record_hooks_have(r.hooks, "mail"));
    record_free(&r);
    event.hooks = NULL;
    event.hook_count = 0;
    r = round_trip(&event);
    UNIT_STR("[]", r.hooks);
    UNIT_FALSE(record_hooks_have(r.hooks, "default"));
    record_free(&r);
    UNIT_FALSE(record_hooks_have(STR_NONE, "default"));
    UNIT_FALSE(record_hooks_have(STR_NONE, ""));
}

UNIT_TEST(hooks_count_in_one_place_and_shape_only)
{
    char name[CONFIG_NAME_MAX + 2], line[256];

    has_hooks("[\"default\"]", ID ",\"hooks\":[\"default\"]");
    has_hooks("[]", ID ",\"hooks\":[],\"hooks\":[\"default\"]");
    has_hooks(NULL, ID ",\"hooks\":[\"default\"");
    has_hooks(NULL, ID ",\"hooks\":[\"default\",]");
    has_hooks(NULL, ID ",\"hooks\":[,]");
    has_hooks(NULL, ID ",\"hooks\":[\"\"]");
    has_hooks(NULL, ID ",\"hooks\":[\"a b\"]");
    has_hooks(NULL, ID ",\"hooks\":[\"\\u0061\"]");
    has_hooks(NULL, ID ",\"hooks\":[default]");
    has_hooks(NULL, ID ",\"hooks\": [\"default\"]");
    has_hooks(NULL, ID ",\"hooks\":\"default\"");
    has_hooks(NULL, ID ",\"body\":\"\",\"hooks\":[\"default\"]");
    has_hooks(NULL, "{\"key\":\"k\",\"hooks\":[\"default\"],\"id\":\"1:2\"}");
    has_hooks(NULL, "{\"key\":\"k\",\"id\":\"1\",\"hooks\":[]");
    has_hooks(NULL, "{\"key\":\"k\",\"id\":\"x:2\",\"hooks\":[]");
    has_hooks(NULL, ID);
    has_hooks(NULL, "");
    memset(name, 'n', sizeof name);
    snprintf(line, sizeof line, ID ",\"hooks\":[\"%.*s\"]", CONFIG_NAME_MAX, name);
    UNIT_INT(CONFIG_NAME_MAX + 4, record_hooks(str_of(line)).len);
    snprintf(line, sizeof line, ID ",\"hooks\":[\"%.*s\"]", CONFIG_NAME_MAX + 1, name);
    has_hooks(NULL, line);
}

/* The words of a body come after ours, whatever they are. */
UNIT_TEST(a_body_cannot_forge_hooks)
{
    struct event_facts event = sample();
    struct record r;

    event.hook_count = 0;
    event.body = STR(",\"hooks\":[\"default\"]");
    event.query = STR("\",\"hooks\":[\"default\"]");
    event.user_agent = STR("\",\"hooks\":[\"default\"],\"x\":\"");
    r = round_trip(&event);
    UNIT_STR("[]", r.hooks);
    record_free(&r);
}

static uint64_t next_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

static bool inside(const struct record *r, struct str s)
{
    return s.ptr == NULL || (s.ptr >= r->text.ptr && s.ptr + s.len <= r->text.ptr + r->text.len);
}

/* With the checksum put right again, so that the parser behind it is reached. */
UNIT_TEST(mutated_lines_are_refused_or_read_whole)
{
    struct event_facts event = sample();
    uint64_t random = 88172645463325252;
    unsigned read = 0;
    size_t len;
    char *line = copy_of_line(&event, &len);
    size_t tail = strlen(",\"crc\":\"00000000\"}");
    char *text = malloc(len);

    if (text == NULL)
        abort();
    for (unsigned round = 0; round < 4000; round++) {
        struct record r;
        char crc[16];

        memcpy(text, line, len);
        for (uint64_t n = next_random(&random) % 3 + 1; n > 0; n--) {
            size_t at = (size_t)(next_random(&random) % (len - tail));

            text[at] = next_random(&random) % 2 == 0 ? line[next_random(&random) % len]
                                                     : (char)next_random(&random);
        }
        snprintf(crc, sizeof crc, "%08x", (unsigned)crc32c(0, text, len - tail));
        memcpy(text + len - 10, crc, 8);
        if (record_parse(&r, (struct str){text, len}, round % 2 == 0, NULL) != STATUS_OK)
            continue;
        read++;
        UNIT_TRUE(inside(&r, r.key) && inside(&r, r.id) && inside(&r, r.subject) &&
                  inside(&r, r.status));
        UNIT_TRUE(inside(&r, r.query) && inside(&r, r.params) && inside(&r, r.body) &&
                  inside(&r, r.via));
        UNIT_TRUE(r.key.ptr != NULL && r.query.ptr != NULL &&
                  (r.body.ptr != NULL) == (round % 2 == 0));
        record_free(&r);
    }
    UNIT_TRUE(read > 100 && read < 3900);
    free(text);
    free(line);
}

UNIT_TEST(ids_are_read_back)
{
    char text[RECORD_ID_MAX];
    uint32_t segment;
    uint64_t offset;

    record_id_print(text, 12, 103);
    UNIT_TEXT("12:103", text);
    UNIT_TRUE(record_id_parse(str_of(text), &segment, &offset));
    UNIT_INT(12, segment);
    UNIT_INT(103, offset);
    record_id_print(text, UINT32_MAX, UINT64_MAX);
    UNIT_TRUE(record_id_parse(str_of(text), &segment, &offset));
    UNIT_HEX(UINT32_MAX, segment);
    UNIT_HEX(UINT64_MAX, offset);
}

UNIT_TEST(what_is_no_id_is_refused)
{
    static const char *const texts[] = {
        "",     ":",    "1",    "1:",  ":1",           "1:2:3",
        " 1:2", "1: 2", "-1:2", "a:1", "4294967296:1", "1:18446744073709551616"};
    uint32_t segment = 7;
    uint64_t offset = 8;

    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        UNIT_FALSE(record_id_parse(str_of(texts[i]), &segment, &offset));
    UNIT_FALSE(record_id_parse(STR_NONE, &segment, &offset));
    UNIT_INT(7, segment);
    UNIT_INT(8, offset);
}

static struct buf header_line(const struct record_header *header)
{
    struct buf line;

    buf_init(&line, RECORD_HEADER_MAX);
    record_header_print(&line, header);
    UNIT_INT(STATUS_OK, buf_status(&line, "header", NULL));
    UNIT_TRUE(str_ends(buf_str(&line), "\n"));
    buf_cut(&line, line.len - 1);
    return line;
}

UNIT_TEST(a_segment_header_comes_back_as_it_was)
{
    const struct record_header header = {12, 11, 16777301, 1795420218966000000, {.first = 0}};
    const struct record_header extreme = {UINT32_MAX, UINT32_MAX, UINT64_MAX, 0, {.first = 0}};
    struct record_header back;
    struct buf line = header_line(&header);

    UNIT_TRUE(str_starts(buf_str(&line),
                         "{\"segment\":12,\"format\":1,\"created\":\"2026-11-23T07:50:18.966Z\","
                         "\"prev\":11,\"prev_valid\":16777301,\"crc\":\""));
    UNIT_TRUE(record_header_parse(buf_str(&line), &back));
    UNIT_INT(12, back.segment);
    UNIT_INT(11, back.previous);
    UNIT_INT(16777301, back.previous_valid);
    UNIT_INT(header.created_ns, back.created_ns);
    UNIT_FALSE(record_ok(buf_str(&line)));
    buf_free(&line);
    line = header_line(&extreme);
    UNIT_TRUE(record_header_parse(buf_str(&line), &back));
    UNIT_HEX(UINT32_MAX, back.segment);
    UNIT_HEX(UINT64_MAX, back.previous_valid);
    buf_free(&line);
}

static void owner_comes_back(int64_t from_ns, const char *from)
{
    const struct record_header header = {
        .segment = 7,
        .created_ns = 1795420218966000000,
        .owner = {"0123456789abcdef0123456789abcdef", 7, 12, 3, 16777301, 200, from_ns}};
    struct record_header back;
    struct buf line = header_line(&header);
    char expected[512];

    snprintf(expected, sizeof expected,
             "{\"segment\":7,\"format\":1,\"created\":\"2026-11-23T07:50:18.966Z\",\"prev\":0,"
             "\"prev_valid\":0,\"journal\":\"0123456789abcdef0123456789abcdef\",\"first\":7,"
             "\"resumed\":\"12:16777301\",\"from\":\"%s\",\"commands\":\"3:200\",\"crc\":\"",
             from);
    UNIT_TRUE(str_starts(buf_str(&line), expected));
    UNIT_TRUE(record_header_parse(buf_str(&line), &back));
    UNIT_TEXT(header.owner.journal, back.owner.journal);
    UNIT_INT(7, back.owner.first);
    UNIT_INT(12, back.owner.resumed_segment);
    UNIT_INT(16777301, back.owner.resumed_offset);
    UNIT_INT(3, back.owner.orders_segment);
    UNIT_INT(200, back.owner.orders_offset);
    UNIT_INT(from_ns, back.owner.from_ns);
    buf_free(&line);
}

UNIT_TEST(a_header_of_results_says_whose_they_are_and_what_runs)
{
    const struct record_header longest = {UINT32_MAX,
                                          UINT32_MAX,
                                          UINT64_MAX,
                                          0,
                                          {"0123456789abcdef0123456789abcdef", UINT32_MAX,
                                           UINT32_MAX, UINT32_MAX, UINT64_MAX, UINT64_MAX,
                                           1795420218966000000}};
    struct buf line;

    owner_comes_back(0, "start");
    owner_comes_back(INT64_MAX, "now");
    owner_comes_back(1795420218966000000, "2026-11-23T07:50:18.966Z");
    buf_init(&line, 4096);
    record_header_print(&line, &longest);
    UNIT_TRUE(line.len > 300 && line.len <= RECORD_HEADER_MAX && line.failed == STATUS_OK);
    buf_free(&line);
}

UNIT_TEST(a_changed_or_foreign_header_is_refused)
{
    const struct record_header header = {12, 11, 16777301, 1795420218966000000, {.first = 0}};
    struct record_header back = {.segment = 99};
    struct buf line = header_line(&header);
    struct event_facts event = sample();
    size_t len;
    char *record = copy_of_line(&event, &len);

    for (size_t i = 0; i < line.len; i++) {
        line.ptr[i] ^= 1;
        UNIT_FALSE(record_header_parse(buf_str(&line), &back));
        line.ptr[i] ^= 1;
        UNIT_FALSE(record_header_parse((struct str){line.ptr, i}, &back));
    }
    UNIT_FALSE(record_header_parse((struct str){record, len}, &back));
    buf_reset(&line, line.cap);
    buf_add_text(&line, "{\"segment\":12,\"format\":2,\"created\":\"2026-11-23T07:50:18.966Z\","
                        "\"prev\":11,\"prev_valid\":1");
    buf_printf(&line, ",\"crc\":\"%08x\"}", (unsigned)crc32c(0, line.ptr, line.len));
    UNIT_TRUE(record_crc_ok(buf_str(&line)));
    UNIT_FALSE(record_header_parse(buf_str(&line), &back));
    UNIT_INT(99, back.segment);
    buf_free(&line);
    free(record);
}
