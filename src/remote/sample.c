/* SPDX-License-Identifier: MIT
 * sample - see remote/sample.h.
 */
#include "remote/sample.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"

/* What one member of a body is. */
enum content { TEXT, JSON, ID, NOW, AUDIO_URL, SESSION };

struct row {
    const char *kind;
    const char *name;
    enum content content;
    const char *value; /* TEXT and JSON */
};

static const struct row rows[] = {
    {"completed", "transcript_id", ID, NULL},
    {"completed", "status", TEXT, "completed"},
    {"error", "transcript_id", ID, NULL},
    {"error", "status", TEXT, "error"},
    {"redacted", "status", TEXT, "redacted_audio_ready"},
    {"redacted", "redacted_audio_url", AUDIO_URL, NULL},
    {"streaming", "session_id", ID, NULL},
    {"streaming", "messages", JSON,
     "[{\"turn_order\": 0, \"turn_is_formatted\": true, \"end_of_turn\": true, "
     "\"transcript\": \"Good morning.\", \"end_of_turn_confidence\": 0.5005, "
     "\"words\": [{\"start\": 4880, \"end\": 5040, \"text\": \"Good\", \"confidence\": 0.76054, "
     "\"word_is_final\": true}, {\"start\": 5120, \"end\": 5600, \"text\": \"morning.\", "
     "\"confidence\": 0.99105, \"word_is_final\": true}], \"utterance\": \"\", "
     "\"type\": \"Turn\"}]"},
    {"voice", "event_id", ID, NULL},
    {"voice", "event", TEXT, "session.completed"},
    {"voice", "timestamp", NOW, NULL},
    {"voice", "session", SESSION, NULL},
};

void sample_id(const uint8_t random[16], char out[SAMPLE_ID_MAX])
{
    uint8_t b[16];

    memcpy(b, random, sizeof b);
    /* RFC 9562 section 5.4. */
    b[6] = (uint8_t)((b[6] & 0x0f) | 0x40);
    b[8] = (uint8_t)((b[8] & 0x3f) | 0x80);
    (void)snprintf(out, SAMPLE_ID_MAX,
                   "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", b[0],
                   b[1], b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12], b[13],
                   b[14], b[15]);
}

static void print_value(struct buf *out, const struct row *row, const char *id, int64_t now_ns)
{
    char now[CLOCK_ISO_MAX];

    clock_iso(now_ns, now);
    switch (row->content) {
    case TEXT:
        text_json(out, str_of(row->value));
        break;
    case JSON:
        buf_add_text(out, row->value);
        break;
    case ID:
        text_json(out, str_of(id));
        break;
    case NOW:
        text_json(out, str_of(now));
        break;
    case AUDIO_URL:
        buf_printf(out,
                   "\"https://s3.us-west-2.amazonaws.com/api.assembly.ai.usw2/redacted-audio/"
                   "%s.wav?AWSAccessKeyId=SAMPLE&Signature=SAMPLE&Expires=%lld\"",
                   id, (long long)(now_ns / NS_PER_S + 1800));
        break;
    case SESSION:
        buf_printf(out,
                   "{\"session_id\": \"%s\", \"account_id\": \"sample\", \"agent_id\": \"sample\", "
                   "\"status\": \"completed\", \"duration_seconds\": 12, "
                   "\"public_close_reason\": \"client_disconnect\", \"created_at\": \"%s\", "
                   "\"ended_at\": \"%s\"}",
                   id, now, now);
        break;
    }
}

enum status sample_fill(struct members *m, const char *kind, const char *id, int64_t now_ns,
                        struct err *err)
{
    enum status status = STATUS_OK;

    for (size_t i = 0; i < sizeof rows / sizeof *rows && status == STATUS_OK; i++) {
        struct buf value;

        if (strcmp(rows[i].kind, kind) != 0)
            continue;
        buf_init(&value, MEMBERS_VALUE_MAX);
        print_value(&value, &rows[i], id, now_ns);
        status = buf_status(&value, "a sample", err);
        if (status == STATUS_OK)
            status = members_json(m, str_of(rows[i].name), buf_str(&value), err);
        buf_free(&value);
    }
    if (status == STATUS_OK && m->count == 0)
        return err_set(err, STATUS_USAGE,
                       "invalid KIND '%s' (use completed, error, redacted, streaming or voice)",
                       kind);
    return status;
}
