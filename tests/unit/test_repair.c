/* SPDX-License-Identifier: MIT
 *
 * What a repair finds again, and what it leaves alone. */
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "journal_kit.h"
#include "retention_kit.h"
#include "store/journal/index.h"
#include "store/queue/queue.h"
#include "store/queue/snapshot.h"
#include "store/repair.h"
#include "unit.h"

static uint32_t told_left;

static void tell(void *context, uint32_t left)
{
    (void)context;
    told_left = left;
}

static enum status repair(struct kit *kit)
{
    return repair_run(&kit->spool, &kit->options, kit->now_ns, tell, NULL, NULL);
}

/* Takes all slots out of the first table behind its header, as no one notices. */
static bool empty_index(struct kit *kit)
{
    static const char zeros[INDEX_PAGE_LEN];
    int fd = openat(kit->spool.idx, "00.idx", O_WRONLY);
    struct stat sb;
    bool ok = fd >= 0 && fstat(fd, &sb) == 0;

    for (off_t at = sizeof zeros; ok && at < sb.st_size; at += (off_t)sizeof zeros)
        ok = pwrite(fd, zeros, sizeof zeros, at) == (ssize_t)sizeof zeros;
    if (fd >= 0)
        close(fd);
    return ok;
}

UNIT_TEST(a_repair_finds_keys_again_that_the_index_had_lost)
{
    struct kit kit;

    UNIT_REQUIRE(kit_open(&kit));
    rk_record_days(&kit, 5);
    UNIT_TRUE(kit_rebuild(&kit) >= 0);
    UNIT_REQUIRE(empty_index(&kit));
    UNIT_STATUS(STATUS_OK, kit_append(&kit, "calls transcript day-1 completed"), &kit.err);
    UNIT_FALSE(kit.duplicate);
    told_left = 99;
    UNIT_STATUS(STATUS_OK, repair(&kit), NULL);
    UNIT_INT(0, told_left);
    /* By the journal that is open all the time, and by a fresh one. */
    UNIT_STATUS(STATUS_OK, kit_append(&kit, "calls transcript day-0 completed"), &kit.err);
    UNIT_TRUE(kit.duplicate);
    UNIT_REQUIRE(kit_reopen(&kit));
    for (int day = 0; day < 5; day++) {
        char key[64];

        snprintf(key, sizeof key, "calls transcript day-%d completed", day);
        UNIT_STATUS(STATUS_OK, kit_append(&kit, key), &kit.err);
        UNIT_TRUE(kit.duplicate);
    }
    kit_close(&kit);
}

/* What the snapshot says of the one endpoint is changed so that all of its events are passed. */
static bool mislead_snapshot(struct kit *kit)
{
    struct snapshot snapshot;
    struct snapshot_lane *lane;
    bool ok = snapshot_read(&kit->spool, &snapshot, NULL) == STATUS_OK;

    if (!ok)
        return false;
    ok = snapshot_lane(&snapshot, STR(RK_ENDPOINT), &lane, NULL) == STATUS_OK;
    if (ok)
        lane->cursor = (struct place){77, 0};
    ok = ok && snapshot_write(&kit->spool, &snapshot, kit->now_ns, NULL) == STATUS_OK;
    snapshot_free(&snapshot);
    return ok;
}

static bool waits(struct kit *kit)
{
    struct queue *queue = NULL;
    struct claim *claim = NULL;

    if (!rk_opened(&queue, kit))
        return false;
    UNIT_STATUS(STATUS_OK, queue_claim(queue, kit->now_ns, &claim, NULL), NULL);
    queue_close(queue);
    return claim != NULL;
}

UNIT_TEST(a_repair_finds_hooks_again_that_the_snapshot_had_lost)
{
    struct kit kit;

    UNIT_REQUIRE(kit_open(&kit));
    UNIT_STATUS(STATUS_OK, kit_append(&kit, "calls transcript a completed"), &kit.err);
    UNIT_TRUE(waits(&kit));
    UNIT_REQUIRE(mislead_snapshot(&kit));
    UNIT_FALSE(waits(&kit));
    UNIT_STATUS(STATUS_OK, repair(&kit), NULL);
    UNIT_TRUE(waits(&kit));
    kit_close(&kit);
}

UNIT_TEST(a_repair_runs_no_hook_again_that_has_run)
{
    struct result result = {.state = RESULT_DONE, .end = RESULT_EXIT};
    struct queue *queue = NULL;
    struct claim *claim = NULL;
    struct kit kit;

    UNIT_REQUIRE(kit_open(&kit));
    UNIT_STATUS(STATUS_OK, kit_append(&kit, "calls transcript a completed"), &kit.err);
    UNIT_REQUIRE(rk_opened(&queue, &kit));
    UNIT_STATUS(STATUS_OK, queue_claim(queue, kit.now_ns, &claim, NULL), NULL);
    UNIT_REQUIRE(claim != NULL);
    result.attempt = claim_attempt(claim);
    UNIT_STATUS(STATUS_OK, queue_settle(queue, claim, &result, kit.now_ns, NULL), NULL);
    queue_close(queue);
    UNIT_STATUS(STATUS_OK, repair(&kit), NULL);
    UNIT_FALSE(waits(&kit));
    kit_close(&kit);
}

UNIT_TEST(a_repair_beside_a_runner_changes_nothing)
{
    struct queue *queue = NULL;
    struct kit kit;

    UNIT_REQUIRE(kit_open(&kit));
    UNIT_STATUS(STATUS_OK, kit_append(&kit, "calls transcript a completed"), &kit.err);
    UNIT_REQUIRE(rk_opened(&queue, &kit));
    UNIT_STATUS(STATUS_DEADLINE, queue_rebuild(&kit.spool, kit.now_ns, NULL), NULL);
    queue_close(queue);
    UNIT_STATUS(STATUS_OK, queue_rebuild(&kit.spool, kit.now_ns, NULL), NULL);
    kit_close(&kit);
}
