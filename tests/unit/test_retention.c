/* SPDX-License-Identifier: MIT
 *
 * What goes from a spool when it is old, and what stays. */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "journal_kit.h"
#include "retention_kit.h"
#include "store/boxes/box.h"
#include "store/queue/ledger.h"
#include "store/queue/queue.h"
#include "store/queue/snapshot.h"
#include "store/retention.h"
#include "unit.h"

static int files(const struct kit *kit, const char *folder)
{
    int fd = openat(kit->spool.dir, folder, O_RDONLY | O_DIRECTORY);
    DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    const struct dirent *entry;
    int count = 0;

    while (dir != NULL && (entry = readdir(dir)) != NULL)
        count += entry->d_name[0] != '.';
    if (dir != NULL)
        closedir(dir);
    return count;
}

/* Runs of the one event that fail and talk much, a second apart, until there are two files. */
static uint32_t fail_until_second_file(struct kit *kit, struct queue *queue)
{
    char said[RESULT_TAIL_MAX];
    struct result result = {.state = RESULT_AGAIN,
                            .end = RESULT_EXIT,
                            .code = 1,
                            .out_tail = {said, sizeof said},
                            .err_tail = {said, sizeof said}};

    memset(said, 'x', sizeof said);
    while (files(kit, SPOOL_RESULTS) < 2 && result.attempt < LEDGER_SEGMENT_MAX / sizeof said) {
        struct claim *claim = NULL;

        kit->now_ns += NS_PER_S;
        UNIT_STATUS(STATUS_OK, queue_claim(queue, kit->now_ns, &claim, NULL), NULL);
        if (claim == NULL)
            return 0;
        result.attempt = claim_attempt(claim);
        result.started_ns = result.next_ns = kit->now_ns;
        UNIT_STATUS(STATUS_OK, queue_settle(queue, claim, &result, kit->now_ns, NULL), NULL);
    }
    return result.attempt;
}

static bool put_entry(int box, const char *entry, int64_t came_ns)
{
    const struct timespec times[2] = {{.tv_sec = came_ns / NS_PER_S},
                                      {.tv_sec = came_ns / NS_PER_S}};
    int fd = openat(box, entry, O_WRONLY | O_CREAT | O_EXCL, 0600);
    bool ok = fd >= 0 && write(fd, "entry", 5) == 5 && futimens(fd, times) == 0;

    if (fd >= 0)
        close(fd);
    return ok;
}

static struct retention_report report;

static enum status run(struct kit *kit, bool dry)
{
    return retention_run(&kit->spool, &kit->options, dry, kit->now_ns, clock_mono_ns() + NS_PER_S,
                         &report, NULL);
}

static bool kept_for(struct kit *kit, int days)
{
    if (!kit_open(kit))
        return false;
    kit->options.keep_s = (uint64_t)days * 86400;
    return kit_reopen(kit);
}

UNIT_TEST(results_stay_as_long_as_an_event_that_they_may_speak_of)
{
    struct queue *queue = NULL;
    struct claim *claim = NULL;
    uint32_t attempts;
    struct kit kit;

    UNIT_REQUIRE(kept_for(&kit, 1));
    UNIT_STATUS(STATUS_OK, kit_append(&kit, "calls transcript a completed"), &kit.err);
    UNIT_REQUIRE(rk_opened(&queue, &kit));
    attempts = fail_until_second_file(&kit, queue);
    UNIT_STATUS(STATUS_OK, queue_flush(queue, true, kit.now_ns, NULL), NULL);
    UNIT_INT(2, files(&kit, SPOOL_RESULTS));
    kit.now_ns += 100 * KIT_DAY_NS;
    /* The event is in the live segment, which never goes. */
    UNIT_STATUS(STATUS_OK, run(&kit, false), NULL);
    UNIT_INT(0, report.results.files);
    UNIT_INT(2, files(&kit, SPOOL_RESULTS));
    UNIT_STATUS(STATUS_OK, kit_append(&kit, "calls transcript b completed"), &kit.err);
    kit.now_ns += 2 * KIT_DAY_NS;
    UNIT_STATUS(STATUS_OK, run(&kit, true), NULL);
    UNIT_INT(1, report.journal.files);
    UNIT_INT(1, report.results.files);
    UNIT_INT(2, files(&kit, SPOOL_RESULTS));
    UNIT_STATUS(STATUS_OK, run(&kit, false), NULL);
    UNIT_INT(1, report.journal.files);
    UNIT_INT(1, report.results.files);
    UNIT_TRUE(report.results.bytes > LEDGER_SEGMENT_MAX / 2);
    UNIT_INT(1, files(&kit, SPOOL_RESULTS));
    queue_close(queue);
    /* What is known of the event is in the snapshot. */
    UNIT_REQUIRE(rk_opened(&queue, &kit));
    UNIT_STATUS(STATUS_OK, queue_claim(queue, kit.now_ns, &claim, NULL), NULL);
    UNIT_REQUIRE(claim != NULL);
    UNIT_INT(attempts + 1, claim_attempt(claim));
    queue_close(queue);
    kit_close(&kit);
}

UNIT_TEST(without_a_snapshot_no_result_goes)
{
    struct queue *queue = NULL;
    struct kit kit;

    UNIT_REQUIRE(kept_for(&kit, 1));
    UNIT_STATUS(STATUS_OK, kit_append(&kit, "calls transcript a completed"), &kit.err);
    UNIT_REQUIRE(rk_opened(&queue, &kit));
    UNIT_TRUE(fail_until_second_file(&kit, queue) > 0);
    queue_close(queue);
    kit.now_ns += KIT_DAY_NS;
    rk_record_days(&kit, 3);
    UNIT_REQUIRE(kit_spoil(&kit, SPOOL_SNAPSHOT));
    UNIT_STATUS(STATUS_OK, run(&kit, false), NULL);
    UNIT_TRUE(report.journal.files > 0);
    UNIT_INT(0, report.results.files);
    UNIT_INT(2, files(&kit, SPOOL_RESULTS));
    kit_close(&kit);
}

UNIT_TEST(a_dry_run_tells_what_a_run_removes_and_removes_nothing)
{
    struct spool_amount would;
    struct kit kit;

    UNIT_REQUIRE(kept_for(&kit, 3));
    rk_record_days(&kit, 10);
    UNIT_STATUS(STATUS_OK, run(&kit, true), NULL);
    would = report.journal;
    UNIT_INT(10, kit_segments(&kit));
    UNIT_STATUS(STATUS_OK, run(&kit, false), NULL);
    UNIT_INT(would.files, report.journal.files);
    UNIT_INT(would.bytes, report.journal.bytes);
    UNIT_INT(10 - (int)would.files, kit_segments(&kit));
    /* Day n goes when the beginning of day n + 1 is more than three days old; now is day 10. */
    UNIT_INT(0, kit_count(&kit, "calls transcript day-5 completed"));
    UNIT_INT(1, kit_count(&kit, "calls transcript day-6 completed"));
    UNIT_STATUS(STATUS_OK, run(&kit, false), NULL);
    UNIT_INT(0, report.journal.files);
    UNIT_STATUS(STATUS_OK, kit_append(&kit, "calls transcript day-6 completed"), &kit.err);
    UNIT_TRUE(kit.duplicate);
    kit_close(&kit);
}

UNIT_TEST(more_segments_than_go_at_once_go_in_one_run)
{
    struct kit kit;

    UNIT_REQUIRE(kept_for(&kit, 1));
    rk_record_days(&kit, JOURNAL_PRUNED_AT_ONCE + 10);
    UNIT_STATUS(STATUS_OK, run(&kit, false), NULL);
    UNIT_INT(JOURNAL_PRUNED_AT_ONCE + 10 - 2, report.journal.files);
    UNIT_INT(2, kit_segments(&kit));
    kit_close(&kit);
}

UNIT_TEST(segments_that_wait_for_hooks_are_told_of)
{
    struct queue *queue = NULL;
    struct kit kit;

    UNIT_REQUIRE(kept_for(&kit, 3));
    kit.options.hold = snapshot_hold;
    UNIT_REQUIRE(kit_reopen(&kit));
    rk_record_days(&kit, 5);
    UNIT_STATUS(STATUS_OK, run(&kit, true), NULL);
    UNIT_INT(0, report.journal.files);
    UNIT_INT(1, report.held.files);
    UNIT_STATUS(STATUS_OK, run(&kit, false), NULL);
    UNIT_INT(0, report.journal.files);
    UNIT_INT(1, report.held.files);
    UNIT_TRUE(report.held.bytes > 0);
    UNIT_INT(5, kit_segments(&kit));
    /* A runner that was killed at its very beginning knows of no endpoint. */
    UNIT_STATUS(STATUS_OK, queue_open(&queue, &kit.spool, kit.now_ns, NULL), NULL);
    queue_close(queue);
    UNIT_STATUS(STATUS_OK, run(&kit, false), NULL);
    UNIT_INT(0, report.journal.files);
    /* Their hooks run. */
    UNIT_REQUIRE(rk_opened(&queue, &kit));
    for (int i = 0; i < 5; i++) {
        struct result result = {.state = RESULT_DONE, .end = RESULT_EXIT, .started_ns = kit.now_ns};
        struct claim *claim = NULL;

        UNIT_STATUS(STATUS_OK, queue_claim(queue, kit.now_ns, &claim, NULL), NULL);
        UNIT_REQUIRE(claim != NULL);
        result.attempt = claim_attempt(claim);
        UNIT_STATUS(STATUS_OK, queue_settle(queue, claim, &result, kit.now_ns, NULL), NULL);
    }
    UNIT_STATUS(STATUS_OK, queue_flush(queue, true, kit.now_ns, NULL), NULL);
    queue_close(queue);
    UNIT_STATUS(STATUS_OK, run(&kit, false), NULL);
    UNIT_INT(1, report.journal.files);
    UNIT_INT(0, report.held.files);
    kit_close(&kit);
}

UNIT_TEST(what_is_kept_for_ever_stays_and_only_the_refused_box_is_gone_through)
{
    struct kit kit;

    UNIT_REQUIRE(kept_for(&kit, 0));
    rk_record_days(&kit, 10);
    UNIT_REQUIRE(put_entry(kit.spool.quarantine, "a.box", kit.now_ns - 1000 * KIT_DAY_NS));
    UNIT_REQUIRE(put_entry(kit.spool.refused, "a.box", kit.now_ns - 8 * KIT_DAY_NS));
    UNIT_REQUIRE(put_entry(kit.spool.refused, "b.box", kit.now_ns - 6 * KIT_DAY_NS));
    UNIT_STATUS(STATUS_OK, run(&kit, false), NULL);
    UNIT_INT(10, kit_segments(&kit));
    UNIT_INT(0, report.journal.files + report.quarantine.files);
    UNIT_INT(1, report.refused.files);
    UNIT_TRUE(faccessat(kit.spool.quarantine, "a.box", F_OK, 0) == 0);
    UNIT_TRUE(faccessat(kit.spool.refused, "a.box", F_OK, 0) != 0);
    UNIT_TRUE(faccessat(kit.spool.refused, "b.box", F_OK, 0) == 0);
    kit_close(&kit);
}

UNIT_TEST(a_quarantined_delivery_goes_when_it_came_last_before_what_is_kept)
{
    struct kit kit;

    UNIT_REQUIRE(kept_for(&kit, 90));
    UNIT_REQUIRE(
        put_entry(kit.spool.quarantine, "old.box", kit.now_ns - 90 * KIT_DAY_NS - NS_PER_S));
    UNIT_REQUIRE(
        put_entry(kit.spool.quarantine, "young.box", kit.now_ns - 90 * KIT_DAY_NS + NS_PER_S));
    UNIT_REQUIRE(put_entry(kit.spool.quarantine, ".tmp-1-a", 0));
    UNIT_STATUS(STATUS_OK, run(&kit, true), NULL);
    UNIT_INT(1, report.quarantine.files);
    UNIT_TRUE(faccessat(kit.spool.quarantine, "old.box", F_OK, 0) == 0);
    UNIT_STATUS(STATUS_OK, run(&kit, false), NULL);
    UNIT_INT(1, report.quarantine.files);
    UNIT_INT(5, report.quarantine.bytes);
    UNIT_TRUE(faccessat(kit.spool.quarantine, "old.box", F_OK, 0) != 0);
    UNIT_TRUE(faccessat(kit.spool.quarantine, "young.box", F_OK, 0) == 0);
    /* What is being written is no entry. */
    UNIT_TRUE(faccessat(kit.spool.quarantine, ".tmp-1-a", F_OK, 0) == 0);
    kit_close(&kit);
}

UNIT_TEST(an_entry_that_was_taken_aside_and_came_again_gets_its_name_back)
{
    struct kit kit;

    UNIT_REQUIRE(kept_for(&kit, 90));
    UNIT_REQUIRE(put_entry(kit.spool.quarantine, SPOOL_BOX_ASIDE_PREFIX "young.box", kit.now_ns));
    UNIT_REQUIRE(put_entry(kit.spool.quarantine, SPOOL_BOX_ASIDE_PREFIX "old.box", 0));
    UNIT_STATUS(STATUS_OK, run(&kit, false), NULL);
    UNIT_INT(1, report.quarantine.files);
    UNIT_TRUE(faccessat(kit.spool.quarantine, "young.box", F_OK, 0) == 0);
    UNIT_TRUE(faccessat(kit.spool.quarantine, SPOOL_BOX_ASIDE_PREFIX "young.box", F_OK, 0) != 0);
    UNIT_TRUE(faccessat(kit.spool.quarantine, SPOOL_BOX_ASIDE_PREFIX "old.box", F_OK, 0) != 0);
    UNIT_TRUE(faccessat(kit.spool.quarantine, "old.box", F_OK, 0) != 0);
    kit_close(&kit);
}

UNIT_TEST(what_is_no_entry_stays_in_a_box_however_old)
{
    char lengthy[200];
    struct kit kit;
    int box;

    snprintf(lengthy, sizeof lengthy, "%0150d.box", 0);
    UNIT_REQUIRE(kept_for(&kit, 90));
    box = kit.spool.quarantine;
    UNIT_REQUIRE(put_entry(box, lengthy, 0));
    UNIT_REQUIRE(put_entry(box, "notes.txt", 0));
    UNIT_INT(0, mkdirat(box, "folder.box", 0700));
    UNIT_INT(0, mkdirat(box, SPOOL_BOX_ASIDE_PREFIX "folder.box", 0700));
    UNIT_INT(0, symlinkat("notes.txt", box, "link.box"));
    UNIT_STATUS(STATUS_OK, run(&kit, false), NULL);
    UNIT_INT(0, report.quarantine.files);
    UNIT_TRUE(faccessat(box, lengthy, F_OK, 0) == 0);
    UNIT_TRUE(faccessat(box, "notes.txt", F_OK, 0) == 0);
    UNIT_TRUE(faccessat(box, "folder.box", F_OK, 0) == 0);
    UNIT_TRUE(faccessat(box, SPOOL_BOX_ASIDE_PREFIX "folder.box", F_OK, 0) == 0);
    UNIT_TRUE(faccessat(box, "link.box", F_OK, 0) == 0);
    kit_close(&kit);
}

/* ---- a delivery that comes again while its entry is found too old */

/* What another process does right before the call, once. */
static void (*before_touch)(void), (*before_rename)(void);
static struct kit *beside;

static void let(void (**deed)(void))
{
    void (*now)(void) = *deed;

    *deed = NULL;
    if (now != NULL)
        now();
}

int __real_utimensat(int dir, const char *file, const struct timespec times[2], int flags);
int __wrap_utimensat(int dir, const char *file, const struct timespec times[2], int flags);
int __wrap_utimensat(int dir, const char *file, const struct timespec times[2], int flags)
{
    let(&before_touch);
    return __real_utimensat(dir, file, times, flags);
}

int __real_renameat(int from_dir, const char *from, int to_dir, const char *to);
int __wrap_renameat(int from_dir, const char *from, int to_dir, const char *to);
int __wrap_renameat(int from_dir, const char *from, int to_dir, const char *to)
{
    let(&before_rename);
    return __real_renameat(from_dir, from, to_dir, to);
}

static void deliver(void)
{
    static const struct box_limits wide = {.bytes_max = 1 << 30};
    const struct box_entry entry = {.reason = STATUS_MALFORMED,
                                    .detail = "",
                                    .endpoint = "calls",
                                    .kept_max = 1 << 20,
                                    .received_ns = beside->now_ns};
    struct box *box = NULL;

    UNIT_STATUS(STATUS_OK, box_begin(&box, &beside->spool, BOX_QUARANTINED, &entry, &wide, NULL),
                NULL);
    if (box != NULL)
        UNIT_STATUS(STATUS_OK, box_end(box, true, NULL, NULL), NULL);
}

/* Everything that lies there from before 1970-01-01T00:00:01Z. */
static uint64_t expire(void)
{
    struct spool_amount gone = {99, 0};

    UNIT_STATUS(STATUS_OK,
                box_expire(&beside->spool, BOX_QUARANTINED, NS_PER_S, false, &gone, NULL), NULL);
    return gone.files;
}

static void expire_beside(void)
{
    UNIT_INT(1, expire());
}

/* How many entries lie there, all of which then came last long ago. */
static unsigned make_old(void)
{
    static const struct timespec long_ago[2] = {{0, 0}, {0, 0}};
    int fd = openat(beside->spool.quarantine, ".", O_RDONLY | O_DIRECTORY);
    DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    const struct dirent *entry;
    unsigned count = 0;

    while (dir != NULL && (entry = readdir(dir)) != NULL)
        if (str_ends(str_of(entry->d_name), SPOOL_BOX_SUFFIX))
            count += __real_utimensat(fd, entry->d_name, long_ago, 0) == 0;
    if (dir != NULL)
        closedir(dir);
    return count;
}

UNIT_TEST(a_delivery_whose_old_entry_is_removed_before_it_is_touched_gets_a_new_one)
{
    struct kit kit;

    UNIT_REQUIRE(kept_for(&kit, 90));
    beside = &kit;
    deliver();
    UNIT_INT(1, make_old());
    before_touch = expire_beside;
    deliver();
    UNIT_TRUE(before_touch == NULL);
    UNIT_INT(0, expire());
    UNIT_INT(1, make_old());
    kit_close(&kit);
}

UNIT_TEST(an_entry_that_is_touched_after_it_was_found_too_old_stays)
{
    struct kit kit;

    UNIT_REQUIRE(kept_for(&kit, 90));
    beside = &kit;
    deliver();
    UNIT_INT(1, make_old());
    before_rename = deliver;
    UNIT_INT(0, expire());
    UNIT_TRUE(before_rename == NULL);
    UNIT_INT(1, make_old());
    UNIT_INT(1, expire());
    kit_close(&kit);
}
