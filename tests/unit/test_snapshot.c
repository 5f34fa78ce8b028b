/* SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/crc32c.h"
#include "base/file.h"
#include "core/retry.h"
#include "queue_kit.h"
#include "store/queue/snapshot.h"
#include "unit.h"

/* ---- the file */

/* One that has all that a snapshot can say. */
static bool full(struct snapshot *snapshot)
{
    struct snapshot_lane *lane;
    struct snapshot_retry *retry;

    snapshot_init(snapshot);
    snapshot->results = (struct place){3, 400};
    snapshot->orders = (struct place){2, 100};
    if (snapshot_lane(snapshot, STR("calls"), &lane, NULL) != STATUS_OK)
        return false;
    lane->cursor = (struct place){7, 103};
    lane->done = UINT64_MAX;
    lane->dead = 2;
    lane->dropped = 3;
    lane->failed = 4;
    lane->lost = 5;
    lane->suspended_ns = 1795420218966000000;
    snprintf(lane->why, sizeof lane->why, "cannot execute \"x\": \\ \xc3\xa4\n");
    if (snapshot_retry_add(lane, (struct place){6, 99}, &retry, NULL) != STATUS_OK)
        return false;
    *retry = (struct snapshot_retry){
        .place = {6, 99}, .attempts = 9, .lost = 2, .next_ns = 1795420219001000000, .again = true};
    if (snapshot_retry_add(lane, (struct place){PLACE_SEGMENT_MAX, PLACE_OFFSET_MAX}, &retry,
                           NULL) != STATUS_OK)
        return false;
    retry->first = true;
    return snapshot_settle(lane, (struct place){8, 103}, NULL) == STATUS_OK &&
           snapshot_lane(snapshot, STR("mail"), &lane, NULL) == STATUS_OK;
}

static void same_retry(const struct snapshot_retry *a, const struct snapshot_retry *b)
{
    UNIT_HEX(place_pack(a->place), place_pack(b->place));
    UNIT_INT(a->attempts, b->attempts);
    UNIT_INT(a->lost, b->lost);
    UNIT_INT(a->next_ns, b->next_ns);
    UNIT_INT(a->again, b->again);
    UNIT_INT(a->first, b->first);
}

static void same_lane(struct snapshot_lane *a, struct snapshot_lane *b)
{
    UNIT_TEXT(a->name, b->name);
    UNIT_HEX(place_pack(a->cursor), place_pack(b->cursor));
    UNIT_HEX(a->done, b->done);
    UNIT_INT(a->dead, b->dead);
    UNIT_INT(a->dropped, b->dropped);
    UNIT_INT(a->failed, b->failed);
    UNIT_INT(a->lost, b->lost);
    UNIT_INT(a->suspended_ns, b->suspended_ns);
    UNIT_TEXT(a->why, b->why);
    UNIT_INT(a->settled_count, b->settled_count);
    UNIT_INT(a->retry_count, b->retry_count);
    for (size_t i = 0; i < a->retry_count && i < b->retry_count; i++)
        same_retry(&a->retries[i], &b->retries[i]);
}

/* Written and read again. */
static bool there_and_back(struct snapshot *snapshot, struct snapshot *back)
{
    struct err err = ERR_INIT;

    UNIT_STATUS(STATUS_OK, snapshot_write(&qk_kit.spool, snapshot, qk_kit.now_ns, &err), &err);
    UNIT_STATUS(STATUS_OK, snapshot_read(&qk_kit.spool, back, &err), &err);
    return err.status == STATUS_OK;
}

UNIT_TEST(a_snapshot_reads_back_as_it_was_written)
{
    struct snapshot snapshot, back;

    UNIT_REQUIRE(qk_open(QK_STAYS));
    UNIT_REQUIRE(full(&snapshot));
    UNIT_REQUIRE(there_and_back(&snapshot, &back));
    UNIT_HEX(place_pack(snapshot.results), place_pack(back.results));
    UNIT_HEX(place_pack(snapshot.orders), place_pack(back.orders));
    UNIT_INT(2, back.count);
    for (size_t i = 0; i < 2 && i < back.count; i++)
        same_lane(snapshot.lanes[i], back.lanes[i]);
    UNIT_TRUE(snapshot_settled(back.lanes[0], (struct place){8, 103}));
    UNIT_FALSE(snapshot_settled(back.lanes[0], (struct place){8, 104}));
    snapshot_free(&snapshot);
    snapshot_free(&back);
    qk_close();
}

/* The first line is of those that are printed together, the second of more lines than one. */
UNIT_TEST(places_that_are_settled_read_back_however_many_they_are)
{
    static const unsigned counts[] = {1, 255, 256, 257, 512, 1000};

    UNIT_REQUIRE(qk_open(QK_STAYS));
    for (size_t n = 0; n < sizeof counts / sizeof *counts; n++) {
        struct snapshot snapshot, back;
        struct snapshot_lane *lane;

        snapshot_init(&snapshot);
        UNIT_STATUS(STATUS_OK, snapshot_lane(&snapshot, STR("calls"), &lane, NULL), NULL);
        /* Backwards. */
        for (unsigned i = counts[n]; i > 0; i--)
            UNIT_STATUS(STATUS_OK, snapshot_settle(lane, (struct place){1, 100 + i}, NULL), NULL);
        UNIT_REQUIRE(there_and_back(&snapshot, &back));
        UNIT_INT(counts[n], back.lanes[0]->settled_count);
        UNIT_TRUE(snapshot_settled(back.lanes[0], (struct place){1, 101}));
        UNIT_TRUE(snapshot_settled(back.lanes[0], (struct place){1, 100 + counts[n]}));
        UNIT_FALSE(snapshot_settled(back.lanes[0], (struct place){1, 101 + counts[n]}));
        snapshot_free(&snapshot);
        snapshot_free(&back);
    }
    qk_close();
}

static void refused(struct str bytes)
{
    struct snapshot back = {.count = 77};

    UNIT_REQUIRE(qk_write_snapshot(bytes));
    UNIT_STATUS(STATUS_CORRUPT, snapshot_read(&qk_kit.spool, &back, NULL), NULL);
    UNIT_INT(77, back.count);
}

static bool full_bytes(struct buf *bytes)
{
    struct snapshot snapshot;
    bool ok = full(&snapshot);

    ok = ok && snapshot_write(&qk_kit.spool, &snapshot, qk_kit.now_ns, NULL) == STATUS_OK;
    snapshot_free(&snapshot);
    return UNIT_TRUE(ok) && UNIT_TRUE(qk_snapshot(bytes));
}

UNIT_TEST(a_snapshot_that_is_cut_off_anywhere_is_damaged)
{
    struct buf bytes;

    UNIT_REQUIRE(qk_open(QK_STAYS));
    UNIT_REQUIRE(full_bytes(&bytes));
    for (size_t len = 0; len < bytes.len; len++)
        refused((struct str){bytes.ptr, len});
    buf_free(&bytes);
    qk_close();
}

UNIT_TEST(a_snapshot_with_any_bit_flipped_is_damaged)
{
    struct buf bytes;

    UNIT_REQUIRE(qk_open(QK_STAYS));
    UNIT_REQUIRE(full_bytes(&bytes));
    for (size_t i = 0; i < bytes.len; i++)
        for (unsigned bit = 0; bit < 8; bit++) {
            bytes.ptr[i] = (char)((unsigned char)bytes.ptr[i] ^ 1u << bit);
            refused(buf_str(&bytes));
            bytes.ptr[i] = (char)((unsigned char)bytes.ptr[i] ^ 1u << bit);
        }
    buf_free(&bytes);
    qk_close();
}

/* With a checksum that is right. */
static void refused_lines(const char *lines)
{
    struct buf bytes;

    buf_init(&bytes, 4096);
    buf_printf(&bytes, "%s{\"endpoints\":1", lines);
    buf_printf(&bytes, RECORD_CRC_OPEN "%08x\"}\n", (unsigned)crc32c(0, bytes.ptr, bytes.len));
    refused(buf_str(&bytes));
    buf_free(&bytes);
}

#define HEAD "{\"snapshot\":1,\"results\":\"1:2\",\"commands\":\"1:2\"}\n"
#define LANE                                                                                       \
    "{\"endpoint\":\"a\",\"cursor\":\"1:2\",\"done\":1,\"dead\":1,\"dropped\":1,\"failed\":1,"     \
    "\"lost\":1}\n"

UNIT_TEST(a_snapshot_of_another_version_or_without_what_it_must_have_is_not_taken)
{
    static const char *const texts[] = {
        "{\"snapshot\":2,\"results\":\"1:2\",\"commands\":\"1:2\"}\n",
        "{\"snapshot\":\"1\",\"results\":\"1:2\",\"commands\":\"1:2\"}\n",
        "{\"snapshot\":1,\"commands\":\"1:2\"}\n",
        "{\"snapshot\":1,\"results\":\"1:2\"}\n",
        "{\"snapshot\":1,\"results\":\"12\",\"commands\":\"1:2\"}\n",
        "{\"snapshot\":1,\"results\":\"16777216:2\",\"commands\":\"1:2\"}\n",
        LANE,
        HEAD "{}\n",
        HEAD "nothing\n",
        HEAD "{\"endpoint\":\"a\",\"cursor\":\"1:2\"}\n",
        HEAD "{\"settled\":\"1:2\"}\n",
        HEAD "{\"retry\":\"1:2\",\"attempts\":1,\"lost\":0,\"next_at\":\"1970-01-01T00:00:00Z\"}\n",
        HEAD LANE "{\"settled\":\"1:2 x\"}\n",
        HEAD LANE "{\"retry\":\"1:2\",\"attempts\":1,\"lost\":0}\n",
        HEAD LANE "{\"retry\":\"1:2\",\"attempts\":4294967296,\"lost\":0,"
                  "\"next_at\":\"1970-01-01T00:00:00.000Z\"}\n",
    };

    UNIT_REQUIRE(qk_open(QK_STAYS));
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        refused_lines(texts[i]);
    qk_close();
}

/* ---- what is settled */

UNIT_TEST(as_many_settled_events_as_may_be_are_remembered_and_no_more)
{
    struct snapshot snapshot;
    struct snapshot_lane *lane;
    uint64_t i;

    snapshot_init(&snapshot);
    UNIT_STATUS(STATUS_OK, snapshot_lane(&snapshot, STR("calls"), &lane, NULL), NULL);
    for (i = 1; i <= SNAPSHOT_SETTLED_MAX; i++)
        if (snapshot_settle(lane, (struct place){1, i}, NULL) != STATUS_OK)
            break;
    UNIT_INT(SNAPSHOT_SETTLED_MAX + 1, i);
    UNIT_TRUE(snapshot_settled(lane, (struct place){1, i - 1}));
    UNIT_STATUS(STATUS_OK, snapshot_settle(lane, (struct place){1, i}, NULL), NULL);
    UNIT_FALSE(snapshot_settled(lane, (struct place){1, i}));
    UNIT_INT(SNAPSHOT_SETTLED_MAX, lane->settled_count);
    snapshot_free(&snapshot);
}

UNIT_TEST(what_the_cursor_has_passed_is_forgotten_and_what_it_points_at_is_not)
{
    struct snapshot snapshot;
    struct snapshot_lane *lane;

    snapshot_init(&snapshot);
    UNIT_STATUS(STATUS_OK, snapshot_lane(&snapshot, STR("calls"), &lane, NULL), NULL);
    for (uint64_t i = 5; i > 0; i--)
        UNIT_STATUS(STATUS_OK, snapshot_settle(lane, (struct place){2, i}, NULL), NULL);
    UNIT_STATUS(STATUS_OK, snapshot_settle(lane, (struct place){2, 3}, NULL), NULL);
    lane->cursor = (struct place){2, 3};
    snapshot_tidy(lane);
    UNIT_INT(3, lane->settled_count);
    UNIT_TRUE(snapshot_settled(lane, (struct place){2, 3}));
    UNIT_FALSE(snapshot_settled(lane, (struct place){2, 2}));
    UNIT_STATUS(STATUS_OK, snapshot_settle(lane, (struct place){2, 2}, NULL), NULL);
    UNIT_INT(3, lane->settled_count);
    snapshot_free(&snapshot);
}

/* ---- what may not be pruned */

UNIT_TEST(the_oldest_segment_that_somebody_waits_for_is_held)
{
    struct snapshot snapshot;

    UNIT_REQUIRE(qk_open(QK_STAYS));
    UNIT_REQUIRE(full(&snapshot));
    snapshot.lanes[1]->cursor = (struct place){9, 1};
    UNIT_STATUS(STATUS_OK, snapshot_write(&qk_kit.spool, &snapshot, qk_kit.now_ns, NULL), NULL);
    UNIT_INT(6, snapshot_hold(&qk_kit.spool));
    snapshot_retry_remove(snapshot.lanes[0], (struct place){6, 99});
    UNIT_STATUS(STATUS_OK, snapshot_write(&qk_kit.spool, &snapshot, qk_kit.now_ns, NULL), NULL);
    UNIT_INT(7, snapshot_hold(&qk_kit.spool));
    snapshot_free(&snapshot);
    snapshot_init(&snapshot);
    UNIT_STATUS(STATUS_OK, snapshot_write(&qk_kit.spool, &snapshot, qk_kit.now_ns, NULL), NULL);
    UNIT_INT(0, snapshot_hold(&qk_kit.spool));
    UNIT_REQUIRE(qk_remove(SPOOL_SNAPSHOT));
    UNIT_INT(0, snapshot_hold(&qk_kit.spool));
    qk_close();
}

/* ---- a queue whose snapshot is gone */

/* All kinds of ends, two replays that were carried out, and a drop of what was not read. */
static bool busy_queue(void)
{
    if (!qk_open(QK_STAYS))
        return false;
    qk_record_many('a', 1, 3);
    qk_run("a1/1", 0);
    qk_run("a2/1", QK_FAILS);
    qk_run("a3/1", RETRY_EXIT_DEAD);
    qk_order(ORDER_AGAIN, "a1");
    qk_run("a1/1", 0);
    qk_record("b1");
    qk_run("b1/1", 0);
    qk_record_many('a', 4, 5);
    qk_order(ORDER_DROP, "a5");
    qk_fill();
    return true;
}

/* What is known is in the results; what was asked for is not asked for again. */
static void goes_on(void)
{
    UNIT_TEXT("a1:done/1 a2:again/1 a3:dead/1 b1:done/1 a4:waiting/0 a5:dropped/0", qk_states());
    qk_run("a4/1", 0);
    UNIT_TEXT("-", qk_claim());
    qk_after(QK_FIRST_DELAY_NS);
    qk_run("a2/2", 0);
    UNIT_TEXT("-", qk_claim());
    UNIT_INT(INT64_MAX, queue_next_ns(qk_queue));
    qk_crash();
    UNIT_TEXT("-", qk_claim());
    UNIT_TEXT("a1:done/1 a2:done/2 a3:dead/1 b1:done/1 a4:done/1 a5:dropped/0", qk_states());
    qk_close();
    unit_fresh_folder();
}

UNIT_TEST(a_lost_snapshot_is_made_up_for_from_the_results)
{
    UNIT_REQUIRE(busy_queue());
    qk_leave();
    UNIT_REQUIRE(qk_remove(SPOOL_SNAPSHOT));
    UNIT_TEXT("a1:done/1 a2:again/1 a3:dead/1 b1:done/1 a4:waiting/0 a5:dropped/0", qk_states());
    UNIT_REQUIRE(qk_enter());
    goes_on();
}

UNIT_TEST(a_damaged_snapshot_is_made_up_for_from_the_results)
{
    for (unsigned kind = 0; kind < 4; kind++) {
        struct buf bytes;

        UNIT_REQUIRE(busy_queue());
        qk_reopen();
        qk_leave();
        UNIT_REQUIRE(qk_snapshot(&bytes));
        if (kind == 0)
            bytes.len /= 2;
        else if (kind == 1)
            bytes.len = 0;
        else if (kind == 2)
            bytes.ptr[bytes.len / 2] ^= 4;
        else
            bytes.ptr[strlen("{\"snapshot\":")] = '2';
        UNIT_REQUIRE(qk_write_snapshot(buf_str(&bytes)));
        buf_free(&bytes);
        UNIT_REQUIRE(qk_enter());
        goes_on();
    }
}

UNIT_TEST(an_old_snapshot_is_brought_up_to_date_from_the_results)
{
    struct buf bytes;

    UNIT_REQUIRE(busy_queue());
    qk_reopen();
    UNIT_REQUIRE(qk_snapshot(&bytes));
    qk_run("a4/1", QK_FAILS);
    qk_reopen();
    qk_leave();
    UNIT_REQUIRE(qk_write_snapshot(buf_str(&bytes)));
    buf_free(&bytes);
    UNIT_REQUIRE(qk_enter());
    UNIT_TEXT("a1:done/1 a2:again/1 a3:dead/1 b1:done/1 a4:again/1 a5:dropped/0", qk_states());
    UNIT_TEXT("-", qk_claim());
    qk_close();
}

UNIT_TEST(a_snapshot_that_cannot_be_read_is_no_reason_to_run_everything_again)
{
    struct queue *queue = NULL;
    struct err err = ERR_INIT;

    UNIT_REQUIRE(busy_queue());
    qk_leave();
    UNIT_REQUIRE(qk_remove(SPOOL_SNAPSHOT));
    UNIT_INT(0, mkdirat(qk_kit.spool.dir, SPOOL_SNAPSHOT, 0700));
    UNIT_STATUS(STATUS_IO, queue_open(&queue, &qk_kit.spool, qk_kit.now_ns, &err), &err);
    UNIT_TRUE(queue == NULL);
    UNIT_INT(0, unlinkat(qk_kit.spool.dir, SPOOL_SNAPSHOT, AT_REMOVEDIR));
    UNIT_REQUIRE(qk_enter());
    goes_on();
}

UNIT_TEST(a_spool_without_a_folder_for_hooks_gets_one_as_long_as_nothing_is_recorded)
{
    static const char *const names[] = {SPOOL_RESULTS "/00000001.jsonl", SPOOL_SNAPSHOT,
                                        SPOOL_RUN_LOCK};
    static const char *const folders[] = {SPOOL_RESULTS, SPOOL_COMMANDS, SPOOL_RUN};

    UNIT_REQUIRE(qk_open(QK_STAYS));
    qk_leave();
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        UNIT_REQUIRE(qk_remove(names[i]));
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++)
        UNIT_INT(0, unlinkat(qk_kit.spool.dir, folders[i], AT_REMOVEDIR));
    UNIT_REQUIRE(qk_enter());
    qk_record("a1");
    UNIT_TEXT("a1:waiting/0", qk_states());
    qk_run("a1/1", 0);
    qk_crash();
    UNIT_TEXT("a1:done/1", qk_states());
    qk_close();
}
