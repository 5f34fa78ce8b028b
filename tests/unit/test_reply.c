/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "gate/reply.h"
#include "journal_kit.h"
#include "unit.h"

static bool starts(const struct buf *b, const char *text)
{
    return str_starts(buf_str(b), text);
}

static bool has(const struct buf *b, const char *text)
{
    return strstr(b->ptr, text) != NULL;
}

static void fail_with(struct buf *b, enum status status)
{
    buf_reset(b, REPLY_MAX);
    reply_failed(b, status);
}

UNIT_TEST(every_failure_begins_with_its_status_code_and_reason)
{
    static const struct {
        enum status status;
        const char *line;
    } rows[] = {
        {STATUS_UNAUTHORIZED, "Status: 401 Unauthorized\r\n"},
        {STATUS_ADDRESS, "Status: 403 Forbidden\r\n"},
        {STATUS_FOREIGN, "Status: 403 Forbidden\r\n"},
        {STATUS_UNKNOWN_ENDPOINT, "Status: 404 Not Found\r\n"},
        {STATUS_METHOD, "Status: 405 Method Not Allowed\r\n"},
        {STATUS_TOO_LARGE, "Status: 413 Content Too Large\r\n"},
        {STATUS_MALFORMED, "Status: 400 Bad Request\r\n"},
        {STATUS_TRUNCATED, "Status: 503 Service Unavailable\r\n"},
        {STATUS_STALE, "Status: 503 Service Unavailable\r\n"},
    };
    struct buf b;

    buf_init(&b, REPLY_MAX);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        fail_with(&b, rows[i].status);
        UNIT_TRUE(starts(&b, rows[i].line));
        UNIT_TRUE(has(&b, "\r\n\r\n{\"status\":\"error\","));
    }
    buf_free(&b);
}

UNIT_TEST(our_own_trouble_is_a_503_with_a_time_to_come_again)
{
    struct buf b;

    buf_init(&b, REPLY_MAX);
    for (int s = STATUS_CONFIG; s < STATUS_COUNT; s++) {
        fail_with(&b, (enum status)s);
        UNIT_TRUE(starts(&b, "Status: 503 "));
        UNIT_TRUE(has(&b, "\r\nRetry-After: 10\r\n"));
        UNIT_TRUE(has(&b, "try again"));
    }
    buf_free(&b);
}

UNIT_TEST(a_success_without_a_receipt_is_never_a_2xx)
{
    struct buf b;

    buf_init(&b, REPLY_MAX);
    fail_with(&b, STATUS_OK);
    UNIT_TRUE(starts(&b, "Status: 503 "));
    buf_free(&b);
}

UNIT_TEST(only_405_names_the_allowed_methods_and_only_503_a_time)
{
    struct buf b;

    buf_init(&b, REPLY_MAX);
    fail_with(&b, STATUS_METHOD);
    UNIT_TRUE(has(&b, "\r\nAllow: POST\r\n"));
    UNIT_FALSE(has(&b, "Retry-After"));
    fail_with(&b, STATUS_UNAUTHORIZED);
    UNIT_FALSE(has(&b, "Allow:"));
    UNIT_FALSE(has(&b, "Retry-After"));
    buf_free(&b);
}

UNIT_TEST(a_failure_tells_nothing_of_its_cause)
{
    struct buf config, space;

    buf_init(&config, REPLY_MAX);
    buf_init(&space, REPLY_MAX);
    reply_failed(&config, STATUS_CONFIG);
    reply_failed(&space, STATUS_NO_SPACE);
    UNIT_TRUE(str_eq(buf_str(&config), buf_str(&space)));
    buf_free(&config);
    buf_free(&space);
}

UNIT_TEST(the_health_report_is_200_or_names_the_problem_with_503)
{
    struct reply_report report = {.problem = STATUS_OK};
    struct buf b;

    buf_init(&b, REPLY_MAX);
    reply_health(&b, &report, false);
    UNIT_TRUE(starts(&b, "Status: 200 OK\r\n"));
    UNIT_TRUE(has(&b, "\r\n\r\n{\"status\":\"ok\"}\n"));
    buf_reset(&b, REPLY_MAX);
    report.problem = STATUS_NO_SPACE;
    reply_health(&b, &report, false);
    UNIT_TRUE(starts(&b, "Status: 503 "));
    UNIT_TRUE(has(&b, "\r\n\r\n{\"status\":\"error\",\"problem\":\"no-space\"}\n"));
    buf_free(&b);
}

UNIT_TEST(what_a_person_should_look_after_makes_the_health_report_no_503)
{
    struct reply_report report = {.sentences = STR("\"a\",\"b\""), .hooks = STR("{\"done\":1}")};
    struct buf b;

    buf_init(&b, REPLY_MAX);
    reply_health(&b, &report, false);
    UNIT_TRUE(starts(&b, "Status: 200 OK\r\n"));
    UNIT_TRUE(has(&b, "\r\n\r\n{\"status\":\"attention\",\"problems\":[\"a\",\"b\"],"
                      "\"hooks\":{\"done\":1}}\n"));
    buf_free(&b);
}

UNIT_TEST(a_health_report_for_head_has_no_body)
{
    struct reply_report report = {.problem = STATUS_OK};
    struct buf b;

    buf_init(&b, REPLY_MAX);
    reply_health(&b, &report, true);
    UNIT_TRUE(str_ends(buf_str(&b), "\r\n\r\n"));
    UNIT_FALSE(has(&b, "{"));
    buf_free(&b);
}

static enum status record(struct kit *kit, struct buf *out)
{
    struct record_line line;
    const struct receipt *receipt;
    enum status status;

    if (!kit_line(&line, "calls transcript t1 completed", 10, kit->now_ns))
        return STATUS_MEMORY;
    status = journal_append(kit->journal, STR("calls transcript t1 completed"), &line, kit->now_ns,
                            clock_mono_ns() + 5000000000, &receipt, &kit->err);
    record_line_free(&line);
    if (status == STATUS_OK)
        reply_accepted(out, receipt);
    return status;
}

UNIT_TEST(a_receipt_is_answered_200_with_the_id_and_whether_it_was_there)
{
    struct kit kit;
    struct buf b;

    buf_init(&b, REPLY_MAX);
    UNIT_REQUIRE(kit_open(&kit));
    UNIT_STATUS(STATUS_OK, record(&kit, &b), &kit.err);
    UNIT_TRUE(starts(&b, "Status: 200 OK\r\n"));
    UNIT_TRUE(has(&b, "\r\n\r\n{\"status\":\"accepted\",\"id\":\"1:"));
    UNIT_TRUE(str_ends(buf_str(&b), "\",\"duplicate\":false}\n"));
    buf_reset(&b, REPLY_MAX);
    UNIT_STATUS(STATUS_OK, record(&kit, &b), &kit.err);
    UNIT_TRUE(str_ends(buf_str(&b), "\",\"duplicate\":true}\n"));
    kit_close(&kit);
    buf_free(&b);
}
