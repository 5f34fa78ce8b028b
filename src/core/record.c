/* SPDX-License-Identifier: MIT
 * record - the bytes of a journal line: how a record is printed, sealed and known to be whole.
 */
#include "core/record.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/crc32c.h"
#include "base/mac.h"
#include "base/num.h"
#include "base/text.h"
#include "core/query.h"

#define CRC_DIGITS RECORD_CRC_DIGITS
static const char key_open[] = RECORD_KEY_OPEN;
static const char key_close[] = "\"" RECORD_ID_OPEN;
static const char crc_open[] = RECORD_CRC_OPEN;
static const char crc_close[] = "\"}";
static const char no_crc[CRC_DIGITS + 1] = "00000000";
#define LEN(literal) (sizeof(literal) - 1)
#define CRC_TAIL (LEN(crc_open) + CRC_DIGITS + LEN(crc_close))

/* `name` comes with the punctuation before the value: `,"query":`. */
static void add_json(struct buf *b, const char *name, struct str value)
{
    buf_add_text(b, name);
    text_json_lossy(b, value);
}

static void add_optional(struct buf *b, const char *name, struct str value)
{
    if (value.ptr != NULL)
        add_json(b, name, value);
}

/* A value of plain ASCII, as struct payload has them. */
static void add_plain(struct buf *b, const char *name, const char *value)
{
    buf_add_text(b, ",\"");
    buf_add_text(b, name);
    buf_add_text(b, "\":\"");
    buf_add_text(b, value);
    buf_add_char(b, '"');
}

/* The query is recorded as ASCII: what a server let through beyond that is percent-encoded, as it
 * should have come. */
static void add_query(struct buf *b, struct str query)
{
    struct buf ascii;

    buf_init(&ascii, b->max);
    text_percent_ascii(&ascii, query);
    if (ascii.failed != STATUS_OK && b->failed == STATUS_OK)
        b->failed = ascii.failed;
    add_json(b, ",\"query\":", buf_str(&ascii));
    buf_free(&ascii);
    buf_add_text(b, ",\"params\":");
    query_json(b, query);
}

static void add_body(struct buf *b, const struct event_facts *event)
{
    if (event->about.utf8) {
        buf_add_text(b, ",\"body\":");
        text_json(b, event->body);
        return;
    }
    buf_add_text(b, ",\"body_base64\":\"");
    mac_base64(b, event->body.ptr, event->body.len);
    buf_add_char(b, '"');
}

static void add_hooks(struct buf *b, const struct event_facts *event)
{
    buf_add_text(b, RECORD_HOOKS_OPEN);
    for (size_t i = 0; i < event->hook_count; i++) {
        buf_add_text(b, i == 0 ? "\"" : ",\"");
        buf_add_text(b, event->hooks[i]);
        buf_add_char(b, '"');
    }
    buf_add_char(b, ']');
}

/* Adds all that follows the id. */
static void add_rest(struct buf *b, const struct event_facts *event)
{
    char received[CLOCK_ISO_MAX];

    clock_iso(event->received_ns, received);
    buf_add_char(b, '"');
    add_hooks(b, event);
    add_plain(b, "received_at", received);
    add_plain(b, "endpoint", event->endpoint);
    add_plain(b, "kind", event_kind_name(event->about.kind));
    if (event->about.subject_name != NULL && event->about.subject[0] != '\0')
        add_plain(b, event->about.subject_name, event->about.subject);
    if (event->about.status[0] != '\0')
        add_plain(b, "status", event->about.status);
    add_json(b, ",\"remote_addr\":", event->remote_addr);
    add_query(b, event->query);
    add_optional(b, ",\"content_type\":", event->content_type);
    add_optional(b, ",\"user_agent\":", event->user_agent);
    if (event->via != NULL)
        add_plain(b, "via", event->via);
    add_body(b, event);
    buf_add_text(b, crc_open);
    buf_add_text(b, no_crc);
    buf_add_text(b, crc_close);
    buf_add_char(b, '\n');
}

/* The bytes: the head as it will be copied, room for a newline, the head and the id, then the rest.
 * The sealed line is laid right before the rest, so that a body of megabytes is never moved. */
enum status record_print(struct record_line *line, const struct event *event, size_t max,
                         struct err *err)
{
    struct record_line made = {.key_len = 0};
    const struct event_facts *facts = event_facts(event);
    struct buf *b = &made.bytes;
    enum status status;
    char *room;

    buf_init(b, max);
    buf_add_text(b, key_open);
    buf_add_text(b, facts->key);
    buf_add_text(b, key_close);
    made.key_len = b->len;
    made.rest = 2 * made.key_len + 1 + RECORD_ID_MAX;
    room = buf_room(b, made.rest - made.key_len);
    if (room != NULL) {
        memset(room, ' ', made.rest - made.key_len);
        buf_grew(b, made.rest - made.key_len);
    }
    add_rest(b, facts);
    status = buf_status(b, "the record", err);
    if (status != STATUS_OK) {
        buf_free(b);
        return status;
    }
    *line = made;
    return STATUS_OK;
}

void record_line_free(struct record_line *line)
{
    buf_free(&line->bytes);
}

static uint32_t line_crc(const char *line, size_t len)
{
    return crc32c(0, line, len - CRC_TAIL);
}

struct str record_seal(struct record_line *line, uint32_t segment, uint64_t offset,
                       bool newline_first)
{
    char *bytes = line->bytes.ptr;
    size_t end = line->bytes.len - 1; /* where the newline stands */
    char id[RECORD_ID_MAX];
    char crc[CRC_DIGITS + 1];
    size_t at = line->rest;

    record_id_print(id, segment, offset);
    at -= strlen(id);
    memcpy(bytes + at, id, strlen(id));
    at -= line->key_len;
    memcpy(bytes + at, bytes, line->key_len);
    snprintf(crc, sizeof crc, "%08" PRIx32, line_crc(bytes + at, end - at));
    memcpy(bytes + end - LEN(crc_close) - CRC_DIGITS, crc, CRC_DIGITS);
    if (newline_first)
        bytes[--at] = '\n';
    return (struct str){bytes + at, line->bytes.len - at};
}

void record_id_print(char out[RECORD_ID_MAX], uint32_t segment, uint64_t offset)
{
    snprintf(out, RECORD_ID_MAX, "%" PRIu32 ":%" PRIu64, segment, offset);
}

bool record_id_parse(struct str s, uint32_t *segment, uint64_t *offset)
{
    struct str left, right;
    uint64_t left_n, right_n;

    if (!str_cut(s, ':', &left, &right) || !num_u64(left, &left_n) || left_n > UINT32_MAX ||
        !num_u64(right, &right_n))
        return false;
    *segment = (uint32_t)left_n;
    *offset = right_n;
    return true;
}

bool record_crc_ok(struct str line)
{
    const char *tail;
    char crc[CRC_DIGITS + 1];

    if (line.len < CRC_TAIL)
        return false;
    tail = line.ptr + line.len - CRC_TAIL;
    if (memcmp(tail, crc_open, LEN(crc_open)) != 0 ||
        memcmp(tail + CRC_TAIL - LEN(crc_close), crc_close, LEN(crc_close)) != 0)
        return false;
    snprintf(crc, sizeof crc, "%08" PRIx32, line_crc(line.ptr, line.len));
    return memcmp(tail + LEN(crc_open), crc, CRC_DIGITS) == 0;
}

bool record_ok(struct str line)
{
    return record_hooks(line).ptr != NULL && record_crc_ok(line);
}

static void add_owner(struct buf *out, const struct record_owner *owner)
{
    char resumed[RECORD_ID_MAX], commands[RECORD_ID_MAX], from[CLOCK_ISO_MAX];
    const char *says = from;

    if (owner->from_ns == 0)
        says = RECORD_FROM_START;
    else if (owner->from_ns == INT64_MAX)
        says = RECORD_FROM_NOW;
    else
        clock_iso(owner->from_ns, from);
    record_id_print(resumed, owner->resumed_segment, owner->resumed_offset);
    record_id_print(commands, owner->orders_segment, owner->orders_offset);
    buf_printf(out,
               ",\"journal\":\"%s\",\"first\":%" PRIu32
               ",\"resumed\":\"%s\",\"from\":\"%s\",\"commands\":\"%s\"",
               owner->journal, owner->first, resumed, says, commands);
}

void record_header_print(struct buf *out, const struct record_header *header)
{
    char created[CLOCK_ISO_MAX];
    struct buf line;

    clock_iso(header->created_ns, created);
    buf_init(&line, RECORD_HEADER_MAX);
    buf_printf(&line,
               "{\"segment\":%" PRIu32 ",\"format\":%d,\"created\":\"%s\",\"prev\":%" PRIu32
               ",\"prev_valid\":%" PRIu64,
               header->segment, RECORD_FORMAT, created, header->previous, header->previous_valid);
    if (header->owner.journal[0] != '\0')
        add_owner(&line, &header->owner);
    buf_printf(&line, "%s%08" PRIx32 "%s\n", crc_open, crc32c(0, line.ptr, line.len), crc_close);
    if (line.failed != STATUS_OK && out->failed == STATUS_OK)
        out->failed = line.failed;
    buf_add_str(out, buf_str(&line));
    buf_free(&line);
}
