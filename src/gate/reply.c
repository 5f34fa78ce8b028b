/* SPDX-License-Identifier: MIT
 * reply - the bytes of an answer.
 *
 * Always "Status: NNN Reason": lighttpd and Apache answer 500 or 502 for less. No Content-Length:
 * the servers count themselves, and would believe a wrong one.
 */
#include "gate/reply.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/text.h"

/* `word` is what the sender may know of a failure. Only the log says which check failed, or what is
 * wrong with our disk or configuration. */
struct answer {
    unsigned code;
    const char *reason;
    const char *word;
};

static const struct answer answers[] = {
    {200, "OK", ""},
    {400, "Bad Request", "malformed body"},
    {401, "Unauthorized", "unauthorized"},
    {403, "Forbidden", "forbidden"},
    {404, "Not Found", "unknown endpoint"},
    {405, "Method Not Allowed", "method not allowed"},
    {413, "Content Too Large", "body too large"},
    {503, "Service Unavailable", "try again"},
};

/* A code that is not in the table is our own problem: the last row. */
static const struct answer *answer_of(unsigned code)
{
    size_t last = sizeof answers / sizeof *answers - 1;

    for (size_t i = 0; i < last; i++)
        if (answers[i].code == code)
            return &answers[i];
    return &answers[last];
}

static void add_head_of(struct buf *out, const struct answer *answer, const char *type)
{
    buf_add_text(out, "Status: ");
    buf_add_u64(out, answer->code);
    buf_add_char(out, ' ');
    buf_add_text(out, answer->reason);
    buf_add_text(out, "\r\n");
    if (answer->code == 405)
        buf_add_text(out, "Allow: POST\r\n");
    if (answer->code == 503)
        buf_add_text(out, "Retry-After: 10\r\n");
    buf_printf(out, "Content-Type: %s\r\nCache-Control: no-store\r\n\r\n", type);
}

static void add_head(struct buf *out, const struct answer *answer)
{
    add_head_of(out, answer, "application/json");
}

void reply_accepted(struct buf *out, const struct receipt *receipt)
{
    add_head(out, answer_of(200));
    buf_add_text(out, "{\"status\":\"accepted\",\"id\":\"");
    buf_add_text(out, receipt_id(receipt));
    buf_add_text(out, "\",\"duplicate\":");
    buf_add_text(out, receipt_duplicate(receipt) ? "true}\n" : "false}\n");
}

void reply_failed(struct buf *out, enum status status)
{
    /* Only a receipt makes a 2xx: STATUS_OK without one is our own mistake. */
    const struct answer *answer =
        answer_of(status == STATUS_OK ? 503 : (unsigned)status_http(status));

    add_head(out, answer);
    buf_printf(out, "{\"status\":\"error\",\"error\":\"%s\"}\n", answer->word);
}

void reply_page(struct buf *out)
{
    add_head_of(out, answer_of(405), "text/html; charset=utf-8");
    buf_add_text(out,
                 "<!DOCTYPE html>\n"
                 "<html lang=\"en\"><title>Webhook address</title>\n"
                 "<p>This is a webhook address: it takes deliveries (POST) only.</p></html>\n");
}

void reply_add_sentence(struct buf *sentences, const char *format, ...)
{
    char text[ERR_TEXT_MAX];
    struct buf json;
    va_list args;

    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    buf_init(&json, REPLY_SENTENCES_MAX);
    text_json(&json, str_of(text));
    if (json.failed == STATUS_OK && sentences->len + json.len + 1 <= REPLY_SENTENCES_MAX) {
        if (sentences->len > 0)
            buf_add_char(sentences, ',');
        buf_add_str(sentences, buf_str(&json));
    }
    buf_free(&json);
}

void reply_health(struct buf *out, const struct reply_report *report, bool head)
{
    bool good = report->problem == STATUS_OK;

    add_head(out, answer_of(good ? 200 : 503));
    if (head)
        return;
    if (!good)
        buf_printf(out, "{\"status\":\"error\",\"problem\":\"%s\"", status_name(report->problem));
    else
        buf_printf(out, "{\"status\":\"%s\"", report->sentences.len == 0 ? "ok" : "attention");
    if (report->sentences.len > 0) {
        buf_add_text(out, ",\"problems\":[");
        buf_add_str(out, report->sentences);
        buf_add_char(out, ']');
    }
    if (report->hooks.len > 0) {
        buf_add_text(out, ",\"hooks\":");
        buf_add_str(out, report->hooks);
    }
    buf_add_text(out, "}\n");
}
