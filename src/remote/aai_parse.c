/* SPDX-License-Identifier: MIT
 * aai_parse - see remote/aai_parse.h.
 */
#include "remote/aai_parse.h"

#include <inttypes.h>

#include "base/clock.h"
#include "core/payload.h"
#include "core/url.h"

/* How much of the API's own words err holds. */
#define WORDS_MAX 200

bool aai_id_ok(struct str id)
{
    char kept[EVENT_ID_MAX + 1];

    return payload_copy_id(kept, id) && kept[0] != '.';
}

/* ---- when a request is repeated */

static bool may_repeat(bool is_get, const struct http_answer *answer)
{
    switch (answer->end) {
    case HTTP_ANSWERED:
        return answer->code == 429 || (is_get && answer->code >= 500);
    case HTTP_UNREACHABLE:
    case HTTP_TIMED_OUT:
    case HTTP_CUT_OFF:
        return is_get;
    case HTTP_UNTRUSTED:
    case HTTP_TOO_LARGE:
    case HTTP_FAILED:
        break;
    }
    return false;
}

bool aai_again(bool is_get, unsigned attempt, const struct http_answer *answer, uint64_t *wait_ms)
{
    if (attempt >= AAI_ATTEMPTS || !may_repeat(is_get, answer))
        return false;
    if (answer->retry_after_s == HTTP_RETRY_UNSAID) {
        *wait_ms = (uint64_t)AAI_WAIT_FIRST_MS << (attempt - 1);
        return true;
    }
    if (answer->retry_after_s > AAI_WAIT_MAX_MS / 1000)
        return false;
    *wait_ms = answer->retry_after_s * 1000;
    return true;
}

/* {"error": "..."}, or nothing. */
static struct str error_of(struct json **document, struct str answer)
{
    static const char *const names[] = {"error", NULL};
    struct str words = STR_NONE;

    if (json_read(document, answer, names, "the answer", NULL) != STATUS_OK)
        return STR_NONE;
    (void)json_get_string(json_member(*document, "error"), &words);
    words.len = words.len < WORDS_MAX ? words.len : WORDS_MAX;
    return words;
}

static enum status judge_refusal(const struct http_answer *answer, const char *what,
                                 struct err *err)
{
    struct json *document = NULL;
    struct str words = error_of(&document, buf_str(&answer->body));
    enum status status = answer->code / 100 == 3                          ? STATUS_CONFIG
                         : answer->code == 401                            ? STATUS_NO_SECRET
                         : answer->code / 100 == 4 && answer->code != 429 ? STATUS_MISSING
                                                                          : STATUS_IO;
    const char *remedy = status == STATUS_CONFIG      ? " (a redirect: is the API's URL right?)"
                         : status == STATUS_NO_SECRET ? " (is the key right?)"
                                                      : "";

    if (status == STATUS_IO && answer->retry_after_s != HTTP_RETRY_UNSAID)
        (void)err_set(err, status, "%s: the API answered %d and asks for a pause of %" PRIu64 " s",
                      what, answer->code, answer->retry_after_s);
    else if (words.len > 0)
        (void)err_set(err, status, "%s: the API answered %d: %.*s%s", what, answer->code,
                      (int)words.len, words.ptr, remedy);
    else
        (void)err_set(err, status, "%s: the API answered %d%s", what, answer->code, remedy);
    json_free(document);
    return status;
}

enum status aai_judge(const struct http_answer *answer, const char *what, struct err *err)
{
    if (answer->end == HTTP_ANSWERED && answer->code / 100 == 2)
        return STATUS_OK;
    if (answer->end == HTTP_ANSWERED)
        return judge_refusal(answer, what, err);
    return err_set(err, answer->end == HTTP_TOO_LARGE ? STATUS_LIMIT : STATUS_IO, "%s: %s", what,
                   answer->words);
}

/* ---- answers */

/* A string, or null or absent. */
static bool optional_string(const struct json *document, const char *name, struct str *out)
{
    const struct json *value = json_member(document, name);

    *out = STR_NONE;
    return value == NULL || json_get_string(value, out);
}

static enum status set_unusable(struct err *err, const char *name)
{
    return err_set(err, STATUS_MALFORMED, "the API's answer has no usable '%s'", name);
}

static enum status read_members(struct aai_transcript *t, const char *id, struct err *err)
{
    const struct json *code = json_member(t->document, "webhook_status_code");

    if (!json_get_string(json_member(t->document, "id"), &t->id) || !aai_id_ok(t->id))
        return set_unusable(err, "id");
    if (id != NULL && !str_is(t->id, id))
        return err_set(err, STATUS_MALFORMED, "the API answered with another transcript: %.*s",
                       (int)t->id.len, t->id.ptr);
    if (!json_get_string(json_member(t->document, "status"), &t->status))
        return set_unusable(err, "status");
    if (!optional_string(t->document, "text", &t->text))
        return set_unusable(err, "text");
    if (!optional_string(t->document, "error", &t->error))
        return set_unusable(err, "error");
    if (!optional_string(t->document, "webhook_url", &t->webhook_url))
        return set_unusable(err, "webhook_url");
    if (code != NULL && !json_get_u64(code, &t->webhook_status_code))
        return set_unusable(err, "webhook_status_code");
    return STATUS_OK;
}

enum status aai_transcript_read(struct aai_transcript *out, struct str answer, const char *id,
                                struct err *err)
{
    static const char *const names[] = {
        "id", "status", "text", "error", "webhook_url", "webhook_status_code", NULL};
    struct aai_transcript t = {.webhook_status_code = 0};
    enum status status = json_read(&t.document, answer, names, "the API's answer", err);

    if (status == STATUS_OK)
        status = read_members(&t, id, err);
    if (status == STATUS_OK)
        *out = t;
    else
        aai_transcript_free(&t);
    return status;
}

void aai_transcript_free(struct aai_transcript *t)
{
    json_free(t->document);
    t->document = NULL;
}

static bool item_of(const struct json *value, struct aai_item *out)
{
    struct str created;

    return json_get_string(json_member(value, "id"), &out->id) && aai_id_ok(out->id) &&
           json_get_string(json_member(value, "status"), &out->status) &&
           json_get_string(json_member(value, "created"), &created) &&
           clock_iso_parse(created, &out->created_ns);
}

struct aai_item aai_page_item(const struct aai_page *page, size_t index)
{
    struct aai_item item = {.created_ns = 0};

    /* It was checked when the page was read. */
    (void)item_of(json_item(json_member(page->document, "transcripts"), index), &item);
    return item;
}

enum status aai_page_read(struct aai_page *out, struct str answer, struct err *err)
{
    static const char *const names[] = {"page_details", "transcripts", NULL};
    struct json *document = NULL;
    struct str older = STR_NONE;
    const struct json *list, *details;
    enum status status = json_read(&document, answer, names, "the API's list", err);
    size_t count;

    if (status != STATUS_OK)
        return status;
    list = json_member(document, "transcripts");
    details = json_member(document, "page_details");
    count = json_count(list);
    if (!json_is_array(list))
        status = set_unusable(err, "transcripts");
    else if (!json_is_object(details) || !optional_string(details, "prev_url", &older))
        status = set_unusable(err, "page_details");
    for (size_t i = 0; i < count && status == STATUS_OK; i++) {
        struct aai_item item;

        if (!item_of(json_item(list, i), &item))
            status = err_set(err, STATUS_MALFORMED,
                             "the API's list: number %zu has no usable id, status or time", i + 1);
    }
    if (status == STATUS_OK)
        *out = (struct aai_page){document, count, older.ptr != NULL};
    else
        json_free(document);
    return status;
}

void aai_page_free(struct aai_page *page)
{
    json_free(page->document);
    page->document = NULL;
}

enum status aai_upload_read(struct buf *url, struct str answer, struct err *err)
{
    static const char *const names[] = {"upload_url", NULL};
    struct json *document = NULL;
    struct str given = STR_NONE;
    enum status status = json_read(&document, answer, names, "the API's answer", err);

    if (status != STATUS_OK)
        return status;
    if (!json_get_string(json_member(document, "upload_url"), &given) ||
        url_check(given, "upload_url", NULL) != STATUS_OK)
        status = set_unusable(err, "upload_url");
    else
        buf_add_str(url, given);
    json_free(document);
    return status == STATUS_OK ? buf_status(url, "the upload's URL", err) : status;
}
