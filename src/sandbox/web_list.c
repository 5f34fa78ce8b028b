/* SPDX-License-Identifier: MIT
 * web_list - the API's list of transcripts.
 */
#include <string.h>

#include "base/clock.h"
#include "base/num.h"
#include "base/text.h"
#include "sandbox/answer.h"
#include "sandbox/web_parts.h"

#define LIMIT_DEFAULT 10
#define URL_ROOM ((size_t)8192)

static enum status take_id(const struct call *call, const char *name, char out[TRANSCRIPT_ID_MAX],
                           int *code, struct err *err)
{
    char text[TRANSCRIPT_ID_MAX];
    enum status status = call_param(call, name, text, sizeof text, code, err);

    out[0] = '\0';
    if (status != STATUS_OK || text[0] == '\0')
        return status;
    if (!transcript_id_ok(str_of(text)))
        return call_fail(err, code, 400, "%s is not a transcript id", name);
    memcpy(out, text, TRANSCRIPT_ID_MAX);
    return STATUS_OK;
}

static enum status take_limit(const struct call *call, size_t *out, int *code, struct err *err)
{
    uint64_t limit = LIMIT_DEFAULT;
    char text[16];
    enum status status = call_param(call, "limit", text, sizeof text, code, err);

    if (status != STATUS_OK)
        return status;
    if (text[0] != '\0' &&
        (!num_u64(str_of(text), &limit) || limit < 1 || limit > TRANSCRIPTS_PAGE_MAX))
        return call_fail(err, code, 400, "limit must be a number from 1 to %d",
                         TRANSCRIPTS_PAGE_MAX);
    *out = (size_t)limit;
    return STATUS_OK;
}

static enum status take_status(const struct call *call, struct transcripts_query *q, int *code,
                               struct err *err)
{
    char text[16];
    enum status status = call_param(call, "status", text, sizeof text, code, err);

    if (status != STATUS_OK || text[0] == '\0')
        return status;
    q->has_status = true;
    if (!transcript_status_find(str_of(text), &q->status))
        return call_fail(err, code, 400, "status must be queued, processing, completed or error");
    return STATUS_OK;
}

static enum status take_day(const struct call *call, struct transcripts_query *q, int *code,
                            struct err *err)
{
    char text[32];
    enum status status = call_param(call, "created_on", text, sizeof text, code, err);
    int64_t ns;

    if (status != STATUS_OK || text[0] == '\0')
        return status;
    if (strlen(text) != TRANSCRIPT_DAY_MAX - 1 || !clock_iso_parse(str_of(text), &ns))
        return call_fail(err, code, 400, "created_on must be a day, such as 2026-11-25");
    memcpy(q->day, text, TRANSCRIPT_DAY_MAX);
    return STATUS_OK;
}

static enum status take_query(const struct call *call, struct transcripts_query *q, int *code,
                              struct err *err)
{
    enum status status = take_limit(call, &q->limit, code, err);

    if (status == STATUS_OK)
        status = take_id(call, "before_id", q->before, code, err);
    if (status == STATUS_OK)
        status = take_id(call, "after_id", q->after, code, err);
    if (status == STATUS_OK)
        status = take_status(call, q, code, err);
    return status == STATUS_OK ? take_day(call, q, code, err) : status;
}

/* Adds the same query with another beginning. */
static void add_url(struct buf *out, const struct call *call, const struct transcripts_query *q,
                    const char *name, const char *id)
{
    buf_printf(out, "\"%s/v2/transcript?limit=%zu", call->base, q->limit);
    if (q->has_status)
        buf_printf(out, "&status=%s", transcript_status_name(q->status));
    if (q->day[0] != '\0')
        buf_printf(out, "&created_on=%s", q->day);
    buf_printf(out, "&%s=%s\"", name, id);
}

static void add_current_url(struct buf *out, const struct call *call)
{
    struct buf url;

    buf_init(&url, URL_ROOM);
    buf_printf(&url, "%s/v2/transcript%s", call->base, call->request.query.len > 0 ? "?" : "");
    buf_add_str(&url, call->request.query);
    text_json_lossy(out, buf_str(&url));
    buf_free(&url);
}

static void add_details(struct buf *out, const struct call *call, const struct transcripts_query *q,
                        const struct transcripts_page *page)
{
    buf_printf(out, "{\"page_details\": {\"limit\": %zu, \"result_count\": %zu, \"current_url\": ",
               q->limit, page->count);
    add_current_url(out, call);
    buf_add_text(out, ", \"prev_url\": ");
    if (page->has_older)
        add_url(out, call, q, "before_id", page->ids[page->count - 1]);
    else
        buf_add_text(out, "null");
    buf_add_text(out, ", \"next_url\": ");
    if (page->has_newer)
        add_url(out, call, q, "after_id", page->ids[0]);
    else
        buf_add_text(out, "null");
    buf_add_char(out, '}');
}

enum status web_list(struct call *call, int *code, struct err *err)
{
    struct transcripts_query query = {.now_ms = call->now_ms};
    struct transcripts_page page;
    enum status status = take_query(call, &query, code, err);

    if (status == STATUS_OK)
        status = transcripts_list(&call->sandbox->state, &query, &page, err);
    if (status != STATUS_OK)
        return status;
    call->out.max = TRANSCRIPT_ANSWER_MAX + TRANSCRIPTS_PAGE_MAX * 2 * URL_ROOM;
    add_details(&call->out, call, &query, &page);
    buf_add_text(&call->out, ", \"transcripts\": [");
    for (size_t i = 0; i < page.count && status == STATUS_OK; i++) {
        status = transcripts_read(&call->sandbox->state, page.ids[i], &call->text,
                                  &call->transcript, err);
        buf_add_text(&call->out, i == 0 ? "" : ", ");
        if (status == STATUS_OK)
            answer_item(&call->out, &call->transcript, call->now_ms);
    }
    buf_add_text(&call->out, "]}\n");
    return status == STATUS_OK ? buf_status(&call->out, "a list", err) : status;
}
