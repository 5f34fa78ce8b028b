/* SPDX-License-Identifier: MIT
 *
 * What is left of the record and of orders when old files go, and when that is cut off. */
#include <errno.h>
#include <stdio.h>

#include "base/clock.h"
#include "fault_kit.h"
#include "journal_kit.h"
#include "retention_kit.h"
#include "store/queue/ledger.h"
#include "store/queue/queue.h"
#include "store/queue/snapshot.h"
#include "store/retention.h"
#include "unit.h"

#define KEPT_DAYS 10
#define DAYS 16

static struct kit kit;
static struct retention_report report;

static bool kept(void)
{
    if (!kit_open(&kit))
        return false;
    kit.options.keep_s = (uint64_t)KEPT_DAYS * 86400;
    return kit_reopen(&kit);
}

static enum status prune(void)
{
    return retention_run(&kit.spool, &kit.options, false, kit.now_ns, clock_mono_ns() + NS_PER_S,
                         &report, NULL);
}

/* Of each day there is a record that counts, and one that does not: its sync has failed. */
static void record_days_and_failures(void)
{
    for (int day = 0; day < DAYS; day++) {
        char key[32];

        snprintf(key, sizeof key, "good-%d", day);
        UNIT_STATUS(STATUS_OK, kit_append(&kit, key), &kit.err);
        snprintf(key, sizeof key, "lost-%d", day);
        atomic_store(&kit_syncs_to_fail, 1);
        UNIT_TRUE(kit_append(&kit, key) != STATUS_OK);
        kit.now_ns += KIT_DAY_NS;
    }
    UNIT_STATUS(STATUS_OK, kit_append(&kit, "last"), &kit.err);
}

static int count_lost(void)
{
    int count = 0;

    for (int day = 0; day < DAYS; day++) {
        char key[32];

        snprintf(key, sizeof key, "lost-%d", day);
        count += kit_count(&kit, key);
    }
    return count;
}

/* How much of a segment counts is written in the next one. */
UNIT_TEST(a_pruning_that_is_cut_off_lets_nothing_count_that_did_not)
{
    int segments;

    UNIT_REQUIRE(kept());
    record_days_and_failures();
    segments = kit_segments(&kit);
    UNIT_INT(0, count_lost());
    for (int left = segments - 1; left > KEPT_DAYS + 2; left--) {
        fault_arm(FAULT_UNLINKAT, 2, EIO);
        UNIT_STATUS(STATUS_IO, prune(), NULL);
        UNIT_TRUE(fault_disarm());
        UNIT_INT(left, kit_segments(&kit));
        UNIT_INT(0, count_lost());
        UNIT_INT(1, kit_count(&kit, "last"));
    }
    UNIT_STATUS(STATUS_OK, prune(), NULL);
    UNIT_INT(0, count_lost());
    UNIT_INT(0, kit_count(&kit, "good-0"));
    UNIT_INT(1, kit_count(&kit, "good-15"));
    kit_close(&kit);
}

/* ---- orders */

static void add_order(struct ledger *orders, const char *id)
{
    char line[128];
    int len =
        snprintf(line, sizeof line, "{\"do\":\"again\",\"id\":\"%s\",\"at\":\"2026-01-01\"", id);

    UNIT_STATUS(STATUS_OK, ledger_append(orders, (struct str){line, (size_t)len}, kit.now_ns, NULL),
                NULL);
}

/* An order in each of two files. */
static void give_orders(void)
{
    struct ledger *orders;

    UNIT_STATUS(STATUS_OK, ledger_open(&orders, &kit.spool, LEDGER_ORDERS, kit.now_ns, NULL), NULL);
    add_order(orders, "1:1000");
    UNIT_STATUS(STATUS_OK, ledger_sync(orders, kit.now_ns, NULL), NULL);
    add_order(orders, "1:2000");
    atomic_store(&kit_syncs_to_fail, 1);
    UNIT_TRUE(ledger_sync(orders, kit.now_ns, NULL) != STATUS_OK);
    UNIT_STATUS(STATUS_OK, ledger_sync(orders, kit.now_ns, NULL), NULL);
    UNIT_INT(2, ledger_end(orders).segment);
    ledger_close(orders);
}

static enum status count_order(void *context, struct place place, struct str line, struct err *err)
{
    (void)place;
    (void)line;
    (void)err;
    ++*(int *)context;
    return STATUS_OK;
}

static int orders_left(void)
{
    struct place all = {0, 0}, end;
    int count = 0;

    UNIT_STATUS(STATUS_OK,
                ledger_walk(&kit.spool, LEDGER_ORDERS, all, count_order, &count, &end, NULL, NULL),
                NULL);
    return count;
}

/* The snapshot covers results and orders before those files. */
static void cover(uint32_t results, uint32_t orders)
{
    struct snapshot snapshot;

    UNIT_STATUS(STATUS_OK, snapshot_read(&kit.spool, &snapshot, NULL), NULL);
    snapshot.results = (struct place){results, 0};
    snapshot.orders = (struct place){orders, 0};
    UNIT_STATUS(STATUS_OK, snapshot_write(&kit.spool, &snapshot, kit.now_ns, NULL), NULL);
    snapshot_free(&snapshot);
}

UNIT_TEST(orders_that_no_runner_has_taken_stay_however_old)
{
    struct queue *queue;

    UNIT_REQUIRE(kept());
    rk_record_days(&kit, 1);
    UNIT_REQUIRE(rk_opened(&queue, &kit));
    UNIT_STATUS(STATUS_OK, queue_flush(queue, true, kit.now_ns, NULL), NULL);
    queue_close(queue);
    give_orders();
    kit.now_ns += KIT_DAY_NS;
    rk_record_days(&kit, DAYS);
    kit.now_ns += (int64_t)DAYS * KIT_DAY_NS;
    cover(9, 1);
    UNIT_STATUS(STATUS_OK, prune(), NULL);
    UNIT_TRUE(report.journal.files > 0);
    UNIT_INT(0, report.commands.files);
    UNIT_INT(2, orders_left());
    cover(1, 9);
    UNIT_STATUS(STATUS_OK, prune(), NULL);
    UNIT_INT(1, report.commands.files);
    UNIT_INT(1, orders_left());
    kit_close(&kit);
}
