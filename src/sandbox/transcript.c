/* SPDX-License-Identifier: MIT
 * transcript - see sandbox/transcript.h.
 */
#include "sandbox/transcript.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "core/url.h"
#include "sandbox/documented.h"

#define HEADER_NAME_MAX 128
#define HEADER_VALUE_MAX 4096
#define HEADER_NAME_CHARS                                                                          \
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!#$%&'*+-.^_`|~"

/* ---- submissions */

static bool is_given(const struct object *o, const char *name)
{
    const struct scan_member *m = object_find(o, name);

    return m != NULL && m->type != SCAN_NULL;
}

static enum status check_address(const struct object *o, const char *name, struct buf *address,
                                 struct err *err)
{
    struct err why = ERR_INIT;

    buf_reset(address, TRANSCRIPT_ADDRESS_MAX);
    if (!object_text(o, name, address))
        return err_set(err, STATUS_MALFORMED, "%s must be a string of at most %d bytes", name,
                       TRANSCRIPT_ADDRESS_MAX);
    if (url_check(buf_str(address), name, &why) != STATUS_OK)
        return err_pass(err, STATUS_MALFORMED, &why);
    return STATUS_OK;
}

/* Whether the last part of the path, the name of the audio's file, has it. */
static bool name_holds_error(struct str address)
{
    struct str path, rest;
    const char *slash;

    str_cut(address, '#', &path, &rest);
    str_cut(path, '?', &path, &rest);
    slash = memrchr(path.ptr, '/', path.len);
    if (slash == NULL)
        return false;
    path.len -= (size_t)(slash - path.ptr);
    return memmem(slash, path.len, "error", 5) != NULL;
}

static enum status check_header(const struct object *o, struct err *err)
{
    static const char name_is[] = "webhook_auth_header_name";
    static const char value_is[] = "webhook_auth_header_value";
    enum status status = STATUS_OK;
    struct buf name, value;

    if (is_given(o, name_is) != is_given(o, value_is))
        return err_set(err, STATUS_MALFORMED, "%s and %s must be given together", name_is,
                       value_is);
    if (!is_given(o, name_is))
        return STATUS_OK;
    buf_init(&name, HEADER_NAME_MAX);
    buf_init(&value, HEADER_VALUE_MAX);
    if (!object_text(o, name_is, &name) || !str_only(buf_str(&name), HEADER_NAME_CHARS))
        status = err_set(err, STATUS_MALFORMED, "%s is not a valid header name", name_is);
    else if (!object_text(o, value_is, &value) || strpbrk(value.ptr, "\r\n") != NULL)
        status = err_set(err, STATUS_MALFORMED, "%s is not a valid header value", value_is);
    buf_free(&name);
    buf_wipe(&value);
    return status;
}

enum status transcript_submit(struct transcript *transcript, struct str text, struct err *err)
{
    struct object *o = &transcript->asked;
    enum status status = object_read(o, text, "the body", err);
    struct buf address;

    if (status == STATUS_OK && !is_given(o, "audio_url"))
        status = err_set(err, STATUS_MALFORMED, "audio_url is missing");
    if (status == STATUS_OK)
        status = documented_check(o, err);
    if (status == STATUS_OK)
        status = check_header(o, err);
    if (status != STATUS_OK)
        return status;
    buf_init(&address, TRANSCRIPT_ADDRESS_MAX);
    if (is_given(o, "webhook_url"))
        status = check_address(o, "webhook_url", &address, err);
    if (status == STATUS_OK)
        status = check_address(o, "audio_url", &address, err);
    if (status == STATUS_OK) {
        transcript->fails = name_holds_error(buf_str(&address));
        transcript->asked_text = text;
    }
    buf_free(&address);
    return status;
}

/* ---- what is stored */

void transcript_print(struct buf *out, const struct transcript *transcript)
{
    buf_printf(out, "{\"id\": \"%s\", \"ready_ms\": %" PRId64 ", \"fails\": %s, \"deleted\": %s",
               transcript->id, transcript->ready_ms, transcript->fails ? "true" : "false",
               transcript->deleted ? "true" : "false");
    buf_printf(out, ", \"webhook_code\": %d, \"base\": ", transcript->webhook_code);
    text_json(out, str_of(transcript->base));
    buf_add_text(out, ", \"asked\": ");
    buf_add_str(out, transcript->asked_text);
    buf_add_text(out, "}\n");
}

static bool take_text(const struct object *o, const char *name, char *out, size_t size)
{
    struct buf text;
    bool taken;

    buf_init(&text, size - 1);
    taken = object_text(o, name, &text);
    if (taken)
        memcpy(out, text.ptr, text.len + 1);
    buf_free(&text);
    return taken;
}

enum status transcript_parse(struct transcript *transcript, struct str text, struct err *err)
{
    struct object *o = &transcript->asked;
    const struct scan_member *asked;
    uint64_t ready, code;

    if (object_read(o, text, "a stored transcript", err) != STATUS_OK)
        return STATUS_CORRUPT;
    asked = object_find(o, "asked");
    if (!take_text(o, "id", transcript->id, sizeof transcript->id) ||
        !transcript_id_ok(str_of(transcript->id)) ||
        !take_text(o, "base", transcript->base, sizeof transcript->base) || asked == NULL ||
        !object_number(o, "ready_ms", &ready) || !object_number(o, "webhook_code", &code))
        return err_set(err, STATUS_CORRUPT, "a stored transcript lacks members");
    transcript->ready_ms = (int64_t)ready;
    transcript->webhook_code = (int)code;
    transcript->fails = object_true(o, "fails");
    transcript->deleted = object_true(o, "deleted");
    transcript->asked_text = asked->value;
    /* Last: it replaces the members that were read above. */
    if (object_read(o, transcript->asked_text, "a stored submission", err) != STATUS_OK)
        return STATUS_CORRUPT;
    return STATUS_OK;
}

void transcript_delete(struct transcript *transcript)
{
    transcript->deleted = true;
    transcript->asked_text = STR("{}");
    transcript->asked.count = 0;
}

/* ---- what follows from it */

enum transcript_status transcript_status(const struct transcript *transcript, int64_t now_ms)
{
    int64_t created_ms = transcript_id_ns(transcript->id) / NS_PER_MS;

    if (now_ms >= transcript->ready_ms)
        return transcript->fails ? TRANSCRIPT_ERROR : TRANSCRIPT_COMPLETED;
    return now_ms - created_ms < (transcript->ready_ms - created_ms) / 2 ? TRANSCRIPT_QUEUED
                                                                         : TRANSCRIPT_PROCESSING;
}

static const char *const status_names[] = {"queued", "processing", "completed", "error"};

const char *transcript_status_name(enum transcript_status status)
{
    return status_names[status];
}

bool transcript_status_find(struct str name, enum transcript_status *out)
{
    for (size_t i = 0; i < sizeof status_names / sizeof *status_names; i++) {
        if (!str_is(name, status_names[i]))
            continue;
        *out = (enum transcript_status)i;
        return true;
    }
    return false;
}

enum speech_voices transcript_voices(const struct transcript *transcript)
{
    if (object_true(&transcript->asked, "multichannel") ||
        object_true(&transcript->asked, "dual_channel"))
        return SPEECH_CHANNELS;
    return object_true(&transcript->asked, "speaker_labels") ? SPEECH_SPEAKERS : SPEECH_NOBODY;
}

static unsigned speakers_of(const struct transcript *transcript)
{
    uint64_t speakers = 2;

    if (transcript_voices(transcript) != SPEECH_SPEAKERS)
        return 2;
    (void)object_number(&transcript->asked, "speakers_expected", &speakers);
    if (speakers < 1)
        return 1;
    return speakers > SPEECH_SPEAKERS_MAX ? SPEECH_SPEAKERS_MAX : (unsigned)speakers;
}

static bool is_false(const struct object *o, const char *name)
{
    const struct scan_member *m = object_find(o, name);

    return m != NULL && m->type == SCAN_FALSE;
}

void transcript_speech(struct speech *speech, const struct transcript *transcript)
{
    const struct scan_member *audio = object_find(&transcript->asked, "audio_url");
    const struct scan_member *sub = object_find(&transcript->asked, "redact_pii_sub");
    struct speech_options options = {
        .punctuate = !is_false(&transcript->asked, "punctuate"),
        .format = !is_false(&transcript->asked, "format_text"),
        .speakers = speakers_of(transcript),
    };

    if (object_true(&transcript->asked, "redact_pii"))
        options.redaction =
            sub != NULL && str_is(sub->value, "\"entity_name\"") ? SPEECH_ENTITIES : SPEECH_HASHES;
    speech_make(speech, audio == NULL ? STR("") : audio->value, &options);
}

bool transcript_redacted_url(struct buf *out, const struct transcript *transcript)
{
    if (!object_true(&transcript->asked, "redact_pii_audio"))
        return false;
    buf_printf(out, "%s/redacted-audio/%s.wav", transcript->base, transcript->id);
    return true;
}
