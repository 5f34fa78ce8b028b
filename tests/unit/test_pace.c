/* SPDX-License-Identifier: MIT */
#include "remote/pace.h"
#include "unit.h"

#define START_MS UINT64_C(5000000123)

static void count(struct pace *p, uint64_t now_ms, unsigned times)
{
    for (unsigned i = 0; i < times; i++)
        pace_count(p, now_ms);
}

UNIT_TEST(as_many_as_the_pace_has_may_be_sent_at_once_and_no_more)
{
    struct pace p;

    pace_init(&p, 10);
    UNIT_INT(0, pace_wait_ms(&p, START_MS, 10));
    count(&p, START_MS, 9);
    UNIT_INT(0, pace_wait_ms(&p, START_MS, 1));
    UNIT_TRUE(pace_wait_ms(&p, START_MS, 2) > 0);
    count(&p, START_MS, 1);
    UNIT_TRUE(pace_wait_ms(&p, START_MS, 1) > 0);
}

UNIT_TEST(what_was_waited_for_may_be_sent_then_and_not_a_millisecond_before)
{
    uint64_t ms;
    struct pace p;

    pace_init(&p, 10);
    count(&p, START_MS, 4);
    count(&p, START_MS + 5000, 6);
    ms = pace_wait_ms(&p, START_MS + 9000, 4);
    UNIT_TRUE(START_MS + 9000 + ms >= START_MS + PACE_WINDOW_S * 1000);
    UNIT_TRUE(START_MS + 9000 + ms <= START_MS + PACE_SECONDS * 1000);
    UNIT_TRUE(pace_wait_ms(&p, START_MS + 9000, 5) > ms);
    UNIT_INT(1, pace_wait_ms(&p, START_MS + 9000 + ms - 1, 4));
    UNIT_INT(0, pace_wait_ms(&p, START_MS + 9000 + ms, 4));
    UNIT_TRUE(pace_wait_ms(&p, START_MS + 9000 + ms, 5) > 0);
}

UNIT_TEST(no_five_minutes_hold_more_than_the_pace)
{
    static uint64_t sent[3000];
    uint64_t now_ms = START_MS;
    struct pace p;

    pace_init(&p, 100);
    for (unsigned i = 0; i < 3000; i++) {
        now_ms += i * 7919 % 2003;
        now_ms += pace_wait_ms(&p, now_ms, 1);
        pace_count(&p, now_ms);
        sent[i] = now_ms;
        if (i >= 100 && sent[i] - sent[i - 100] < PACE_WINDOW_S * 1000) {
            UNIT_INT(i, 0);
            return;
        }
    }
    /* It does not come to rest either: 100 in each 301 seconds. */
    UNIT_TRUE(sent[2999] - sent[0] <= 30ULL * PACE_SECONDS * 1000);
}

UNIT_TEST(a_clock_that_has_just_begun_is_as_good_as_any)
{
    struct pace p;

    pace_init(&p, 1);
    UNIT_INT(0, pace_wait_ms(&p, 0, 1));
    pace_count(&p, 0);
    UNIT_INT(PACE_SECONDS * 1000, pace_wait_ms(&p, 0, 1));
    UNIT_INT(0, pace_wait_ms(&p, PACE_SECONDS * 1000, 1));
}

UNIT_TEST(more_than_the_pace_is_taken_for_the_pace_lest_it_waits_for_ever)
{
    struct pace p;

    pace_init(&p, 10);
    UNIT_INT(0, pace_wait_ms(&p, START_MS, 11));
    count(&p, START_MS, 1);
    UNIT_TRUE(pace_wait_ms(&p, START_MS, 11) <= PACE_SECONDS * 1000);
}

UNIT_TEST(our_pace_is_within_what_assemblyai_takes)
{
    UNIT_TRUE(PACE_MOST <= 20000);
    UNIT_INT(5 * 60, PACE_WINDOW_S);
}
