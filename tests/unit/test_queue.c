/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "core/retry.h"
#include "queue_kit.h"
#include "unit.h"

/* ---- order */

static void three_of_one(void)
{
    qk_record_many('a', 1, 3);
    qk_run("a1/1", 0);
    qk_run("a2/1", 0);
    qk_record("a4");
    qk_run("a3/1", 0);
    qk_run("a4/1", 0);
    UNIT_TEXT("-", qk_claim());
    UNIT_TEXT("a1:done/1 a2:done/1 a3:done/1 a4:done/1", qk_states());
    UNIT_INT(INT64_MAX, queue_next_ns(qk_queue));
}

UNIT_TEST(first_runs_of_an_endpoint_are_in_the_order_of_the_journal)
{
    qk_each_way(three_of_one);
}

static void three_at_once(void)
{
    qk_record_many('a', 1, 3);
    UNIT_TEXT("a1/1 a2/1 a3/1", qk_claims(9));
    UNIT_TEXT("-", qk_claim());
    qk_end("a2", 0);
    qk_end("a3", 0);
    qk_end("a1", 0);
    UNIT_TEXT("-", qk_claim());
    UNIT_INT(INT64_MAX, queue_next_ns(qk_queue));
    UNIT_TEXT("a1:done/1 a2:done/1 a3:done/1", qk_states());
}

UNIT_TEST(what_runs_is_claimed_by_nobody_else)
{
    qk_each_way(three_at_once);
}

UNIT_TEST(endpoints_take_turns)
{
    UNIT_REQUIRE(qk_open(QK_STAYS));
    qk_record_many('a', 1, 100);
    qk_record_many('b', 1, 2);
    UNIT_TEXT("a1/1 b1/1 a2/1 b2/1 a3/1 a4/1", qk_claims(6));
    qk_close();
}

UNIT_TEST(a_retry_and_a_first_run_of_an_endpoint_take_turns)
{
    UNIT_REQUIRE(qk_open(QK_STAYS));
    qk_record_many('a', 1, 2);
    UNIT_TEXT("a1/1 a2/1", qk_claims(2));
    qk_end("a1", QK_FAILS);
    qk_end("a2", QK_FAILS);
    qk_after(QK_FIRST_DELAY_NS);
    qk_record_many('a', 3, 4);
    UNIT_TEXT("a1/2 a3/1 a2/2 a4/1", qk_claims(9));
    qk_close();
}

UNIT_TEST(another_process_has_the_queue_alone)
{
    struct queue *second = NULL;
    struct err err = ERR_INIT;

    UNIT_REQUIRE(qk_open(QK_STAYS));
    UNIT_STATUS(STATUS_DEADLINE, queue_open(&second, &qk_kit.spool, qk_kit.now_ns, &err), &err);
    UNIT_TRUE(second == NULL);
    qk_leave();
    UNIT_REQUIRE(qk_enter());
    qk_close();
}

/* ---- limits */

UNIT_TEST(as_many_events_as_a_window_holds_are_read_ahead_and_no_more)
{
    UNIT_REQUIRE(qk_open(QK_STAYS));
    qk_record_many('a', 1, QUEUE_WINDOW_MAX);
    qk_fill();
    UNIT_INT(QUEUE_WINDOW_MAX, qk_claim_unfilled());
    qk_close();
    unit_fresh_folder();
    UNIT_REQUIRE(qk_open(QK_STAYS));
    qk_record_many('a', 1, QUEUE_WINDOW_MAX + 1);
    qk_record("b1");
    qk_fill();
    UNIT_INT(QUEUE_WINDOW_MAX + 1, qk_claim_unfilled());
    UNIT_TRUE(qk_claimed("b1") != NULL);
    UNIT_TRUE(qk_claimed("a65") == NULL);
    UNIT_TEXT("a65/1", qk_claim());
    UNIT_TEXT("-", qk_claim());
    qk_close();
}

static void many(void)
{
    char expected[32];

    qk_record_many('a', 1, 3 * QUEUE_WINDOW_MAX);
    qk_record("b1");
    for (unsigned i = 1; i <= 3 * QUEUE_WINDOW_MAX; i++) {
        if (i == 2 && qk_claimed("b1") == NULL)
            UNIT_TEXT("b1/1", qk_claim());
        snprintf(expected, sizeof expected, "a%u/1", i);
        qk_run(expected, 0);
    }
    qk_end("b1", 0);
    UNIT_TEXT("-", qk_claim());
    UNIT_INT(INT64_MAX, queue_next_ns(qk_queue));
}

UNIT_TEST(events_beyond_a_full_window_keep_their_order)
{
    UNIT_REQUIRE(qk_open(QK_STAYS));
    many();
    qk_close();
}

/* So many events of "a" that failed once, and one more that did not begin. */
static void wait_for_another_run(unsigned count)
{
    char expected[32];

    qk_record_many('a', 1, count + 1);
    for (unsigned i = 1; i <= count; i++) {
        snprintf(expected, sizeof expected, "a%u/1", i);
        qk_run(expected, QK_FAILS);
    }
}

UNIT_TEST(no_event_is_begun_while_as_many_as_may_be_wait_for_another_run)
{
    UNIT_REQUIRE(qk_open(QK_STAYS));
    wait_for_another_run(QUEUE_RETRIES_MAX);
    qk_record("b1");
    UNIT_TEXT("b1/1", qk_claim());
    UNIT_TEXT("-", qk_claim());
    UNIT_INT(qk_kit.now_ns + QK_FIRST_DELAY_NS, queue_next_ns(qk_queue));
    qk_reopen();
    UNIT_TEXT("-", qk_claim());
    qk_after(QK_FIRST_DELAY_NS);
    qk_run("a1/2", 0);
    UNIT_TEXT("a1001/1 a2/2 a3/2 a4/2", qk_claims(4));
    qk_close();
}

UNIT_TEST(events_are_begun_as_long_as_one_less_waits_for_another_run)
{
    UNIT_REQUIRE(qk_open(QK_STAYS));
    wait_for_another_run(QUEUE_RETRIES_MAX - 1);
    UNIT_TEXT("a1000/1", qk_claim());
    UNIT_TEXT("-", qk_claim());
    qk_close();
}

/* ---- another run */

static void fails_once(void)
{
    qk_record_many('a', 1, 2);
    qk_run("a1/1", QK_FAILS);
    qk_run("a2/1", 0);
    UNIT_TEXT("a1:again/1 a2:done/1", qk_states());
    qk_after(QK_FIRST_DELAY_NS - 1);
    UNIT_TEXT("-", qk_claim());
    UNIT_INT(qk_kit.now_ns + 1, queue_next_ns(qk_queue));
    qk_after(1);
    qk_run("a1/2", 0);
    UNIT_TEXT("-", qk_claim());
    UNIT_INT(INT64_MAX, queue_next_ns(qk_queue));
    UNIT_TEXT("a1:done/2 a2:done/1", qk_states());
}

UNIT_TEST(another_run_is_due_after_its_delay_and_no_sooner)
{
    qk_each_way(fails_once);
}

static void fails_always(void)
{
    char expected[32];

    qk_record("a1");
    for (unsigned i = 1; i <= RETRY_ATTEMPTS_MAX; i++) {
        snprintf(expected, sizeof expected, "a1/%u", i);
        qk_run(expected, QK_FAILS);
        snprintf(expected, sizeof expected, "a1:%s/%u", i < RETRY_ATTEMPTS_MAX ? "again" : "dead",
                 i);
        UNIT_TEXT(expected, qk_states());
        UNIT_TEXT("-", qk_claim());
        qk_after(24 * 3600 * QK_SECOND_NS);
    }
    UNIT_TEXT("-", qk_claim());
    UNIT_INT(INT64_MAX, queue_next_ns(qk_queue));
}

UNIT_TEST(an_event_is_dead_after_its_last_run)
{
    qk_each_way(fails_always);
}

static void cannot_succeed(void)
{
    qk_record("a1");
    qk_run("a1/1", RETRY_EXIT_DEAD);
    qk_after(24 * 3600 * QK_SECOND_NS);
    UNIT_TEXT("-", qk_claim());
    UNIT_TEXT("a1:dead/1", qk_states());
}

UNIT_TEST(a_hook_that_says_so_makes_a_dead_letter_at_once)
{
    qk_each_way(cannot_succeed);
}

static void lost_run(void)
{
    qk_record("a1");
    UNIT_TEXT("a1/1", qk_claim());
    qk_lose("a1");
    UNIT_TEXT("a1/1", qk_claim());
    UNIT_INT(1, claim_lost(qk_claimed("a1")));
    qk_lose("a1");
    UNIT_TEXT("-", qk_claim());
    qk_after(QK_FIRST_DELAY_NS);
    UNIT_TEXT("a1/1", qk_claim());
    UNIT_INT(2, claim_lost(qk_claimed("a1")));
    qk_end("a1", QK_FAILS);
    qk_after(QK_FIRST_DELAY_NS);
    UNIT_TEXT("a1/2", qk_claim());
    UNIT_INT(0, claim_lost(qk_claimed("a1")));
}

UNIT_TEST(a_run_whose_end_nobody_saw_takes_no_attempt)
{
    qk_each_way(lost_run);
}

/* ---- what could not be started */

UNIT_TEST(a_suspension_takes_no_attempt_and_ends_by_itself)
{
    UNIT_REQUIRE(qk_open(QK_STAYS));
    qk_record_many('a', 1, 2);
    UNIT_TEXT("a1/1", qk_claim());
    qk_suspend("a1");
    qk_after(QUEUE_SUSPEND_NS - 1);
    UNIT_TEXT("-", qk_claim());
    UNIT_INT(qk_kit.now_ns + 1, queue_next_ns(qk_queue));
    qk_after(1);
    UNIT_TEXT("a1/1", qk_claim());
    qk_close();
}

UNIT_TEST(a_suspension_holds_that_endpoint_only)
{
    UNIT_REQUIRE(qk_open(QK_STAYS));
    qk_record_many('a', 1, 2);
    qk_record_many('b', 1, 2);
    UNIT_TEXT("a1/1", qk_claim());
    qk_suspend("a1");
    UNIT_TEXT("b1/1 b2/1", qk_claims(9));
    qk_close();
}

UNIT_TEST(a_suspended_endpoint_is_tried_with_one_event_and_goes_on_when_that_ran)
{
    UNIT_REQUIRE(qk_open(QK_STAYS));
    qk_record_many('a', 1, 3);
    UNIT_TEXT("a1/1 a2/1", qk_claims(2));
    qk_suspend("a2");
    qk_unclaim("a1");
    qk_after(QUEUE_SUSPEND_NS);
    UNIT_TEXT("a1/1", qk_claims(9));
    UNIT_INT(INT64_MAX, queue_next_ns(qk_queue));
    qk_suspend("a1");
    qk_after(QUEUE_SUSPEND_NS);
    UNIT_TEXT("a1/1", qk_claims(9));
    qk_end("a1", QK_FAILS);
    UNIT_TEXT("a2/1 a3/1", qk_claims(9));
    qk_close();
}

UNIT_TEST(the_end_of_a_run_that_nobody_saw_ends_no_suspension)
{
    UNIT_REQUIRE(qk_open(QK_STAYS));
    qk_record_many('a', 1, 3);
    UNIT_TEXT("a1/1 a2/1", qk_claims(2));
    qk_suspend("a1");
    qk_lose("a2");
    UNIT_TEXT("-", qk_claim());
    qk_close();
}

static void suspended(void)
{
    qk_record_many('a', 1, 2);
    UNIT_TEXT("a1/1", qk_claim());
    qk_suspend("a1");
    UNIT_TEXT("a1/1", qk_claims(1));
}

UNIT_TEST(another_runner_tries_a_suspended_endpoint_at_once)
{
    UNIT_REQUIRE(qk_open(QK_KILLED));
    suspended();
    qk_close();
    unit_fresh_folder();
    UNIT_REQUIRE(qk_open(QK_ENDS));
    suspended();
    qk_close();
}

static void put_back(void)
{
    qk_record_many('a', 1, 4);
    UNIT_TEXT("a1/1 a2/1 a3/1", qk_claims(3));
    qk_end("a1", 0);
    qk_unclaim("a3");
    qk_unclaim("a2");
    UNIT_TEXT("a1:done/1 a2:waiting/0 a3:waiting/0 a4:waiting/0", qk_states());
    UNIT_TEXT("a2/1 a3/1 a4/1", qk_claims(9));
}

UNIT_TEST(what_is_given_back_is_as_if_it_had_not_been_claimed)
{
    qk_each_way(put_back);
}

/* ---- runs of an earlier runner */

static void lives_on(void)
{
    qk_record_many('a', 1, 2);
    qk_run("a1/1", QK_FAILS);
    qk_leave();
    UNIT_REQUIRE(qk_enter());
    UNIT_TRUE(qk_adopt("a1", 2) != NULL);
    UNIT_INT(2, claim_attempt(qk_claimed("a1")));
    UNIT_TRUE(qk_adopt("a1", 2) == NULL);
    qk_after(QK_FIRST_DELAY_NS);
    qk_run("a2/1", 0);
    UNIT_TEXT("-", qk_claim());
    qk_end("a1", 0);
    UNIT_TEXT("-", qk_claim());
    UNIT_TEXT("a1:done/2 a2:done/1", qk_states());
}

UNIT_TEST(a_run_that_lives_on_is_taken_over_and_begun_by_nobody_else)
{
    qk_each_way(lives_on);
}

static void end_known(void)
{
    qk_record_many('a', 1, 3);
    qk_run("a1/1", 0);
    qk_run("a2/1", QK_FAILS);
    qk_leave();
    UNIT_REQUIRE(qk_enter());
    UNIT_TRUE(qk_adopt("a1", 1) == NULL);
    UNIT_TRUE(qk_adopt("a2", 1) == NULL);
    qk_run("a3/1", 0);
    UNIT_TEXT("-", qk_claim());
}

UNIT_TEST(a_run_whose_end_is_on_record_is_not_taken_over)
{
    qk_each_way(end_known);
}

static void first_run_lives_on(void)
{
    qk_record_many('a', 1, 2);
    qk_leave();
    UNIT_REQUIRE(qk_enter());
    /* Before anything is read, and in the middle of what will be. */
    UNIT_TRUE(qk_adopt("a2", 1) != NULL);
    qk_run("a1/1", 0);
    UNIT_TEXT("-", qk_claim());
    qk_end("a2", 0);
    UNIT_TEXT("-", qk_claim());
    UNIT_TEXT("a1:done/1 a2:done/1", qk_states());
}

UNIT_TEST(a_first_run_is_taken_over_before_anything_is_read)
{
    qk_each_way(first_run_lives_on);
}

UNIT_TEST(a_first_run_that_was_taken_over_and_given_back_comes_before_later_events)
{
    UNIT_REQUIRE(qk_open(QK_STAYS));
    qk_record_many('a', 1, 3);
    UNIT_TEXT("a1/1 a2/1", qk_claims(2));
    qk_crash();
    qk_unclaim("a2");
    qk_unclaim("a1");
    UNIT_TEXT("a1/1 a2/1 a3/1", qk_claims(9));
    qk_close();
}

UNIT_TEST(what_is_no_event_of_ours_is_not_taken_over)
{
    static const char *const ids[] = {"1:99999", "7:103", "1:0", "", "x", "a1"};

    UNIT_REQUIRE(qk_open(QK_STAYS));
    qk_record("a1");
    for (size_t i = 0; i + 1 < sizeof ids / sizeof *ids; i++)
        UNIT_TRUE(qk_adopt(ids[i], 1) == NULL);
    UNIT_TRUE(qk_adopt("a1", 0) == NULL);
    qk_run("a1/1", 0);
    UNIT_TEXT("-", qk_claim());
    qk_close();
}

static void without_hook(void)
{
    qk_record("c1");
    qk_leave();
    UNIT_REQUIRE(qk_enter());
    UNIT_TRUE(qk_adopt("c1", 1) != NULL);
    UNIT_TRUE(claim_endpoint(qk_claimed("c1")) == NULL);
    qk_end("c1", QK_FAILS);
    qk_after(QK_FIRST_DELAY_NS);
    UNIT_TEXT("-", qk_claim());
    UNIT_TEXT("c1:again/1", qk_states());
    qk_hook('c', true);
    qk_run("c1/2", 0);
    UNIT_TEXT("c1:done/2", qk_states());
}

UNIT_TEST(a_run_of_an_endpoint_whose_hook_was_taken_away_is_taken_over)
{
    qk_each_way(without_hook);
}

/* ---- endpoints come and go */

static void comes_later(void)
{
    qk_record_many('a', 1, 2);
    qk_record_many('c', 1, 2);
    qk_run("a1/1", 0);
    qk_run("a2/1", 0);
    UNIT_TEXT("-", qk_claim());
    UNIT_TEXT("a1:done/1 a2:done/1 c1:none/0 c2:none/0", qk_states());
    qk_hook('c', true);
    UNIT_TEXT("-", qk_claim());
    UNIT_INT(INT64_MAX, queue_next_ns(qk_queue));
    qk_record("c3");
    UNIT_TEXT("a1:done/1 a2:done/1 c1:none/0 c2:none/0 c3:waiting/0", qk_states());
    qk_run("c3/1", 0);
    UNIT_TEXT("-", qk_claim());
    UNIT_TEXT("a1:done/1 a2:done/1 c1:none/0 c2:none/0 c3:done/1", qk_states());
    qk_record("a3");
    qk_run("a3/1", 0);
    UNIT_TEXT("-", qk_claim());
    UNIT_INT(INT64_MAX, queue_next_ns(qk_queue));
}

/* What came while it had none is asked for, or does not run. */
static void asked_for(void)
{
    qk_record_many('c', 1, 3);
    qk_order(ORDER_AGAIN, "c2");
    UNIT_TEXT("-", qk_claim());
    UNIT_TEXT("c1:none/0 c2:none/0 c3:none/0", qk_states());
    qk_hook('c', true);
    qk_order(ORDER_AGAIN, "c2");
    qk_run("c2/1", QK_FAILS);
    UNIT_TEXT("c1:none/0 c2:again/1 c3:none/0", qk_states());
    qk_after(QK_FIRST_DELAY_NS);
    qk_run("c2/2", 0);
    UNIT_TEXT("-", qk_claim());
    UNIT_TEXT("c1:none/0 c2:done/2 c3:none/0", qk_states());
}

UNIT_TEST(what_names_no_hook_runs_when_somebody_asks_for_it)
{
    qk_each_way(asked_for);
}

UNIT_TEST(a_hook_runs_for_what_was_recorded_since_it_was_set_up)
{
    qk_each_way(comes_later);
}

static void goes_and_comes_back(void)
{
    qk_record_many('a', 1, 4);
    qk_run("a1/1", 0);
    qk_run("a2/1", QK_FAILS);
    UNIT_TEXT("a3/1", qk_claim());
    qk_hook('a', false);
    UNIT_TRUE(claim_endpoint(qk_claimed("a3")) == NULL);
    qk_after(QK_FIRST_DELAY_NS);
    UNIT_TEXT("-", qk_claim());
    UNIT_INT(INT64_MAX, queue_next_ns(qk_queue));
    qk_end("a3", 0);
    qk_record_many('b', 1, 1);
    qk_run("b1/1", 0);
    qk_record("a5");
    UNIT_TEXT("-", qk_claim());
    UNIT_TEXT("a1:done/1 a2:again/1 a3:done/1 a4:none/0 b1:done/1 a5:none/0", qk_states());
    qk_hook('a', true);
    for (unsigned i = 0; i < 2; i++)
        qk_end(qk_claim_name(), 0);
    UNIT_TEXT("-", qk_claim());
    UNIT_INT(INT64_MAX, queue_next_ns(qk_queue));
    UNIT_TEXT("a1:done/1 a2:done/2 a3:done/1 a4:done/1 b1:done/1 a5:none/0", qk_states());
    qk_record("a6");
    qk_run("a6/1", 0);
}

UNIT_TEST(an_endpoint_that_gets_its_hook_back_goes_on_without_what_came_meanwhile)
{
    qk_each_way(goes_and_comes_back);
}
