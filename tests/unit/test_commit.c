/* SPDX-License-Identifier: MIT
 * test_commit - how far a sync reaches: what is written while one is under way, or is cut short,
 * needs another.
 *
 * A sync covers what its leader saw when it asked for the size. The scenes hold the leader behind
 * that question and let others write meanwhile, well, shortly, and with their bytes taken away
 * again.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "journal_kit.h"
#include "unit.h"

#define MS UINT64_C(1000000)
#define LONG_NS (60000 * MS)
#define SHORT_NS (20 * MS)
#define CUT_BYTES 40

static struct kit site;

/* Another process, as far as locks can tell. */
struct leader {
    pthread_t thread;
    struct kit kit;
    const char *key;
    enum status status;
};

static off_t live_size(void)
{
    struct stat sb;

    return UNIT_INT(0, fstatat(site.spool.log, "00000001.jsonl", &sb, 0)), sb.st_size;
}

static uint64_t durable_offset(void)
{
    struct place durable = {0, 0};

    UNIT_STATUS(STATUS_OK, journal_durable(&site.spool, &durable, &site.err), &site.err);
    return durable.offset;
}

static void *lead(void *context)
{
    struct leader *leader = context;

    leader->status = kit_append_until(&leader->kit, leader->key, LONG_NS);
    return NULL;
}

static void start_leader(struct leader *leader, const char *key)
{
    *leader = (struct leader){.kit = site, .key = key, .status = STATUS_MEMORY};
    leader->kit.journal = NULL;
    UNIT_STATUS(STATUS_OK,
                journal_open(&leader->kit.journal, &site.spool, NULL, &site.options, &site.err),
                &site.err);
    atomic_store(&kit_syncs, 0);
    atomic_store(&kit_syncs_let, 0);
    UNIT_INT(0, pthread_create(&leader->thread, NULL, lead, leader));
}

/* It has asked for the size, and its sync has not begun. */
static void wait_for_its_sync(void)
{
    while (atomic_load(&kit_syncs) == 0)
        clock_sleep_ns(MS / 10);
}

static void let_it_end(struct leader *leader)
{
    atomic_store(&kit_syncs_let, INT_MAX);
    pthread_join(leader->thread, NULL);
    journal_close(leader->kit.journal);
}

static void let_it_sync(struct leader *leader)
{
    let_it_end(leader);
    UNIT_STATUS(STATUS_OK, leader->status, &leader->kit.err);
}

/* A disk that takes CUT_BYTES of a line and no more. */
static void write_shortly(const char *key)
{
    atomic_store(&kit_write_cut, CUT_BYTES);
    atomic_store(&kit_write_errno, ENOSPC);
    UNIT_STATUS(STATUS_NO_SPACE, kit_append(&site, key), &site.err);
}

/* Recorded or found, and in both cases by a sync of its own. */
static void check_needs_a_sync(const char *key, bool duplicate)
{
    int before = atomic_load(&kit_syncs);

    UNIT_STATUS(STATUS_OK, kit_append(&site, key), &site.err);
    UNIT_INT(duplicate, site.duplicate);
    UNIT_TRUE(atomic_load(&kit_syncs) > before);
    UNIT_INT(1, kit_count(&site, key));
}

UNIT_TEST(what_is_written_during_a_sync_is_not_durable_by_it)
{
    struct leader leader;
    off_t covered;

    UNIT_REQUIRE(kit_open(&site));
    UNIT_STATUS(STATUS_OK, kit_append(&site, "first"), &site.err);
    start_leader(&leader, "leader");
    wait_for_its_sync();
    covered = live_size();
    UNIT_STATUS(STATUS_DEADLINE, kit_append_until(&site, "late", SHORT_NS), &site.err);
    UNIT_TRUE(live_size() > covered);
    let_it_sync(&leader);
    UNIT_INT(covered, durable_offset());
    check_needs_a_sync("late", true);
    UNIT_INT(1, kit_count(&site, "leader"));
    kit_close(&site);
}

/* One more that has written its line and waits for the sync that hangs. */
static void start_waiter(struct leader *waiter, const char *key)
{
    off_t before = live_size();

    start_leader(waiter, key);
    while (live_size() == before)
        clock_sleep_ns(MS / 10);
}

/* The kernel may take the pages of all of them for clean afterwards. */
UNIT_TEST(a_sync_that_fails_is_told_to_all_who_wait_and_none_of_them_tries_another)
{
    struct leader leader, waiters[2];
    bool first_led;

    UNIT_REQUIRE(kit_open(&site));
    UNIT_STATUS(STATUS_OK, kit_append(&site, "first"), &site.err);
    start_leader(&leader, "leader");
    wait_for_its_sync();
    start_waiter(&waiters[0], "waiter 0");
    start_waiter(&waiters[1], "waiter 1");
    atomic_store(&kit_syncs_to_fail, 1);
    let_it_end(&leader);
    let_it_end(&waiters[0]);
    let_it_end(&waiters[1]);
    UNIT_STATUS(STATUS_OK, leader.status, &leader.kit.err);
    first_led = waiters[0].status == STATUS_IO;
    UNIT_STATUS(first_led ? STATUS_IO : STATUS_POISONED, waiters[0].status, &waiters[0].kit.err);
    UNIT_STATUS(first_led ? STATUS_POISONED : STATUS_IO, waiters[1].status, &waiters[1].kit.err);
    check_needs_a_sync("waiter 0", false);
    check_needs_a_sync("waiter 1", false);
    kit_close(&site);
}

UNIT_TEST(a_short_write_during_a_sync_is_not_undone_and_what_follows_it_needs_a_sync)
{
    struct leader leader;
    off_t covered;

    UNIT_REQUIRE(kit_open(&site));
    UNIT_STATUS(STATUS_OK, kit_append(&site, "first"), &site.err);
    start_leader(&leader, "leader");
    wait_for_its_sync();
    covered = live_size();
    write_shortly("short");
    UNIT_INT(covered + CUT_BYTES, live_size());
    UNIT_STATUS(STATUS_DEADLINE, kit_append_until(&site, "behind", SHORT_NS), &site.err);
    let_it_sync(&leader);
    UNIT_INT(covered, durable_offset());
    check_needs_a_sync("behind", true);
    check_needs_a_sync("short", false);
    UNIT_INT(1, kit_segments(&site));
    kit_close(&site);
}

/* The leader has written its line, and waits for the commit lock: what is written until it gets
 * that counts in the size that it then asks for. */
static void lead_behind_a_short_write(struct leader *leader)
{
    int commit = file_open(site.spool.dir, SPOOL_COMMIT, O_RDWR, 0);
    off_t before = live_size();

    UNIT_INT(0, file_trylock(commit));
    start_leader(leader, "leader");
    while (live_size() == before)
        clock_sleep_ns(MS / 10);
    /* The append lock is free again once this gets through. */
    write_shortly("short");
    file_close(&commit);
    wait_for_its_sync();
}

UNIT_TEST(a_short_write_that_a_sync_covers_is_no_record)
{
    struct leader leader;
    off_t size;

    UNIT_REQUIRE(kit_open(&site));
    UNIT_STATUS(STATUS_OK, kit_append(&site, "first"), &site.err);
    lead_behind_a_short_write(&leader);
    size = live_size();
    let_it_sync(&leader);
    UNIT_INT(size, durable_offset());
    UNIT_INT(0, kit_count(&site, "short"));
    check_needs_a_sync("short", false);
    kit_close(&site);
}

UNIT_TEST(a_short_write_that_is_undone_between_the_size_and_the_sync_answers_for_nobody)
{
    struct leader leader;
    int fd;

    UNIT_REQUIRE(kit_open(&site));
    UNIT_STATUS(STATUS_OK, kit_append(&site, "first"), &site.err);
    lead_behind_a_short_write(&leader);
    fd = file_open(site.spool.log, "00000001.jsonl", O_WRONLY, 0);
    UNIT_INT(0, ftruncate(fd, live_size() - CUT_BYTES));
    file_close(&fd);
    let_it_sync(&leader);
    /* The word now reaches beyond the end of the file. A line written in between would pass for
     * synced. */
    UNIT_TRUE(durable_offset() > (uint64_t)live_size());
    check_needs_a_sync("short", false);
    check_needs_a_sync("next", false);
    UNIT_TRUE(strncmp(site.id, "2:", 2) == 0);
    UNIT_STATUS(STATUS_OK, kit_append(&site, "leader"), &site.err);
    UNIT_TRUE(site.duplicate);
    UNIT_INT(1, kit_count(&site, "leader"));
    kit_close(&site);
}
