/* SPDX-License-Identifier: MIT
 * Tests of how the answers of AssemblyAI's API are read, judged and asked for again.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/url.h"
#include "remote/aai_parse.h"
#include "unit.h"

#define ID "5552493-16d8-42d8-8feb-c2a16b56f6e8"

/* ---- ids */

UNIT_TEST(ids_of_every_age_of_the_api_are_ids)
{
    static const char *const good[] = {
        "9ea68fd3-f953-42c1-9742-976c447fb463",
        ID,
        "62npeahu2b-a8ea-4112-854c-69542c20d90c",
        "gkuu2krb1-8c7f-4fe3-bb69-6b14a2cac067",
        "a",
        "-",
        "_",
        ":",
        "a..b",
        "A.Z_0:9-",
    };

    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        UNIT_TRUE(aai_id_ok(str_of(good[i])));
}

UNIT_TEST(what_could_leave_a_path_or_a_line_is_no_id)
{
    static const char *const bad[] = {
        "",     ".",    "..",  ".hidden", "a/b",  "/",    "../x", "a\\b", "a%2fb", "a b", " a",
        "a\n",  "a\r",  "a\t", "\x1b[2J", "\x7f", "a?b",  "a#b",  "a&b",  "a+b",   "a*",  "a\"",
        "\xc3", "\xe9", "é",   "a;b",     "~",    "$(x)", "`x`",  "a@b",  "a=b",   "a,b", "(",
    };

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (aai_id_ok(str_of(bad[i])))
            UNIT_TEXT("no id", bad[i]);
    UNIT_FALSE(aai_id_ok(STR_NONE));
    UNIT_FALSE(aai_id_ok(STR("a\0b")));
    UNIT_FALSE(aai_id_ok(STR("a\0")));
}

UNIT_TEST(the_longest_id_is_one_and_a_byte_more_is_not)
{
    char text[EVENT_ID_MAX + 1];

    memset(text, 'x', sizeof text);
    UNIT_TRUE(aai_id_ok((struct str){text, EVENT_ID_MAX}));
    UNIT_FALSE(aai_id_ok((struct str){text, EVENT_ID_MAX + 1}));
}

/* ---- when a request is repeated */

#define MS_NEVER UINT64_MAX

/* The time after which it is asked again, or MS_NEVER. */
static uint64_t again(bool is_get, unsigned attempt, enum http_end end, int code, uint64_t after_s)
{
    const struct http_answer answer = {.end = end, .code = code, .retry_after_s = after_s};
    uint64_t ms = 12345;

    if (aai_again(is_get, attempt, &answer, &ms))
        return ms;
    UNIT_INT(12345, ms);
    return MS_NEVER;
}

UNIT_TEST(only_a_429_and_a_5xx_of_a_get_are_asked_for_again)
{
    for (int code = 100; code <= 599; code++) {
        bool get = code == 429 || code >= 500, post = code == 429;

        UNIT_INT(get, again(true, 1, HTTP_ANSWERED, code, HTTP_RETRY_UNSAID) != MS_NEVER);
        UNIT_INT(post, again(false, 1, HTTP_ANSWERED, code, HTTP_RETRY_UNSAID) != MS_NEVER);
    }
}

UNIT_TEST(what_got_lost_is_asked_for_again_by_a_get_only)
{
    static const struct {
        enum http_end end;
        bool get;
    } rows[] = {{HTTP_UNREACHABLE, true}, {HTTP_TIMED_OUT, true},  {HTTP_CUT_OFF, true},
                {HTTP_UNTRUSTED, false},  {HTTP_TOO_LARGE, false}, {HTTP_FAILED, false}};

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        UNIT_INT(rows[i].get, again(true, 1, rows[i].end, 0, HTTP_RETRY_UNSAID) != MS_NEVER);
        UNIT_INT(MS_NEVER, again(false, 1, rows[i].end, 0, HTTP_RETRY_UNSAID));
        /* A code that came before the end does not make it more. */
        UNIT_INT(MS_NEVER, again(false, 1, rows[i].end, 429, HTTP_RETRY_UNSAID));
    }
}

UNIT_TEST(the_waits_double_and_the_last_attempt_is_the_last)
{
    UNIT_INT(500, again(true, 1, HTTP_ANSWERED, 503, HTTP_RETRY_UNSAID));
    UNIT_INT(1000, again(true, 2, HTTP_ANSWERED, 503, HTTP_RETRY_UNSAID));
    UNIT_INT(2000, again(true, 3, HTTP_CUT_OFF, 0, HTTP_RETRY_UNSAID));
    UNIT_INT(4000, again(false, 4, HTTP_ANSWERED, 429, HTTP_RETRY_UNSAID));
    UNIT_INT(MS_NEVER, again(true, 5, HTTP_ANSWERED, 503, HTTP_RETRY_UNSAID));
    UNIT_INT(MS_NEVER, again(true, 5, HTTP_ANSWERED, 429, 0));
}

UNIT_TEST(a_pause_that_the_api_asks_for_is_kept_up_to_two_minutes)
{
    UNIT_INT(0, again(true, 1, HTTP_ANSWERED, 429, 0));
    UNIT_INT(7000, again(false, 4, HTTP_ANSWERED, 429, 7));
    UNIT_INT(120000, again(true, 1, HTTP_ANSWERED, 503, 120));
    UNIT_INT(MS_NEVER, again(true, 1, HTTP_ANSWERED, 503, 121));
    UNIT_INT(MS_NEVER, again(false, 1, HTTP_ANSWERED, 429, 121));
    UNIT_INT(MS_NEVER, again(true, 1, HTTP_ANSWERED, 429, UINT64_MAX - 1));
}

/* ---- what an answer means */

/* As an answer with these bytes, which are few. */
static enum status judge_after(int code, struct str body, uint64_t after_s, struct err *err)
{
    struct http_answer answer = {.end = HTTP_ANSWERED, .code = code, .retry_after_s = after_s};
    enum status status;

    err_clear(err);
    buf_init(&answer.body, 1024 * 1024);
    buf_add_str(&answer.body, body);
    status = aai_judge(&answer, "the transcript", err);
    UNIT_INT(status, err->status);
    http_answer_free(&answer);
    return status;
}

static enum status judge(int code, const char *body, struct err *err)
{
    return judge_after(code, str_of(body), HTTP_RETRY_UNSAID, err);
}

static void says(const struct err *err, const char *words)
{
    if (strstr(err->text, words) == NULL)
        UNIT_TEXT(words, err->text);
}

UNIT_TEST(every_code_has_its_meaning)
{
    struct err err;

    for (int code = 100; code <= 599; code++) {
        enum status expected = code / 100 == 2                  ? STATUS_OK
                               : code / 100 == 3                ? STATUS_CONFIG
                               : code == 401                    ? STATUS_NO_SECRET
                               : code / 100 == 4 && code != 429 ? STATUS_MISSING
                                                                : STATUS_IO;
        enum status found = judge(code, "", &err);
        char words[64];

        UNIT_STATUS(expected, found, &err);
        (void)snprintf(words, sizeof words, "the transcript: the API answered %d", code);
        if (found != STATUS_OK)
            says(&err, words);
    }
}

UNIT_TEST(the_api_s_own_words_are_told_up_to_a_length)
{
    char body[600] = "{\"error\": \"";
    size_t begin = strlen(body);
    struct err err;
    enum status status = judge(400, "{\"error\": \"transcript id not found\"}", &err);

    UNIT_STATUS(STATUS_MISSING, status, &err);
    UNIT_TEXT("the transcript: the API answered 400: transcript id not found", err.text);
    memset(body + begin, 'y', 201);
    memcpy(body + begin + 201, "\"}", 3);
    status = judge(500, body, &err);
    UNIT_STATUS(STATUS_IO, status, &err);
    UNIT_INT(strlen("the transcript: the API answered 500: ") + 200, strlen(err.text));
}

UNIT_TEST(words_that_are_none_are_passed_over)
{
    static const char *const bodies[] = {"",
                                         "<html>",
                                         "{",
                                         "[]",
                                         "{\"error\": \"",
                                         "{\"error\": 7}",
                                         "{\"error\": null}",
                                         "{\"error\": \"\"}",
                                         "{\"error\": {\"a\": 1}}",
                                         "{\"error\": \"a\", \"error\": \"b\"}"};
    struct err err;

    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
        enum status status = judge(404, bodies[i], &err);

        UNIT_STATUS(STATUS_MISSING, status, &err);
        UNIT_TEXT("the transcript: the API answered 404", err.text);
    }
}

UNIT_TEST(a_refused_key_and_a_redirect_name_the_remedy)
{
    struct err err;
    enum status status = judge(401, "{\"error\": \"Unauthorized\"}", &err);

    UNIT_STATUS(STATUS_NO_SECRET, status, &err);
    UNIT_TEXT("the transcript: the API answered 401: Unauthorized (is the key right?)", err.text);
    status = judge(308, "", &err);
    UNIT_STATUS(STATUS_CONFIG, status, &err);
    says(&err, "is the API's URL right?");
}

UNIT_TEST(a_pause_is_told_with_its_seconds)
{
    struct err err;
    enum status status = judge_after(429, STR("{\"error\": \"slow\"}"), 3600, &err);

    UNIT_STATUS(STATUS_IO, status, &err);
    says(&err, "asks for a pause of 3600 s");
    status = judge_after(503, STR(""), 3600, &err);
    UNIT_STATUS(STATUS_IO, status, &err);
    says(&err, "503");
    says(&err, "asks for a pause of 3600 s");
    status = judge_after(404, STR(""), 3600, &err);
    UNIT_STATUS(STATUS_MISSING, status, &err);
    UNIT_TEXT("the transcript: the API answered 404", err.text);
}

UNIT_TEST(what_is_no_whole_answer_is_no_success_whatever_its_code)
{
    static const struct {
        enum http_end end;
        enum status status;
    } rows[] = {{HTTP_UNREACHABLE, STATUS_IO}, {HTTP_UNTRUSTED, STATUS_IO},
                {HTTP_TIMED_OUT, STATUS_IO},   {HTTP_CUT_OFF, STATUS_IO},
                {HTTP_FAILED, STATUS_IO},      {HTTP_TOO_LARGE, STATUS_LIMIT}};

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct http_answer answer = {.end = rows[i].end, .code = 200, .words = "the words"};
        struct err err = ERR_INIT;
        enum status status = aai_judge(&answer, "the list", &err);

        UNIT_STATUS(rows[i].status, status, &err);
        UNIT_TEXT("the list: the words", err.text);
    }
}

/* ---- a transcript */

UNIT_TEST(a_transcript_s_members_are_read)
{
    struct aai_transcript t;
    struct err err = ERR_INIT;
    enum status status = aai_transcript_read(
        &t,
        STR("{\"text\": \"Gut\\u00e9 \\u0000!\", \"words\": [{\"id\": 1}], \"id\": \"" ID
            "\", \"status\": \"completed\", \"error\": \"\", \"webhook_url\": \"https://a/b?c=d\", "
            "\"webhook_status_code\": 200, \"confidence\": 1e999}"),
        ID, &err);

    UNIT_STATUS(STATUS_OK, status, &err);
    UNIT_REQUIRE(status == STATUS_OK);
    UNIT_STR(ID, t.id);
    UNIT_STR("completed", t.status);
    UNIT_TRUE(str_eq(STR("Gut\xc3\xa9 \0!"), t.text));
    UNIT_TRUE(t.error.ptr != NULL && t.error.len == 0);
    UNIT_STR("https://a/b?c=d", t.webhook_url);
    UNIT_INT(200, t.webhook_status_code);
    aai_transcript_free(&t);
}

UNIT_TEST(null_and_absent_are_the_same)
{
    static const char *const texts[] = {
        "{\"id\": \"" ID "\", \"status\": \"new one\"}",
        "{\"id\": \"" ID "\", \"status\": \"new one\", \"text\": null, \"error\": null, "
        "\"webhook_url\": null, \"webhook_status_code\": null}",
    };

    for (size_t i = 0; i < 2; i++) {
        struct aai_transcript t;
        struct err err = ERR_INIT;
        enum status status = aai_transcript_read(&t, str_of(texts[i]), NULL, &err);

        UNIT_STATUS(STATUS_OK, status, &err);
        if (status != STATUS_OK)
            continue;
        UNIT_STR("new one", t.status);
        UNIT_TRUE(t.text.ptr == NULL && t.error.ptr == NULL && t.webhook_url.ptr == NULL);
        UNIT_INT(0, t.webhook_status_code);
        aai_transcript_free(&t);
    }
}

/* Refused with that status and words, and *out as it was. */
static void bad_transcript(enum status expected, const char *text, const char *words)
{
    struct aai_transcript t = {.webhook_status_code = 77};
    struct err err = ERR_INIT;
    enum status status = aai_transcript_read(&t, str_of(text), ID, &err);

    UNIT_STATUS(expected, status, &err);
    UNIT_INT(expected, err.status);
    says(&err, words);
    UNIT_INT(77, t.webhook_status_code);
    UNIT_TRUE(t.document == NULL);
    if (status == STATUS_OK)
        aai_transcript_free(&t);
}

#define OWN "{\"id\": \"" ID "\", \"status\": \"completed\""

UNIT_TEST(a_transcript_with_wrong_types_is_refused)
{
    static const struct {
        const char *text, *words;
    } rows[] = {
        {"{}", "'id'"},
        {"{\"status\": \"completed\"}", "'id'"},
        {"{\"id\": null, \"status\": \"completed\"}", "'id'"},
        {"{\"id\": 7, \"status\": \"completed\"}", "'id'"},
        {"{\"id\": [\"" ID "\"], \"status\": \"completed\"}", "'id'"},
        {"{\"id\": \"\", \"status\": \"completed\"}", "'id'"},
        {"{\"id\": \"../../etc/passwd\", \"status\": \"completed\"}", "'id'"},
        {"{\"id\": \"a\\u0000\", \"status\": \"completed\"}", "'id'"},
        {"{\"id\": \"a\\n\", \"status\": \"completed\"}", "'id'"},
        {"{\"id\": \"other\", \"status\": \"completed\"}", "another transcript: other"},
        {"{\"id\": \"" ID "x\", \"status\": \"completed\"}", "another transcript"},
        {"{\"id\": \"" ID "\"}", "'status'"},
        {"{\"id\": \"" ID "\", \"status\": null}", "'status'"},
        {"{\"id\": \"" ID "\", \"status\": 1}", "'status'"},
        {OWN ", \"text\": 7}", "'text'"},
        {OWN ", \"text\": [\"a\"]}", "'text'"},
        {OWN ", \"text\": false}", "'text'"},
        {OWN ", \"error\": {}}", "'error'"},
        {OWN ", \"webhook_url\": 1}", "'webhook_url'"},
        {OWN ", \"webhook_status_code\": \"200\"}", "'webhook_status_code'"},
        {OWN ", \"webhook_status_code\": -1}", "'webhook_status_code'"},
        {OWN ", \"webhook_status_code\": 200.5}", "'webhook_status_code'"},
        {OWN ", \"webhook_status_code\": 1e999}", "'webhook_status_code'"},
        {OWN ", \"webhook_status_code\": 18446744073709551616}", "'webhook_status_code'"},
        {OWN ", \"webhook_status_code\": true}", "'webhook_status_code'"},
        {OWN ", \"webhook_status_code\": []}", "'webhook_status_code'"},
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        bad_transcript(STATUS_MALFORMED, rows[i].text, rows[i].words);
}

UNIT_TEST(what_is_no_object_or_names_something_twice_is_refused)
{
    static const char *const texts[] = {
        "<html>",
        "[]",
        "\"" ID "\"",
        "null",
        "7",
        OWN "}x",
        OWN ",}",
        OWN ", \"status\": \"completed\"}",
        OWN ", \"st\\u0061tus\": \"error\"}",
        OWN ", \"text\": \"\xff\xfe\", \"text\": null}",
    };

    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        bad_transcript(STATUS_MALFORMED, texts[i], "the API's answer");
}

UNIT_TEST(an_answer_that_ends_too_early_is_told_as_that_wherever_it_ends)
{
    static const char text[] = OWN ", \"text\": \"a\\u00e9\", \"webhook_status_code\": 200, "
                                   "\"words\": [{\"start\": 1.5e3}, null]}";
    struct err err = ERR_INIT;
    struct aai_transcript t;

    for (size_t len = 0; len < sizeof text - 1; len++) {
        char *part = malloc(len + 1); /* its own, so that a sanitizer sees one byte too far */
        enum status status;

        UNIT_REQUIRE(part != NULL);
        memcpy(part, text, len);
        err_clear(&err);
        status = aai_transcript_read(&t, (struct str){part, len}, ID, &err);
        UNIT_STATUS(STATUS_TRUNCATED, status, &err);
        says(&err, "the API's answer");
        free(part);
    }
    UNIT_STATUS(STATUS_OK, aai_transcript_read(&t, STR(OWN "}"), ID, &err), &err);
    aai_transcript_free(&t);
}

UNIT_TEST(the_largest_code_of_a_webhook_is_read)
{
    struct aai_transcript t;
    struct err err = ERR_INIT;
    enum status status = aai_transcript_read(
        &t, STR(OWN ", \"webhook_status_code\": 9223372036854775806}"), ID, &err);

    UNIT_STATUS(STATUS_OK, status, &err);
    UNIT_REQUIRE(status == STATUS_OK);
    UNIT_INT(INT64_MAX - 1, t.webhook_status_code);
    aai_transcript_free(&t);
}

/* ---- the list */

#define ITEM(id, created)                                                                          \
    "{\"id\": \"" id "\", \"status\": \"completed\", \"created\": \"" created "\"}"
#define PAGE(details, items) "{\"page_details\": " details ", \"transcripts\": [" items "]}"
#define LAST "{\"prev_url\": null}"

UNIT_TEST(a_page_of_the_documentation_is_read)
{
    struct aai_page page;
    struct aai_item item;
    struct err err = ERR_INIT;
    enum status status = aai_page_read(
        &page,
        STR(PAGE("{\"limit\": 2, \"result_count\": 2, \"current_url\": \"x\", "
                 "\"prev_url\": \"https://api.assemblyai.com/v2/transcript?before_id=b\", "
                 "\"next_url\": null}",
                 "{\"id\": \"a\", \"resource_url\": \"x\", \"status\": \"completed\", "
                 "\"created\": \"2024-03-11T21:29:59.936851\", \"completed\": \"\", "
                 "\"audio_url\": \"http://deleted_by_user\", \"error\": null}, "
                 "{\"id\": \"b\", \"status\": \"error\", \"created\": \"1970-01-01T00:00:01Z\", "
                 "\"error\": \"\"}")),
        &err);

    UNIT_STATUS(STATUS_OK, status, &err);
    UNIT_REQUIRE(status == STATUS_OK);
    UNIT_INT(2, page.count);
    UNIT_TRUE(page.older);
    item = aai_page_item(&page, 0);
    UNIT_STR("a", item.id);
    UNIT_STR("completed", item.status);
    UNIT_INT(INT64_C(1710192599936851000), item.created_ns);
    item = aai_page_item(&page, 1);
    UNIT_STR("b", item.id);
    UNIT_STR("error", item.status);
    UNIT_INT(INT64_C(1000000000), item.created_ns);
    aai_page_free(&page);
}

/* The time of the one item, or -1 where the page is refused. */
static int64_t created(const char *time)
{
    char text[256];
    struct aai_page page;
    int64_t ns;

    (void)snprintf(text, sizeof text, PAGE(LAST, ITEM("a", "%s")), time);
    if (aai_page_read(&page, str_of(text), NULL) != STATUS_OK)
        return -1;
    UNIT_FALSE(page.older);
    ns = aai_page_item(&page, 0).created_ns;
    aai_page_free(&page);
    return ns;
}

UNIT_TEST(times_are_read_in_every_form_that_the_api_has_had)
{
    const int64_t whole = INT64_C(1710192599000000000);

    UNIT_INT(whole, created("2024-03-11T21:29:59"));
    UNIT_INT(whole, created("2024-03-11T21:29:59Z"));
    UNIT_INT(whole, created("2024-03-11 21:29:59"));
    UNIT_INT(whole + 900000000, created("2024-03-11T21:29:59.9"));
    UNIT_INT(whole + 936000000, created("2024-03-11T21:29:59.936Z"));
    UNIT_INT(whole + 936851000, created("2024-03-11T21:29:59.936851"));
    UNIT_INT(whole + 936851000, created("2024-03-11T21:29:59.936851Z"));
    UNIT_INT(whole + 936851999, created("2024-03-11T21:29:59.936851999"));
    UNIT_INT(whole + 936851999, created("2024-03-11T21:29:59.9368519999999999999Z"));
    UNIT_INT(INT64_C(1710115200000000000), created("2024-03-11"));
    UNIT_INT(INT64_C(1710192540000000000), created("2024-03-11T21:29"));
    UNIT_INT(INT64_C(1709164800000000000), created("2024-02-29T00:00:00"));
}

UNIT_TEST(what_is_no_time_is_refused)
{
    static const char *const bad[] = {
        "",
        "now",
        "2024",
        "2023-02-29T00:00:00",
        "2024-13-01T00:00:00",
        "2024-03-11T24:00:00",
        "2024-03-11T21:60:00",
        "2024-03-11T21:29:59.",
        "2024-03-11T21:29:59.Z",
        "2024-03-11T21:29:59ZZ",
        "2024-03-11T21:29:59 ",
        " 2024-03-11T21:29:59",
        "2024-03-11T21:29:59\\u0000",
        "+024-03-11T21:29:59",
        "9999999999999-01-01",
        "1710192599",
    };

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (created(bad[i]) != -1)
            UNIT_TEXT("no time", bad[i]);
}

static void bad_page(enum status expected, const char *text, const char *words)
{
    struct aai_page page = {.count = 77};
    struct err err = ERR_INIT;
    enum status status = aai_page_read(&page, str_of(text), &err);

    UNIT_STATUS(expected, status, &err);
    UNIT_INT(expected, err.status);
    if (strstr(err.text, words) == NULL)
        UNIT_TEXT(text, err.text);
    UNIT_INT(77, page.count);
    UNIT_TRUE(page.document == NULL);
    if (status == STATUS_OK)
        aai_page_free(&page);
}

/* An end of the list that is none would hide all that is older. */
UNIT_TEST(a_page_whose_details_are_none_is_refused)
{
    static const char *const details[] = {"null", "[]",    "7",
                                          "true", "\"x\"", "{\"prev_url\": 7}",
                                          "[{}]", "1e999", "{\"prev_url\": []}"};
    char text[128];

    for (size_t i = 0; i < sizeof details / sizeof *details; i++) {
        (void)snprintf(text, sizeof text, PAGE("%s", ""), details[i]);
        bad_page(STATUS_MALFORMED, text, "'page_details'");
    }
    bad_page(STATUS_MALFORMED, "{\"transcripts\": []}", "'page_details'");
}

UNIT_TEST(a_page_whose_list_is_none_is_refused)
{
    bad_page(STATUS_MALFORMED, "{\"page_details\": " LAST "}", "'transcripts'");
    bad_page(STATUS_MALFORMED, "{\"page_details\": " LAST ", \"transcripts\": null}",
             "'transcripts'");
    bad_page(STATUS_MALFORMED, "{\"page_details\": " LAST ", \"transcripts\": {}}",
             "'transcripts'");
    bad_page(STATUS_MALFORMED, "{\"page_details\": " LAST ", \"transcripts\": \"\"}",
             "'transcripts'");
    bad_page(STATUS_MALFORMED,
             "{\"page_details\": " LAST ", \"transcripts\": [], \"transcripts\": []}",
             "the API's list");
    bad_page(STATUS_MALFORMED, "[]", "the API's list");
    bad_page(STATUS_TRUNCATED, "", "the API's list");
    bad_page(STATUS_TRUNCATED, "{\"page_details\": " LAST ", \"transcripts\": [", "the API's list");
}

UNIT_TEST(one_bad_item_refuses_its_page_and_is_counted)
{
    static const char *const bad[] = {
        "null",
        "7",
        "[]",
        "{}",
        "\"a\"",
        "{\"status\": \"completed\", \"created\": \"2024-03-11\"}",
        "{\"id\": \"a\", \"created\": \"2024-03-11\"}",
        "{\"id\": \"a\", \"status\": \"completed\"}",
        "{\"id\": 1, \"status\": \"completed\", \"created\": \"2024-03-11\"}",
        "{\"id\": \"a\", \"status\": null, \"created\": \"2024-03-11\"}",
        "{\"id\": \"a\", \"status\": \"completed\", \"created\": 1710192599}",
        ITEM("a/b", "2024-03-11"),
        ITEM("..", "2024-03-11"),
        ITEM("a\\n", "2024-03-11"),
        ITEM("a&status=x", "2024-03-11"),
        ITEM("", "2024-03-11"),
    };
    char text[512];

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        (void)snprintf(text, sizeof text, PAGE(LAST, ITEM("good", "2024-03-11") ", %s"), bad[i]);
        bad_page(STATUS_MALFORMED, text, "number 2 has no usable");
    }
}

UNIT_TEST(an_empty_page_is_one_and_items_beyond_it_are_nothing)
{
    struct aai_page page;
    struct err err = ERR_INIT;
    enum status status = aai_page_read(&page, STR(PAGE("{}", "")), &err);

    UNIT_STATUS(STATUS_OK, status, &err);
    UNIT_REQUIRE(status == STATUS_OK);
    UNIT_INT(0, page.count);
    UNIT_FALSE(page.older);
    UNIT_TRUE(aai_page_item(&page, 0).id.ptr == NULL);
    aai_page_free(&page);
}

/* ---- an upload */

static enum status upload(const char *text, struct buf *url, struct err *err)
{
    enum status status;

    err_clear(err);
    status = aai_upload_read(url, str_of(text), err);
    UNIT_INT(status, err->status);
    return status;
}

UNIT_TEST(the_url_of_an_upload_is_put_behind_what_is_there)
{
    struct err err;
    struct buf url;

    buf_init(&url, URL_MAX);
    buf_add_text(&url, "<");
    UNIT_STATUS(STATUS_OK, upload("{\"upload_url\": \"https:\\/\\/cdn/1?a=%20\"}", &url, &err),
                &err);
    UNIT_STR("<https://cdn/1?a=%20", buf_str(&url));
    buf_free(&url);
}

UNIT_TEST(an_upload_without_a_url_is_refused_and_adds_nothing)
{
    static const char *const bad[] = {
        "{}",
        "{\"upload_url\": null}",
        "{\"upload_url\": 7}",
        "{\"upload_url\": {}}",
        "{\"upload_url\": [\"https://a/b\"]}",
        "{\"upload_url\": \"\"}",
        "{\"upload_url\": \"https://\"}",
        "{\"upload_url\": \"file:///etc/passwd\"}",
        "{\"upload_url\": \"//a/b\"}",
        "{\"upload_url\": \"https://user:word@a/b\"}",
        "{\"upload_url\": \"https://a/\\u001b[2J\"}",
        "{\"upload_url\": \"https://a/b\\n\"}",
        "{\"upload_url\": \"https://a/b\\u0000\"}",
        "{\"upload_url\": \"https://a/b\", \"upload_url\": \"https://a/c\"}",
        "[]",
        "<html>",
    };
    struct err err;
    struct buf url;

    buf_init(&url, URL_MAX);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        UNIT_STATUS(STATUS_MALFORMED, upload(bad[i], &url, &err), &err);
    UNIT_STATUS(STATUS_TRUNCATED, upload("{\"upload_url\": \"https://a/b", &url, &err), &err);
    UNIT_STATUS(STATUS_TRUNCATED, upload("", &url, &err), &err);
    UNIT_INT(0, url.len);
    buf_free(&url);
}

UNIT_TEST(the_longest_url_of_an_upload_is_taken_and_a_byte_more_is_not)
{
    static const char before[] = "{\"upload_url\": \"";
    char text[sizeof before + URL_MAX + 8];
    struct err err;
    struct buf url;

    for (size_t len = URL_MAX; len <= URL_MAX + 1; len++) {
        size_t at = sizeof before - 1;

        memcpy(text, before, at);
        memset(text + at, 'x', len);
        memcpy(text + at, "https://", 8);
        memcpy(text + at + len, "\"}", 3);
        buf_init(&url, 2 * URL_MAX);
        UNIT_STATUS(len == URL_MAX ? STATUS_OK : STATUS_MALFORMED, upload(text, &url, &err), &err);
        UNIT_INT(len == URL_MAX ? URL_MAX : 0, url.len);
        buf_free(&url);
    }
}
