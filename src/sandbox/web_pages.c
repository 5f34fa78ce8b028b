/* SPDX-License-Identifier: MIT
 * web_pages - the API's list of transcripts.
 */
#include <string.h>

#include "base/clock.h"
#include "base/num.h"
#include "base/text.h"
#include "sandbox/answer.h"
#include "sandbox/web.h"

#define LIMIT_DEFAULT 10
#define URL_ROOM ((size_t)8192)

static enum status take_id(const struct call *v, const char *name, char out[SANDBOX_ID_MAX],
                           int *code, struct err *err)
{
    char text[SANDBOX_ID_MAX];
    enum status status = call_param(v, name, text, sizeof text, code, err);

    out[0] = '\0';
    if (status != STATUS_OK || text[0] == '\0')
        return status;
    if (!sandbox_id_ok(str_of(text)))
        return call_fail(err, code, 400, "%s is no id of a transcript", name);
    memcpy(out, text, SANDBOX_ID_MAX);
    return STATUS_OK;
}

static enum status take_limit(const struct call *v, size_t *out, int *code, struct err *err)
{
    uint64_t limit = LIMIT_DEFAULT;
    char text[16];
    enum status status = call_param(v, "limit", text, sizeof text, code, err);

    if (status != STATUS_OK)
        return status;
    if (text[0] != '\0' && (!num_u64(str_of(text), &limit) || limit < 1 || limit > STORE_PAGE_MAX))
        return call_fail(err, code, 400, "limit must be a number from 1 to %d", STORE_PAGE_MAX);
    *out = (size_t)limit;
    return STATUS_OK;
}

static enum status take_status(const struct call *v, struct transcripts_query *q, int *code,
                               struct err *err)
{
    char text[16];
    enum status status = call_param(v, "status", text, sizeof text, code, err);

    if (status != STATUS_OK || text[0] == '\0')
        return status;
    q->has_status = true;
    if (!transcript_status_find(str_of(text), &q->status))
        return call_fail(err, code, 400, "status must be queued, processing, completed or error");
    return STATUS_OK;
}

static enum status take_day(const struct call *v, struct transcripts_query *q, int *code,
                            struct err *err)
{
    char text[32];
    enum status status = call_param(v, "created_on", text, sizeof text, code, err);
    int64_t ns;

    if (status != STATUS_OK || text[0] == '\0')
        return status;
    if (strlen(text) != SANDBOX_DAY_MAX - 1 || !clock_iso_parse(str_of(text), &ns))
        return call_fail(err, code, 400, "created_on must be a day, as 2026-11-25");
    memcpy(q->day, text, SANDBOX_DAY_MAX);
    return STATUS_OK;
}

static enum status take_query(const struct call *v, struct transcripts_query *q, int *code,
                              struct err *err)
{
    enum status status = take_limit(v, &q->limit, code, err);

    if (status == STATUS_OK)
        status = take_id(v, "before_id", q->before, code, err);
    if (status == STATUS_OK)
        status = take_id(v, "after_id", q->after, code, err);
    if (status == STATUS_OK)
        status = take_status(v, q, code, err);
    return status == STATUS_OK ? take_day(v, q, code, err) : status;
}

/* The same query with another place to begin at. */
static void add_url(struct buf *out, const struct call *v, const struct transcripts_query *q,
                    const char *name, const char *id)
{
    buf_printf(out, "\"%s/v2/transcript?limit=%zu", v->base, q->limit);
    if (q->has_status)
        buf_printf(out, "&status=%s", transcript_status_name(q->status));
    if (q->day[0] != '\0')
        buf_printf(out, "&created_on=%s", q->day);
    buf_printf(out, "&%s=%s\"", name, id);
}

static void add_current_url(struct buf *out, const struct call *v)
{
    struct buf url;

    buf_init(&url, URL_ROOM);
    buf_printf(&url, "%s/v2/transcript%s", v->base, v->request.query.len > 0 ? "?" : "");
    buf_add_str(&url, v->request.query);
    text_json_lossy(out, buf_str(&url));
    buf_free(&url);
}

static void add_details(struct buf *out, const struct call *v, const struct transcripts_query *q,
                        const struct transcripts_page *page)
{
    buf_printf(out, "{\"page_details\": {\"limit\": %zu, \"result_count\": %zu, \"current_url\": ",
               q->limit, page->count);
    add_current_url(out, v);
    buf_add_text(out, ", \"prev_url\": ");
    if (page->has_older)
        add_url(out, v, q, "before_id", page->ids[page->count - 1]);
    else
        buf_add_text(out, "null");
    buf_add_text(out, ", \"next_url\": ");
    if (page->has_newer)
        add_url(out, v, q, "after_id", page->ids[0]);
    else
        buf_add_text(out, "null");
    buf_add_char(out, '}');
}

enum status web_list(struct call *v, int *code, struct err *err)
{
    struct transcripts_query query = {.now_ms = v->now_ms};
    struct transcripts_page page;
    enum status status = take_query(v, &query, code, err);

    if (status == STATUS_OK)
        status = transcripts_list(&v->sandbox->store, &query, &page, err);
    if (status != STATUS_OK)
        return status;
    v->out.max = JOB_ANSWER_MAX + STORE_PAGE_MAX * 2 * URL_ROOM;
    add_details(&v->out, v, &query, &page);
    buf_add_text(&v->out, ", \"transcripts\": [");
    for (size_t i = 0; i < page.count && status == STATUS_OK; i++) {
        status = transcripts_read(&v->sandbox->store, page.ids[i], &v->text, &v->transcript, err);
        buf_add_text(&v->out, i == 0 ? "" : ", ");
        if (status == STATUS_OK)
            answer_item(&v->out, &v->transcript, v->now_ms);
    }
    buf_add_text(&v->out, "]}\n");
    return status == STATUS_OK ? buf_status(&v->out, "a list", err) : status;
}
