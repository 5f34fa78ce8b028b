/* SPDX-License-Identifier: MIT */
#include "remote/deliver.h"
#include "unit.h"

static enum deliver_next next(enum deliver_rule rule, unsigned attempt, enum http_end end, int code)
{
    struct deliver_plan plan = deliver_plan_default();
    struct http_answer answer = {.end = end, .code = code};

    plan.rule = rule;
    return deliver_decide(&plan, attempt, &answer);
}

#define NEXT(expected, rule, attempt, end, code)                                                   \
    UNIT_INT(expected, next(DELIVER_##rule, attempt, HTTP_##end, code))

UNIT_TEST(the_documented_plan_is_ten_attempts_ten_seconds_apart)
{
    struct deliver_plan plan = deliver_plan_default();

    UNIT_INT(DELIVER_NEW, plan.rule);
    UNIT_INT(10, plan.attempts);
    UNIT_INT(10000, plan.interval_ms);
    UNIT_INT(10000, plan.timeout_ms);
}

UNIT_TEST(every_2xx_and_no_other_code_is_a_delivery)
{
    for (int code = 100; code < 600; code++)
        for (unsigned attempt = 1; attempt <= DELIVER_ATTEMPTS; attempt++) {
            bool done = code >= 200 && code <= 299;

            UNIT_INT(done, next(DELIVER_NEW, attempt, HTTP_ANSWERED, code) == DELIVER_DONE);
            UNIT_INT(done, next(DELIVER_OLD, attempt, HTTP_ANSWERED, code) == DELIVER_DONE);
        }
}

UNIT_TEST(a_4xx_is_final_by_the_new_rule_at_any_attempt_and_retried_by_the_old)
{
    NEXT(DELIVER_LOST, NEW, 1, ANSWERED, 400);
    NEXT(DELIVER_LOST, NEW, 7, ANSWERED, 401);
    NEXT(DELIVER_LOST, NEW, 1, ANSWERED, 499);
    NEXT(DELIVER_AGAIN, OLD, 1, ANSWERED, 400);
    NEXT(DELIVER_AGAIN, OLD, 9, ANSWERED, 499);
    NEXT(DELIVER_AGAIN, NEW, 1, ANSWERED, 399);
    NEXT(DELIVER_AGAIN, NEW, 1, ANSWERED, 500);
}

UNIT_TEST(redirects_and_5xx_are_retried_by_both_rules)
{
    NEXT(DELIVER_AGAIN, NEW, 1, ANSWERED, 301);
    NEXT(DELIVER_AGAIN, OLD, 1, ANSWERED, 302);
    NEXT(DELIVER_AGAIN, NEW, 9, ANSWERED, 503);
    NEXT(DELIVER_AGAIN, OLD, 9, ANSWERED, 599);
}

UNIT_TEST(what_was_slow_or_cut_off_is_retried_even_behind_a_2xx)
{
    NEXT(DELIVER_AGAIN, NEW, 1, TIMED_OUT, 0);
    NEXT(DELIVER_AGAIN, OLD, 1, TIMED_OUT, 200);
    NEXT(DELIVER_AGAIN, NEW, 1, CUT_OFF, 200);
    NEXT(DELIVER_AGAIN, OLD, 1, CUT_OFF, 0);
    NEXT(DELIVER_AGAIN, NEW, 1, CUT_OFF, 404);
}

UNIT_TEST(an_unreachable_host_is_retried_by_the_new_rule_only)
{
    NEXT(DELIVER_AGAIN, NEW, 1, UNREACHABLE, 0);
    NEXT(DELIVER_LOST, OLD, 1, UNREACHABLE, 0);
    NEXT(DELIVER_AGAIN, NEW, 1, UNTRUSTED, 0);
    NEXT(DELIVER_LOST, OLD, 1, UNTRUSTED, 0);
}

UNIT_TEST(of_an_answer_that_is_too_large_the_code_counts)
{
    NEXT(DELIVER_DONE, NEW, 1, TOO_LARGE, 200);
    NEXT(DELIVER_LOST, NEW, 1, TOO_LARGE, 404);
    NEXT(DELIVER_AGAIN, OLD, 1, TOO_LARGE, 404);
}

UNIT_TEST(our_own_trouble_is_never_retried)
{
    NEXT(DELIVER_LOST, NEW, 1, FAILED, 0);
    NEXT(DELIVER_LOST, OLD, 1, FAILED, 0);
}

UNIT_TEST(the_last_attempt_is_the_last)
{
    NEXT(DELIVER_AGAIN, NEW, 9, ANSWERED, 503);
    NEXT(DELIVER_LOST, NEW, 10, ANSWERED, 503);
    NEXT(DELIVER_LOST, OLD, 10, ANSWERED, 404);
    NEXT(DELIVER_LOST, NEW, 10, TIMED_OUT, 0);
    NEXT(DELIVER_DONE, NEW, 10, ANSWERED, 204);
}
