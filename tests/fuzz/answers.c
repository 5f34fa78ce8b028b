/* SPDX-License-Identifier: MIT
 * answers - what an API answers, and the members of a request. By the first byte: 'P' a page of the
 * list, 'U' an upload, 'E' an answer that is an error, 'M' members (name=value with a NUL behind
 * each), 'S' a string; else a transcript.
 */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "core/scan.h"
#include "core/url.h"
#include "kit.h"
#include "remote/aai_parse.h"
#include "remote/members.h"

static bool refused(enum status status)
{
    return status == STATUS_MALFORMED || status == STATUS_TRUNCATED;
}

static void check_id(struct str id)
{
    FUZZ_REQUIRE(id.len > 0 && id.len <= EVENT_ID_MAX && *id.ptr != '.');
    FUZZ_REQUIRE(memchr(id.ptr, '/', id.len) == NULL && fuzz_printable(id));
}

static void check_transcript(struct str answer)
{
    struct aai_transcript t, again;
    struct err err = ERR_INIT;
    enum status status = aai_transcript_read(&t, answer, NULL, &err);
    char *id;

    FUZZ_REQUIRE(status == err.status);
    if (status != STATUS_OK) {
        FUZZ_REQUIRE(refused(status));
        return;
    }
    FUZZ_REQUIRE(scan_json(answer, NULL, NULL).verdict == SCAN_OK);
    check_id(t.id);
    FUZZ_REQUIRE(t.status.ptr != NULL);
    id = str_dup(t.id);
    FUZZ_REQUIRE(aai_transcript_read(&again, answer, id, NULL) == STATUS_OK);
    FUZZ_REQUIRE(str_eq(again.id, t.id) && str_eq(again.text, t.text));
    aai_transcript_free(&again);
    free(id);
    FUZZ_REQUIRE(aai_transcript_read(&again, answer, "another/", NULL) == STATUS_MALFORMED);
    aai_transcript_free(&t);
}

static void check_list(struct str answer)
{
    struct aai_page page;
    struct err err = ERR_INIT;
    enum status status = aai_page_read(&page, answer, &err);

    FUZZ_REQUIRE(status == err.status);
    if (status != STATUS_OK) {
        FUZZ_REQUIRE(refused(status));
        return;
    }
    for (size_t i = 0; i < page.count; i++) {
        struct aai_item item = aai_page_item(&page, i);

        check_id(item.id);
        FUZZ_REQUIRE(item.status.ptr != NULL);
    }
    aai_page_free(&page);
}

static void check_upload(struct str answer)
{
    struct buf url;
    enum status status;

    buf_init(&url, FUZZ_BUF_MAX);
    status = aai_upload_read(&url, answer, NULL);
    FUZZ_REQUIRE(status == STATUS_OK || (refused(status) && url.len == 0));
    if (status == STATUS_OK)
        FUZZ_REQUIRE(url_check(buf_str(&url), "it", NULL) == STATUS_OK);
    buf_free(&url);
}

static void check_error(struct str rest)
{
    struct http_answer answer = {.end = HTTP_ANSWERED, .retry_after_s = HTTP_RETRY_UNSAID};
    struct err err = ERR_INIT;
    uint64_t wait_ms = 0;
    enum status status;
    unsigned random = fuzz_byte(&rest);

    answer.end = (enum http_end)(random % 9 > HTTP_FAILED ? HTTP_ANSWERED : random % 9);
    answer.code = 100 + fuzz_byte(&rest) * 2;
    if (random % 2 == 0)
        answer.retry_after_s = fuzz_byte(&rest);
    buf_init(&answer.body, FUZZ_BUF_MAX);
    buf_add_str(&answer.body, rest);
    status = aai_judge(&answer, "to ask", &err);
    FUZZ_REQUIRE(status == err.status);
    FUZZ_REQUIRE((status == STATUS_OK) == (answer.end == HTTP_ANSWERED && answer.code / 100 == 2));
    /* A second transcript costs money. */
    if (aai_again(false, 1, &answer, &wait_ms))
        FUZZ_REQUIRE(answer.end == HTTP_ANSWERED && answer.code == 429);
    FUZZ_REQUIRE(wait_ms <= AAI_WAIT_MAX_MS && !aai_again(true, AAI_ATTEMPTS, &answer, &wait_ms));
    buf_free(&answer.body);
}

static void check_members(struct str rest)
{
    struct members m;
    struct scan_result result;
    struct buf out;

    members_init(&m);
    buf_init(&out, FUZZ_BUF_MAX);
    while (rest.ptr != NULL) {
        enum status status = members_param(&m, fuzz_field(&rest, '\0'), NULL);

        FUZZ_REQUIRE(status == STATUS_OK || status == STATUS_USAGE);
    }
    FUZZ_REQUIRE(m.count <= MEMBERS_MAX);
    for (size_t i = 0; i < m.count; i++)
        for (size_t j = 0; j < i; j++)
            FUZZ_REQUIRE(strcmp(m.at[i].name, m.at[j].name) != 0);
    members_print(&m, &out);
    result = scan_json(buf_str(&out), NULL, NULL);
    FUZZ_REQUIRE(result.verdict == SCAN_OK && result.type == SCAN_OBJECT && result.utf8_ok);
    buf_free(&out);
    members_free(&m);
}

/* A text of the API means what it means to the journal's readers, whatever library has it. */
static void check_string(struct str inner)
{
    struct aai_transcript t;
    struct buf raw, ours;
    bool right;

    buf_init(&raw, FUZZ_BUF_MAX);
    buf_init(&ours, FUZZ_BUF_MAX);
    buf_add_text(&raw, "{\"id\":\"a\",\"status\":\"completed\",\"text\":\"");
    buf_add_str(&raw, inner);
    buf_add_text(&raw, "\"}");
    right = text_json_decode(&ours, inner);
    if (right) {
        FUZZ_REQUIRE(aai_transcript_read(&t, buf_str(&raw), "a", NULL) == STATUS_OK);
        FUZZ_REQUIRE(str_eq(t.text, buf_str(&ours)));
        aai_transcript_free(&t);
    }
    buf_free(&ours);
    buf_free(&raw);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str rest = fuzz_str(data, size);

    switch (fuzz_byte(&rest)) {
    case 'P':
        check_list(rest);
        break;
    case 'U':
        check_upload(rest);
        break;
    case 'E':
        check_error(rest);
        break;
    case 'M':
        check_members(rest);
        break;
    case 'S':
        check_string(rest);
        break;
    default:
        check_transcript(rest);
    }
    return 0;
}
