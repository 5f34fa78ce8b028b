/* SPDX-License-Identifier: MIT
 * aai - see remote/aai.h.
 */
#include "remote/aai.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "core/scan.h"
#include "core/url.h"
#include "remote/aai_parts.h"
#include "remote/key.h"

#define CONNECT_MS 15000
#define STALL_MS 60000
#define SUBMIT_MS 120000
#define BODY_MAX ((size_t)1024 * 1024)

enum status aai_open(struct aai **out, const char *url, struct str key,
                     const struct aai_watch *watch, struct err *err)
{
    struct aai *aai = calloc(1, sizeof *aai);
    enum status status;

    if (aai == NULL)
        return err_set(err, STATUS_MEMORY, "no memory for the API's client");
    aai->watch = watch;
    pace_init(&aai->pace, PACE_MOST);
    buf_init(&aai->base, URL_MAX);
    buf_init(&aai->key, KEY_MAX);
    buf_add_text(&aai->base, url);
    while (aai->base.len > 0 && aai->base.ptr[aai->base.len - 1] == '/')
        buf_cut(&aai->base, aai->base.len - 1);
    buf_add_str(&aai->key, key);
    status = buf_status(&aai->base, "the API's URL", err);
    if (status == STATUS_OK)
        status = buf_status(&aai->key, "the API's key", err);
    if (status == STATUS_OK)
        status = http_open(&aai->http, err);
    if (status == STATUS_OK)
        *out = aai;
    else
        aai_close(aai);
    return status;
}

void aai_close(struct aai *aai)
{
    if (aai == NULL)
        return;
    http_close(aai->http);
    buf_wipe(&aai->key);
    buf_free(&aai->base);
    free(aai);
}

/* ---- one request */

void aai_prepare(struct aai *aai, struct http_request *r, const char *method, const char *url,
                 struct str type)
{
    size_t n = 0;

    aai->headers[n++] = (struct http_header){"Authorization", buf_str(&aai->key)};
    aai->headers[n++] = (struct http_header){"User-Agent", STR("stenohook/" PACKAGE_VERSION)};
    aai->headers[n++] = (struct http_header){"Accept", STR("*/*")};
    if (type.ptr != NULL)
        aai->headers[n++] = (struct http_header){"Content-Type", type};
    aai->headers[n] = (struct http_header){NULL, STR_NONE};
    *r = (struct http_request){
        .method = method,
        .url = url,
        .headers = aai->headers,
        .answer_max = AAI_ANSWER_MAX,
        .connect_ms = CONNECT_MS,
        .stall_ms = STALL_MS,
    };
}

bool aai_wait(const struct aai *aai, const char *why, uint64_t ms)
{
    const struct aai_watch *w = aai->watch;

    if (w->wait == NULL)
        return false;
    if (w->again != NULL)
        w->again(w->context, why, ms);
    return w->wait(w->context, ms);
}

enum status aai_pace(struct aai *aai, uint64_t wanted, struct err *err)
{
    for (;;) {
        uint64_t ms = pace_wait_ms(&aai->pace, clock_mono_ns() / NS_PER_MS, wanted);
        char why[80];

        if (ms == 0)
            return STATUS_OK;
        (void)snprintf(why, sizeof why, "%" PRIu64 " requests were made in five minutes",
                       aai->pace.most);
        if (!aai_wait(aai, why, ms))
            return err_set(err, STATUS_LIMIT, "%s", why);
    }
}

void aai_count(struct aai *aai)
{
    pace_count(&aai->pace, clock_mono_ns() / NS_PER_MS);
}

/* Repeats the request until its answer is final. On failure *answer needs no freeing; its end and
 * code stay. */
static enum status ask_until_answered(struct aai *aai, const struct http_request *r,
                                      const char *what, struct http_answer *answer, struct err *err)
{
    bool is_get = strcmp(r->method, "GET") == 0;

    for (unsigned attempt = 1;; attempt++) {
        struct err failed = ERR_INIT;
        enum status status;
        uint64_t ms;

        status = aai_pace(aai, 1, err);
        if (status != STATUS_OK)
            return status;
        aai_count(aai);
        http_ask(aai->http, r, answer);
        status = aai_judge(answer, what, &failed);
        if (status == STATUS_OK)
            return STATUS_OK;
        http_answer_free(answer);
        if (!aai_again(is_get, attempt, answer, &ms) || !aai_wait(aai, failed.text, ms))
            return err_pass(err, status, &failed);
    }
}

enum status aai_url(struct buf *url, const struct aai *aai, const char *path, struct err *err)
{
    buf_add_str(url, buf_str(&aai->base));
    buf_add_text(url, path);
    return buf_status(url, "the API's URL", err);
}

/* Asks for base + path, and appends the answer's body. */
static enum status get_path(struct aai *aai, const char *path, size_t max, const char *what,
                            struct buf *out, struct err *err)
{
    struct http_request r;
    struct http_answer answer;
    struct buf url;
    enum status status;

    buf_init(&url, URL_MAX);
    status = aai_url(&url, aai, path, err);
    if (status == STATUS_OK) {
        aai_prepare(aai, &r, "GET", url.ptr, STR_NONE);
        r.answer_max = max;
        status = ask_until_answered(aai, &r, what, &answer, err);
    }
    if (status == STATUS_OK) {
        buf_add_str(out, buf_str(&answer.body));
        http_answer_free(&answer);
        status = buf_status(out, what, err);
    }
    buf_free(&url);
    return status;
}

/* ---- upload and submit */

enum status aai_upload(struct aai *aai, int fd, uint64_t size, struct buf *url, struct err *err)
{
    struct http_request r;
    struct http_answer answer;
    struct buf to;
    enum status status;

    if (size == 0)
        return err_set(err, STATUS_USAGE, "the file is empty");
    if (size > AAI_UPLOAD_MAX)
        return err_set(err, STATUS_USAGE, "the file is larger than 2.2 GB, which the API refuses");
    buf_init(&to, URL_MAX);
    status = aai_url(&to, aai, "/v2/upload", err);
    if (status == STATUS_OK) {
        aai_prepare(aai, &r, "POST", to.ptr, STR("application/octet-stream"));
        r.body_fd = fd;
        r.body_size = size;
        r.progress = aai->watch->progress;
        r.context = aai->watch->context;
        status = ask_until_answered(aai, &r, "the upload", &answer, err);
    }
    if (status == STATUS_OK) {
        status = aai_upload_read(url, buf_str(&answer.body), err);
        http_answer_free(&answer);
    }
    buf_free(&to);
    return status;
}

static enum status submit_body(struct aai *aai, const char *url, struct str body,
                               char id[EVENT_ID_MAX + 1], struct err *err)
{
    struct aai_transcript made;
    struct http_request r;
    struct http_answer answer = {.end = HTTP_FAILED};
    struct err failed = ERR_INIT;
    enum status status;

    aai_prepare(aai, &r, "POST", url, STR("application/json"));
    r.body = body;
    r.total_ms = SUBMIT_MS;
    status = ask_until_answered(aai, &r, "the submission", &answer, &failed);
    if (status == STATUS_OK) {
        status = aai_transcript_read(&made, buf_str(&answer.body), NULL, &failed);
        http_answer_free(&answer);
        if (status == STATUS_OK) {
            memcpy(id, made.id.ptr, made.id.len);
            id[made.id.len] = '\0';
            aai_transcript_free(&made);
            return STATUS_OK;
        }
    }
    /* The request may have arrived and been carried out. */
    if (answer.end == HTTP_TIMED_OUT || answer.end == HTTP_CUT_OFF ||
        answer.end == HTTP_TOO_LARGE ||
        (answer.end == HTTP_ANSWERED && answer.code / 100 != 4 && answer.code / 100 != 3))
        return err_set(
            err, status,
            "%s; the transcript may have been made: look at the list of transcripts before you "
            "submit again",
            failed.text);
    return err_pass(err, status, &failed);
}

enum status aai_submit(struct aai *aai, const struct members *members, char id[EVENT_ID_MAX + 1],
                       struct err *err)
{
    struct buf url, body;
    enum status status;

    buf_init(&url, URL_MAX);
    buf_init(&body, BODY_MAX);
    members_print(members, &body);
    status = buf_status(&body, "the submission", err);
    if (status == STATUS_OK)
        status = aai_url(&url, aai, "/v2/transcript", err);
    if (status == STATUS_OK)
        status = submit_body(aai, url.ptr, buf_str(&body), id, err);
    buf_wipe(&body);
    buf_free(&url);
    return status;
}

/* ---- fetch */

static const struct {
    const char *path; /* after the id */
    const char *what;
} forms[] = {
    [AAI_JSON] = {"", "the transcript"},
    [AAI_SRT] = {"/srt", "the subtitles"},
    [AAI_VTT] = {"/vtt", "the subtitles"},
    [AAI_SENTENCES] = {"/sentences", "the sentences"},
    [AAI_PARAGRAPHS] = {"/paragraphs", "the paragraphs"},
    [AAI_REDACTED_AUDIO] = {"/redacted-audio", "the redacted audio"},
};

static enum status path_of(char path[], size_t size, const char *id, enum aai_form form,
                           struct err *err)
{
    if (!aai_id_ok(str_of(id)))
        return err_set(err, STATUS_USAGE, "invalid transcript id '%s'", id);
    (void)snprintf(path, size, "/v2/transcript/%s%s", id, forms[form].path);
    return STATUS_OK;
}

/* An error page of a proxy must not be taken for subtitles. */
static enum status check_subtitles(struct str text, enum aai_form form, struct err *err)
{
    bool begins = form == AAI_VTT ? str_starts(text, "WEBVTT")
                                  : text.len == 0 || (text.ptr[0] >= '0' && text.ptr[0] <= '9');

    if (!begins || !text_utf8_ok(text) || memchr(text.ptr, '\0', text.len) != NULL)
        return err_set(err, STATUS_MALFORMED, "the API's answer is not %s subtitles",
                       form == AAI_VTT ? "WebVTT" : "SRT");
    return STATUS_OK;
}

static enum status check_document(struct str text, const char *id, struct err *err)
{
    static const char *const names[] = {"id", NULL};
    struct json *document = NULL;
    struct str found = STR_NONE;
    enum status status = json_read(&document, text, names, "the API's answer", err);

    if (status != STATUS_OK)
        return status;
    /* Redacted audio has no id. */
    if (json_member(document, "id") != NULL &&
        (!json_get_string(json_member(document, "id"), &found) || !str_is(found, id)))
        status = err_set(err, STATUS_MALFORMED, "the API answered with another transcript");
    json_free(document);
    return status;
}

static enum status check_form(struct str text, const char *id, enum aai_form form, struct err *err)
{
    struct aai_transcript t;
    enum status status;

    switch (form) {
    case AAI_SRT:
    case AAI_VTT:
        return check_subtitles(text, form, err);
    case AAI_SENTENCES:
    case AAI_PARAGRAPHS:
    case AAI_REDACTED_AUDIO:
        return check_document(text, id, err);
    case AAI_JSON:
        break;
    }
    status = aai_transcript_read(&t, text, id, err);
    if (status == STATUS_OK)
        aai_transcript_free(&t);
    return status;
}

enum status aai_get(struct aai *aai, const char *id, enum aai_form form, struct buf *out,
                    struct err *err)
{
    size_t before = out->len;
    char path[AAI_PATH_MAX];
    enum status status = path_of(path, sizeof path, id, form, err);

    if (status == STATUS_OK)
        status = get_path(aai, path, AAI_TRANSCRIPT_MAX, forms[form].what, out, err);
    if (status != STATUS_OK)
        return status;
    return check_form((struct str){out->ptr + before, out->len - before}, id, form, err);
}

/* ---- the list */

static enum status get_page(struct aai *aai, const char *status, const char *before,
                            struct aai_page *page, struct err *err)
{
    struct buf path, answer;
    enum status result;

    buf_init(&path, URL_MAX);
    buf_init(&answer, AAI_ANSWER_MAX);
    buf_printf(&path, "/v2/transcript?limit=%d", AAI_PAGE_ITEMS);
    if (status != NULL)
        url_add_pair(&path, STR("status"), str_of(status));
    /* The page is asked for by an id, and not by the URL that the answer holds: the key goes to no
     * address that an answer chooses. */
    if (before[0] != '\0')
        url_add_pair(&path, STR("before_id"), str_of(before));
    result = buf_status(&path, "the API's URL", err);
    if (result == STATUS_OK)
        result = get_path(aai, path.ptr, AAI_ANSWER_MAX, "the list of transcripts", &answer, err);
    if (result == STATUS_OK)
        result = aai_page_read(page, buf_str(&answer), err);
    buf_free(&answer);
    buf_free(&path);
    return result;
}

enum status aai_list(struct aai *aai, const char *status,
                     bool (*each)(void *context, const struct aai_item *item), void *context,
                     struct err *err)
{
    char before[EVENT_ID_MAX + 1] = "";
    bool more = true;

    for (unsigned pages = 0; more; pages++) {
        struct aai_page page;
        struct aai_item item = {.created_ns = 0};
        enum status result = pages == AAI_PAGES_MAX
                                 ? err_set(err, STATUS_LIMIT, "the API's list does not end")
                                 : get_page(aai, status, before, &page, err);

        if (result != STATUS_OK)
            return result;
        more = page.older && page.count > 0;
        for (size_t i = 0; i < page.count; i++) {
            item = aai_page_item(&page, i);
            if (!each(context, &item)) {
                more = false;
                break;
            }
        }
        if (more && str_is(item.id, before))
            result = err_set(err, STATUS_MALFORMED, "the API's list repeats itself");
        if (more)
            (void)snprintf(before, sizeof before, "%.*s", (int)item.id.len, item.id.ptr);
        aai_page_free(&page);
        if (result != STATUS_OK)
            return result;
    }
    return STATUS_OK;
}
