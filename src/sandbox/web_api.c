/* SPDX-License-Identifier: MIT
 * web_api - what the API does with one transcript.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/id.h"
#include "base/num.h"
#include "sandbox/answer.h"
#include "sandbox/due.h"
#include "sandbox/web.h"

#define BODY_NS (30 * NS_PER_S)
#define CHARS_MAX 10000
#define WORDS_MAX_LEN 1024

/* ---- submitting */

static enum status read_body(struct call *v, int *code, struct err *err)
{
    uint64_t deadline = exchange_accepted_ns(v->x) + BODY_NS;
    size_t got = 0;

    v->body.max = JOB_SUBMISSION_MAX + 1;
    do {
        size_t want = JOB_SUBMISSION_MAX + 1 - v->body.len;
        char *room = buf_room(&v->body, want < 16384 ? want : 16384);
        enum status status;

        if (room == NULL)
            return buf_status(&v->body, "a submission", err);
        status = exchange_read(v->x, room, want < 16384 ? want : 16384, deadline, &got, err);
        if (status != STATUS_OK) {
            err_clear(err);
            return call_fail(err, code, 400, "The body did not come to its end");
        }
        buf_grew(&v->body, got);
        if (v->body.len > JOB_SUBMISSION_MAX)
            return call_fail(err, code, 413, "The body is larger than %zu bytes",
                             JOB_SUBMISSION_MAX);
    } while (got > 0);
    return STATUS_OK;
}

static enum status add_due(const struct call *v, enum due_kind kind, struct err *err)
{
    struct due due = {.at_ms = v->transcript.ready_ms, .kind = kind, .attempt = 1, .fd = -1};

    memcpy(due.id, v->transcript.id, sizeof due.id);
    return due_add(&v->sandbox->store, &due, err);
}

/* The deliveries come first: a transcript whose webhook nobody knows of would be the real service's
 * worst fault. */
static enum status keep(struct call *v, struct err *err)
{
    const struct scan_member *url = object_find(&v->transcript.asked, "webhook_url");
    bool tells = url != NULL && url->type == SCAN_STRING;
    enum status status = STATUS_OK;

    if (tells && !v->transcript.fails && object_true(&v->transcript.asked, "redact_pii_audio"))
        status = add_due(v, DUE_REDACTED, err);
    if (tells && status == STATUS_OK)
        status = add_due(v, DUE_TRANSCRIPT, err);
    return status == STATUS_OK ? transcripts_add(&v->sandbox->store, &v->transcript, err) : status;
}

enum status web_submit(struct call *v, int *code, struct err *err)
{
    struct err why = ERR_INIT;
    uint8_t random[8];
    enum status status = read_body(v, code, err);

    if (status == STATUS_OK)
        status = id_random(random, sizeof random, err);
    if (status != STATUS_OK)
        return status;
    status = transcript_submit(&v->transcript, buf_str(&v->body), &why);
    if (status == STATUS_MALFORMED || status == STATUS_TRUNCATED)
        return call_fail(err, code, 400, "%s", why.text);
    if (status != STATUS_OK)
        return err_pass(err, status, &why);
    sandbox_id_make(clock_wall_ns(), random, v->transcript.id);
    v->transcript.ready_ms = v->now_ms + (int64_t)v->sandbox->delay_ms;
    v->transcript.webhook_code = 0;
    v->transcript.deleted = false;
    memcpy(v->transcript.base, v->base, sizeof v->transcript.base);
    status = keep(v, err);
    return status == STATUS_OK ? answer_transcript(&v->out, &v->transcript, v->now_ms, err)
                               : status;
}

/* ---- the transcript as a whole */

enum status web_get(struct call *v, int *code, struct err *err)
{
    enum status status = call_transcript(v, code, err);

    return status == STATUS_OK ? answer_transcript(&v->out, &v->transcript, v->now_ms, err)
                               : status;
}

static enum status delete_job(struct transcript *transcript, void *context, struct err *err)
{
    const struct call *v = context;
    enum transcript_status status = transcript_status(transcript, v->now_ms);

    if (status == TRANSCRIPT_QUEUED || status == TRANSCRIPT_PROCESSING)
        return err_set(err, STATUS_MALFORMED,
                       "The transcript is not finished: only then it can be deleted");
    transcript_delete(transcript);
    return STATUS_OK;
}

enum status web_delete(struct call *v, int *code, struct err *err)
{
    enum status status;

    status =
        transcripts_change(&v->sandbox->store, v->id, &v->text, &v->transcript, delete_job, v, err);
    if (status == STATUS_MISSING) {
        err_clear(err);
        return call_fail(err, code, 400, "Transcript lookup error, transcript id not found");
    }
    if (status == STATUS_MALFORMED)
        *code = 400;
    return status == STATUS_OK ? answer_transcript(&v->out, &v->transcript, v->now_ms, err)
                               : status;
}

/* ---- what is said in it */

/* *out is given back with free. */
static enum status visit_speech(struct call *v, struct speech **out, int *code, struct err *err)
{
    enum status status = call_transcript(v, code, err);
    struct speech *speech;

    if (status != STATUS_OK)
        return status;
    if (transcript_status(&v->transcript, v->now_ms) != TRANSCRIPT_COMPLETED)
        return call_fail(err, code, 400, "The transcript is %s, not completed",
                         transcript_status_name(transcript_status(&v->transcript, v->now_ms)));
    if (v->transcript.deleted)
        return call_fail(err, code, 400, "The transcript was deleted");
    speech = malloc(sizeof *speech);
    if (speech == NULL)
        return err_set(err, STATUS_MEMORY, "no memory for a transcript");
    transcript_speech(speech, &v->transcript);
    *out = speech;
    return STATUS_OK;
}

static enum status subtitles(struct call *v, enum speech_print_subtitles format, int *code,
                             struct err *err)
{
    uint64_t chars = PRINT_CHARS_DEFAULT;
    struct speech *speech = NULL;
    char text[16];
    enum status status = call_param(v, "chars_per_caption", text, sizeof text, code, err);

    if (status != STATUS_OK)
        return status;
    if (text[0] != '\0' && (!num_u64(str_of(text), &chars) || chars < 1 || chars > CHARS_MAX))
        return call_fail(err, code, 400, "chars_per_caption must be a number from 1 to %d",
                         CHARS_MAX);
    status = visit_speech(v, &speech, code, err);
    if (status != STATUS_OK)
        return status;
    v->type = "text/plain; charset=utf-8";
    speech_print_subtitles(&v->out, speech, format, chars);
    free(speech);
    return buf_status(&v->out, "subtitles", err);
}

enum status web_srt(struct call *v, int *code, struct err *err)
{
    return subtitles(v, PRINT_SRT, code, err);
}

enum status web_vtt(struct call *v, int *code, struct err *err)
{
    return subtitles(v, PRINT_VTT, code, err);
}

static enum status pieces(struct call *v, enum speech_piece piece, const char *name, int *code,
                          struct err *err)
{
    struct speech *speech = NULL;
    enum status status = visit_speech(v, &speech, code, err);

    if (status != STATUS_OK)
        return status;
    buf_printf(&v->out, "{\"id\": \"%s\", \"confidence\": ", v->id);
    speech_print_thousandths(&v->out, speech_thousandths(speech, 0, speech->count));
    buf_printf(&v->out, ", \"audio_duration\": %" PRIu64 ", \"%s\": ", speech_seconds(speech),
               name);
    speech_print_pieces(&v->out, speech, piece, transcript_voices(&v->transcript));
    buf_add_text(&v->out, "}\n");
    free(speech);
    return buf_status(&v->out, "a transcript", err);
}

enum status web_sentences(struct call *v, int *code, struct err *err)
{
    return pieces(v, SPEECH_SENTENCE, "sentences", code, err);
}

enum status web_paragraphs(struct call *v, int *code, struct err *err)
{
    return pieces(v, SPEECH_PARAGRAPH, "paragraphs", code, err);
}

enum status web_word_search(struct call *v, int *code, struct err *err)
{
    struct speech *speech = NULL;
    char words[WORDS_MAX_LEN];
    enum status status = call_param(v, "words", words, sizeof words, code, err);

    if (status != STATUS_OK)
        return status;
    if (words[0] == '\0')
        return call_fail(err, code, 400, "words is missing");
    status = visit_speech(v, &speech, code, err);
    if (status != STATUS_OK)
        return status;
    buf_printf(&v->out, "{\"id\": \"%s\", ", v->id);
    speech_print_matches(&v->out, speech, str_of(words));
    buf_add_text(&v->out, "}\n");
    free(speech);
    return buf_status(&v->out, "matches", err);
}

enum status web_redacted_audio(struct call *v, int *code, struct err *err)
{
    enum status status = call_transcript(v, code, err);
    struct buf url;

    if (status != STATUS_OK)
        return status;
    buf_init(&url, JOB_ADDRESS_MAX);
    if (transcript_status(&v->transcript, v->now_ms) != TRANSCRIPT_COMPLETED ||
        !transcript_redacted_url(&url, &v->transcript))
        status = call_fail(err, code, 400,
                           "There is no redacted audio: the transcript must be completed, and "
                           "submitted with redact_pii_audio");
    else
        buf_printf(&v->out,
                   "{\"status\": \"redacted_audio_ready\", \"redacted_audio_url\": \"%s\"}\n",
                   url.ptr);
    buf_free(&url);
    return status;
}
