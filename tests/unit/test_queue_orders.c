/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "core/retry.h"
#include "fault_kit.h"
#include "queue_kit.h"
#include "store/queue/ledger.h"
#include "unit.h"

/* ---- another run */

static void replay_done(void)
{
    qk_record_many('a', 1, 2);
    qk_run("a1/1", 0);
    qk_run("a2/1", 0);
    qk_order(ORDER_AGAIN, "a1");
    UNIT_TEXT("a1:waiting/0 a2:done/1", qk_states());
    qk_run("a1/1", 0);
    UNIT_TEXT("-", qk_claim());
    qk_reopen();
    UNIT_TEXT("-", qk_claim());
    qk_crash();
    UNIT_TEXT("-", qk_claim());
    UNIT_TEXT("a1:done/1 a2:done/1", qk_states());
    UNIT_FALSE(qk_orders_wait());
}

UNIT_TEST(a_replay_runs_what_is_done_once_more)
{
    qk_each_way(replay_done);
}

static void replay_fails(void)
{
    qk_record("a1");
    qk_run("a1/1", 0);
    qk_order(ORDER_AGAIN, "a1");
    qk_run("a1/1", QK_FAILS);
    UNIT_TEXT("a1:again/1", qk_states());
    qk_after(QK_FIRST_DELAY_NS - 1);
    UNIT_TEXT("-", qk_claim());
    qk_after(1);
    qk_run("a1/2", 0);
    UNIT_TEXT("-", qk_claim());
}

UNIT_TEST(a_replay_that_fails_has_all_its_attempts)
{
    qk_each_way(replay_fails);
}

static void retry_dead(void)
{
    qk_record("a1");
    qk_run("a1/1", RETRY_EXIT_DEAD);
    qk_order(ORDER_AGAIN, "a1");
    UNIT_TEXT("a1:waiting/0", qk_states());
    qk_run("a1/1", 0);
    UNIT_TEXT("-", qk_claim());
    UNIT_TEXT("a1:done/1", qk_states());
}

UNIT_TEST(a_dead_letter_is_run_again)
{
    qk_each_way(retry_dead);
}

static void replay_dropped(void)
{
    qk_record("a1");
    qk_order(ORDER_DROP, "a1");
    UNIT_TEXT("-", qk_claim());
    qk_order(ORDER_AGAIN, "a1");
    qk_run("a1/1", 0);
    UNIT_TEXT("-", qk_claim());
}

UNIT_TEST(what_was_dropped_can_be_run_all_the_same)
{
    qk_each_way(replay_dropped);
}

static void hasten(void)
{
    qk_record("a1");
    qk_run("a1/1", QK_FAILS);
    UNIT_TEXT("-", qk_claim());
    qk_order(ORDER_AGAIN, "a1");
    qk_run("a1/1", 0);
    qk_after(QK_FIRST_DELAY_NS);
    UNIT_TEXT("-", qk_claim());
}

UNIT_TEST(what_waits_for_another_run_has_it_at_once_and_all_its_attempts)
{
    qk_each_way(hasten);
}

static void not_yet_run(void)
{
    qk_record_many('a', 1, 2);
    qk_order(ORDER_AGAIN, "a2");
    qk_run("a1/1", 0);
    qk_order(ORDER_AGAIN, "a2");
    qk_run("a2/1", 0);
    UNIT_TEXT("-", qk_claim());
}

UNIT_TEST(a_replay_of_what_was_not_run_yet_adds_no_run)
{
    qk_each_way(not_yet_run);
}

static void put_off_and_asked_for(void)
{
    qk_record_many('a', 1, 3);
    UNIT_TEXT("a1/1 a2/1", qk_claims(2));
    qk_unclaim("a1");
    qk_unclaim("a2");
    qk_order(ORDER_AGAIN, "a2");
    qk_run("a1/1", 0);
    qk_run("a2/1", 0);
    qk_run("a3/1", 0);
    UNIT_TEXT("-", qk_claim());
}

UNIT_TEST(a_replay_of_what_was_claimed_and_given_back_adds_no_run)
{
    qk_each_way(put_off_and_asked_for);
}

static void replay_while_it_runs(void)
{
    qk_record("a1");
    UNIT_TEXT("a1/1", qk_claim());
    qk_order(ORDER_AGAIN, "a1");
    UNIT_TEXT("-", qk_claim());
    qk_end("a1", 0);
    qk_run("a1/1", 0);
    UNIT_TEXT("-", qk_claim());
}

UNIT_TEST(a_replay_of_what_is_running_runs_it_once_more_afterwards)
{
    qk_each_way(replay_while_it_runs);
}

UNIT_TEST(a_replay_of_what_is_running_survives_a_runner_that_did_not_see_the_end)
{
    UNIT_REQUIRE(qk_open(QK_STAYS));
    qk_record("a1");
    UNIT_TEXT("a1/1", qk_claim());
    qk_order(ORDER_AGAIN, "a1");
    qk_fill();
    qk_crash();
    qk_crash();
    UNIT_INT(1, claim_attempt(qk_claimed("a1")));
    qk_end("a1", 0);
    qk_run("a1/1", 0);
    UNIT_TEXT("-", qk_claim());
    qk_close();
}

static void replay_while_the_third_runs(void)
{
    qk_record("a1");
    qk_run("a1/1", QK_FAILS);
    qk_after(QK_FIRST_DELAY_NS);
    UNIT_TEXT("a1/2", qk_claim());
    qk_order(ORDER_AGAIN, "a1");
    UNIT_TEXT("-", qk_claim());
    UNIT_INT(2, claim_attempt(qk_claimed("a1")));
    qk_end("a1", QK_FAILS);
    qk_run("a1/1", 0);
    qk_after(3600 * QK_SECOND_NS);
    UNIT_TEXT("-", qk_claim());
}

UNIT_TEST(a_replay_of_what_is_running_begins_its_attempts_anew)
{
    qk_each_way(replay_while_the_third_runs);
}

static void two_side_by_side(void)
{
    qk_record("a1");
    UNIT_TEXT("a1/1", qk_claim());
    qk_order(ORDER_DROP, "a1");
    UNIT_TEXT("-", qk_claim());
    qk_order(ORDER_AGAIN, "a1");
    UNIT_TEXT("-", qk_claim());
    qk_end("a1", 0);
    qk_run("a1/1", 0);
    UNIT_TEXT("-", qk_claim());
}

UNIT_TEST(what_was_dropped_and_replayed_while_it_ran_does_not_run_twice_at_once)
{
    UNIT_REQUIRE(qk_open(QK_STAYS));
    two_side_by_side();
    qk_close();
}

/* ---- no more runs */

static void drop_unread(void)
{
    qk_record_many('a', 1, QUEUE_WINDOW_MAX + 3);
    qk_run("a1/1", 0);
    qk_order(ORDER_DROP, "a66");
    qk_order(ORDER_DROP, "a3");
    qk_run("a2/1", 0);
    UNIT_TEXT("a4/1", qk_claim());
    qk_end("a4", 0);
    for (unsigned i = 5; i <= QUEUE_WINDOW_MAX + 1; i++) {
        char expected[32];

        snprintf(expected, sizeof expected, "a%u/1", i);
        qk_run(expected, 0);
    }
    qk_run("a67/1", 0);
    UNIT_TEXT("-", qk_claim());
    UNIT_INT(INT64_MAX, queue_next_ns(qk_queue));
}

UNIT_TEST(what_was_dropped_before_its_first_run_is_passed_over)
{
    qk_each_way(drop_unread);
}

static void drop_before_the_first_runner(void)
{
    qk_leave();
    qk_record_many('a', 1, 2);
    qk_order(ORDER_DROP, "a1");
    UNIT_TEXT("a1:dropped/0 a2:waiting/0", qk_states());
    UNIT_REQUIRE(qk_enter());
    qk_fill();
    qk_run("a2/1", 0);
    UNIT_TEXT("-", qk_claim());
    UNIT_TEXT("a1:dropped/0 a2:done/1", qk_states());
}

UNIT_TEST(orders_given_while_no_runner_is_there_are_carried_out_by_the_next)
{
    qk_each_way(drop_before_the_first_runner);
}

static void drop_waiting(void)
{
    qk_record_many('a', 1, 2);
    qk_run("a1/1", QK_FAILS);
    qk_run("a2/1", QK_FAILS);
    qk_order(ORDER_DROP, "a1");
    UNIT_TEXT("a1:dropped/1 a2:again/1", qk_states());
    qk_after(QK_FIRST_DELAY_NS);
    qk_run("a2/2", 0);
    UNIT_TEXT("-", qk_claim());
    UNIT_INT(INT64_MAX, queue_next_ns(qk_queue));
    UNIT_TEXT("a1:dropped/1 a2:done/2", qk_states());
}

UNIT_TEST(what_was_dropped_while_it_waited_for_another_run_has_none)
{
    qk_each_way(drop_waiting);
}

static void drop_running(int code, const char *state)
{
    char expected[64];

    qk_record_many('a', 1, 2);
    UNIT_TEXT("a1/1", qk_claim());
    qk_order(ORDER_DROP, "a1");
    qk_run("a2/1", 0);
    qk_end("a1", code);
    qk_after(24 * 3600 * QK_SECOND_NS);
    UNIT_TEXT("-", qk_claim());
    snprintf(expected, sizeof expected, "a1:%s/1 a2:done/1", state);
    UNIT_TEXT(expected, qk_states());
    UNIT_INT(INT64_MAX, queue_next_ns(qk_queue));
}

UNIT_TEST(what_was_dropped_while_it_ran_is_not_run_again_when_it_fails)
{
    UNIT_REQUIRE(qk_open(QK_STAYS));
    drop_running(QK_FAILS, "dropped");
    qk_close();
}

UNIT_TEST(what_was_dropped_while_it_ran_becomes_no_dead_letter)
{
    UNIT_REQUIRE(qk_open(QK_STAYS));
    drop_running(RETRY_EXIT_DEAD, "dropped");
    qk_close();
}

UNIT_TEST(what_was_dropped_while_it_ran_and_did_its_work_is_done)
{
    UNIT_REQUIRE(qk_open(QK_STAYS));
    drop_running(0, "done");
    qk_close();
}

UNIT_TEST(what_was_dropped_while_it_ran_is_nothing_that_another_runner_takes_over)
{
    UNIT_REQUIRE(qk_open(QK_STAYS));
    qk_record_many('a', 1, 2);
    UNIT_TEXT("a1/1", qk_claim());
    qk_order(ORDER_DROP, "a1");
    qk_fill();
    qk_leave();
    UNIT_REQUIRE(qk_enter());
    UNIT_TRUE(qk_adopt("a1", 1) == NULL);
    qk_run("a2/1", 0);
    UNIT_TEXT("-", qk_claim());
    qk_close();
}

static void drop_dead(void)
{
    qk_record("a1");
    qk_run("a1/1", RETRY_EXIT_DEAD);
    qk_order(ORDER_DROP, "a1");
    UNIT_TEXT("-", qk_claim());
    UNIT_TEXT("a1:dropped/1", qk_states());
}

UNIT_TEST(a_dead_letter_can_be_dropped)
{
    qk_each_way(drop_dead);
}

/* ---- what cannot be carried out */

UNIT_TEST(orders_for_no_event_of_ours_are_ignored)
{
    UNIT_REQUIRE(qk_open(QK_STAYS));
    qk_record_many('a', 1, 2);
    qk_record("c1");
    qk_run("a1/1", 0);
    qk_order(ORDER_AGAIN, "9:103");
    qk_order(ORDER_DROP, "1:99999");
    qk_order(ORDER_AGAIN, "c1");
    qk_order(ORDER_AGAIN, "a1");
    qk_fill();
    UNIT_FALSE(qk_orders_wait());
    qk_reopen();
    qk_fill();
    UNIT_TEXT("a1/1 a2/1", qk_claims(9));
    qk_close();
}

UNIT_TEST(an_order_for_a_place_within_a_record_is_ignored)
{
    char inside[40];

    UNIT_REQUIRE(qk_open(QK_STAYS));
    qk_record("a1");
    snprintf(inside, sizeof inside, "1:%u", (unsigned)qk_place("a1").offset + 7);
    qk_order(ORDER_AGAIN, inside);
    qk_fill();
    UNIT_FALSE(qk_orders_wait());
    UNIT_TEXT("a1/1", qk_claims(9));
    qk_close();
}

UNIT_TEST(an_order_for_an_event_whose_record_is_damaged_is_ignored)
{
    int fd;

    UNIT_REQUIRE(qk_open(QK_STAYS));
    qk_record_many('a', 1, 2);
    qk_run("a1/1", 0);
    qk_order(ORDER_AGAIN, "a1");
    fd = file_open(qk_kit.spool.log, "00000001.jsonl", O_WRONLY, 0);
    UNIT_INT(0, file_pwrite(fd, "~~~~", 4, (off_t)qk_place("a1").offset + 30));
    file_close(&fd);
    qk_fill();
    UNIT_FALSE(qk_orders_wait());
    UNIT_TEXT("a2/1", qk_claims(9));
    qk_close();
}

/* A line of the ledger that this version does not write. */
static void other_order(const char *line)
{
    struct ledger *ledger = NULL;

    err_clear(&qk_err);
    UNIT_STATUS(STATUS_OK,
                ledger_open(&ledger, &qk_kit.spool, LEDGER_ORDERS, qk_kit.now_ns, &qk_err),
                &qk_err);
    if (ledger == NULL)
        return;
    UNIT_STATUS(STATUS_OK, ledger_append(ledger, str_of(line), qk_kit.now_ns, &qk_err), &qk_err);
    UNIT_STATUS(STATUS_OK, ledger_sync(ledger, qk_kit.now_ns, &qk_err), &qk_err);
    ledger_close(ledger);
}

UNIT_TEST(orders_of_another_version_are_ignored)
{
    UNIT_REQUIRE(qk_open(QK_STAYS));
    qk_record("a1");
    qk_run("a1/1", 0);
    other_order("{\"do\":\"dance\",\"id\":\"1:103\"");
    other_order("{\"do\":\"again\"");
    qk_order(ORDER_AGAIN, "a1");
    qk_fill();
    UNIT_FALSE(qk_orders_wait());
    UNIT_TEXT("a1/1", qk_claims(9));
    qk_close();
}

/* The nth such call of a fill with orders fails; they are carried out by the next. false: there
 * are no more calls. */
static bool carried_out_in_spite_of(enum fault_call call, unsigned nth, int error,
                                    enum status expected)
{
    enum status status;
    bool came;

    if (!UNIT_TRUE(qk_open(QK_STAYS)))
        return false;
    qk_record_many('a', 1, 3);
    qk_record("c1");
    qk_run("a1/1", 0);
    qk_run("a2/1", QK_FAILS);
    qk_run("a3/1", 0);
    qk_record("b1");
    qk_run("b1/1", 0);
    qk_order(ORDER_AGAIN, "a1");
    qk_order(ORDER_DROP, "a2");
    qk_order(ORDER_DROP, "c1");
    qk_order(ORDER_AGAIN, "b1");
    err_clear(&qk_err);
    fault_arm(call, nth, error);
    status = queue_fill(qk_queue, qk_kit.now_ns, &qk_err);
    came = fault_disarm();
    if (status != STATUS_OK)
        UNIT_STATUS(expected, status, &qk_err);
    qk_fill();
    err_clear(&qk_err);
    UNIT_STATUS(STATUS_OK, queue_flush(qk_queue, true, qk_kit.now_ns, &qk_err), &qk_err);
    UNIT_TEXT("a1/1 b1/1", qk_claims(9));
    UNIT_FALSE(qk_orders_wait());
    qk_end("a1", 0);
    qk_end("b1", 0);
    UNIT_TEXT("-", qk_claim());
    UNIT_TEXT("a1:done/1 a2:dropped/1 a3:done/1 c1:dropped/0 b1:done/1", qk_states());
    qk_close();
    unit_fresh_folder();
    return came;
}

static void each_is_carried_out_in_spite_of(enum fault_call call, int error, enum status expected)
{
    unsigned nth = 1;

    while (carried_out_in_spite_of(call, nth, error, expected))
        nth++;
    UNIT_TRUE(nth > 1);
}

UNIT_TEST(orders_that_the_system_does_not_let_us_carry_out_are_carried_out_later_and_once)
{
    each_is_carried_out_in_spite_of(FAULT_MEMORY, ENOMEM, STATUS_MEMORY);
    each_is_carried_out_in_spite_of(FAULT_OPENAT, EMFILE, STATUS_IO);
    each_is_carried_out_in_spite_of(FAULT_PREAD, EINVAL, STATUS_IO);
}

UNIT_TEST(a_replay_is_not_begun_before_it_is_on_disk_that_it_was_taken)
{
    UNIT_REQUIRE(qk_open(QK_STAYS));
    qk_record("a1");
    qk_run("a1/1", 0);
    qk_order(ORDER_AGAIN, "a1");
    atomic_store(&kit_syncs_to_fail, 1);
    err_clear(&qk_err);
    UNIT_STATUS(STATUS_IO, queue_fill(qk_queue, qk_kit.now_ns, &qk_err), NULL);
    UNIT_TEXT("-", qk_claim());
    UNIT_TRUE(queue_flush_ns(qk_queue) <= qk_kit.now_ns + QUEUE_SNAPSHOT_NS);
    err_clear(&qk_err);
    UNIT_STATUS(STATUS_OK, queue_flush(qk_queue, true, qk_kit.now_ns, &qk_err), &qk_err);
    qk_run("a1/1", 0);
    UNIT_TEXT("-", qk_claim());
    qk_crash();
    UNIT_TEXT("-", qk_claim());
    qk_close();
}

/* a1 and a2 are done, and one more event may wait for another run. */
static bool open_crowded(void)
{
    char expected[32];

    if (!qk_open(QK_STAYS))
        return false;
    qk_record_many('a', 1, QUEUE_RETRIES_MAX + 2);
    for (unsigned i = 1; i <= QUEUE_RETRIES_MAX + 1; i++) {
        snprintf(expected, sizeof expected, "a%u/1", i);
        qk_run(expected, i <= 2 ? 0 : QK_FAILS);
    }
    return true;
}

UNIT_TEST(replays_wait_where_as_many_as_may_be_wait_already)
{
    UNIT_REQUIRE(open_crowded());
    /* One finds room, the other does not. */
    qk_order(ORDER_AGAIN, "a1");
    qk_order(ORDER_AGAIN, "a2");
    UNIT_TEXT("a1/1", qk_claims(9));
    UNIT_TRUE(qk_orders_wait());
    qk_crash();
    UNIT_TEXT("-", qk_claim());
    qk_end("a1", 0);
    UNIT_TEXT("a2/1", qk_claims(9));
    qk_close();
}

UNIT_TEST(what_is_dropped_makes_room_for_replays_that_were_asked_for_before)
{
    UNIT_REQUIRE(open_crowded());
    qk_order(ORDER_AGAIN, "a1");
    qk_order(ORDER_AGAIN, "a2");
    UNIT_TEXT("a1/1", qk_claims(9));
    qk_order(ORDER_DROP, "a5");
    UNIT_TEXT("a2/1", qk_claims(9));
    qk_end("a1", 0);
    qk_end("a2", 0);
    qk_after(24 * 3600 * QK_SECOND_NS);
    UNIT_TRUE(strstr(qk_claims(9), "a5/") == NULL);
    qk_close();
}

UNIT_TEST(a_replay_after_a_drop_that_was_carried_out_early_is_not_lost)
{
    UNIT_REQUIRE(open_crowded());
    qk_order(ORDER_AGAIN, "a1");
    qk_order(ORDER_AGAIN, "a2");
    qk_order(ORDER_DROP, "a5");
    qk_order(ORDER_AGAIN, "a5");
    UNIT_TEXT("a1/1 a2/1", qk_claims(9));
    qk_end("a1", 0);
    UNIT_TEXT("a5/1", qk_claims(9));
    qk_crash();
    qk_end("a5", 0);
    UNIT_TEXT("a1002/1", qk_claims(9));
    qk_close();
}
