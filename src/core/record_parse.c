/* SPDX-License-Identifier: MIT
 * record_parse - the other direction: a record and a segment's header read back.
 */
#include <string.h>

#include "base/clock.h"
#include "base/mac.h"
#include "base/num.h"
#include "base/text.h"
#include "core/record.h"
#include "core/scan.h"

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

static const struct {
    const char *name;
    bool needed;
} fields[M_COUNT] = {
    [M_KEY] = {"key", true},
    [M_ID] = {"id", true},
    [M_HOOKS] = {"hooks", true},
    [M_RECEIVED] = {"received_at", true},
    [M_ENDPOINT] = {"endpoint", true},
    [M_KIND] = {"kind", true},
    [M_TRANSCRIPT] = {"transcript_id", false},
    [M_SESSION] = {"session_id", false},
    [M_EVENT] = {"event_id", false},
    [M_STATUS] = {"status", false},
    [M_REMOTE] = {"remote_addr", true},
    [M_QUERY] = {"query", true},
    [M_PARAMS] = {"params", true},
    [M_TYPE] = {"content_type", false},
    [M_AGENT] = {"user_agent", false},
    [M_VIA] = {"via", false},
    [M_BODY] = {"body", false},
    [M_BODY64] = {"body_base64", false},
};

struct found {
    struct str values[M_COUNT]; /* raw; of strings what stands between the quotes */
    bool wrong;                 /* a member twice, or of another type */
};

static enum scan_type type_of(size_t which)
{
    return which == M_PARAMS ? SCAN_OBJECT : which == M_HOOKS ? SCAN_ARRAY : SCAN_STRING;
}

/* Members that a later version may add are passed over. */
static void collect(void *context, const struct scan_member *member)
{
    struct found *found = context;

    for (size_t i = 0; i < M_COUNT; i++) {
        if (!str_is(member->name, fields[i].name))
            continue;
        if (found->values[i].ptr != NULL || member->type != type_of(i))
            found->wrong = true;
        found->values[i] = member->value;
        if (member->type == SCAN_STRING)
            found->values[i] = (struct str){member->value.ptr + 1, member->value.len - 2};
        return;
    }
}

static bool complete(const struct found *found)
{
    for (size_t i = 0; i < M_COUNT; i++)
        if (fields[i].needed && found->values[i].ptr == NULL)
            return false;
    return !found->wrong &&
           (found->values[M_BODY].ptr == NULL) != (found->values[M_BODY64].ptr == NULL);
}

/* Decodes one member behind what is already in `text`, which has room for all of them and does not
 * move. */
static bool decode(struct buf *text, size_t which, struct str raw, struct str *out)
{
    size_t at = text->len;
    bool right = true;

    if (raw.ptr == NULL) {
        *out = STR_NONE;
        return true;
    }
    if (type_of(which) != SCAN_STRING)
        buf_add_str(text, raw);
    else if (which == M_BODY64)
        right = mac_base64_decode(text, raw);
    else
        right = text_json_decode(text, raw);
    *out = (struct str){text->ptr + at, text->len - at};
    return right;
}

static bool decode_all(struct record *r, const struct found *found, bool with_body)
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
        if (places[i] != NULL && !decode(&r->text, i, found->values[i], places[i]))
            return false;
    for (size_t i = M_TRANSCRIPT; i <= M_EVENT; i++) {
        if (found->values[i].ptr == NULL)
            continue;
        if (r->subject_name != NULL || !decode(&r->text, i, found->values[i], &r->subject))
            return false;
        r->subject_name = fields[i].name;
    }
    if (with_body) {
        size_t body = found->values[M_BODY].ptr != NULL ? M_BODY : M_BODY64;

        return decode(&r->text, body, found->values[body], &r->body);
    }
    return true;
}

/* Decoding never lengthens: the raw members together are all the room that is needed. */
static size_t room_for(const struct found *found, bool with_body)
{
    size_t room = 0;

    for (size_t i = 0; i < M_COUNT; i++)
        if (with_body || (i != M_BODY && i != M_BODY64))
            room += found->values[i].len;
    return room;
}

enum status record_parse(struct record *record, struct str line, bool with_body, struct err *err)
{
    struct found found = {.wrong = false};
    struct record made = {.received_ns = 0};
    enum status status;
    size_t room;

    if (!record_ok(line) || scan_json(line, collect, &found).verdict != SCAN_OK ||
        !complete(&found))
        return err_set(err, STATUS_CORRUPT, "this is no record, or its checksum is wrong");
    room = room_for(&found, with_body);
    buf_init(&made.text, room);
    (void)buf_room(&made.text, room);
    status = buf_status(&made.text, "the record", err);
    if (status == STATUS_OK &&
        (!decode_all(&made, &found, with_body) || made.text.failed != STATUS_OK ||
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
static const char *const header_names[H_COUNT] = {"segment",    "format",  "created", "prev",
                                                  "prev_valid", "journal", "first",   "resumed",
                                                  "from",       "commands"};

static void collect_header(void *context, const struct scan_member *member)
{
    struct str *values = context;

    for (size_t i = 0; i < H_COUNT; i++)
        if (str_is(member->name, header_names[i]))
            values[i] = member->value;
}

/* Between the quotes; empty where it is no string. */
static struct str text_of(struct str value)
{
    if (value.len < 2 || value.ptr[0] != '"')
        return (struct str){value.ptr, 0};
    return (struct str){value.ptr + 1, value.len - 2};
}

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

static bool parse_owner(const struct str *values, struct record_owner *owner)
{
    struct str journal = text_of(values[H_JOURNAL]);
    uint64_t first;

    if (journal.len != RECORD_JOURNAL_LEN || !str_only(journal, "0123456789abcdef") ||
        !num_u64(values[H_FIRST], &first) || first > UINT32_MAX ||
        !record_id_parse(text_of(values[H_RESUMED]), &owner->resumed_segment,
                         &owner->resumed_offset) ||
        !parse_from(text_of(values[H_FROM]), &owner->from_ns) ||
        !record_id_parse(text_of(values[H_COMMANDS]), &owner->orders_segment,
                         &owner->orders_offset))
        return false;
    memcpy(owner->journal, journal.ptr, journal.len);
    owner->first = (uint32_t)first;
    return true;
}

bool record_header_parse(struct str line, struct record_header *out)
{
    struct str values[H_COUNT] = {{NULL, 0}};
    struct record_header header = {.owner = {.first = 0}};
    uint64_t segment, format, previous;

    if (!record_crc_ok(line) || scan_json(line, collect_header, values).verdict != SCAN_OK)
        return false;
    if (!num_u64(values[H_SEGMENT], &segment) || segment > UINT32_MAX ||
        !num_u64(values[H_FORMAT], &format) || format != RECORD_FORMAT ||
        !num_u64(values[H_PREVIOUS], &previous) || previous > UINT32_MAX ||
        !num_u64(values[H_VALID], &header.previous_valid) || values[H_CREATED].len < 2)
        return false;
    if (!clock_iso_parse(text_of(values[H_CREATED]), &header.created_ns))
        return false;
    if (values[H_JOURNAL].ptr != NULL &&
        (!parse_owner(values, &header.owner) || header.owner.first > segment))
        return false;
    header.segment = (uint32_t)segment;
    header.previous = (uint32_t)previous;
    *out = header;
    return true;
}
