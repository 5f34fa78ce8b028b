/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "remote/reception.h"
#include "unit.h"

static struct http_answer answer_of(int code, const char *type, const char *body, size_t len)
{
    struct http_answer answer = {.end = HTTP_ANSWERED, .code = code};

    (void)snprintf(answer.type, sizeof answer.type, "%s", type);
    buf_init(&answer.body, 4096);
    buf_add(&answer.body, body, len);
    return answer;
}

static void is(enum reception expected, const char *expected_id, int code, const char *body)
{
    struct http_answer answer = answer_of(code, "application/json", body, strlen(body));
    char id[RECEPTION_ID_MAX];

    UNIT_INT(expected, reception_of(&answer, id));
    UNIT_TEXT(expected_id, id);
    buf_free(&answer.body);
}

UNIT_TEST(only_our_own_words_behind_a_2xx_mean_recorded)
{
    is(RECEPTION_RECORDED, "1:103", 200,
       "{\"status\":\"accepted\",\"id\":\"1:103\",\"duplicate\":false}\n");
    is(RECEPTION_RECORDED, "", 200, "{\"status\":\"accepted\"}");
    is(RECEPTION_FOREIGN, "", 500, "{\"status\":\"accepted\",\"id\":\"1:103\"}");
    is(RECEPTION_FOREIGN, "", 200, "{\"status\":\"accepted\"");
    is(RECEPTION_FOREIGN, "", 200, "{\"x\":{\"status\":\"accepted\"}}");
    is(RECEPTION_FOREIGN, "", 200, "[\"accepted\"]");
    is(RECEPTION_FOREIGN, "", 200, "");
    is(RECEPTION_FOREIGN, "", 200, "{\"status\":\"error\"}");
    is(RECEPTION_REPORT, "", 200, "{\"status\":\"ok\"}");
    is(RECEPTION_REPORT, "", 200, "{\"status\":\"attention\",\"problems\":[\"x\"]}");
    is(RECEPTION_REFUSED, "", 401, "{\"status\":\"error\",\"error\":\"unauthorized\"}");
}

UNIT_TEST(an_answer_that_was_cut_off_is_nobodys)
{
    const char *body = "{\"status\":\"accepted\",\"id\":\"1:103\"}";
    struct http_answer answer = answer_of(200, "", body, strlen(body));
    char id[RECEPTION_ID_MAX];

    answer.end = HTTP_CUT_OFF;
    UNIT_INT(RECEPTION_FOREIGN, reception_of(&answer, id));
    buf_free(&answer.body);
}

static void because(const char *expected, int code, const char *type, const char *body, size_t sent)
{
    struct http_answer answer = answer_of(code, type, body, strlen(body));
    struct buf cause;

    buf_init(&cause, 4096);
    reception_cause(&cause, &answer, sent);
    if (expected == NULL)
        UNIT_STR("", buf_str(&cause));
    else if (cause.len == 0 || strstr(cause.ptr, expected) == NULL)
        UNIT_STR(expected, buf_str(&cause));
    buf_free(&cause);
    buf_free(&answer.body);
}

#define OURS "{\"status\":\"error\",\"error\":\"x\"}"

UNIT_TEST(a_likely_cause_is_told_by_who_answers_and_what)
{
    because(NULL, 200, "", "{\"status\":\"accepted\",\"id\":\"1:1\"}", 10);
    because(NULL, 0, "", "", 10);
    because(NULL, 418, "", "", 10);
    because("serves the program as a file", 200, "", "\177ELF\2\1", 10);
    because("a web page answers", 200, "text/html; charset=utf-8", "welcome", 10);
    because("a web page answers", 200, "", "\r\n <!DOCTYPE html>", 10);
    because("another program than the gateway", 200, "text/plain", "", 10);
    because("made a GET of the delivery", 200, "", "{\"status\":\"ok\"}", 10);
    because("a redirect", 301, "text/html", "<html>", 10);
    because("its header is lost", 401, "", OURS, 10);
    because("requires a password", 401, "text/html", "<html>", 10);
    because("allow-from", 403, "", OURS, 10);
    because("ModSecurity", 403, "text/html", "<html>", 10);
    because("no endpoint of that name", 404, "", OURS, 10);
    because("the server has nothing at that address", 404, "text/html", "<html>", 10);
    because("enable CGI there", 405, "", "", 10);
    because("ModSecurity", 406, "", "", 10);
    because("body-max", 413, "", OURS, 10);
    because("LimitRequestBody", 413, "", "", 10);
    because("could not run the program", 500, "text/html", "<html>", 128 * 1024);
    because("128 KiB", 500, "text/html", "<html>", 128 * 1024 + 1);
    because("stenohook.log", 503, "", OURS, 10);
    because("maintenance", 503, "text/html", "<html>", 10);
}
