/* SPDX-License-Identifier: MIT
 * payload - which of the sender's documented bodies this is.
 */
#include "core/payload.h"

#include <string.h>

#include "base/mac.h"
#include "base/text.h"
#include "core/pick.h"

/* A member longer than this is no id, no status and no presigned URL. Keeps the decoder's work
 * small whatever comes. */
#define MEMBER_MAX 65534

#define LETTERS_LOWER "abcdefghijklmnopqrstuvwxyz"
#define LETTERS_UPPER "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS "0123456789"

_Static_assert(2 * MAC_SHA256_LEN <= EVENT_ID_MAX, "a hash is an identity");

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

static const struct pick_wish wishes[M_COUNT] = {
    [M_EVENT] = PICK("event", PICK_STRING, false),
    [M_EVENT_ID] = PICK("event_id", PICK_STRING, false),
    [M_TRANSCRIPT_ID] = PICK("transcript_id", PICK_STRING, false),
    [M_AUDIO_URL] = PICK("redacted_audio_url", PICK_STRING, false),
    [M_SESSION_ID] = PICK("session_id", PICK_STRING, false),
    [M_MESSAGES] = PICK("messages", PICK_TYPE(SCAN_ARRAY), false),
    [M_STATUS] = PICK("status", PICK_STRING, false),
    [M_STENOHOOK] = PICK("stenohook", PICK_STRING, false),
};

static bool has(const struct picked *found, size_t which)
{
    return found[which].times == 1 && PICK_TYPE(found[which].type) == wishes[which].types;
}

/* Decodes a string; one that is too long to be what we look for gives nothing. */
static enum status decode_member(struct str raw, struct buf *out, struct err *err)
{
    if (raw.len > MEMBER_MAX)
        return STATUS_OK;
    if (!text_json_decode(out, raw))
        return err_set(err, STATUS_MALFORMED, "a member of the body is not a JSON string");
    return buf_status(out, "a member of the body", err);
}

/* Copies a string that has only characters of `set`; false: it has others, is empty or too long.
 */
static bool copy_only(char out[EVENT_ID_MAX + 1], struct str s, const char *set)
{
    if (s.len > EVENT_ID_MAX || !str_only(s, set))
        return false;
    memcpy(out, s.ptr, s.len);
    out[s.len] = '\0';
    return true;
}

bool payload_copy_id(char out[EVENT_ID_MAX + 1], struct str s)
{
    return copy_only(out, s, LETTERS_LOWER LETTERS_UPPER DIGITS "_.:-");
}

static bool copy_status(char out[EVENT_ID_MAX + 1], struct str s)
{
    return copy_only(out, s, LETTERS_LOWER DIGITS "_.-");
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
static bool copy_audio_id(char out[EVENT_ID_MAX + 1], struct str path)
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
    return dot > name && payload_copy_id(out, (struct str){path.ptr + name, dot - 1 - name});
}

static bool fill_audio(struct payload *p, struct str url, struct str status)
{
    struct str path = url_path(url);

    if (path.len <= 1)
        return false;
    p->kind = EVENT_REDACTED_AUDIO;
    if (!copy_only(p->identity, path, LETTERS_LOWER LETTERS_UPPER DIGITS "_.:/-"))
        mac_sha256_hex(&path, 1, p->identity);
    if (copy_audio_id(p->subject, path))
        p->subject_name = "transcript_id";
    (void)copy_status(p->status, status);
    return true;
}

/* A shape that is named by an id, and by a status unless that is absent. */
static bool fill_id(struct payload *p, enum event_kind kind, const char *name, struct str id,
                    struct str status)
{
    if (!payload_copy_id(p->subject, id) || (status.ptr != NULL && !copy_status(p->status, status)))
        return false;
    memcpy(p->identity, p->subject, sizeof p->identity);
    p->kind = kind;
    p->subject_name = name;
    return true;
}

/* The only value that we know of a member that only we send: written as we write it. */
static bool is_trial(const struct picked *found)
{
    return has(found, M_STENOHOOK) && str_is(found[M_STENOHOOK].value, "trial");
}

/* Returns the shape by the names and types of the members alone; *id and *status are the members
 * that fill it, M_COUNT for a status that it does not have. */
static enum event_kind choose_kind(const struct picked *found, size_t *id, size_t *status)
{
    *status = M_STATUS;
    for (size_t i = 0; i < M_COUNT; i++)
        if (found[i].times > 1)
            return EVENT_UNKNOWN;
    if (has(found, M_EVENT) && has(found, M_EVENT_ID)) {
        *id = M_EVENT_ID;
        *status = M_EVENT;
        return EVENT_VOICE_AGENT;
    }
    if (has(found, M_TRANSCRIPT_ID)) {
        *id = M_TRANSCRIPT_ID;
        return EVENT_TRANSCRIPT;
    }
    if (has(found, M_AUDIO_URL)) {
        *id = M_AUDIO_URL;
        return EVENT_REDACTED_AUDIO;
    }
    *status = M_COUNT;
    if (has(found, M_SESSION_ID) && has(found, M_MESSAGES)) {
        *id = M_SESSION_ID;
        return EVENT_STREAMING;
    }
    if (is_trial(found) && has(found, M_EVENT_ID)) {
        *id = M_EVENT_ID;
        return EVENT_TRIAL;
    }
    return EVENT_UNKNOWN;
}

static bool fill_payload(struct payload *p, enum event_kind kind, struct str id, struct str status)
{
    switch (kind) {
    case EVENT_TRANSCRIPT:
        return fill_id(p, kind, "transcript_id", id, status);
    case EVENT_VOICE_AGENT:
        return fill_id(p, kind, "event_id", id, status);
    case EVENT_STREAMING:
        return fill_id(p, kind, "session_id", id, STR_NONE);
    case EVENT_TRIAL:
        return fill_id(p, kind, "event_id", id, STR_NONE);
    case EVENT_REDACTED_AUDIO:
        return fill_audio(p, id, status);
    case EVENT_UNKNOWN:
        break;
    }
    return false;
}

static enum status classify(struct payload *p, const struct picked *found, struct err *err)
{
    size_t id, status;
    enum event_kind kind = choose_kind(found, &id, &status);
    struct buf id_text, status_text;
    enum status result;

    if (kind == EVENT_UNKNOWN)
        return STATUS_OK;
    buf_init(&id_text, MEMBER_MAX);
    buf_init(&status_text, MEMBER_MAX);
    result = decode_member(found[id].value, &id_text, err);
    if (result == STATUS_OK && status < M_COUNT && has(found, status))
        result = decode_member(found[status].value, &status_text, err);
    if (result == STATUS_OK && !fill_payload(p, kind, buf_str(&id_text), buf_str(&status_text)))
        *p = (struct payload){.kind = EVENT_UNKNOWN};
    buf_free(&id_text);
    buf_free(&status_text);
    return result;
}

enum status payload_parse(struct payload *out, struct str body, struct err *err)
{
    struct picked found[M_COUNT];
    struct payload made = {.kind = EVENT_UNKNOWN};
    struct scan_result result;
    enum status status;

    if (body.len == 0)
        return err_set(err, STATUS_TRUNCATED, "the body is empty");
    result = pick_scan(body, wishes, M_COUNT, found);
    status = scan_status(&result, "the body", err);
    if (status == STATUS_OK)
        status = classify(&made, found, err);
    if (status != STATUS_OK)
        return status;
    made.utf8 = result.utf8_ok;
    *out = made;
    return STATUS_OK;
}
