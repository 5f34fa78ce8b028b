/* SPDX-License-Identifier: MIT
 * answer - see sandbox/answer.h.
 */
#include "sandbox/answer.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/text.h"

/* What the answers about a transcript are made of. */
struct view {
    const struct transcript *transcript;
    enum transcript_status status;
    const struct speech *speech; /* NULL unless there is a text to be had */
};

static void print_raw(struct buf *out, const struct transcript *transcript, const char *name,
                      const char *fallback)
{
    const struct scan_member *m = object_find(&transcript->asked, name);

    if (m == NULL || m->type == SCAN_NULL)
        buf_add_text(out, fallback);
    else
        buf_add_str(out, m->value);
}

/* ---- members that are made up */

static void print_id(struct buf *out, const struct view *v)
{
    buf_printf(out, "\"%s\"", v->transcript->id);
}

static void print_status(struct buf *out, const struct view *v)
{
    buf_printf(out, "\"%s\"", transcript_status_name(v->status));
}

static void print_model(struct buf *out, const struct view *v)
{
    (void)v;
    buf_add_text(out, "\"assemblyai_default\"");
}

static void print_model_used(struct buf *out, const struct view *v)
{
    buf_add_text(out, v->speech == NULL ? "null" : "\"sandbox\"");
}

static void print_audio_url(struct buf *out, const struct view *v)
{
    print_raw(out, v->transcript, "audio_url", "\"" JOB_DELETED_URL "\"");
}

static void print_audio_channels(struct buf *out, const struct view *v)
{
    buf_add_text(out, transcript_voices(v->transcript) == PRINT_CHANNELS ? "2" : "1");
}

static void print_audio_duration(struct buf *out, const struct view *v)
{
    if (v->speech == NULL)
        buf_add_text(out, "null");
    else
        buf_printf(out, "%" PRIu64, speech_seconds(v->speech));
}

static void print_confidence(struct buf *out, const struct view *v)
{
    if (v->speech == NULL)
        buf_add_text(out, "null");
    else
        speech_print_thousandths(out, speech_thousandths(v->speech, 0, v->speech->count));
}

static void print_text(struct buf *out, const struct view *v)
{
    struct buf text;

    if (v->speech == NULL) {
        buf_add_text(out, v->transcript->deleted ? "\"Deleted by user.\"" : "null");
        return;
    }
    buf_init(&text, JOB_ANSWER_MAX);
    speech_text(&text, v->speech, 0, v->speech->count);
    text_json(out, buf_str(&text));
    if (text.failed != STATUS_OK)
        out->failed = text.failed;
    buf_free(&text);
}

static void print_all_words(struct buf *out, const struct view *v)
{
    if (v->speech == NULL)
        buf_add_text(out, "null");
    else
        speech_print_words(out, v->speech, 0, v->speech->count, transcript_voices(v->transcript));
}

static void print_utterances(struct buf *out, const struct view *v)
{
    if (v->speech == NULL || transcript_voices(v->transcript) == PRINT_NOBODY)
        buf_add_text(out, "null");
    else
        speech_print_pieces(out, v->speech, SPEECH_UTTERANCE, transcript_voices(v->transcript));
}

static void print_language_confidence(struct buf *out, const struct view *v)
{
    bool detected = v->speech != NULL && object_true(&v->transcript->asked, "language_detection");

    buf_add_text(out, detected ? "0.987" : "null");
}

static void print_webhook_url(struct buf *out, const struct view *v)
{
    print_raw(out, v->transcript, "webhook_url",
              v->transcript->deleted ? "\"" JOB_DELETED_URL "\"" : "null");
}

static void print_webhook_auth(struct buf *out, const struct view *v)
{
    const struct scan_member *m = object_find(&v->transcript->asked, "webhook_auth_header_name");

    buf_add_text(out, m != NULL && m->type != SCAN_NULL ? "true" : "false");
}

static void print_webhook_code(struct buf *out, const struct view *v)
{
    if (v->transcript->webhook_code == 0)
        buf_add_text(out, "null");
    else
        buf_printf(out, "%d", v->transcript->webhook_code);
}

static void print_null(struct buf *out, const struct view *v)
{
    (void)v;
    buf_add_text(out, "null");
}

/* ---- all documented members */

enum wanted { ANY, A_BOOL, A_NUMBER, A_TEXT, A_LIST, AN_OBJECT };

/* `print`: ours, whatever was submitted. Else what was submitted, or `fallback`; a fallback of
 * NULL: it is no member of a transcript that was not asked for it. */
struct row {
    const char *name;
    enum wanted wanted;
    const char *fallback;
    void (*print)(struct buf *out, const struct view *v);
};

static const struct row rows[] = {
    {"id", ANY, NULL, print_id},
    {"status", ANY, NULL, print_status},
    {"audio_url", A_TEXT, NULL, print_audio_url},
    {"acoustic_model", ANY, NULL, print_model},
    {"language_model", ANY, NULL, print_model},
    {"language_code", A_TEXT, "\"en_us\"", NULL},
    {"language_codes", A_LIST, "null", NULL},
    {"language_confidence", ANY, NULL, print_language_confidence},
    {"language_confidence_threshold", A_NUMBER, "null", NULL},
    {"language_detection", A_BOOL, "false", NULL},
    {"language_detection_options", AN_OBJECT, NULL, NULL},
    {"language_detection_results", ANY, NULL, print_null},
    {"text", ANY, NULL, print_text},
    {"words", ANY, NULL, print_all_words},
    {"utterances", ANY, NULL, print_utterances},
    {"confidence", ANY, NULL, print_confidence},
    {"audio_duration", ANY, NULL, print_audio_duration},
    {"audio_channels", ANY, NULL, print_audio_channels},
    {"audio_start_from", A_NUMBER, "null", NULL},
    {"audio_end_at", A_NUMBER, "null", NULL},
    {"punctuate", A_BOOL, "true", NULL},
    {"format_text", A_BOOL, "true", NULL},
    {"disfluencies", A_BOOL, "false", NULL},
    {"dual_channel", A_BOOL, "null", NULL},
    {"multichannel", A_BOOL, "null", NULL},
    {"webhook_url", A_TEXT, NULL, print_webhook_url},
    {"webhook_status_code", ANY, NULL, print_webhook_code},
    {"webhook_auth", ANY, NULL, print_webhook_auth},
    {"webhook_auth_header_name", A_TEXT, "null", NULL},
    {"webhook_auth_header_value", A_TEXT, NULL, NULL},
    {"speaker_labels", A_BOOL, "false", NULL},
    {"speakers_expected", A_NUMBER, "null", NULL},
    {"speaker_options", AN_OBJECT, "null", NULL},
    {"speech_model", A_TEXT, "null", NULL},
    {"speech_models", A_LIST, "null", NULL},
    {"speech_model_used", ANY, NULL, print_model_used},
    {"speech_threshold", A_NUMBER, "null", NULL},
    {"speech_understanding", AN_OBJECT, NULL, NULL},
    {"speed_boost", ANY, NULL, print_null},
    {"throttled", ANY, NULL, print_null},
    {"boost_param", A_TEXT, "null", NULL},
    {"word_boost", A_LIST, "[]", NULL},
    {"keyterms_prompt", A_LIST, NULL, NULL},
    {"prompt", A_TEXT, NULL, NULL},
    {"temperature", A_NUMBER, NULL, NULL},
    {"domain", A_TEXT, "null", NULL},
    {"filter_profanity", A_BOOL, "false", NULL},
    {"custom_spelling", A_LIST, "null", NULL},
    {"custom_topics", A_BOOL, "null", NULL},
    {"topics", A_LIST, "[]", NULL},
    {"redact_pii", A_BOOL, "false", NULL},
    {"redact_pii_audio", A_BOOL, "false", NULL},
    {"redact_pii_audio_quality", A_TEXT, "null", NULL},
    {"redact_pii_policies", A_LIST, "null", NULL},
    {"redact_pii_sub", A_TEXT, "null", NULL},
    {"auto_chapters", A_BOOL, "false", NULL},
    {"chapters", ANY, NULL, print_null},
    {"auto_highlights", A_BOOL, "false", NULL},
    {"auto_highlights_result", ANY, NULL, print_null},
    {"content_safety", A_BOOL, "false", NULL},
    {"content_safety_confidence", A_NUMBER, NULL, NULL},
    {"content_safety_labels", ANY, NULL, print_null},
    {"entity_detection", A_BOOL, "false", NULL},
    {"entities", ANY, NULL, print_null},
    {"iab_categories", A_BOOL, "false", NULL},
    {"iab_categories_result", ANY, NULL, print_null},
    {"sentiment_analysis", A_BOOL, "false", NULL},
    {"sentiment_analysis_results", ANY, NULL, print_null},
    {"summarization", A_BOOL, "false", NULL},
    {"summary", ANY, NULL, print_null},
    {"summary_model", A_TEXT, "null", NULL},
    {"summary_type", A_TEXT, "null", NULL},
    {"metadata", ANY, NULL, print_null},
};

static const struct row *row_of(struct str name)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (str_is(name, rows[i].name))
            return &rows[i];
    return NULL;
}

static bool fits(enum wanted wanted, enum scan_type type)
{
    switch (wanted) {
    case ANY:
        return true;
    case A_BOOL:
        return type == SCAN_TRUE || type == SCAN_FALSE;
    case A_NUMBER:
        return type == SCAN_NUMBER;
    case A_TEXT:
        return type == SCAN_STRING;
    case A_LIST:
        return type == SCAN_ARRAY;
    case AN_OBJECT:
        break;
    }
    return type == SCAN_OBJECT;
}

enum status answer_check_asked(const struct object *asked, struct err *err)
{
    static const char *const words[] = {"anything", "true or false", "a number",
                                        "a string", "an array",      "an object"};

    for (size_t i = 0; i < asked->count; i++) {
        const struct scan_member *m = &asked->at[i];
        const struct row *row = row_of(m->name);

        if (row != NULL && m->type != SCAN_NULL && !fits(row->wanted, m->type))
            return err_set(err, STATUS_MALFORMED, "%s must be %s", row->name, words[row->wanted]);
    }
    return STATUS_OK;
}

/* ---- the answers */

static void add_member(struct buf *out, const struct row *row, const struct view *v)
{
    bool is_given = object_find(&v->transcript->asked, row->name) != NULL;

    if (row->print == NULL && row->fallback == NULL && !is_given)
        return;
    if (str_is(str_of(row->name), "webhook_auth_header_value"))
        return;
    buf_printf(out, "%s\"%s\": ", row == rows ? "{" : ", ", row->name);
    if (row->print != NULL)
        row->print(out, v);
    else
        print_raw(out, v->transcript, row->name, row->fallback == NULL ? "null" : row->fallback);
}

static void add_unknown(struct buf *out, const struct object *asked)
{
    for (size_t i = 0; i < asked->count; i++) {
        if (row_of(asked->at[i].name) != NULL || str_is(asked->at[i].name, "error"))
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
    struct view view = {.transcript = transcript, .status = transcript_status(transcript, now_ms)};
    struct speech *speech = NULL;

    if (view.status == TRANSCRIPT_COMPLETED && !transcript->deleted) {
        speech = malloc(sizeof *speech);
        if (speech == NULL)
            return err_set(err, STATUS_MEMORY, "no memory for a transcript");
        transcript_speech(speech, transcript);
        view.speech = speech;
    }
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        add_member(out, &rows[i], &view);
    add_unknown(out, &transcript->asked);
    if (view.status == TRANSCRIPT_ERROR) {
        buf_add_text(out, ", \"error\": ");
        text_json(out, STR(JOB_ERROR_TEXT));
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
    add_time(out, sandbox_id_ns(transcript->id));
    buf_add_text(out, ", \"completed\": ");
    if (status == TRANSCRIPT_COMPLETED || status == TRANSCRIPT_ERROR)
        add_time(out, transcript->ready_ms * NS_PER_MS);
    else
        buf_add_text(out, "null");
    buf_add_text(out, ", \"audio_url\": ");
    print_raw(out, transcript, "audio_url", "\"" JOB_DELETED_URL "\"");
    buf_add_text(out, ", \"error\": ");
    if (status == TRANSCRIPT_ERROR)
        text_json(out, STR(JOB_ERROR_TEXT));
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
