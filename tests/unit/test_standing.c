/* SPDX-License-Identifier: MIT
 *
 * What becomes of hooks where the journal and what they did do not belong together. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "core/retry.h"
#include "queue_kit.h"
#include "store/intake.h"
#include "store/queue/ledger.h"
#include "store/queue/queue.h"
#include "store/queue/snapshot.h"
#include "store/queue/standing.h"
#include "store/repair.h"
#include "store/retention.h"
#include "unit.h"

#define RESULTS_1 SPOOL_RESULTS "/00000001.jsonl"

static struct err err;

static enum status standing(void)
{
    err_clear(&err);
    return standing_check(&qk_kit.spool, NULL, &err);
}

/* They are paused for that reason, and a runner neither runs nor changes anything. */
static void is_paused(const char *why)
{
    struct queue *queue = NULL;
    struct stat before, after;

    (void)fstatat(qk_kit.spool.dir, SPOOL_SNAPSHOT, &before, 0);
    UNIT_STATUS(STATUS_PAUSED, standing(), &err);
    UNIT_TRUE(strstr(err.text, why) != NULL && strstr(err.text, "stenohook resume") != NULL);
    err_clear(&err);
    UNIT_STATUS(STATUS_PAUSED, queue_open(&queue, &qk_kit.spool, qk_kit.now_ns, &err), &err);
    UNIT_STATUS(STATUS_PAUSED, standing(), &err);
    if (fstatat(qk_kit.spool.dir, SPOOL_SNAPSHOT, &after, 0) == 0)
        UNIT_INT(before.st_ino, after.st_ino);
    UNIT_INT(0, snapshot_hold(&qk_kit.spool));
}

static struct queue_resumed resume(int64_t from_ns, bool dry)
{
    struct queue_resumed report = {.paused = false};

    err_clear(&err);
    UNIT_STATUS(
        STATUS_OK,
        queue_resume(&qk_kit.spool, qk_config(), from_ns, dry, qk_kit.now_ns, &report, &err), &err);
    return report;
}

static void resumes(int64_t from_ns, unsigned runs, unsigned rest)
{
    struct queue_resumed dry = resume(from_ns, true), report;

    UNIT_STATUS(STATUS_PAUSED, standing(), &err);
    report = resume(from_ns, false);
    UNIT_TRUE(dry.paused && report.paused);
    UNIT_INT(runs, dry.runs);
    UNIT_INT(rest, dry.rest);
    UNIT_INT(runs, report.runs);
    UNIT_INT(rest, report.rest);
    UNIT_STATUS(STATUS_OK, standing(), &err);
    UNIT_TRUE(qk_enter());
}

/* As of a restored copy of `format` and `log`. */
static void lose_state(void)
{
    static const char *const folders[] = {SPOOL_RESULTS, SPOOL_COMMANDS};

    qk_leave();
    (void)qk_remove(SPOOL_SNAPSHOT);
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++)
        for (unsigned n = 1; n < 5; n++) {
            char name[64];

            snprintf(name, sizeof name, "%s/%08u.jsonl", folders[i], n);
            (void)unlinkat(qk_kit.spool.dir, name, 0);
        }
}

static void cut_journal(const char *event)
{
    int fd = file_open(qk_kit.spool.log, "00000001.jsonl", O_RDWR, 0);

    UNIT_INT(0, ftruncate(fd, (off_t)qk_place(event).offset));
    file_close(&fd);
    UNIT_TRUE(kit_reboot(&qk_kit));
}

/* ---- the state comes first */

UNIT_TEST(the_first_record_finds_a_state_of_its_journal)
{
    struct record_owner owner;
    struct kit kit;

    UNIT_REQUIRE(kit_open(&kit));
    err_clear(&err);
    UNIT_STATUS(STATUS_MISSING, standing_check(&kit.spool, NULL, &err), &err);
    UNIT_STATUS(STATUS_OK, kit_append(&kit, "a transcript a1 completed"), &kit.err);
    err_clear(&err);
    UNIT_STATUS(STATUS_OK, standing_check(&kit.spool, &owner, &err), &err);
    UNIT_TEXT(kit.spool.journal, owner.journal);
    UNIT_INT(RECORD_JOURNAL_LEN, strlen(owner.journal));
    UNIT_INT(1, owner.first);
    UNIT_INT(0, owner.from_ns);
    kit_close(&kit);
}

UNIT_TEST(nothing_is_recorded_where_the_state_cannot_be_made)
{
    struct kit kit;
    int fd;

    UNIT_REQUIRE(kit_open(&kit));
    UNIT_INT(0, unlinkat(kit.spool.dir, SPOOL_RESULTS, AT_REMOVEDIR));
    fd = file_open(kit.spool.dir, SPOOL_RESULTS, O_WRONLY | O_CREAT, 0600);
    file_close(&fd);
    UNIT_STATUS(STATUS_IO, kit_append(&kit, "a transcript a1 completed"), &kit.err);
    UNIT_INT(0, kit_segments(&kit));
    UNIT_INT(0, unlinkat(kit.spool.dir, SPOOL_RESULTS, 0));
    UNIT_STATUS(STATUS_OK, kit_append(&kit, "a transcript a1 completed"), &kit.err);
    UNIT_INT(1, kit_segments(&kit));
    err_clear(&err);
    UNIT_STATUS(STATUS_OK, standing_check(&kit.spool, NULL, &err), &err);
    kit_close(&kit);
}

UNIT_TEST(what_was_recorded_before_the_first_runner_runs)
{
    UNIT_REQUIRE(qk_open(QK_STAYS));
    qk_leave();
    lose_state();
    qk_record_many('a', 1, 2);
    UNIT_REQUIRE(qk_enter());
    qk_run("a1/1", 0);
    qk_run("a2/1", 0);
    UNIT_TEXT("-", qk_claim());
    qk_close();
}

/* ---- what pauses */

UNIT_TEST(a_journal_whose_state_is_missing_pauses_its_hooks_and_goes_on)
{
    UNIT_REQUIRE(qk_open(QK_STAYS));
    qk_record_many('a', 1, 2);
    qk_run("a1/1", 0);
    lose_state();
    is_paused("is missing");
    UNIT_TEXT("a1:waiting/0 a2:waiting/0", qk_states());
    qk_record("a3");
    is_paused("is missing");
    UNIT_INT(-1, faccessat(qk_kit.spool.dir, RESULTS_1, F_OK, 0));
    qk_close();
}

UNIT_TEST(a_state_of_another_journal_pauses_hooks)
{
    UNIT_REQUIRE(qk_open(QK_STAYS));
    qk_record_many('a', 1, 2);
    qk_run("a1/1", RETRY_EXIT_DEAD);
    qk_reopen();
    qk_leave();
    memset(qk_kit.spool.journal, 'f', RECORD_JOURNAL_LEN);
    is_paused("of another journal");
    UNIT_TEXT("a1:waiting/0 a2:waiting/0", qk_states());
    resumes(0, 2, 0);
    qk_run("a1/1", 0);
    qk_run("a2/1", 0);
    UNIT_TEXT("-", qk_claim());
    qk_close();
}

/* A snapshot that is gone is made anew of the results; nothing is run twice or left out. */
UNIT_TEST(a_snapshot_that_is_gone_pauses_nothing)
{
    UNIT_REQUIRE(qk_open(QK_STAYS));
    qk_record_many('a', 1, 3);
    qk_run("a1/1", 0);
    qk_reopen();
    UNIT_REQUIRE(qk_remove(SPOOL_SNAPSHOT));
    qk_leave();
    UNIT_STATUS(STATUS_OK, standing(), &err);
    UNIT_REQUIRE(qk_enter());
    qk_run("a2/1", 0);
    qk_run("a3/1", 0);
    UNIT_TEXT("-", qk_claim());
    qk_close();
}

/* Of the journal there is an older copy. */
static void rolled_back(void (*afterwards)(void))
{
    UNIT_REQUIRE(qk_open(QK_STAYS));
    qk_record_many('a', 1, 3);
    qk_run("a1/1", 0);
    qk_run("a2/1", 0);
    qk_run("a3/1", 0);
    qk_reopen();
    qk_leave();
    UNIT_STATUS(STATUS_OK, standing(), &err);
    cut_journal("a3");
    is_paused("not in the journal");
    afterwards();
    qk_close();
    unit_fresh_folder();
}

static void goes_on_elsewhere(void)
{
    qk_record("a4");
    is_paused("not in the journal");
    resumes(0, 1, 2);
    qk_run("a4/1", 0);
    UNIT_TEXT("-", qk_claim());
}

static void loses_its_snapshot_too(void)
{
    UNIT_REQUIRE(qk_remove(SPOOL_SNAPSHOT));
    is_paused("not in the journal");
}

/* Another event stands where a3 stood. */
static void goes_on_there(void)
{
    struct record_line line;
    struct str bytes;

    qk_after(QK_SECOND_NS);
    UNIT_REQUIRE(kit_line(&line, "a transcript a9 completed", 20, qk_kit.now_ns));
    bytes = record_seal(&line, 1, qk_place("a3").offset, false);
    UNIT_TRUE(kit_add_bytes(&qk_kit, 1, bytes.ptr, bytes.len));
    record_line_free(&line);
    is_paused("not in the journal");
    resumes(0, 1, 2);
    UNIT_TEXT("a3/1", qk_claim());
}

UNIT_TEST(a_journal_that_was_put_back_pauses_hooks_and_what_is_known_stays_known)
{
    rolled_back(goes_on_elsewhere);
    rolled_back(loses_its_snapshot_too);
    rolled_back(goes_on_there);
}

UNIT_TEST(a_journal_whose_read_part_was_pruned_pauses_nothing)
{
    struct snapshot head;

    UNIT_REQUIRE(qk_open(QK_STAYS));
    qk_record("a1");
    qk_run("a1/1", 0);
    qk_reopen();
    qk_leave();
    UNIT_TRUE(snapshot_head(&qk_kit.spool, &head));
    UNIT_INT(1, head.read.segment);
    UNIT_TRUE(head.read.offset > qk_place("a1").offset);
    qk_after(KIT_DAY_NS);
    qk_record("a2");
    UNIT_INT(0, unlinkat(qk_kit.spool.log, "00000001.jsonl", 0));
    UNIT_STATUS(STATUS_OK, standing(), &err);
    qk_close();
}

UNIT_TEST(nothing_of_what_hooks_did_is_pruned_while_they_are_paused)
{
    struct journal_options options = {
        .segment_max = 1024 * 1024, .keep_s = 86400, .begin = intake_begin, .hold = snapshot_hold};
    struct retention_report report;

    UNIT_REQUIRE(qk_open(QK_STAYS));
    qk_record("a1");
    qk_run("a1/1", 0);
    qk_after(KIT_DAY_NS);
    atomic_store(&kit_syncs_to_fail, 1);
    UNIT_STATUS(STATUS_IO, queue_flush(qk_queue, true, qk_kit.now_ns, NULL), NULL);
    qk_reopen();
    qk_after(3 * KIT_DAY_NS);
    qk_record("a2");
    qk_after(3 * KIT_DAY_NS);
    qk_run("a2/1", 0);
    qk_reopen();
    qk_leave();
    err_clear(&err);
    UNIT_STATUS(STATUS_OK,
                retention_run(&qk_kit.spool, &options, true, qk_kit.now_ns, 0, &report, &err),
                &err);
    UNIT_INT(1, report.results.files);
    memset(qk_kit.spool.journal, 'f', RECORD_JOURNAL_LEN);
    UNIT_STATUS(STATUS_OK,
                retention_run(&qk_kit.spool, &options, true, qk_kit.now_ns, 0, &report, &err),
                &err);
    UNIT_INT(0, report.results.files);
    qk_close();
}

static void tell_nobody(void *context, uint32_t left)
{
    (void)context;
    (void)left;
}

UNIT_TEST(a_repair_leaves_hooks_paused)
{
    UNIT_REQUIRE(qk_open(QK_STAYS));
    qk_record("a1");
    qk_run("a1/1", 0);
    lose_state();
    err_clear(&err);
    UNIT_STATUS(STATUS_OK,
                repair_run(&qk_kit.spool, &qk_kit.options, qk_kit.now_ns, tell_nobody, NULL, &err),
                &err);
    is_paused("is missing");
    qk_close();
}

/* ---- resume */

UNIT_TEST(hooks_that_are_not_paused_are_not_resumed)
{
    struct queue_resumed report;

    UNIT_REQUIRE(qk_open(QK_STAYS));
    qk_record("a1");
    qk_leave();
    report = resume(INT64_MAX, false);
    UNIT_FALSE(report.paused);
    UNIT_REQUIRE(qk_enter());
    qk_run("a1/1", 0);
    qk_close();
}

UNIT_TEST(a_resume_waits_for_no_runner)
{
    struct queue_resumed report;

    UNIT_REQUIRE(qk_open(QK_STAYS));
    err_clear(&err);
    UNIT_STATUS(STATUS_DEADLINE,
                queue_resume(&qk_kit.spool, qk_config(), 0, false, qk_kit.now_ns, &report, &err),
                &err);
    qk_close();
}

static void from_now(void)
{
    qk_record_many('a', 1, 3);
    qk_run("a1/1", 0);
    lose_state();
    qk_record("a4");
    resumes(INT64_MAX, 0, 4);
    UNIT_TEXT("a1:none/0 a2:none/0 a3:none/0 a4:none/0", qk_states());
    UNIT_TEXT("-", qk_claim());
    qk_record("a5");
    qk_run("a5/1", 0);
    UNIT_TEXT("-", qk_claim());
    /* Said for good, whatever becomes of the snapshot. */
    UNIT_REQUIRE(qk_remove(SPOOL_SNAPSHOT));
    qk_crash();
    UNIT_TEXT("-", qk_claim());
    UNIT_TEXT("a1:none/0 a2:none/0 a3:none/0 a4:none/0 a5:done/1", qk_states());
    qk_order(ORDER_AGAIN, "a2");
    qk_run("a2/1", 0);
    UNIT_TEXT("-", qk_claim());
}

UNIT_TEST(after_a_resume_from_now_nothing_on_record_runs)
{
    qk_each_way(from_now);
}

static void from_start(void)
{
    qk_record_many('a', 1, 2);
    qk_record("c1");
    qk_run("a1/1", 0);
    lose_state();
    resumes(0, 2, 0);
    UNIT_TEXT("a1:waiting/0 a2:waiting/0 c1:none/0", qk_states());
    qk_run("a1/1", 0);
    qk_run("a2/1", 0);
    UNIT_TEXT("-", qk_claim());
}

UNIT_TEST(after_a_resume_from_the_start_all_that_names_a_hook_runs)
{
    qk_each_way(from_start);
}

static void from_a_time(void)
{
    int64_t from_ns;

    qk_record_many('a', 1, 2);
    qk_after(10 * QK_SECOND_NS);
    from_ns = qk_kit.now_ns;
    qk_record("a3");
    qk_after(QK_SECOND_NS);
    qk_record("a4");
    lose_state();
    resumes(from_ns, 2, 2);
    UNIT_TEXT("a1:none/0 a2:none/0 a3:waiting/0 a4:waiting/0", qk_states());
    qk_run("a3/1", 0);
    UNIT_REQUIRE(qk_remove(SPOOL_SNAPSHOT));
    qk_crash();
    qk_run("a4/1", 0);
    UNIT_TEXT("-", qk_claim());
    UNIT_TEXT("a1:none/0 a2:none/0 a3:done/1 a4:done/1", qk_states());
}

UNIT_TEST(after_a_resume_from_a_time_what_was_received_since_runs)
{
    qk_each_way(from_a_time);
}

UNIT_TEST(orders_from_before_a_resume_do_not_count)
{
    UNIT_REQUIRE(qk_open(QK_STAYS));
    qk_record("a1");
    qk_run("a1/1", 0);
    qk_leave();
    UNIT_REQUIRE(qk_remove(SPOOL_SNAPSHOT));
    UNIT_REQUIRE(qk_remove(RESULTS_1));
    qk_order(ORDER_AGAIN, "a1");
    resumes(INT64_MAX, 0, 1);
    UNIT_TEXT("-", qk_claim());
    /* Also where the snapshot is lost and no result tells that they were carried out. */
    UNIT_REQUIRE(qk_remove(SPOOL_SNAPSHOT));
    qk_crash();
    UNIT_TEXT("-", qk_claim());
    qk_close();
}

/* The slot of a runner that was killed speaks of an event that may be another one now. */
UNIT_TEST(a_run_from_before_a_resume_is_not_taken_over)
{
    UNIT_REQUIRE(qk_open(QK_STAYS));
    qk_record("a1");
    lose_state();
    resumes(INT64_MAX, 0, 1);
    UNIT_TRUE(qk_adopt("a1", 1) == NULL);
    UNIT_TEXT("-", qk_claim());
    qk_close();
}

/* Killed between the new results and the new snapshot. */
UNIT_TEST(a_snapshot_from_before_a_resume_does_not_count)
{
    struct buf old;
    int fd;

    UNIT_REQUIRE(qk_open(QK_STAYS));
    qk_record_many('a', 1, 2);
    qk_run("a1/1", QK_FAILS);
    qk_reopen();
    buf_init(&old, 65536);
    UNIT_INT(0, file_slurp(qk_kit.spool.dir, SPOOL_SNAPSHOT, &old));
    qk_leave();
    memset(qk_kit.spool.journal, 'f', RECORD_JOURNAL_LEN);
    (void)resume(INT64_MAX, false);
    fd = file_open(qk_kit.spool.dir, SPOOL_SNAPSHOT, O_WRONLY | O_TRUNC, 0);
    UNIT_INT(0, file_write(fd, old.ptr, old.len));
    file_close(&fd);
    buf_free(&old);
    UNIT_REQUIRE(qk_enter());
    qk_after(QK_FIRST_DELAY_NS);
    UNIT_TEXT("-", qk_claim());
    UNIT_TEXT("a1:none/0 a2:none/0", qk_states());
    qk_close();
}

UNIT_TEST(a_pause_is_logged_once_an_hour)
{
    int64_t now_ns;

    UNIT_REQUIRE(qk_open(QK_STAYS));
    now_ns = qk_kit.now_ns;
    UNIT_TRUE(standing_should_log(&qk_kit.spool, now_ns));
    UNIT_FALSE(standing_should_log(&qk_kit.spool, now_ns));
    UNIT_FALSE(standing_should_log(&qk_kit.spool, now_ns + 3599 * QK_SECOND_NS));
    UNIT_TRUE(standing_should_log(&qk_kit.spool, now_ns + 3600 * QK_SECOND_NS));
    /* A clock that was set back. */
    UNIT_TRUE(standing_should_log(&qk_kit.spool, now_ns));
    qk_close();
}
