/* SPDX-License-Identifier: MIT
 * record - lines of the journal. By the first byte: 'L' a line, as it is and with a right checksum;
 * 'H' the same of a segment's header; else a delivery (fields with a NUL behind each), which is
 * printed, sealed and read back.
 */
#include "core/record.h"

#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "core/event_parts.h"
#include "core/scan.h"
#include "kit.h"

#define LINE_MAX_LEN ((size_t)1024 * 1024)

/* ---- lines that anybody may have written */

static void check_record(struct str line)
{
    struct record record, bodiless;
    struct err err = ERR_INIT;
    enum status status = record_parse(&record, line, true, &err);

    FUZZ_REQUIRE(status == STATUS_OK || status == STATUS_CORRUPT);
    FUZZ_REQUIRE(!record_ok(line) || fuzz_crc_right(line));
    if (status != STATUS_OK) {
        FUZZ_REQUIRE(err.status == STATUS_CORRUPT);
        return;
    }
    FUZZ_REQUIRE(record_ok(line) && record_key(line).ptr != NULL);
    FUZZ_REQUIRE(str_eq(record_hooks(line), record.hooks));
    FUZZ_REQUIRE(scan_json(record.hooks, NULL, NULL).type == SCAN_ARRAY);
    FUZZ_REQUIRE(record.key.ptr != NULL && record.id.ptr != NULL && record.body.ptr != NULL);
    FUZZ_REQUIRE(scan_json(record.params, NULL, NULL).type == SCAN_OBJECT);
    FUZZ_REQUIRE((record.subject.ptr == NULL) == (record.subject_name == NULL));
    status = record_parse(&bodiless, line, false, &err);
    FUZZ_REQUIRE(status == STATUS_OK && bodiless.body.ptr == NULL);
    FUZZ_REQUIRE(str_eq(bodiless.key, record.key) && bodiless.received_ns == record.received_ns);
    record_free(&bodiless);
    record_free(&record);
}

/* A time is printed to the millisecond. */
static void same_owner(const struct record_owner *a, const struct record_owner *b)
{
    FUZZ_REQUIRE(strcmp(a->journal, b->journal) == 0);
    if (a->journal[0] == '\0')
        return;
    FUZZ_REQUIRE(strlen(a->journal) == RECORD_JOURNAL_LEN && a->first == b->first);
    FUZZ_REQUIRE(a->resumed_segment == b->resumed_segment);
    FUZZ_REQUIRE(a->resumed_offset == b->resumed_offset);
    FUZZ_REQUIRE(a->orders_segment == b->orders_segment);
    FUZZ_REQUIRE(a->orders_offset == b->orders_offset);
    FUZZ_REQUIRE((a->from_ns == INT64_MAX) == (b->from_ns == INT64_MAX));
    FUZZ_REQUIRE(a->from_ns - b->from_ns < 1000000);
}

static void check_header(struct str line)
{
    struct record_header header, again;
    struct buf out;

    if (!record_header_parse(line, &header))
        return;
    FUZZ_REQUIRE(fuzz_crc_right(line));
    buf_init(&out, LINE_MAX_LEN);
    record_header_print(&out, &header);
    FUZZ_REQUIRE(str_ends(buf_str(&out), "\n"));
    FUZZ_REQUIRE(record_header_parse((struct str){out.ptr, out.len - 1}, &again));
    FUZZ_REQUIRE(again.segment == header.segment && again.previous == header.previous);
    FUZZ_REQUIRE(again.previous_valid == header.previous_valid);
    FUZZ_REQUIRE(out.len <= RECORD_HEADER_MAX);
    same_owner(&header.owner, &again.owner);
    FUZZ_REQUIRE(header.owner.first <= header.segment);
    buf_free(&out);
}

static void check_line(struct str line, void (*check)(struct str line))
{
    struct buf sealed;

    check(line);
    buf_init(&sealed, LINE_MAX_LEN);
    fuzz_seal(&sealed, line);
    if (sealed.failed == STATUS_OK) {
        FUZZ_REQUIRE(record_crc_ok(buf_str(&sealed)));
        check(buf_str(&sealed));
    }
    buf_free(&sealed);
}

/* ---- what we wrote ourselves */

static void same_lossy(struct str written, struct str read)
{
    struct buf lossy;

    buf_init(&lossy, FUZZ_BUF_MAX);
    text_utf8_lossy(&lossy, written);
    FUZZ_REQUIRE((written.ptr == NULL) == (read.ptr == NULL));
    FUZZ_REQUIRE(str_eq(buf_str(&lossy), read));
    buf_free(&lossy);
}

static void same_query(struct str written, struct str read)
{
    struct buf ascii;

    buf_init(&ascii, FUZZ_BUF_MAX);
    text_percent_ascii(&ascii, written);
    FUZZ_REQUIRE(fuzz_printable(read) && str_eq(buf_str(&ascii), read));
    buf_free(&ascii);
}

static void same(const struct event_facts *event, const struct record *r)
{
    FUZZ_REQUIRE(str_is(r->key, event->key) && str_is(r->endpoint, event->endpoint));
    FUZZ_REQUIRE(str_is(r->kind, event_kind_name(event->about.kind)));
    FUZZ_REQUIRE((r->subject.ptr != NULL) == (event->about.subject[0] != '\0'));
    FUZZ_REQUIRE(r->subject.ptr == NULL || str_is(r->subject, event->about.subject));
    FUZZ_REQUIRE((r->status.ptr != NULL) == (event->about.status[0] != '\0'));
    FUZZ_REQUIRE(r->status.ptr == NULL || str_is(r->status, event->about.status));
    FUZZ_REQUIRE(r->received_ns == event->received_ns - event->received_ns % 1000000);
    same_lossy(event->remote_addr, r->remote_addr);
    same_lossy(event->content_type, r->content_type);
    same_lossy(event->user_agent, r->user_agent);
    same_query(event->query, r->query);
    FUZZ_REQUIRE(str_eq(r->body, event->body));
    FUZZ_REQUIRE(record_hooks_have(r->hooks, "default") == (event->hook_count > 0));
    FUZZ_REQUIRE(record_hooks_have(r->hooks, "mail") == (event->hook_count > 1));
}

/* The bytes are one line of UTF-8, and any other bit makes it none. */
static void check_sealed(const struct event_facts *event, struct record_line *line, uint64_t random)
{
    uint32_t segment = (uint32_t)(random % 0xffffff) + 1;
    uint64_t offset = random >> 25;
    bool newline_first = (random & 1) != 0;
    struct str bytes = record_seal(line, segment, offset, newline_first);
    char id[RECORD_ID_MAX];
    struct record record;
    char *bit;

    if (newline_first)
        FUZZ_REQUIRE(fuzz_field(&bytes, '\n').len == 0);
    FUZZ_REQUIRE(str_ends(bytes, "\n"));
    bytes.len--;
    FUZZ_REQUIRE(memchr(bytes.ptr, '\n', bytes.len) == NULL && fuzz_utf8(bytes));
    FUZZ_REQUIRE(fuzz_crc_right(bytes) && scan_json(bytes, NULL, NULL).verdict == SCAN_OK);
    FUZZ_REQUIRE(record_parse(&record, bytes, true, NULL) == STATUS_OK);
    same(event, &record);
    record_id_print(id, segment, offset);
    FUZZ_REQUIRE(str_is(record.id, id));
    record_free(&record);
    bit = (char *)(uintptr_t)bytes.ptr + random % bytes.len;
    *bit ^= (char)(1 << random % 8);
    FUZZ_REQUIRE(!record_ok(bytes));
    *bit ^= (char)(1 << random % 8);
}

static void check_delivery(struct str rest)
{
    static const char *const hooks[] = {"default", "mail"};
    struct event_facts event = {.received_ns = INT64_C(1790000000) * 1000000000, .hooks = hooks};
    uint64_t random = fuzz_u64(&rest);
    struct str query = fuzz_field(&rest, '\0');
    struct str message_id = fuzz_field(&rest, '\0');
    struct record_line line;
    struct err err = ERR_INIT;
    enum status status;

    event.received_ns += (int64_t)(random % 1000000007) * 1000003;
    event.remote_addr = fuzz_field(&rest, '\0');
    event.content_type = fuzz_field(&rest, '\0');
    event.user_agent = random % 3 == 0 ? STR_NONE : fuzz_field(&rest, '\0');
    event.hook_count = (random >> 8) % 3;
    event.via = random % 5 == 0 ? "rejected" : NULL;
    status =
        event_name(&event, "calls", message_id, query, rest.ptr == NULL ? STR("") : rest, &err);
    if (status != STATUS_OK)
        return;
    status = record_print(&line, &(struct event){.facts = event}, random % 4096, &err);
    FUZZ_REQUIRE(status == STATUS_OK || status == STATUS_LIMIT);
    if (status == STATUS_OK)
        record_line_free(&line);
    FUZZ_REQUIRE(record_print(&line, &(struct event){.facts = event}, FUZZ_BUF_MAX, &err) ==
                 STATUS_OK);
    check_sealed(&event, &line, random);
    check_sealed(&event, &line, random / 3);
    record_line_free(&line);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str rest = fuzz_str(data, size);

    switch (fuzz_byte(&rest)) {
    case 'L':
        check_line(rest, check_record);
        break;
    case 'H':
        check_line(rest, check_header);
        break;
    default:
        check_delivery(rest);
    }
    return 0;
}
