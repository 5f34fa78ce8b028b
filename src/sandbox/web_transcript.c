/* SPDX-License-Identifier: MIT
 * web_transcript - the API's calls about one transcript.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/id.h"
#include "base/num.h"
#include "sandbox/answer.h"
#include "sandbox/due.h"
#include "sandbox/speech_print.h"
#include "sandbox/web_parts.h"

#define BODY_NS (30 * NS_PER_S)
#define CHARS_MAX 10000
#define WORDS_MAX_LEN 1024

/* ---- submitting */

static enum status read_body(struct call *call, int *code, struct err *err)
{
    uint64_t deadline = exchange_accepted_ns(call->x) + BODY_NS;
    size_t got = 0;

    call->body.max = TRANSCRIPT_SUBMISSION_MAX + 1;
    do {
        size_t want = TRANSCRIPT_SUBMISSION_MAX + 1 - call->body.len;
        char *room = buf_room(&call->body, want < 16384 ? want : 16384);
        enum status status;

        if (room == NULL)
            return buf_status(&call->body, "a submission", err);
        status = exchange_read(call->x, room, want < 16384 ? want : 16384, deadline, &got, err);
        if (status != STATUS_OK) {
            err_clear(err);
            return call_fail(err, code, 400, "The body is incomplete");
        }
        buf_grew(&call->body, got);
        if (call->body.len > TRANSCRIPT_SUBMISSION_MAX)
            return call_fail(err, code, 413, "The body is larger than %zu bytes",
                             TRANSCRIPT_SUBMISSION_MAX);
    } while (got > 0);
    return STATUS_OK;
}

static enum status add_due(const struct call *call, enum due_kind kind, struct err *err)
{
    struct due due = {.at_ms = call->transcript.ready_ms, .kind = kind, .attempt = 1, .fd = -1};

    memcpy(due.id, call->transcript.id, sizeof due.id);
    return due_add(&call->sandbox->state, &due, err);
}

/* The deliveries come first: there must be no transcript whose webhook is not queued. */
static enum status keep_transcript(struct call *call, struct err *err)
{
    const struct scan_member *url = object_find(&call->transcript.asked, "webhook_url");
    bool tells = url != NULL && url->type == SCAN_STRING;
    enum status status = STATUS_OK;

    if (tells && !call->transcript.fails &&
        object_true(&call->transcript.asked, "redact_pii_audio"))
        status = add_due(call, DUE_REDACTED, err);
    if (tells && status == STATUS_OK)
        status = add_due(call, DUE_TRANSCRIPT, err);
    return status == STATUS_OK ? transcripts_add(&call->sandbox->state, &call->transcript, err)
                               : status;
}

enum status web_submit(struct call *call, int *code, struct err *err)
{
    struct err why = ERR_INIT;
    uint8_t random[8];
    enum status status = read_body(call, code, err);

    if (status == STATUS_OK)
        status = id_random(random, sizeof random, err);
    if (status != STATUS_OK)
        return status;
    status = transcript_submit(&call->transcript, buf_str(&call->body), &why);
    if (status == STATUS_MALFORMED || status == STATUS_TRUNCATED)
        return call_fail(err, code, 400, "%s", why.text);
    if (status != STATUS_OK)
        return err_pass(err, status, &why);
    transcript_id_make(clock_wall_ns(), random, call->transcript.id);
    call->transcript.ready_ms = call->now_ms + (int64_t)call->sandbox->delay_ms;
    call->transcript.webhook_code = 0;
    call->transcript.deleted = false;
    memcpy(call->transcript.base, call->base, sizeof call->transcript.base);
    status = keep_transcript(call, err);
    return status == STATUS_OK ? answer_transcript(&call->out, &call->transcript, call->now_ms, err)
                               : status;
}

/* ---- the transcript as a whole */

enum status web_get(struct call *call, int *code, struct err *err)
{
    enum status status = call_transcript(call, code, err);

    return status == STATUS_OK ? answer_transcript(&call->out, &call->transcript, call->now_ms, err)
                               : status;
}

static enum status delete_finished(struct transcript *transcript, void *context, struct err *err)
{
    const struct call *call = context;
    enum transcript_status status = transcript_status(transcript, call->now_ms);

    if (status == TRANSCRIPT_QUEUED || status == TRANSCRIPT_PROCESSING)
        return err_set(err, STATUS_MALFORMED,
                       "The transcript is not finished, so it cannot be deleted");
    transcript_delete(transcript);
    return STATUS_OK;
}

enum status web_delete(struct call *call, int *code, struct err *err)
{
    enum status status;

    status = transcripts_change(&call->sandbox->state, call->id, &call->text, &call->transcript,
                                delete_finished, call, err);
    if (status == STATUS_MISSING) {
        err_clear(err);
        return call_fail(err, code, 400, "Transcript lookup error, transcript id not found");
    }
    if (status == STATUS_MALFORMED)
        *code = 400;
    return status == STATUS_OK ? answer_transcript(&call->out, &call->transcript, call->now_ms, err)
                               : status;
}

/* ---- its words */

/* Free *out with free. */
static enum status read_speech(struct call *call, struct speech **out, int *code, struct err *err)
{
    enum status status = call_transcript(call, code, err);
    struct speech *speech;

    if (status != STATUS_OK)
        return status;
    if (transcript_status(&call->transcript, call->now_ms) != TRANSCRIPT_COMPLETED)
        return call_fail(
            err, code, 400, "The transcript is %s, not completed",
            transcript_status_name(transcript_status(&call->transcript, call->now_ms)));
    if (call->transcript.deleted)
        return call_fail(err, code, 400, "The transcript was deleted");
    speech = malloc(sizeof *speech);
    if (speech == NULL)
        return err_set(err, STATUS_MEMORY, "no memory for a transcript");
    transcript_speech(speech, &call->transcript);
    *out = speech;
    return STATUS_OK;
}

static enum status answer_subtitles(struct call *call, enum speech_subtitles format, int *code,
                                    struct err *err)
{
    uint64_t chars = SPEECH_CAPTION_CHARS;
    struct speech *speech = NULL;
    char text[16];
    enum status status = call_param(call, "chars_per_caption", text, sizeof text, code, err);

    if (status != STATUS_OK)
        return status;
    if (text[0] != '\0' && (!num_u64(str_of(text), &chars) || chars < 1 || chars > CHARS_MAX))
        return call_fail(err, code, 400, "chars_per_caption must be a number from 1 to %d",
                         CHARS_MAX);
    status = read_speech(call, &speech, code, err);
    if (status != STATUS_OK)
        return status;
    call->type = "text/plain; charset=utf-8";
    speech_print_subtitles(&call->out, speech, format, chars);
    free(speech);
    return buf_status(&call->out, "subtitles", err);
}

enum status web_srt(struct call *call, int *code, struct err *err)
{
    return answer_subtitles(call, SPEECH_SRT, code, err);
}

enum status web_vtt(struct call *call, int *code, struct err *err)
{
    return answer_subtitles(call, SPEECH_VTT, code, err);
}

static enum status answer_pieces(struct call *call, enum speech_piece piece, const char *name,
                                 int *code, struct err *err)
{
    struct speech *speech = NULL;
    enum status status = read_speech(call, &speech, code, err);

    if (status != STATUS_OK)
        return status;
    buf_printf(&call->out, "{\"id\": \"%s\", \"confidence\": ", call->id);
    speech_print_thousandths(&call->out, speech_thousandths(speech, 0, speech->count));
    buf_printf(&call->out, ", \"audio_duration\": %" PRIu64 ", \"%s\": ", speech_seconds(speech),
               name);
    speech_print_pieces(&call->out, speech, piece, transcript_voices(&call->transcript));
    buf_add_text(&call->out, "}\n");
    free(speech);
    return buf_status(&call->out, "a transcript", err);
}

enum status web_sentences(struct call *call, int *code, struct err *err)
{
    return answer_pieces(call, SPEECH_SENTENCE, "sentences", code, err);
}

enum status web_paragraphs(struct call *call, int *code, struct err *err)
{
    return answer_pieces(call, SPEECH_PARAGRAPH, "paragraphs", code, err);
}

enum status web_word_search(struct call *call, int *code, struct err *err)
{
    struct speech *speech = NULL;
    char words[WORDS_MAX_LEN];
    enum status status = call_param(call, "words", words, sizeof words, code, err);

    if (status != STATUS_OK)
        return status;
    if (words[0] == '\0')
        return call_fail(err, code, 400, "words is missing");
    status = read_speech(call, &speech, code, err);
    if (status != STATUS_OK)
        return status;
    buf_printf(&call->out, "{\"id\": \"%s\", ", call->id);
    speech_print_matches(&call->out, speech, str_of(words));
    buf_add_text(&call->out, "}\n");
    free(speech);
    return buf_status(&call->out, "matches", err);
}

enum status web_redacted_audio(struct call *call, int *code, struct err *err)
{
    enum status status = call_transcript(call, code, err);
    struct buf url;

    if (status != STATUS_OK)
        return status;
    buf_init(&url, TRANSCRIPT_ADDRESS_MAX);
    if (transcript_status(&call->transcript, call->now_ms) != TRANSCRIPT_COMPLETED ||
        !transcript_redacted_url(&url, &call->transcript))
        status = call_fail(err, code, 400,
                           "There is no redacted audio: the transcript must be completed, and "
                           "submitted with redact_pii_audio");
    else
        buf_printf(&call->out,
                   "{\"status\": \"redacted_audio_ready\", \"redacted_audio_url\": \"%s\"}\n",
                   url.ptr);
    buf_free(&url);
    return status;
}
