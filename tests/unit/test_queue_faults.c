/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "core/retry.h"
#include "queue_kit.h"
#include "store/journal/segment.h"
#include "unit.h"

#define HOUR_NS (3600 * QK_SECOND_NS)
#define YEAR_NS (365 * 24 * HOUR_NS)
#define LOOKS 20

/* ---- the journal */

static int segment_at(uint32_t segment, int flags)
{
    char name[SPOOL_NAME_MAX];

    spool_segment_name(name, segment);
    return file_open(qk_kit.spool.log, name, flags, 0600);
}

static bool remove_segment(uint32_t segment)
{
    char name[SPOOL_NAME_MAX];

    spool_segment_name(name, segment);
    return UNIT_TRUE(unlinkat(qk_kit.spool.log, name, 0) == 0);
}

/* Nobody but root is kept from reading by a mode, and tests may run as root. */
static bool make_unreadable(uint32_t segment)
{
    char name[SPOOL_NAME_MAX];

    spool_segment_name(name, segment);
    return remove_segment(segment) && UNIT_TRUE(mkdirat(qk_kit.spool.log, name, 0700) == 0);
}

static bool spoil(uint32_t segment, off_t offset)
{
    int fd = segment_at(segment, O_WRONLY);
    bool done = fd >= 0 && file_pwrite(fd, "~~~~", 4, offset) == 0;

    file_close(&fd);
    return UNIT_TRUE(done);
}

/* A segment for each event: a1 in the first, and so on. */
static bool open_in_segments(unsigned events)
{
    if (!qk_open(QK_STAYS))
        return false;
    qk_kit.options.segment_max = 1;
    if (!kit_reopen(&qk_kit))
        return false;
    qk_record_many('a', 1, events);
    return UNIT_TRUE((int)events <= kit_segments(&qk_kit));
}

/* Looks as a runner does: where nothing can be claimed it must be told a time to come. */
static void looks_end(enum status expected)
{
    unsigned looks = 0;

    do {
        err_clear(&qk_err);
        UNIT_STATUS(expected, queue_fill(qk_queue, qk_kit.now_ns, &qk_err), &qk_err);
    } while (queue_next_ns(qk_queue) <= qk_kit.now_ns && qk_claim_unfilled() == 0 &&
             ++looks < LOOKS);
    UNIT_TRUE(looks < LOOKS);
}

UNIT_TEST(an_event_whose_record_was_pruned_is_settled_and_others_go_on)
{
    struct record record;

    UNIT_REQUIRE(open_in_segments(3));
    qk_fill();
    UNIT_REQUIRE(remove_segment(qk_place("a1").segment));
    UNIT_TEXT("a1/1", qk_claim());
    err_clear(&qk_err);
    UNIT_STATUS(STATUS_MISSING, claim_record(qk_queue, qk_claimed("a1"), &record, &qk_err),
                &qk_err);
    qk_not_run("a1");
    UNIT_TEXT("a2/1 a3/1", qk_claims(9));
    err_clear(&qk_err);
    UNIT_STATUS(STATUS_OK, claim_record(qk_queue, qk_claimed("a2"), &record, &qk_err), &qk_err);
    UNIT_STR(qk_id("a2"), record.id);
    record_free(&record);
    qk_close();
}

UNIT_TEST(a_damaged_record_is_told_and_others_go_on)
{
    struct record record;

    UNIT_REQUIRE(open_in_segments(2));
    qk_fill();
    UNIT_TEXT("a1/1", qk_claim());
    UNIT_REQUIRE(spoil(qk_place("a1").segment, (off_t)qk_place("a1").offset + 30));
    UNIT_STATUS(STATUS_CORRUPT, claim_record(qk_queue, qk_claimed("a1"), &record, NULL), NULL);
    qk_not_run("a1");
    qk_run("a2/1", 0);
    qk_crash();
    UNIT_TEXT("-", qk_claim());
    UNIT_TEXT("a1:dead/0 a2:done/1", qk_states());
    qk_close();
}

UNIT_TEST(a_cursor_in_a_segment_that_was_pruned_goes_on_in_the_next)
{
    UNIT_REQUIRE(open_in_segments(4));
    qk_run("a1/1", 0);
    qk_reopen();
    qk_leave();
    UNIT_REQUIRE(remove_segment(qk_place("a1").segment));
    UNIT_REQUIRE(remove_segment(qk_place("a2").segment));
    UNIT_REQUIRE(qk_enter());
    qk_run("a3/1", 0);
    qk_run("a4/1", 0);
    UNIT_TEXT("-", qk_claim());
    UNIT_INT(INT64_MAX, queue_next_ns(qk_queue));
    qk_close();
}

UNIT_TEST(a_run_of_an_event_that_was_pruned_is_not_taken_over)
{
    UNIT_REQUIRE(open_in_segments(2));
    qk_leave();
    UNIT_REQUIRE(remove_segment(qk_place("a1").segment));
    UNIT_REQUIRE(qk_enter());
    UNIT_TRUE(qk_adopt("a1", 1) == NULL);
    qk_order(ORDER_DROP, "a1");
    qk_fill();
    UNIT_FALSE(qk_orders_wait());
    qk_run("a2/1", 0);
    qk_close();
}

UNIT_TEST(a_segment_that_is_missing_in_the_middle_takes_no_other_event_along)
{
    UNIT_REQUIRE(open_in_segments(4));
    UNIT_REQUIRE(remove_segment(qk_place("a2").segment));
    UNIT_TEXT("a1/1 a3/1 a4/1", qk_claims(9));
    looks_end(STATUS_OK);
    qk_close();
}

UNIT_TEST(a_segment_with_a_damaged_header_is_read_all_the_same)
{
    UNIT_REQUIRE(open_in_segments(3));
    UNIT_REQUIRE(spoil(qk_place("a2").segment, 2));
    UNIT_REQUIRE(spoil(qk_place("a3").segment, 2));
    UNIT_TEXT("a1/1 a2/1 a3/1", qk_claims(9));
    looks_end(STATUS_OK);
    qk_close();
}

UNIT_TEST(without_the_last_segment_nobody_looks_for_ever)
{
    UNIT_REQUIRE(open_in_segments(3));
    UNIT_REQUIRE(remove_segment(qk_place("a3").segment));
    UNIT_TEXT("a1/1 a2/1", qk_claims(9));
    looks_end(STATUS_OK);
    qk_crash();
    looks_end(STATUS_OK);
    qk_close();
}

UNIT_TEST(a_segment_that_cannot_be_read_is_told_and_nobody_looks_for_ever)
{
    UNIT_REQUIRE(open_in_segments(3));
    /* How much counts of a segment is said by the next one. */
    UNIT_REQUIRE(make_unreadable(qk_place("a3").segment));
    looks_end(STATUS_IO);
    looks_end(STATUS_IO);
    UNIT_TRUE(qk_claimed("a1") != NULL);
    UNIT_TRUE(qk_claimed("a2") == NULL);
    UNIT_INT(INT64_MAX, queue_next_ns(qk_queue));
    qk_leave();
    UNIT_REQUIRE(qk_enter());
    /* One that is behind has a reader of its own. */
    qk_hook('c', true);
    looks_end(STATUS_IO);
    qk_close();
}

UNIT_TEST(a_journal_that_cannot_be_listed_is_told_and_nobody_looks_for_ever)
{
    int log;

    UNIT_REQUIRE(open_in_segments(2));
    log = qk_kit.spool.log;
    qk_kit.spool.log = -1;
    looks_end(STATUS_IO);
    UNIT_INT(INT64_MAX, queue_next_ns(qk_queue));
    qk_kit.spool.log = log;
    qk_run("a1/1", 0);
    qk_close();
}

UNIT_TEST(what_is_not_recovered_after_a_reboot_is_run_once_and_what_comes_then_too)
{
    UNIT_REQUIRE(qk_open(QK_STAYS));
    qk_record_many('a', 1, 2);
    qk_run("a1/1", 0);
    qk_leave();
    UNIT_REQUIRE(qk_remove(SPOOL_STATE));
    UNIT_REQUIRE(qk_enter());
    qk_run("a2/1", 0);
    looks_end(STATUS_OK);
    UNIT_INT(INT64_MAX, queue_next_ns(qk_queue));
    UNIT_REQUIRE(kit_reopen(&qk_kit));
    qk_record("a3");
    UNIT_TRUE(qk_place("a3").segment > qk_place("a2").segment);
    qk_run("a3/1", 0);
    looks_end(STATUS_OK);
    UNIT_INT(INT64_MAX, queue_next_ns(qk_queue));
    qk_close();
}

UNIT_TEST(an_empty_journal_is_looked_at_once)
{
    UNIT_REQUIRE(qk_open(QK_STAYS));
    looks_end(STATUS_OK);
    UNIT_INT(INT64_MAX, queue_next_ns(qk_queue));
    qk_close();
}

/* ---- the clock */

static void clock_forward(void)
{
    qk_record_many('a', 1, 3);
    qk_run("a1/1", QK_FAILS);
    qk_run("a2/1", QK_FAILS);
    qk_after(YEAR_NS);
    qk_run("a1/2", QK_FAILS);
    qk_end(qk_claim_name(), QK_FAILS);
    qk_end(qk_claim_name(), QK_FAILS);
    /* Each once, as its delays say. */
    UNIT_TEXT("-", qk_claim());
    UNIT_TEXT("a1:again/2 a2:again/2 a3:again/1", qk_states());
}

UNIT_TEST(a_clock_that_jumps_a_year_forward_runs_each_event_once)
{
    qk_each_way(clock_forward);
}

static void clock_back(void)
{
    qk_record("a1");
    qk_after(YEAR_NS);
    qk_run("a1/1", QK_FAILS);
    qk_after(-YEAR_NS);
    qk_run("a1/2", QK_FAILS);
    UNIT_TEXT("-", qk_claim());
    qk_after(24 * QK_SECOND_NS);
    qk_run("a1/3", 0);
    UNIT_TEXT("-", qk_claim());
}

UNIT_TEST(what_a_clock_of_next_year_put_off_is_run_now)
{
    qk_each_way(clock_back);
}

static void clock_an_hour_back(void)
{
    qk_record("a1");
    qk_run("a1/1", QK_FAILS);
    qk_after(-HOUR_NS);
    qk_run("a1/2", QK_FAILS);
    UNIT_TEXT("-", qk_claim());
    qk_after(24 * QK_SECOND_NS);
    UNIT_TEXT("a1/3", qk_claim());
}

UNIT_TEST(a_clock_that_is_set_back_an_hour_starves_no_event)
{
    qk_each_way(clock_an_hour_back);
}

UNIT_TEST(a_clock_that_is_set_back_ends_a_suspension_rather_than_making_it_longer)
{
    UNIT_REQUIRE(qk_open(QK_STAYS));
    qk_record("a1");
    UNIT_TEXT("a1/1", qk_claim());
    qk_suspend("a1");
    qk_after(-HOUR_NS);
    UNIT_TEXT("a1/1", qk_claim());
    qk_suspend("a1");
    UNIT_TEXT("-", qk_claim());
    qk_after(QUEUE_SUSPEND_NS);
    UNIT_TEXT("a1/1", qk_claim());
    qk_close();
}

UNIT_TEST(a_clock_that_is_set_back_keeps_no_result_from_the_snapshot)
{
    UNIT_REQUIRE(qk_open(QK_STAYS));
    qk_record("a1");
    qk_run("a1/1", 0);
    qk_after(-HOUR_NS);
    atomic_store(&kit_syncs, 0);
    UNIT_STATUS(STATUS_OK, queue_flush(qk_queue, false, qk_kit.now_ns, NULL), NULL);
    UNIT_INT(1, atomic_load(&kit_syncs));
    UNIT_INT(INT64_MAX, queue_flush_ns(qk_queue));
    qk_close();
}

/* ---- results that cannot be written, or synced */

static enum status settle_badly(const char *name)
{
    struct result result = {.attempt = 1, .state = RESULT_DONE, .end = RESULT_EXIT};

    return queue_settle(qk_queue, qk_claimed(name), &result, qk_kit.now_ns, NULL);
}

UNIT_TEST(an_event_whose_result_cannot_be_written_is_run_again_but_not_at_once)
{
    UNIT_REQUIRE(qk_open(QK_STAYS));
    qk_record_many('a', 1, 2);
    UNIT_TEXT("a1/1", qk_claim());
    atomic_store(&kit_write_cut, 10);
    atomic_store(&kit_write_errno, ENOSPC);
    UNIT_STATUS(STATUS_NO_SPACE, settle_badly("a1"), NULL);
    qk_forget("a1");
    qk_run("a2/1", 0);
    UNIT_TEXT("-", qk_claim());
    qk_after(60 * QK_SECOND_NS - 1);
    UNIT_TEXT("-", qk_claim());
    qk_after(1);
    qk_run("a1/1", 0);
    UNIT_TEXT("-", qk_claim());
    qk_crash();
    UNIT_TEXT("-", qk_claim());
    UNIT_TEXT("a1:done/1 a2:done/1", qk_states());
    qk_close();
}

/* The snapshot as text, to be compared. */
static const char *on_disk(void)
{
    static char out[4096];
    struct buf text;

    out[0] = '\0';
    if (qk_snapshot(&text))
        snprintf(out, sizeof out, "%s", text.ptr);
    buf_free(&text);
    return out;
}

UNIT_TEST(a_snapshot_speaks_of_no_result_whose_sync_failed)
{
    char before[4096];

    UNIT_REQUIRE(qk_open(QK_STAYS));
    qk_record_many('a', 1, 3);
    qk_run("a1/1", 0);
    qk_run("a2/1", QK_FAILS);
    snprintf(before, sizeof before, "%s", on_disk());
    atomic_store(&kit_syncs_to_fail, 1);
    UNIT_STATUS(STATUS_IO, queue_flush(qk_queue, true, qk_kit.now_ns, NULL), NULL);
    UNIT_TEXT(before, on_disk());
    UNIT_TRUE(queue_flush_ns(qk_queue) < INT64_MAX);
    qk_run("a3/1", 0);
    UNIT_STATUS(STATUS_OK, queue_flush(qk_queue, true, qk_kit.now_ns, NULL), NULL);
    UNIT_TRUE(strcmp(before, on_disk()) != 0);
    UNIT_INT(INT64_MAX, queue_flush_ns(qk_queue));
    UNIT_TEXT("a1:done/1 a2:again/1 a3:done/1", qk_states());
    qk_crash();
    qk_after(QK_FIRST_DELAY_NS);
    qk_run("a2/2", 0);
    UNIT_TEXT("-", qk_claim());
    UNIT_TEXT("a1:done/1 a2:done/2 a3:done/1", qk_states());
    qk_close();
}

UNIT_TEST(nothing_is_lost_or_run_twice_when_any_one_sync_of_results_fails)
{
    for (int failing = 0; failing < 6; failing++) {
        UNIT_REQUIRE(qk_open(QK_STAYS));
        qk_record_many('a', 1, 6);
        for (int i = 0; i < 6; i++) {
            char expected[32];

            snprintf(expected, sizeof expected, "a%d/1", i + 1);
            qk_run(expected, 0);
            atomic_store(&kit_syncs_to_fail, i == failing);
            UNIT_STATUS(i == failing ? STATUS_IO : STATUS_OK,
                        queue_flush(qk_queue, true, qk_kit.now_ns, NULL), NULL);
        }
        qk_crash();
        UNIT_TEXT("-", qk_claim());
        UNIT_TEXT("a1:done/1 a2:done/1 a3:done/1 a4:done/1 a5:done/1 a6:done/1", qk_states());
        qk_close();
        unit_fresh_folder();
    }
}

UNIT_TEST(a_flush_writes_where_it_is_due_or_asked_for_and_there_is_something)
{
    UNIT_REQUIRE(qk_open(QK_STAYS));
    qk_record("a1");
    qk_run("a1/1", 0);
    UNIT_INT(qk_kit.now_ns + QUEUE_SNAPSHOT_NS, queue_flush_ns(qk_queue));
    qk_after(QUEUE_SNAPSHOT_NS - 1);
    atomic_store(&kit_syncs, 0);
    UNIT_STATUS(STATUS_OK, queue_flush(qk_queue, false, qk_kit.now_ns, NULL), NULL);
    UNIT_INT(0, atomic_load(&kit_syncs));
    qk_after(1);
    UNIT_STATUS(STATUS_OK, queue_flush(qk_queue, false, qk_kit.now_ns, NULL), NULL);
    UNIT_INT(1, atomic_load(&kit_syncs));
    UNIT_STATUS(STATUS_OK, queue_flush(qk_queue, true, qk_kit.now_ns, NULL), NULL);
    UNIT_INT(1, atomic_load(&kit_syncs));
    UNIT_INT(INT64_MAX, queue_flush_ns(qk_queue));
    qk_close();
}

static void unreadable_for_now(void)
{
    qk_record_many('a', 1, 3);
    UNIT_TEXT("a1/1", qk_claim());
    qk_put_off("a1");
    qk_run("a2/1", 0);
    qk_after(QUEUE_PUT_OFF_NS - 1);
    qk_run("a3/1", 0);
    UNIT_TEXT("-", qk_claim());
    qk_after(1);
    qk_run("a1/1", 0);
    UNIT_TEXT("-", qk_claim());
}

UNIT_TEST(an_event_that_cannot_be_read_is_put_off_without_losing_a_run_and_others_come_first)
{
    /* A runner that is killed forgets what it put off. */
    UNIT_REQUIRE(qk_open(QK_STAYS));
    unreadable_for_now();
    qk_close();
    unit_fresh_folder();
    UNIT_REQUIRE(qk_open(QK_ENDS));
    unreadable_for_now();
    qk_close();
}
