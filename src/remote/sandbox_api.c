/* SPDX-License-Identifier: MIT
 * sandbox_api - what the API does with one transcript.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/id.h"
#include "base/num.h"
#include "remote/sandbox_answer.h"
#include "remote/sandbox_due.h"
#include "remote/sandbox_web.h"

#define BODY_NS UINT64_C(30000000000)
#define CHARS_MAX 10000
#define WORDS_MAX_LEN 1024

/* ---- submitting */

static enum status read_body(struct visit *v, int *code, struct err *err)
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
            return visit_fail(err, code, 400, "The body did not come to its end");
        }
        buf_grew(&v->body, got);
        if (v->body.len > JOB_SUBMISSION_MAX)
            return visit_fail(err, code, 413, "The body is larger than %zu bytes",
                              JOB_SUBMISSION_MAX);
    } while (got > 0);
    return STATUS_OK;
}

static enum status add_due(const struct visit *v, enum due_kind kind, struct err *err)
{
    struct due due = {.at_ms = v->job.ready_ms, .kind = kind, .attempt = 1, .fd = -1};

    memcpy(due.id, v->job.id, sizeof due.id);
    return due_add(&v->sandbox->store, &due, err);
}

/* The deliveries come first: a transcript whose webhook nobody knows of would be the real service's
 * worst fault. */
static enum status keep(struct visit *v, struct err *err)
{
    const struct scan_member *url = object_find(&v->job.asked, "webhook_url");
    bool tells = url != NULL && url->type == SCAN_STRING;
    enum status status = STATUS_OK;

    if (tells && !v->job.fails && object_true(&v->job.asked, "redact_pii_audio"))
        status = add_due(v, DUE_REDACTED, err);
    if (tells && status == STATUS_OK)
        status = add_due(v, DUE_TRANSCRIPT, err);
    return status == STATUS_OK ? store_add(&v->sandbox->store, &v->job, err) : status;
}

enum status web_submit(struct visit *v, int *code, struct err *err)
{
    struct err why = ERR_INIT;
    uint8_t random[8];
    enum status status = read_body(v, code, err);

    if (status == STATUS_OK)
        status = id_random(random, sizeof random, err);
    if (status != STATUS_OK)
        return status;
    status = job_submit(&v->job, buf_str(&v->body), &why);
    if (status == STATUS_MALFORMED || status == STATUS_TRUNCATED)
        return visit_fail(err, code, 400, "%s", why.text);
    if (status != STATUS_OK)
        return err_set(err, status, "%s", why.text);
    sandbox_id_make(clock_wall_ns(), random, v->job.id);
    v->job.ready_ms = v->now_ms + (int64_t)v->sandbox->delay_ms;
    v->job.webhook_code = 0;
    v->job.deleted = false;
    memcpy(v->job.base, v->base, sizeof v->job.base);
    status = keep(v, err);
    return status == STATUS_OK ? answer_transcript(&v->out, &v->job, v->now_ms, err) : status;
}

/* ---- the transcript as a whole */

enum status web_get(struct visit *v, int *code, struct err *err)
{
    enum status status = visit_job(v, code, err);

    return status == STATUS_OK ? answer_transcript(&v->out, &v->job, v->now_ms, err) : status;
}

static enum status delete_job(struct job *job, void *context, struct err *err)
{
    const struct visit *v = context;
    enum job_status status = job_status(job, v->now_ms);

    if (status == JOB_QUEUED || status == JOB_PROCESSING)
        return err_set(err, STATUS_MALFORMED,
                       "The transcript is not finished: only then it can be deleted");
    job_delete(job);
    return STATUS_OK;
}

enum status web_delete(struct visit *v, int *code, struct err *err)
{
    enum status status;

    status = store_change(&v->sandbox->store, v->id, &v->text, &v->job, delete_job, v, err);
    if (status == STATUS_MISSING) {
        err_clear(err);
        return visit_fail(err, code, 400, "Transcript lookup error, transcript id not found");
    }
    if (status == STATUS_MALFORMED)
        *code = 400;
    return status == STATUS_OK ? answer_transcript(&v->out, &v->job, v->now_ms, err) : status;
}

/* ---- what is said in it */

/* *out is given back with free. */
static enum status visit_speech(struct visit *v, struct speech **out, int *code, struct err *err)
{
    enum status status = visit_job(v, code, err);
    struct speech *speech;

    if (status != STATUS_OK)
        return status;
    if (job_status(&v->job, v->now_ms) != JOB_COMPLETED)
        return visit_fail(err, code, 400, "The transcript is %s, not completed",
                          job_status_name(job_status(&v->job, v->now_ms)));
    if (v->job.deleted)
        return visit_fail(err, code, 400, "The transcript was deleted");
    speech = malloc(sizeof *speech);
    if (speech == NULL)
        return err_set(err, STATUS_MEMORY, "no memory for a transcript");
    job_speech(speech, &v->job);
    *out = speech;
    return STATUS_OK;
}

static enum status subtitles(struct visit *v, enum print_subtitles format, int *code,
                             struct err *err)
{
    uint64_t chars = PRINT_CHARS_DEFAULT;
    struct speech *speech = NULL;
    char text[16];
    enum status status = visit_param(v, "chars_per_caption", text, sizeof text, code, err);

    if (status != STATUS_OK)
        return status;
    if (text[0] != '\0' && (!num_u64(str_of(text), &chars) || chars < 1 || chars > CHARS_MAX))
        return visit_fail(err, code, 400, "chars_per_caption must be a number from 1 to %d",
                          CHARS_MAX);
    status = visit_speech(v, &speech, code, err);
    if (status != STATUS_OK)
        return status;
    v->type = "text/plain; charset=utf-8";
    print_subtitles(&v->out, speech, format, chars);
    free(speech);
    return buf_status(&v->out, "subtitles", err);
}

enum status web_srt(struct visit *v, int *code, struct err *err)
{
    return subtitles(v, PRINT_SRT, code, err);
}

enum status web_vtt(struct visit *v, int *code, struct err *err)
{
    return subtitles(v, PRINT_VTT, code, err);
}

static enum status pieces(struct visit *v, enum speech_piece piece, const char *name, int *code,
                          struct err *err)
{
    struct speech *speech = NULL;
    enum status status = visit_speech(v, &speech, code, err);

    if (status != STATUS_OK)
        return status;
    buf_printf(&v->out, "{\"id\": \"%s\", \"confidence\": ", v->id);
    print_thousandths(&v->out, speech_thousandths(speech, 0, speech->count));
    buf_printf(&v->out, ", \"audio_duration\": %" PRIu64 ", \"%s\": ", speech_seconds(speech),
               name);
    print_pieces(&v->out, speech, piece, job_voices(&v->job));
    buf_add_text(&v->out, "}\n");
    free(speech);
    return buf_status(&v->out, "a transcript", err);
}

enum status web_sentences(struct visit *v, int *code, struct err *err)
{
    return pieces(v, SPEECH_SENTENCE, "sentences", code, err);
}

enum status web_paragraphs(struct visit *v, int *code, struct err *err)
{
    return pieces(v, SPEECH_PARAGRAPH, "paragraphs", code, err);
}

enum status web_word_search(struct visit *v, int *code, struct err *err)
{
    struct speech *speech = NULL;
    char words[WORDS_MAX_LEN];
    enum status status = visit_param(v, "words", words, sizeof words, code, err);

    if (status != STATUS_OK)
        return status;
    if (words[0] == '\0')
        return visit_fail(err, code, 400, "words is missing");
    status = visit_speech(v, &speech, code, err);
    if (status != STATUS_OK)
        return status;
    buf_printf(&v->out, "{\"id\": \"%s\", ", v->id);
    print_matches(&v->out, speech, str_of(words));
    buf_add_text(&v->out, "}\n");
    free(speech);
    return buf_status(&v->out, "matches", err);
}

enum status web_redacted_audio(struct visit *v, int *code, struct err *err)
{
    enum status status = visit_job(v, code, err);
    struct buf url;

    if (status != STATUS_OK)
        return status;
    buf_init(&url, JOB_ADDRESS_MAX);
    if (job_status(&v->job, v->now_ms) != JOB_COMPLETED || !job_redacted_url(&url, &v->job))
        status = visit_fail(err, code, 400,
                            "There is no redacted audio: the transcript must be completed, and "
                            "submitted with redact_pii_audio");
    else
        buf_printf(&v->out,
                   "{\"status\": \"redacted_audio_ready\", \"redacted_audio_url\": \"%s\"}\n",
                   url.ptr);
    buf_free(&url);
    return status;
}
