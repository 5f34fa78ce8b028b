/* SPDX-License-Identifier: MIT
 * record_parse - reads a record and a segment's header.
 */
#include <string.h>

#include "base/clock.h"
#include "base/mac.h"
#include "base/num.h"
#include "base/text.h"
#include "core/pick.h"
#include "core/record.h"

enum {
    M_KEY,
    M_ID,
    M_HOOKS,
    M_RECEIVED,
    M_ENDPOINT,
    M_KIND,
    M_TRANSCRIPT,
    M_SESSION,
    M_EVENT,
    M_STATUS,
    M_REMOTE,
    M_QUERY,
    M_PARAMS,
    M_TYPE,
    M_AGENT,
    M_VIA,
    M_BODY,
    M_BODY64,
    M_COUNT
};

static const struct pick_wish wishes[M_COUNT] = {
    [M_KEY] = PICK("key", PICK_STRING, true),
    [M_ID] = PICK("id", PICK_STRING, true),
    [M_HOOKS] = PICK("hooks", PICK_TYPE(SCAN_ARRAY), true),
    [M_RECEIVED] = PICK("received_at", PICK_STRING, true),
    [M_ENDPOINT] = PICK("endpoint", PICK_STRING, true),
    [M_KIND] = PICK("kind", PICK_STRING, true),
    [M_TRANSCRIPT] = PICK("transcript_id", PICK_STRING, false),
    [M_SESSION] = PICK("session_id", PICK_STRING, false),
    [M_EVENT] = PICK("event_id", PICK_STRING, false),
    [M_STATUS] = PICK("status", PICK_STRING, false),
    [M_REMOTE] = PICK("remote_addr", PICK_STRING, true),
    [M_QUERY] = PICK("query", PICK_STRING, true),
    [M_PARAMS] = PICK("params", PICK_TYPE(SCAN_OBJECT), true),
    [M_TYPE] = PICK("content_type", PICK_STRING, false),
    [M_AGENT] = PICK("user_agent", PICK_STRING, false),
    [M_VIA] = PICK("via", PICK_STRING, false),
    [M_BODY] = PICK("body", PICK_STRING, false),
    [M_BODY64] = PICK("body_base64", PICK_STRING, false),
};

/* Appends one decoded member to `text`, which has room for all and does not move. */
static bool decode_member(struct buf *text, size_t which, struct str raw, struct str *out)
{
    size_t at = text->len;
    bool right = true;

    if (raw.ptr == NULL) {
        *out = STR_NONE;
        return true;
    }
    if (wishes[which].types != PICK_STRING)
        buf_add_str(text, raw);
    else if (which == M_BODY64)
        right = mac_base64_decode(text, raw);
    else
        right = text_json_decode(text, raw);
    *out = (struct str){text->ptr + at, text->len - at};
    return right;
}

static bool decode_all(struct record *r, const struct picked *found, bool with_body)
{
    struct str *const places[M_COUNT] = {
        [M_KEY] = &r->key,           [M_ID] = &r->id,
        [M_HOOKS] = &r->hooks,       [M_RECEIVED] = &r->received_at,
        [M_ENDPOINT] = &r->endpoint, [M_KIND] = &r->kind,
        [M_STATUS] = &r->status,     [M_REMOTE] = &r->remote_addr,
        [M_QUERY] = &r->query,       [M_PARAMS] = &r->params,
        [M_TYPE] = &r->content_type, [M_AGENT] = &r->user_agent,
        [M_VIA] = &r->via,
    };

    for (size_t i = 0; i < M_COUNT; i++)
        if (places[i] != NULL && !decode_member(&r->text, i, found[i].value, places[i]))
            return false;
    for (size_t i = M_TRANSCRIPT; i <= M_EVENT; i++) {
        if (found[i].value.ptr == NULL)
            continue;
        if (r->subject_name != NULL || !decode_member(&r->text, i, found[i].value, &r->subject))
            return false;
        r->subject_name = wishes[i].name.ptr;
    }
    if (with_body) {
        size_t body = found[M_BODY].value.ptr != NULL ? M_BODY : M_BODY64;

        return decode_member(&r->text, body, found[body].value, &r->body);
    }
    return true;
}

/* Decoding never lengthens: the raw members together are all the room that is needed. */
static size_t room_for(const struct picked *found, bool with_body)
{
    size_t room = 0;

    for (size_t i = 0; i < M_COUNT; i++)
        if (with_body || (i != M_BODY && i != M_BODY64))
            room += found[i].value.len;
    return room;
}

enum status record_parse(struct record *record, struct str line, bool with_body, struct err *err)
{
    struct picked found[M_COUNT];
    struct record made = {.received_ns = 0};
    enum status status;
    size_t room;

    if (!record_ok(line) || !pick_members(line, wishes, M_COUNT, found) ||
        found[M_BODY].times + found[M_BODY64].times != 1)
        return err_set(err, STATUS_CORRUPT, "this is no record, or its checksum is wrong");
    room = room_for(found, with_body);
    buf_init(&made.text, room);
    (void)buf_room(&made.text, room);
    status = buf_status(&made.text, "the record", err);
    if (status == STATUS_OK &&
        (!decode_all(&made, found, with_body) || made.text.failed != STATUS_OK ||
         !clock_iso_parse(made.received_at, &made.received_ns)))
        status = err_set(err, STATUS_CORRUPT, "a member of the record cannot be read");
    if (status != STATUS_OK) {
        buf_free(&made.text);
        return status;
    }
    *record = made;
    return STATUS_OK;
}

void record_free(struct record *record)
{
    buf_free(&record->text);
}

enum {
    H_SEGMENT,
    H_FORMAT,
    H_CREATED,
    H_PREVIOUS,
    H_VALID,
    H_JOURNAL,
    H_FIRST,
    H_RESUMED,
    H_FROM,
    H_COMMANDS,
    H_COUNT
};

static const struct pick_wish header_wishes[H_COUNT] = {
    [H_SEGMENT] = PICK("segment", PICK_NUMBER, true),
    [H_FORMAT] = PICK("format", PICK_NUMBER, true),
    [H_CREATED] = PICK("created", PICK_STRING, true),
    [H_PREVIOUS] = PICK("prev", PICK_NUMBER, true),
    [H_VALID] = PICK("prev_valid", PICK_NUMBER, true),
    [H_JOURNAL] = PICK("journal", PICK_STRING, false),
    [H_FIRST] = PICK("first", PICK_NUMBER, false),
    [H_RESUMED] = PICK("resumed", PICK_STRING, false),
    [H_FROM] = PICK("from", PICK_STRING, false),
    [H_COMMANDS] = PICK("commands", PICK_STRING, false),
};

static bool parse_from(struct str from, int64_t *out)
{
    if (str_is(from, RECORD_FROM_START))
        *out = 0;
    else if (str_is(from, RECORD_FROM_NOW))
        *out = INT64_MAX;
    else
        return clock_iso_parse(from, out);
    return true;
}

static bool parse_owner(const struct picked *found, struct record_owner *owner)
{
    struct str journal = found[H_JOURNAL].value;
    uint64_t first;

    if (journal.len != RECORD_JOURNAL_LEN || !str_only(journal, "0123456789abcdef") ||
        !num_u64(found[H_FIRST].value, &first) || first > UINT32_MAX ||
        !record_id_parse(found[H_RESUMED].value, &owner->resumed_segment, &owner->resumed_offset) ||
        !parse_from(found[H_FROM].value, &owner->from_ns) ||
        !record_id_parse(found[H_COMMANDS].value, &owner->orders_segment, &owner->orders_offset))
        return false;
    memcpy(owner->journal, journal.ptr, journal.len);
    owner->first = (uint32_t)first;
    return true;
}

bool record_header_parse(struct str line, struct record_header *out)
{
    struct picked found[H_COUNT];
    struct record_header header = {.owner = {.first = 0}};
    uint64_t segment, format, previous;

    if (!record_crc_ok(line) || !pick_members(line, header_wishes, H_COUNT, found))
        return false;
    if (!num_u64(found[H_SEGMENT].value, &segment) || segment > UINT32_MAX ||
        !num_u64(found[H_FORMAT].value, &format) || format != RECORD_FORMAT ||
        !num_u64(found[H_PREVIOUS].value, &previous) || previous > UINT32_MAX ||
        !num_u64(found[H_VALID].value, &header.previous_valid) ||
        !clock_iso_parse(found[H_CREATED].value, &header.created_ns))
        return false;
    if (found[H_JOURNAL].value.ptr != NULL &&
        (!parse_owner(found, &header.owner) || header.owner.first > segment))
        return false;
    header.segment = (uint32_t)segment;
    header.previous = (uint32_t)previous;
    *out = header;
    return true;
}
