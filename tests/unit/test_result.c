/* SPDX-License-Identifier: MIT */
#include <limits.h>
#include <string.h>

#include "base/buf.h"
#include "core/result.h"
#include "core/scan.h"
#include "unit.h"

static const struct result sample = {.id = {"1:103", 5},
                                     .endpoint = {"calls", 5},
                                     .attempt = 2,
                                     .state = RESULT_AGAIN,
                                     .end = RESULT_EXIT,
                                     .code = 75,
                                     .started_ns = INT64_C(1795420218966000000),
                                     .took_ms = 12,
                                     .next_ns = INT64_C(1795420228966000000),
                                     .out_tail = {"out \"quoted\"\n", 13},
                                     .err_tail = {"", 0}};

static struct buf line;
static struct buf text;

/* The line as a ledger would have it, and what is read of it. */
static bool there_and_back(const struct result *result, struct result *back)
{
    struct err err = ERR_INIT;

    buf_free(&line);
    buf_free(&text);
    buf_init(&line, RESULT_LINE_MAX);
    buf_init(&text, RESULT_LINE_MAX);
    result_print(&line, result);
    UNIT_STATUS(STATUS_OK, buf_status(&line, "the line", &err), &err);
    buf_add_text(&line, "}");
    return UNIT_TRUE(result_parse(back, &text, buf_str(&line), &err) == STATUS_OK);
}

static void same(const struct result *a, const struct result *b)
{
    UNIT_TRUE(str_eq(a->id, b->id));
    UNIT_TRUE(str_eq(a->endpoint, b->endpoint));
    UNIT_INT(a->attempt, b->attempt);
    UNIT_INT(a->state, b->state);
    UNIT_INT(a->end, b->end);
    UNIT_INT(a->code, b->code);
    UNIT_INT(a->started_ns, b->started_ns);
    UNIT_INT((int64_t)a->took_ms, (int64_t)b->took_ms);
    UNIT_INT(a->next_ns, b->next_ns);
    UNIT_TRUE(str_eq(a->out_tail, b->out_tail));
    UNIT_TRUE(str_eq(a->err_tail, b->err_tail));
}

static void done(void)
{
    buf_free(&line);
    buf_free(&text);
}

UNIT_TEST(a_result_reads_back_as_it_was_printed)
{
    struct result back;

    UNIT_REQUIRE(there_and_back(&sample, &back));
    same(&sample, &back);
    done();
}

UNIT_TEST(every_state_and_every_end_reads_back)
{
    for (unsigned state = RESULT_DONE; state <= RESULT_DROPPED; state++)
        for (unsigned end = RESULT_EXIT; end <= RESULT_NOT_RUN; end++) {
            struct result result = sample, back;

            result.state = (enum result_state)state;
            result.end = (enum result_end)end;
            if (result.state != RESULT_AGAIN)
                result.next_ns = 0;
            UNIT_REQUIRE(there_and_back(&result, &back));
            same(&result, &back);
            UNIT_TRUE(strstr(line.ptr, result_state_name(result.state)) != NULL);
            UNIT_TRUE(strstr(line.ptr, result_end_name(result.end)) != NULL);
        }
    done();
}

UNIT_TEST(a_tail_that_was_not_taken_is_absent)
{
    struct result result = sample, back;

    result.out_tail = result.err_tail = STR_NONE;
    UNIT_REQUIRE(there_and_back(&result, &back));
    UNIT_TRUE(back.out_tail.ptr == NULL);
    UNIT_TRUE(back.err_tail.ptr == NULL);
    UNIT_TRUE(strstr(line.ptr, "std") == NULL);
    done();
}

UNIT_TEST(the_largest_numbers_read_back)
{
    struct result result = sample, back;

    result.attempt = UINT32_MAX;
    result.code = INT_MAX;
    result.took_ms = UINT64_MAX;
    UNIT_REQUIRE(there_and_back(&result, &back));
    same(&result, &back);
    done();
}

UNIT_TEST(the_longest_tails_fit_in_a_line)
{
    char worst[RESULT_TAIL_MAX];
    struct result result = sample, back;

    memset(worst, 1, sizeof worst);
    result.out_tail = result.err_tail = (struct str){worst, sizeof worst};
    UNIT_REQUIRE(there_and_back(&result, &back));
    same(&result, &back);
    done();
}

UNIT_TEST(of_a_longer_tail_the_end_is_kept)
{
    char longer[RESULT_TAIL_MAX + 1];
    struct result result = sample, back;

    memset(longer, 'b', sizeof longer);
    longer[0] = 'a';
    result.out_tail = (struct str){longer, sizeof longer};
    UNIT_REQUIRE(there_and_back(&result, &back));
    UNIT_INT(RESULT_TAIL_MAX, (int64_t)back.out_tail.len);
    UNIT_TRUE(back.out_tail.ptr[0] == 'b');
    done();
}

UNIT_TEST(bytes_that_are_no_text_are_replaced)
{
    struct result result = sample, back;

    result.out_tail = STR("a\xff"
                          "b");
    UNIT_REQUIRE(there_and_back(&result, &back));
    UNIT_STR("a\xef\xbf\xbd"
             "b",
             back.out_tail);
    UNIT_TRUE(scan_json(buf_str(&line), NULL, NULL).utf8_ok);
    done();
}

UNIT_TEST(what_is_no_result_is_refused_and_leaves_out_untouched)
{
    static const char *const lines[] = {
        "",
        "{}",
        "{\"id\":\"1:2\"",
        /* without `ms` */
        "{\"id\":\"1:2\",\"endpoint\":\"e\",\"try\":1,\"state\":\"done\",\"end\":\"exit\","
        "\"code\":0,\"started_at\":\"2026-11-23T07:50:18.966Z\"}",
        /* an unknown state */
        "{\"id\":\"1:2\",\"endpoint\":\"e\",\"try\":1,\"state\":\"did\",\"end\":\"exit\","
        "\"code\":0,\"started_at\":\"2026-11-23T07:50:18.966Z\",\"ms\":1}",
        /* again, but when? */
        "{\"id\":\"1:2\",\"endpoint\":\"e\",\"try\":1,\"state\":\"again\",\"end\":\"exit\","
        "\"code\":0,\"started_at\":\"2026-11-23T07:50:18.966Z\",\"ms\":1}",
        /* a number beyond its range */
        "{\"id\":\"1:2\",\"endpoint\":\"e\",\"try\":4294967296,\"state\":\"done\",\"end\":\"exit\","
        "\"code\":0,\"started_at\":\"2026-11-23T07:50:18.966Z\",\"ms\":1}",
        /* twice */
        "{\"id\":\"1:2\",\"id\":\"1:2\",\"endpoint\":\"e\",\"try\":1,\"state\":\"done\","
        "\"end\":\"exit\",\"code\":0,\"started_at\":\"2026-11-23T07:50:18.966Z\",\"ms\":1}",
        /* a text for a number */
        "{\"id\":\"1:2\",\"endpoint\":\"e\",\"try\":\"1\",\"state\":\"done\",\"end\":\"exit\","
        "\"code\":0,\"started_at\":\"2026-11-23T07:50:18.966Z\",\"ms\":1}",
    };

    buf_init(&text, RESULT_LINE_MAX);
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        struct result out = {.attempt = 77};
        struct err err = ERR_INIT;

        UNIT_STATUS(STATUS_CORRUPT, result_parse(&out, &text, str_of(lines[i]), &err), &err);
        UNIT_INT(77, out.attempt);
    }
    buf_free(&text);
}
