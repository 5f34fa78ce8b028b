/* SPDX-License-Identifier: MIT */
#include "base/clock.h"
#include "core/retry.h"
#include "unit.h"

#define NOW_NS (INT64_C(1795000000) * NS_PER_S)

static struct result decided(enum result_end end, int code, uint32_t attempt, uint32_t lost,
                             uint64_t random)
{
    struct result result = {.end = end, .code = code, .attempt = attempt, .next_ns = -1};

    retry_decide(&result, lost, random, NOW_NS);
    return result;
}

static void state_is(enum result_state expected, enum result_end end, int code, uint32_t attempt,
                     uint32_t lost)
{
    struct result result = decided(end, code, attempt, lost, 0);

    UNIT_INT(expected, result.state);
    UNIT_TRUE(expected == RESULT_AGAIN ? result.next_ns >= NOW_NS : result.next_ns == 0);
}

UNIT_TEST(exit_0_is_done_and_65_is_dead_at_once)
{
    state_is(RESULT_DONE, RESULT_EXIT, 0, 1, 0);
    state_is(RESULT_DONE, RESULT_EXIT, 0, RETRY_ATTEMPTS_MAX, 0);
    state_is(RESULT_DEAD, RESULT_EXIT, RETRY_EXIT_DEAD, 1, 0);
    state_is(RESULT_AGAIN, RESULT_EXIT, RETRY_EXIT_DEAD - 1, 1, 0);
    state_is(RESULT_AGAIN, RESULT_EXIT, RETRY_EXIT_DEAD + 1, 1, 0);
}

UNIT_TEST(only_an_exit_has_an_exit_code)
{
    state_is(RESULT_AGAIN, RESULT_SIGNAL, RETRY_EXIT_DEAD, 1, 0);
    state_is(RESULT_AGAIN, RESULT_SIGNAL, 0, 1, 0);
    state_is(RESULT_AGAIN, RESULT_TIMEOUT, 0, 1, 0);
    state_is(RESULT_DEAD, RESULT_NOT_RUN, 0, 1, 0);
}

UNIT_TEST(the_last_attempt_that_fails_is_a_dead_letter)
{
    state_is(RESULT_AGAIN, RESULT_EXIT, 1, RETRY_ATTEMPTS_MAX - 1, 0);
    state_is(RESULT_DEAD, RESULT_EXIT, 1, RETRY_ATTEMPTS_MAX, 0);
    state_is(RESULT_DEAD, RESULT_TIMEOUT, 0, RETRY_ATTEMPTS_MAX, 0);
    state_is(RESULT_DEAD, RESULT_SIGNAL, 9, RETRY_ATTEMPTS_MAX + 1, 0);
}

UNIT_TEST(lost_runs_end_at_their_own_limit_and_not_at_that_of_attempts)
{
    state_is(RESULT_AGAIN, RESULT_LOST, 0, RETRY_ATTEMPTS_MAX, 1);
    state_is(RESULT_AGAIN, RESULT_LOST, 0, 1, RETRY_LOST_MAX - 1);
    state_is(RESULT_DEAD, RESULT_LOST, 0, 1, RETRY_LOST_MAX);
}

UNIT_TEST(the_first_lost_run_is_made_up_for_at_once)
{
    UNIT_INT(NOW_NS, decided(RESULT_LOST, 0, 1, 1, UINT64_MAX).next_ns);
    UNIT_TRUE(decided(RESULT_LOST, 0, 1, 2, 0).next_ns >= NOW_NS + 8 * NS_PER_S);
}

UNIT_TEST(delays_grow_as_documented_and_spread_by_a_fifth)
{
    static const int64_t delays_s[] = {10, 30, 120, 600, 1800, 3600, 10800, 21600, 43200};

    for (uint32_t i = 0; i < sizeof delays_s / sizeof *delays_s; i++) {
        int64_t delay = delays_s[i] * NS_PER_S;
        int64_t fifth = delay / 5;

        UNIT_INT(NOW_NS + delay - fifth, decided(RESULT_EXIT, 1, i + 1, 0, 0).next_ns);
        UNIT_INT(NOW_NS + delay + fifth,
                 decided(RESULT_EXIT, 1, i + 1, 0, (uint64_t)(2 * fifth)).next_ns);
        UNIT_INT(NOW_NS + delay - fifth,
                 decided(RESULT_EXIT, 1, i + 1, 0, (uint64_t)(2 * fifth + 1)).next_ns);
    }
}

UNIT_TEST(no_decision_is_later_than_the_latest)
{
    for (uint32_t attempt = 0; attempt < RETRY_ATTEMPTS_MAX + 2; attempt++)
        for (uint32_t lost = 0; lost <= RETRY_LOST_MAX; lost++)
            for (uint64_t random = 0; random < 3; random++) {
                enum result_end end = lost == 0 ? RESULT_EXIT : RESULT_LOST;
                struct result r = decided(end, 1, attempt, lost, UINT64_MAX / 3 * random);

                if (r.state == RESULT_AGAIN)
                    UNIT_TRUE(r.next_ns >= NOW_NS && r.next_ns <= retry_latest(attempt, NOW_NS));
            }
}
