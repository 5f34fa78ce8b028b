/* SPDX-License-Identifier: MIT
 * documented - see sandbox/documented.h.
 */
#include "sandbox/documented.h"

#define OURS DOCUMENTED_OURS
#define BOOL DOCUMENTED_BOOL
#define NUMBER DOCUMENTED_NUMBER
#define STRING DOCUMENTED_STRING
#define ARRAY DOCUMENTED_ARRAY
#define OBJECT DOCUMENTED_OBJECT

const struct documented documented[] = {
    {"id", OURS, NULL},
    {"status", OURS, NULL},
    {"audio_url", STRING, NULL},
    {"acoustic_model", OURS, "\"assemblyai_default\""},
    {"language_model", OURS, "\"assemblyai_default\""},
    {"language_code", STRING, "\"en_us\""},
    {"language_codes", ARRAY, "null"},
    {"language_confidence", OURS, NULL},
    {"language_confidence_threshold", NUMBER, "null"},
    {"language_detection", BOOL, "false"},
    {"language_detection_options", OBJECT, NULL},
    {"language_detection_results", OURS, "null"},
    {"text", OURS, NULL},
    {"words", OURS, NULL},
    {"utterances", OURS, NULL},
    {"confidence", OURS, NULL},
    {"audio_duration", OURS, NULL},
    {"audio_channels", OURS, NULL},
    {"audio_start_from", NUMBER, "null"},
    {"audio_end_at", NUMBER, "null"},
    {"punctuate", BOOL, "true"},
    {"format_text", BOOL, "true"},
    {"disfluencies", BOOL, "false"},
    {"dual_channel", BOOL, "null"},
    {"multichannel", BOOL, "null"},
    {"webhook_url", STRING, NULL},
    {"webhook_status_code", OURS, NULL},
    {"webhook_auth", OURS, NULL},
    {"webhook_auth_header_name", STRING, "null"},
    {"webhook_auth_header_value", STRING, NULL},
    {"speaker_labels", BOOL, "false"},
    {"speakers_expected", NUMBER, "null"},
    {"speaker_options", OBJECT, "null"},
    {"speech_model", STRING, "null"},
    {"speech_models", ARRAY, "null"},
    {"speech_model_used", OURS, NULL},
    {"speech_threshold", NUMBER, "null"},
    {"speech_understanding", OBJECT, NULL},
    {"speed_boost", OURS, "null"},
    {"throttled", OURS, "null"},
    {"boost_param", STRING, "null"},
    {"word_boost", ARRAY, "[]"},
    {"keyterms_prompt", ARRAY, NULL},
    {"prompt", STRING, NULL},
    {"temperature", NUMBER, NULL},
    {"domain", STRING, "null"},
    {"filter_profanity", BOOL, "false"},
    {"custom_spelling", ARRAY, "null"},
    {"custom_topics", BOOL, "null"},
    {"topics", ARRAY, "[]"},
    {"redact_pii", BOOL, "false"},
    {"redact_pii_audio", BOOL, "false"},
    {"redact_pii_audio_quality", STRING, "null"},
    {"redact_pii_policies", ARRAY, "null"},
    {"redact_pii_sub", STRING, "null"},
    {"auto_chapters", BOOL, "false"},
    {"chapters", OURS, "null"},
    {"auto_highlights", BOOL, "false"},
    {"auto_highlights_result", OURS, "null"},
    {"content_safety", BOOL, "false"},
    {"content_safety_confidence", NUMBER, NULL},
    {"content_safety_labels", OURS, "null"},
    {"entity_detection", BOOL, "false"},
    {"entities", OURS, "null"},
    {"iab_categories", BOOL, "false"},
    {"iab_categories_result", OURS, "null"},
    {"sentiment_analysis", BOOL, "false"},
    {"sentiment_analysis_results", OURS, "null"},
    {"summarization", BOOL, "false"},
    {"summary", OURS, "null"},
    {"summary_model", STRING, "null"},
    {"summary_type", STRING, "null"},
    {"metadata", OURS, "null"},
};

const size_t documented_count = sizeof documented / sizeof *documented;

const struct documented *documented_find(struct str name)
{
    for (size_t i = 0; i < documented_count; i++)
        if (str_is(name, documented[i].name))
            return &documented[i];
    return NULL;
}

static bool type_fits(enum documented_type wanted, enum scan_type type)
{
    switch (wanted) {
    case OURS:
        return true;
    case BOOL:
        return type == SCAN_TRUE || type == SCAN_FALSE;
    case NUMBER:
        return type == SCAN_NUMBER;
    case STRING:
        return type == SCAN_STRING;
    case ARRAY:
        return type == SCAN_ARRAY;
    case OBJECT:
        break;
    }
    return type == SCAN_OBJECT;
}

enum status documented_check(const struct object *asked, struct err *err)
{
    static const char *const words[] = {"anything", "true or false", "a number",
                                        "a string", "an array",      "an object"};

    for (size_t i = 0; i < asked->count; i++) {
        const struct scan_member *m = &asked->at[i];
        const struct documented *d = documented_find(m->name);

        if (d != NULL && m->type != SCAN_NULL && !type_fits(d->type, m->type))
            return err_set(err, STATUS_MALFORMED, "%s must be %s", d->name, words[d->type]);
    }
    return STATUS_OK;
}
