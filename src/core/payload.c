/* SPDX-License-Identifier: MIT
 * payload - which of the sender's documented bodies this is.
 */
#include "core/payload.h"

#include <string.h>

#include "base/mac.h"
#include "base/text.h"
#include "core/json.h"
#include "core/scan.h"

/* A raw member longer than this is no id, no status and no presigned URL. Keeps the decoder's work
 * small whatever comes. */
#define MEMBER_MAX 65536
/* No name that we look for is longer, even with each of its characters escaped. */
#define NAME_MAX_RAW 120
#define NAME_MAX_DECODED 20

#define LETTERS_LOWER "abcdefghijklmnopqrstuvwxyz"
#define LETTERS_UPPER "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS "0123456789"

_Static_assert(MAC_SHA256_LEN * 2 <= EVENT_ID_MAX, "a hash is an identity");

enum {
    M_EVENT,
    M_EVENT_ID,
    M_TRANSCRIPT_ID,
    M_AUDIO_URL,
    M_SESSION_ID,
    M_MESSAGES,
    M_STATUS,
    M_STENOHOOK,
    M_COUNT
};

static const char *const member_names[M_COUNT] = {
    [M_EVENT] = "event",
    [M_EVENT_ID] = "event_id",
    [M_TRANSCRIPT_ID] = "transcript_id",
    [M_AUDIO_URL] = "redacted_audio_url",
    [M_SESSION_ID] = "session_id",
    [M_MESSAGES] = "messages",
    [M_STATUS] = "status",
    [M_STENOHOOK] = "stenohook",
};

struct known_members {
    struct {
        struct str value;
        enum scan_type type;
        unsigned times;
    } at[M_COUNT];
    bool memory_short;
};

static void note_member(struct known_members *m, struct str name, const struct scan_member *member)
{
    for (size_t i = 0; i < M_COUNT; i++) {
        if (!str_is(name, member_names[i]))
            continue;
        m->at[i].value = member->value;
        m->at[i].type = member->type;
        m->at[i].times++;
        return;
    }
}

/* A name may be written with escapes, and is the same name then: nobody must be able to hide a
 * second `status`. */
static void collect(void *context, const struct scan_member *member)
{
    struct known_members *m = context;
    struct buf name;

    if (memchr(member->name.ptr, '\\', member->name.len) == NULL) {
        note_member(m, member->name, member);
        return;
    }
    if (member->name.len > NAME_MAX_RAW)
        return;
    buf_init(&name, NAME_MAX_DECODED);
    if (text_json_decode(&name, member->name) && name.failed == STATUS_OK)
        note_member(m, buf_str(&name), member);
    m->memory_short = m->memory_short || name.failed == STATUS_MEMORY;
    buf_free(&name);
}

static bool has_string(const struct known_members *m, size_t which)
{
    return m->at[which].times == 1 && m->at[which].type == SCAN_STRING;
}

/* The decoded string of a member; STATUS_OK with nothing added where it is too long to be what we
 * look for. */
static enum status decode(struct str raw, struct buf *out, struct err *err)
{
    if (raw.len > MEMBER_MAX)
        return STATUS_OK;
    if (memchr(raw.ptr, '\\', raw.len) != NULL)
        return json_decode(raw, out, err);
    /* Without an escape a string is what stands between its quotes. */
    buf_add(out, raw.ptr + 1, raw.len - 2);
    return buf_status(out, "a member of the body", err);
}

/* Copies a string that has only characters of `set`; false where it has others, is empty or too
 * long. */
static bool keep(char out[EVENT_ID_MAX + 1], struct str s, const char *set)
{
    if (s.len > EVENT_ID_MAX || !str_only(s, set))
        return false;
    memcpy(out, s.ptr, s.len);
    out[s.len] = '\0';
    return true;
}

bool payload_keep_id(char out[EVENT_ID_MAX + 1], struct str s)
{
    return keep(out, s, LETTERS_LOWER LETTERS_UPPER DIGITS "_.:-");
}

void payload_hash(const struct str *parts, size_t count, char out[EVENT_ID_MAX + 1])
{
    static const char digits[] = "0123456789abcdef";
    uint8_t hash[MAC_SHA256_LEN];

    mac_sha256(parts, count, hash);
    for (size_t i = 0; i < sizeof hash; i++) {
        out[2 * i] = digits[hash[i] >> 4];
        out[2 * i + 1] = digits[hash[i] & 15];
    }
    out[2 * sizeof hash] = '\0';
}

static bool keep_status(char out[EVENT_ID_MAX + 1], struct str s)
{
    return keep(out, s, LETTERS_LOWER DIGITS "_.-");
}

/* RFC 3986 section 3: what stands between the authority and the query. */
static struct str url_path(struct str url)
{
    const char *authority = url.len == 0 ? NULL : memmem(url.ptr, url.len, "://", 3);
    size_t from = authority == NULL ? 0 : (size_t)(authority - url.ptr) + 3;
    size_t to;

    if (authority != NULL)
        while (from < url.len && url.ptr[from] != '/' && url.ptr[from] != '?' &&
               url.ptr[from] != '#')
            from++;
    for (to = from; to < url.len && url.ptr[to] != '?' && url.ptr[to] != '#';)
        to++;
    return (struct str){url.ptr + from, to - from};
}

/* ".../redacted-audio/ID.wav": the id of the transcript. */
static bool audio_subject(char out[EVENT_ID_MAX + 1], struct str path)
{
    static const char folder[] = "redacted-audio/";
    size_t name = path.len;
    size_t dot;

    while (name > 0 && path.ptr[name - 1] != '/')
        name--;
    if (!str_ends((struct str){path.ptr, name}, folder))
        return false;
    for (dot = path.len; dot > name && path.ptr[dot - 1] != '.';)
        dot--;
    return dot > name && payload_keep_id(out, (struct str){path.ptr + name, dot - 1 - name});
}

static bool shape_audio(struct payload *shape, struct str url, struct str status)
{
    struct str path = url_path(url);

    if (path.len <= 1)
        return false;
    shape->kind = EVENT_REDACTED_AUDIO;
    if (!keep(shape->identity, path, LETTERS_LOWER LETTERS_UPPER DIGITS "_.:/-"))
        payload_hash(&path, 1, shape->identity);
    if (audio_subject(shape->subject, path))
        shape->subject_name = "transcript_id";
    (void)keep_status(shape->status, status);
    return true;
}

/* A shape that is named by an id, and by a status unless that is absent. */
static bool shape_id(struct payload *shape, enum event_kind kind, const char *name, struct str id,
                     struct str status)
{
    if (!payload_keep_id(shape->subject, id) ||
        (status.ptr != NULL && !keep_status(shape->status, status)))
        return false;
    memcpy(shape->identity, shape->subject, sizeof shape->identity);
    shape->kind = kind;
    shape->subject_name = name;
    return true;
}

/* The only value that we know of a member that only we send: written as we write it. */
static bool is_trial(const struct known_members *m)
{
    return has_string(m, M_STENOHOOK) && str_is(m->at[M_STENOHOOK].value, "\"trial\"");
}

/* The shape by its members' names and types alone; *id and *status are the members that fill it,
 * M_COUNT for none. */
static enum event_kind choose(const struct known_members *m, size_t *id, size_t *status)
{
    *status = M_STATUS;
    for (size_t i = 0; i < M_COUNT; i++)
        if (m->at[i].times > 1)
            return EVENT_UNKNOWN;
    if (has_string(m, M_EVENT) && has_string(m, M_EVENT_ID)) {
        *id = M_EVENT_ID;
        *status = M_EVENT;
        return EVENT_VOICE_AGENT;
    }
    if (has_string(m, M_TRANSCRIPT_ID)) {
        *id = M_TRANSCRIPT_ID;
        return EVENT_TRANSCRIPT;
    }
    if (has_string(m, M_AUDIO_URL)) {
        *id = M_AUDIO_URL;
        return EVENT_REDACTED_AUDIO;
    }
    if (has_string(m, M_SESSION_ID) && m->at[M_MESSAGES].times == 1 &&
        m->at[M_MESSAGES].type == SCAN_ARRAY) {
        *id = M_SESSION_ID;
        *status = M_COUNT;
        return EVENT_STREAMING;
    }
    if (is_trial(m) && has_string(m, M_EVENT_ID)) {
        *id = M_EVENT_ID;
        *status = M_COUNT;
        return EVENT_TRIAL;
    }
    return EVENT_UNKNOWN;
}

static bool fill(struct payload *shape, enum event_kind kind, struct str id, struct str status)
{
    switch (kind) {
    case EVENT_TRANSCRIPT:
        return shape_id(shape, kind, "transcript_id", id, status);
    case EVENT_VOICE_AGENT:
        return shape_id(shape, kind, "event_id", id, status);
    case EVENT_STREAMING:
        return shape_id(shape, kind, "session_id", id, STR_NONE);
    case EVENT_TRIAL:
        return shape_id(shape, kind, "event_id", id, STR_NONE);
    case EVENT_REDACTED_AUDIO:
        return shape_audio(shape, id, status);
    case EVENT_UNKNOWN:
        break;
    }
    return false;
}

static enum status classify(const struct known_members *m, struct payload *shape, struct err *err)
{
    size_t id, status;
    enum event_kind kind = choose(m, &id, &status);
    struct buf id_text, status_text;
    enum status result;

    if (kind == EVENT_UNKNOWN)
        return STATUS_OK;
    buf_init(&id_text, MEMBER_MAX);
    buf_init(&status_text, MEMBER_MAX);
    result = decode(m->at[id].value, &id_text, err);
    if (result == STATUS_OK && status < M_COUNT && has_string(m, status))
        result = decode(m->at[status].value, &status_text, err);
    if (result == STATUS_OK && !fill(shape, kind, buf_str(&id_text), buf_str(&status_text)))
        *shape = (struct payload){.kind = EVENT_UNKNOWN};
    buf_free(&id_text);
    buf_free(&status_text);
    return result;
}

static enum status verdict_status(const struct scan_result *result, struct str body,
                                  struct err *err)
{
    switch (result->verdict) {
    case SCAN_OK:
        return STATUS_OK;
    case SCAN_ENDS_EARLY:
        if (body.len == 0)
            return err_set(err, STATUS_TRUNCATED, "the body is empty");
        return err_set(err, STATUS_TRUNCATED, "the body's JSON ends too early, behind %zu bytes",
                       body.len);
    case SCAN_TOO_DEEP:
        return err_set(err, STATUS_MALFORMED, "the body's JSON is nested deeper than %d",
                       SCAN_DEPTH_MAX);
    case SCAN_BROKEN:
        break;
    }
    return err_set(err, STATUS_MALFORMED,
                   "the body is not JSON: byte %zu cannot stand where it does", result->offset);
}

enum status payload_parse(struct str body, struct payload *out, struct err *err)
{
    struct known_members members = {.memory_short = false};
    struct payload shape = {.kind = EVENT_UNKNOWN};
    struct scan_result result = scan_json(body, collect, &members);
    enum status status = verdict_status(&result, body, err);

    if (status == STATUS_OK && members.memory_short)
        status = err_set(err, STATUS_MEMORY, "no memory for a name in the body");
    if (status == STATUS_OK)
        status = classify(&members, &shape, err);
    if (status != STATUS_OK)
        return status;
    shape.body_utf8 = result.utf8_ok;
    *out = shape;
    return STATUS_OK;
}
