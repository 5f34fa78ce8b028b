/* SPDX-License-Identifier: MIT
 * answer - see sandbox/answer.h.
 */
#include "sandbox/answer.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "sandbox/documented.h"
#include "sandbox/speech_print.h"

/* What an answer about a transcript is made of. */
struct answered {
    const struct transcript *transcript;
    enum transcript_status status;
    const struct speech *speech; /* NULL: no text */
};

static void add_raw(struct buf *out, const struct transcript *transcript, const char *name,
                    const char *fallback)
{
    const struct scan_member *m = object_find(&transcript->asked, name);

    if (m == NULL || m->type == SCAN_NULL)
        buf_add_text(out, fallback);
    else
        buf_add_str(out, m->value);
}

/* ---- members that we make up */

static void add_id(struct buf *out, const struct answered *v)
{
    buf_printf(out, "\"%s\"", v->transcript->id);
}

static void add_status(struct buf *out, const struct answered *v)
{
    buf_printf(out, "\"%s\"", transcript_status_name(v->status));
}

static void add_model_used(struct buf *out, const struct answered *v)
{
    buf_add_text(out, v->speech == NULL ? "null" : "\"sandbox\"");
}

static void add_audio_url(struct buf *out, const struct answered *v)
{
    add_raw(out, v->transcript, "audio_url", "\"" TRANSCRIPT_DELETED_URL "\"");
}

static void add_audio_channels(struct buf *out, const struct answered *v)
{
    buf_add_text(out, transcript_voices(v->transcript) == SPEECH_CHANNELS ? "2" : "1");
}

static void add_audio_duration(struct buf *out, const struct answered *v)
{
    if (v->speech == NULL)
        buf_add_text(out, "null");
    else
        buf_printf(out, "%" PRIu64, speech_seconds(v->speech));
}

static void add_confidence(struct buf *out, const struct answered *v)
{
    if (v->speech == NULL)
        buf_add_text(out, "null");
    else
        speech_print_thousandths(out, speech_thousandths(v->speech, 0, v->speech->count));
}

static void add_text(struct buf *out, const struct answered *v)
{
    struct buf text;

    if (v->speech == NULL) {
        buf_add_text(out, v->transcript->deleted ? "\"Deleted by user.\"" : "null");
        return;
    }
    buf_init(&text, TRANSCRIPT_ANSWER_MAX);
    speech_text(&text, v->speech, 0, v->speech->count);
    text_json(out, buf_str(&text));
    if (text.failed != STATUS_OK)
        out->failed = text.failed;
    buf_free(&text);
}

static void add_all_words(struct buf *out, const struct answered *v)
{
    if (v->speech == NULL)
        buf_add_text(out, "null");
    else
        speech_print_words(out, v->speech, 0, v->speech->count, transcript_voices(v->transcript));
}

static void add_utterances(struct buf *out, const struct answered *v)
{
    if (v->speech == NULL || transcript_voices(v->transcript) == SPEECH_NOBODY)
        buf_add_text(out, "null");
    else
        speech_print_pieces(out, v->speech, SPEECH_UTTERANCE, transcript_voices(v->transcript));
}

static void add_language_confidence(struct buf *out, const struct answered *v)
{
    bool detected = v->speech != NULL && object_true(&v->transcript->asked, "language_detection");

    buf_add_text(out, detected ? "0.987" : "null");
}

static void add_webhook_url(struct buf *out, const struct answered *v)
{
    add_raw(out, v->transcript, "webhook_url",
            v->transcript->deleted ? "\"" TRANSCRIPT_DELETED_URL "\"" : "null");
}

static void add_webhook_auth(struct buf *out, const struct answered *v)
{
    const struct scan_member *m = object_find(&v->transcript->asked, "webhook_auth_header_name");

    buf_add_text(out, m != NULL && m->type != SCAN_NULL ? "true" : "false");
}

static void add_webhook_code(struct buf *out, const struct answered *v)
{
    if (v->transcript->webhook_code == 0)
        buf_add_text(out, "null");
    else
        buf_printf(out, "%d", v->transcript->webhook_code);
}

/* The members that an answer makes up. */
static const struct {
    const char *name;
    void (*add)(struct buf *out, const struct answered *v);
} makers[] = {
    {"id", add_id},
    {"status", add_status},
    {"audio_url", add_audio_url},
    {"language_confidence", add_language_confidence},
    {"text", add_text},
    {"words", add_all_words},
    {"utterances", add_utterances},
    {"confidence", add_confidence},
    {"audio_duration", add_audio_duration},
    {"audio_channels", add_audio_channels},
    {"webhook_url", add_webhook_url},
    {"webhook_status_code", add_webhook_code},
    {"webhook_auth", add_webhook_auth},
    {"speech_model_used", add_model_used},
};

/* ---- the answers */

static void add_name(struct buf *out, const char *name)
{
    buf_printf(out, "%s\"%s\": ", name == documented[0].name ? "{" : ", ", name);
}

static void add_member(struct buf *out, const struct documented *d, const struct answered *v)
{
    const struct object *asked = &v->transcript->asked;

    for (size_t i = 0; i < sizeof makers / sizeof *makers; i++)
        if (strcmp(makers[i].name, d->name) == 0) {
            add_name(out, d->name);
            makers[i].add(out, v);
            return;
        }
    if (strcmp(d->name, "webhook_auth_header_value") == 0 ||
        (d->value == NULL && object_find(asked, d->name) == NULL))
        return;
    add_name(out, d->name);
    if (d->type == DOCUMENTED_OURS)
        buf_add_text(out, d->value);
    else
        add_raw(out, v->transcript, d->name, d->value == NULL ? "null" : d->value);
}

static void add_undocumented(struct buf *out, const struct object *asked)
{
    for (size_t i = 0; i < asked->count; i++) {
        if (documented_find(asked->at[i].name) != NULL || str_is(asked->at[i].name, "error"))
            continue;
        buf_add_text(out, ", \"");
        buf_add_str(out, asked->at[i].name);
        buf_add_text(out, "\": ");
        buf_add_str(out, asked->at[i].value);
    }
}

enum status answer_transcript(struct buf *out, const struct transcript *transcript, int64_t now_ms,
                              struct err *err)
{
    struct answered view = {.transcript = transcript,
                            .status = transcript_status(transcript, now_ms)};
    struct speech *speech = NULL;

    if (view.status == TRANSCRIPT_COMPLETED && !transcript->deleted) {
        speech = malloc(sizeof *speech);
        if (speech == NULL)
            return err_set(err, STATUS_MEMORY, "no memory for a transcript");
        transcript_speech(speech, transcript);
        view.speech = speech;
    }
    for (size_t i = 0; i < documented_count; i++)
        add_member(out, &documented[i], &view);
    add_undocumented(out, &transcript->asked);
    if (view.status == TRANSCRIPT_ERROR) {
        buf_add_text(out, ", \"error\": ");
        text_json(out, STR(TRANSCRIPT_ERROR_TEXT));
    }
    buf_add_text(out, "}\n");
    free(speech);
    return buf_status(out, "a transcript", err);
}

static void add_time(struct buf *out, int64_t ns)
{
    char iso[CLOCK_ISO_MAX];

    clock_iso(ns, iso);
    buf_printf(out, "\"%s\"", iso);
}

void answer_item(struct buf *out, const struct transcript *transcript, int64_t now_ms)
{
    enum transcript_status status = transcript_status(transcript, now_ms);

    buf_printf(out, "{\"id\": \"%s\", \"resource_url\": ", transcript->id);
    buf_printf(out, "\"%s/v2/transcript/%s\", \"status\": \"%s\", \"created\": ", transcript->base,
               transcript->id, transcript_status_name(status));
    add_time(out, transcript_id_ns(transcript->id));
    buf_add_text(out, ", \"completed\": ");
    if (status == TRANSCRIPT_COMPLETED || status == TRANSCRIPT_ERROR)
        add_time(out, transcript->ready_ms * NS_PER_MS);
    else
        buf_add_text(out, "null");
    buf_add_text(out, ", \"audio_url\": ");
    add_raw(out, transcript, "audio_url", "\"" TRANSCRIPT_DELETED_URL "\"");
    buf_add_text(out, ", \"error\": ");
    if (status == TRANSCRIPT_ERROR)
        text_json(out, STR(TRANSCRIPT_ERROR_TEXT));
    else
        buf_add_text(out, "null");
    buf_add_char(out, '}');
}

void answer_error(struct buf *out, const char *words)
{
    buf_add_text(out, "{\"error\": ");
    text_json_lossy(out, str_of(words));
    buf_add_text(out, "}\n");
}
