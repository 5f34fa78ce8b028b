/* SPDX-License-Identifier: MIT */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "fault_kit.h"
#include "journal_kit.h"
#include "store/boxes/box.h"
#include "store/boxes/box_counts.h"
#include "store/boxes/box_file.h"
#include "unit.h"

#define BODY "a body that is kept"
#define BODY_LEN (sizeof BODY - 1)

static struct spool spool;
static struct box_limits limits = {.bytes_max = 1 << 20};
static const int unknown[] = {EOPNOTSUPP, EISDIR, ENOENT, EINVAL};

static struct box *begin(enum box_kind kind, const struct box_entry *more)
{
    struct box_entry entry = more == NULL ? (struct box_entry){.detail = "a test"} : *more;
    struct err err = ERR_INIT;
    struct box *box = NULL;

    entry.reason = STATUS_UNAUTHORIZED;
    entry.endpoint = "calls";
    entry.kept_max = UINT64_MAX;
    entry.received_ns = clock_wall_ns();
    UNIT_STATUS(STATUS_OK, box_begin(&box, &spool, kind, &entry, &limits, &err), &err);
    return box;
}

static struct box *begin_named(enum box_kind kind, const struct box_entry *more)
{
    struct box *box;

    fault_arm(FAULT_TMPFILE, 1, EOPNOTSUPP);
    box = begin(kind, more);
    UNIT_TRUE(fault_disarm());
    return box;
}

static void end(struct box *box, bool was_there)
{
    struct err err = ERR_INIT;
    bool again = !was_there;

    UNIT_STATUS(STATUS_OK, box_add(box, BODY, BODY_LEN, &err), &err);
    UNIT_STATUS(STATUS_OK, box_end(box, true, &again, &err), &err);
    UNIT_INT(was_there, again);
}

/* How many files of the box have a name that begins with a dot, or none of them does. */
static unsigned files(enum box_kind kind, bool unfinished)
{
    int fd = file_open(box_folder(&spool, kind), ".", O_RDONLY | O_DIRECTORY, 0);
    DIR *dir = fdopendir(fd);
    const struct dirent *entry;
    unsigned n = 0;

    while ((entry = readdir(dir)) != NULL)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 &&
            strcmp(entry->d_name, SPOOL_BOX_COUNTS) != 0)
            n += (entry->d_name[0] == '.') == unfinished;
    closedir(dir);
    return n;
}

static void has_one_entry(enum box_kind kind)
{
    int fd = file_open(box_folder(&spool, kind), ".", O_RDONLY | O_DIRECTORY, 0);
    DIR *dir = fdopendir(fd);
    const struct dirent *entry;
    struct buf bytes;

    UNIT_INT(1, files(kind, false));
    UNIT_INT(0, files(kind, true));
    buf_init(&bytes, 1 << 16);
    while ((entry = readdir(dir)) != NULL)
        if (str_ends(str_of(entry->d_name), SPOOL_BOX_SUFFIX)) {
            UNIT_INT(0, file_slurp(fd, entry->d_name, &bytes));
            UNIT_TRUE(str_ends(buf_str(&bytes), "}\n" BODY));
            UNIT_INT(0, unlinkat(fd, entry->d_name, 0));
        }
    buf_free(&bytes);
    closedir(dir);
}

static struct box_counts counted(int64_t later_s)
{
    struct box_counts_file file;
    struct box_counts counts = {0};
    struct err err = ERR_INIT;
    enum status status =
        box_counts_open(&file, &spool, clock_wall_ns() + later_s * NS_PER_S, 0, &err);

    UNIT_STATUS(STATUS_OK, status, &err);
    if (status != STATUS_OK)
        return counts;
    counts = file.counts;
    box_counts_close(&file);
    return counts;
}

UNIT_TEST(an_entry_has_no_name_before_it_is_whole)
{
    UNIT_REQUIRE(kit_spool(&spool));
    for (int kind = BOX_QUARANTINED; kind <= BOX_REFUSED; kind++) {
        struct box *box = begin((enum box_kind)kind, NULL);

        UNIT_INT(0, files((enum box_kind)kind, true));
        UNIT_INT(0, counted(0).unfinished[BOX_STRANGER]);
        end(box, false);
        has_one_entry((enum box_kind)kind);
    }
    spool_close(&spool);
}

UNIT_TEST(an_entry_is_kept_where_the_file_system_knows_no_file_without_a_name)
{
    UNIT_REQUIRE(kit_spool(&spool));
    for (int kind = BOX_QUARANTINED; kind <= BOX_REFUSED; kind++)
        for (size_t i = 0; i < sizeof unknown / sizeof *unknown; i++) {
            struct box *box;

            fault_arm(FAULT_TMPFILE, 1, unknown[i]);
            box = begin((enum box_kind)kind, NULL);
            UNIT_TRUE(fault_disarm());
            UNIT_INT(1, files((enum box_kind)kind, true));
            end(box, false);
            has_one_entry((enum box_kind)kind);
        }
    spool_close(&spool);
}

UNIT_TEST(an_entry_is_kept_without_proc)
{
    UNIT_REQUIRE(kit_spool(&spool));
    for (int kind = BOX_QUARANTINED; kind <= BOX_REFUSED; kind++) {
        struct box *box;

        fault_arm(FAULT_FSTATAT, 1, ENOENT);
        box = begin((enum box_kind)kind, NULL);
        UNIT_TRUE(fault_disarm());
        UNIT_INT(1, files((enum box_kind)kind, true));
        end(box, false);
        has_one_entry((enum box_kind)kind);
    }
    spool_close(&spool);
}

UNIT_TEST(another_failure_to_make_the_file_is_a_failure)
{
    const struct box_entry entry = {.endpoint = "calls", .kept_max = 1};
    struct box *box;

    UNIT_REQUIRE(kit_spool(&spool));
    fault_arm(FAULT_TMPFILE, 1, ENOSPC);
    UNIT_STATUS(STATUS_NO_SPACE, box_begin(&box, &spool, BOX_QUARANTINED, &entry, &limits, NULL),
                NULL);
    UNIT_TRUE(fault_disarm());
    UNIT_INT(0, files(BOX_QUARANTINED, true));
    spool_close(&spool);
}

UNIT_TEST(a_file_that_cannot_get_its_name_in_the_end_is_copied)
{
    static const int errors[] = {ENOENT, EPERM};

    UNIT_REQUIRE(kit_spool(&spool));
    for (int kind = BOX_QUARANTINED; kind <= BOX_REFUSED; kind++)
        for (size_t i = 0; i < sizeof errors / sizeof *errors; i++) {
            struct box *box = begin((enum box_kind)kind, NULL);

            fault_arm(FAULT_LINKAT, 1, errors[i]);
            end(box, false);
            UNIT_TRUE(fault_disarm());
            has_one_entry((enum box_kind)kind);
            UNIT_INT(0, counted(0).unfinished[BOX_STRANGER]);
        }
    spool_close(&spool);
}

UNIT_TEST(a_retry_is_the_same_entry_with_a_temporary_name_too)
{
    UNIT_REQUIRE(kit_spool(&spool));
    for (int kind = BOX_QUARANTINED; kind <= BOX_REFUSED; kind++) {
        end(begin_named((enum box_kind)kind, NULL), false);
        end(begin_named((enum box_kind)kind, NULL), true);
        end(begin((enum box_kind)kind, NULL), true);
        has_one_entry((enum box_kind)kind);
    }
    spool_close(&spool);
}

/* ---- what has a temporary name takes room before it is there */

UNIT_TEST(a_file_with_a_temporary_name_is_counted_until_it_is_an_entry_or_given_up)
{
    struct box_counts counts;
    struct box *box;

    UNIT_REQUIRE(kit_spool(&spool));
    box = begin_named(BOX_REFUSED, NULL);
    counts = counted(0);
    UNIT_INT(1, counts.unfinished[BOX_STRANGER]);
    UNIT_TRUE(counts.unfinished_bytes[BOX_STRANGER] > BOX_STRANGER_BODY_MAX);
    UNIT_INT(0, counts.count[BOX_STRANGER]);
    end(box, false);
    counts = counted(0);
    UNIT_INT(0, counts.unfinished[BOX_STRANGER]);
    UNIT_INT(0, counts.unfinished_bytes[BOX_STRANGER]);
    UNIT_INT(1, counts.count[BOX_STRANGER]);
    box = begin_named(BOX_REFUSED, NULL);
    UNIT_INT(1, counted(0).unfinished[BOX_STRANGER]);
    box_abandon(box);
    counts = counted(0);
    UNIT_INT(0, counts.unfinished[BOX_STRANGER]);
    UNIT_INT(0, counts.unfinished_bytes[BOX_STRANGER]);
    UNIT_INT(0, files(BOX_REFUSED, true));
    spool_close(&spool);
}

UNIT_TEST(a_box_whose_room_is_taken_by_unfinished_files_is_full)
{
    struct box_entry entry = {.endpoint = "calls", .kept_max = UINT64_MAX};
    struct box *box, *other;

    UNIT_REQUIRE(kit_spool(&spool));
    limits.bytes_max = BOX_STRANGER_BODY_MAX;
    entry.received_ns = clock_wall_ns();
    box = begin_named(BOX_REFUSED, NULL);
    fault_arm(FAULT_TMPFILE, 1, EOPNOTSUPP);
    UNIT_STATUS(STATUS_LIMIT, box_begin(&other, &spool, BOX_REFUSED, &entry, &limits, NULL), NULL);
    UNIT_TRUE(fault_disarm());
    box_abandon(box);
    UNIT_STATUS(STATUS_OK, box_begin(&other, &spool, BOX_REFUSED, &entry, &limits, NULL), NULL);
    box_abandon(other);
    spool_close(&spool);
}

UNIT_TEST(of_a_published_body_what_was_announced_is_counted_and_kept)
{
    const struct box_entry entry = {.published = true, .announced = BODY_LEN - 1};
    struct box_counts counts;
    struct box *box;

    UNIT_REQUIRE(kit_spool(&spool));
    box = begin_named(BOX_REFUSED, &entry);
    counts = counted(0);
    UNIT_INT(1, counts.unfinished[BOX_PUBLISHED]);
    UNIT_TRUE(counts.unfinished_bytes[BOX_PUBLISHED] < 4096);
    end(box, false);
    UNIT_INT(counts.unfinished_bytes[BOX_PUBLISHED], counted(0).bytes[BOX_PUBLISHED]);
    spool_close(&spool);
}

UNIT_TEST(what_a_killed_process_leaves_is_counted_and_goes_after_a_minute)
{
    static const char *const names[] = {SPOOL_BOX_TMP_PREFIX "1-1.box",
                                        SPOOL_BOX_TMP_PREFIX "1-2.published.box"};
    int64_t now_s = clock_wall_ns() / NS_PER_S;
    struct box_counts counts;

    UNIT_REQUIRE(kit_spool(&spool));
    for (int kind = BOX_QUARANTINED; kind <= BOX_REFUSED; kind++)
        for (size_t i = 0; i < 2; i++) {
            int dir = box_folder(&spool, (enum box_kind)kind);
            struct timespec times[2] = {{.tv_sec = now_s}, {.tv_sec = now_s}};
            int fd = file_open(dir, names[i], O_WRONLY | O_CREAT, 0600);

            UNIT_INT(0, file_write(fd, BODY, BODY_LEN));
            file_close(&fd);
            UNIT_INT(0, utimensat(dir, names[i], times, 0));
        }
    counts = counted(now_s + BOX_TMP_AGE_S - clock_wall_ns() / NS_PER_S);
    for (int c = 0; c < BOX_CLASSES; c++) {
        UNIT_INT(1, counts.unfinished[c]);
        UNIT_INT(BODY_LEN, counts.unfinished_bytes[c]);
        UNIT_INT(0, counts.count[c]);
    }
    UNIT_INT(2, files(BOX_QUARANTINED, true));
    counts = counted(BOX_TMP_AGE_S + BOX_SWEEP_S);
    UNIT_INT(0, counts.unfinished[BOX_STRANGER] + counts.unfinished[BOX_PUBLISHED]);
    UNIT_INT(0, files(BOX_REFUSED, true));
    UNIT_INT(0, files(BOX_QUARANTINED, true));
    spool_close(&spool);
}

UNIT_TEST(a_charge_is_not_taken_back_after_the_folder_was_counted)
{
    struct box_counts counts = {.swept_s = 7};
    struct box_charge one = box_counts_charge(&counts, BOX_STRANGER, 100), two;

    two = box_counts_charge(&counts, BOX_STRANGER, 10);
    UNIT_INT(2, counts.unfinished[BOX_STRANGER]);
    UNIT_INT(110, counts.unfinished_bytes[BOX_STRANGER]);
    box_counts_discharge(&counts, &one);
    box_counts_discharge(&counts, &one);
    UNIT_INT(1, counts.unfinished[BOX_STRANGER]);
    UNIT_INT(10, counts.unfinished_bytes[BOX_STRANGER]);
    counts.swept_s = 8;
    box_counts_discharge(&counts, &two);
    UNIT_INT(1, counts.unfinished[BOX_STRANGER]);
    UNIT_INT(10, counts.unfinished_bytes[BOX_STRANGER]);
}

UNIT_TEST(two_counts_of_one_second_take_no_charge_below_nothing)
{
    struct box_counts counts = {.swept_s = 7};
    struct box_charge charge = box_counts_charge(&counts, BOX_STRANGER, 100);

    counts.unfinished[BOX_STRANGER] = 0;
    counts.unfinished_bytes[BOX_STRANGER] = 0;
    box_counts_discharge(&counts, &charge);
    UNIT_INT(0, counts.unfinished[BOX_STRANGER]);
    UNIT_INT(0, counts.unfinished_bytes[BOX_STRANGER]);
}

/* ---- SIGTERM */

static volatile sig_atomic_t terms;

static void count_term(int signum)
{
    (void)signum;
    terms++;
}

static void catch_term(void)
{
    const struct sigaction action = {.sa_handler = count_term};

    UNIT_INT(0, sigaction(SIGTERM, &action, NULL));
}

UNIT_TEST(sigterm_ends_a_process_at_once_whose_entry_has_no_name)
{
    struct box *box;

    UNIT_REQUIRE(kit_spool(&spool));
    catch_term();
    box = begin(BOX_REFUSED, NULL);
    UNIT_INT(0, raise(SIGTERM));
    UNIT_INT(1, terms);
    box_abandon(box);
    spool_close(&spool);
}

UNIT_TEST(sigterm_waits_for_an_entry_with_a_temporary_name)
{
    struct box *box;

    UNIT_REQUIRE(kit_spool(&spool));
    catch_term();
    box = begin_named(BOX_REFUSED, NULL);
    UNIT_INT(0, raise(SIGTERM));
    UNIT_INT(0, terms);
    end(box, false);
    UNIT_INT(1, terms);
    box = begin_named(BOX_QUARANTINED, NULL);
    UNIT_INT(0, raise(SIGTERM));
    UNIT_INT(1, terms);
    box_abandon(box);
    UNIT_INT(2, terms);
    spool_close(&spool);
}

UNIT_TEST(who_has_blocked_sigterm_finds_it_blocked)
{
    sigset_t term, now;

    UNIT_REQUIRE(kit_spool(&spool));
    sigemptyset(&term);
    sigaddset(&term, SIGTERM);
    UNIT_INT(0, sigprocmask(SIG_BLOCK, &term, NULL));
    end(begin_named(BOX_REFUSED, NULL), false);
    UNIT_INT(0, sigprocmask(SIG_BLOCK, NULL, &now));
    UNIT_INT(1, sigismember(&now, SIGTERM));
    spool_close(&spool);
}
