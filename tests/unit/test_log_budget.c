/* SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "journal_kit.h"
#include "store/spool/log_budget.h"
#include "unit.h"

/* 2026-11-28T05:00:00Z: an hour begins. */
#define HOUR_NS (INT64_C(1795842000) * NS_PER_S)
#define MINUTE_NS (60 * NS_PER_S)

static struct spool spool;
static char closing[LOG_BUDGET_CLOSING_MAX];

/* How many of `lines` lines are due. */
static unsigned take(unsigned lines, enum log_kind kind, enum status status, int64_t now_ns)
{
    unsigned due = 0;

    for (unsigned i = 0; i < lines; i++)
        due += log_budget_take(&spool, kind, status, now_ns, closing);
    return due;
}

UNIT_TEST(a_kind_and_status_has_so_many_lines_a_minute_and_no_more)
{
    UNIT_REQUIRE(kit_spool(&spool));
    UNIT_INT(LOG_BUDGET_MINUTE,
             take(LOG_BUDGET_MINUTE, LOG_OF_STRANGERS, STATUS_UNAUTHORIZED, HOUR_NS));
    UNIT_INT(0, take(1, LOG_OF_STRANGERS, STATUS_UNAUTHORIZED, HOUR_NS + MINUTE_NS - 1));
    UNIT_INT(1, take(1, LOG_OF_STRANGERS, STATUS_UNAUTHORIZED, HOUR_NS + MINUTE_NS));
    spool_close(&spool);
}

UNIT_TEST(a_kind_and_status_has_so_many_lines_an_hour_and_no_more)
{
    unsigned due = 0;

    UNIT_REQUIRE(kit_spool(&spool));
    for (int64_t minute = 0; minute < 60; minute++)
        due += take(LOG_BUDGET_MINUTE, LOG_OF_STRANGERS, STATUS_UNAUTHORIZED,
                    HOUR_NS + minute * MINUTE_NS);
    UNIT_INT(LOG_BUDGET_HOUR, due);
    UNIT_INT(1, take(1, LOG_OF_STRANGERS, STATUS_UNAUTHORIZED, HOUR_NS + 60 * MINUTE_NS));
    spool_close(&spool);
}

UNIT_TEST(a_line_that_comes_late_begins_no_minute_anew_but_a_clock_that_was_set_back_does)
{
    UNIT_REQUIRE(kit_spool(&spool));
    UNIT_INT(LOG_BUDGET_MINUTE, take(50, LOG_OF_STRANGERS, STATUS_UNAUTHORIZED, HOUR_NS));
    UNIT_INT(0, take(50, LOG_OF_STRANGERS, STATUS_UNAUTHORIZED, HOUR_NS - 1));
    UNIT_INT(0, take(50, LOG_OF_STRANGERS, STATUS_UNAUTHORIZED, HOUR_NS - 2 * MINUTE_NS));
    UNIT_INT(0, take(1, LOG_OF_STRANGERS, STATUS_UNAUTHORIZED, HOUR_NS));
    UNIT_INT(LOG_BUDGET_MINUTE,
             take(50, LOG_OF_STRANGERS, STATUS_UNAUTHORIZED, HOUR_NS - 3 * MINUTE_NS));
    spool_close(&spool);
}

UNIT_TEST(no_flood_uses_up_the_budget_of_another_kind_or_status)
{
    UNIT_REQUIRE(kit_spool(&spool));
    UNIT_INT(LOG_BUDGET_MINUTE, take(500, LOG_OF_STRANGERS, STATUS_UNAUTHORIZED, HOUR_NS));
    UNIT_INT(LOG_BUDGET_MINUTE, take(500, LOG_OF_STRANGERS, STATUS_UNKNOWN_ENDPOINT, HOUR_NS));
    UNIT_INT(LOG_BUDGET_MINUTE, take(500, LOG_OF_SENDERS, STATUS_UNAUTHORIZED, HOUR_NS));
    UNIT_INT(LOG_BUDGET_MINUTE, take(500, LOG_OF_NOTES, STATUS_OK, HOUR_NS));
    UNIT_INT(LOG_BUDGET_MINUTE, take(500, LOG_OF_HOOKS, STATUS_OK, HOUR_NS));
    spool_close(&spool);
}

UNIT_TEST(the_first_line_of_a_later_minute_closes_the_one_before_with_its_counts)
{
    UNIT_REQUIRE(kit_spool(&spool));
    (void)take(LOG_BUDGET_MINUTE + 1100, LOG_OF_STRANGERS, STATUS_UNAUTHORIZED, HOUR_NS);
    (void)take(LOG_BUDGET_MINUTE + 2, LOG_OF_STRANGERS, STATUS_UNKNOWN_ENDPOINT, HOUR_NS);
    (void)take(LOG_BUDGET_MINUTE + 3, LOG_OF_SENDERS, STATUS_STALE, HOUR_NS);
    (void)take(LOG_BUDGET_MINUTE + 4, LOG_OF_NOTES, STATUS_OK, HOUR_NS);
    UNIT_INT(0, strlen(closing));
    UNIT_INT(1, take(1, LOG_OF_HOOKS, STATUS_OK, HOUR_NS + 7 * MINUTE_NS));
    UNIT_STR("lines left out in the minute from 2026-11-28T05:00Z; without the secret: "
             "1100 unauthorized, 2 unknown-endpoint; with the secret: 3 stale; about files: "
             "4 warnings",
             str_of(closing));
    UNIT_INT(1, take(1, LOG_OF_HOOKS, STATUS_OK, HOUR_NS + 7 * MINUTE_NS));
    UNIT_INT(0, strlen(closing));
    spool_close(&spool);
}

UNIT_TEST(a_line_that_is_left_out_itself_closes_the_minute_before_too)
{
    UNIT_REQUIRE(kit_spool(&spool));
    for (int64_t minute = 0; minute < LOG_BUDGET_HOUR / LOG_BUDGET_MINUTE; minute++)
        (void)take(LOG_BUDGET_MINUTE + 1, LOG_OF_STRANGERS, STATUS_UNAUTHORIZED,
                   HOUR_NS + minute * MINUTE_NS);
    UNIT_INT(0, take(1, LOG_OF_STRANGERS, STATUS_UNAUTHORIZED, HOUR_NS + 10 * MINUTE_NS));
    UNIT_TRUE(strstr(closing, "1 unauthorized") != NULL);
    spool_close(&spool);
}

UNIT_TEST(the_closing_line_of_all_reasons_at_their_most_fits)
{
    UNIT_REQUIRE(kit_spool(&spool));
    for (int kind = 0; kind < LOG_KINDS; kind++)
        for (int status = 0; status < STATUS_COUNT; status++)
            (void)take(LOG_BUDGET_MINUTE + 1, (enum log_kind)kind, (enum status)status, HOUR_NS);
    (void)take(1, LOG_OF_HOOKS, STATUS_OK, HOUR_NS + MINUTE_NS);
    UNIT_TRUE(strlen(closing) > 100 && strlen(closing) < sizeof closing);
    spool_close(&spool);
}

UNIT_TEST(while_another_process_counts_strangers_are_not_logged_and_others_are)
{
    int fd;

    UNIT_REQUIRE(kit_spool(&spool));
    fd = file_open(spool.dir, SPOOL_LOG_BUDGET, O_RDWR | O_CREAT, 0600);
    UNIT_INT(0, file_trylock(fd));
    UNIT_INT(0, take(1, LOG_OF_STRANGERS, STATUS_UNAUTHORIZED, HOUR_NS));
    UNIT_INT(1, take(1, LOG_OF_HOOKS, STATUS_OK, HOUR_NS));
    file_close(&fd);
    UNIT_INT(1, take(1, LOG_OF_STRANGERS, STATUS_UNAUTHORIZED, HOUR_NS));
    spool_close(&spool);
}

UNIT_TEST(counts_that_cannot_be_written_leave_only_strangers_out)
{
    struct rlimit none = {.rlim_cur = 0, .rlim_max = RLIM_INFINITY};

    UNIT_REQUIRE(kit_spool(&spool));
    UNIT_TRUE(signal(SIGXFSZ, SIG_IGN) != SIG_ERR && setrlimit(RLIMIT_FSIZE, &none) == 0);
    UNIT_INT(0, take(1, LOG_OF_STRANGERS, STATUS_UNAUTHORIZED, HOUR_NS));
    UNIT_INT(1, take(1, LOG_OF_SENDERS, STATUS_STALE, HOUR_NS));
    spool_close(&spool);
}

UNIT_TEST(damaged_counts_begin_anew_and_are_never_followed_as_a_link)
{
    char junk[4096];
    struct stat sb;
    int fd;

    UNIT_REQUIRE(kit_spool(&spool));
    UNIT_INT(LOG_BUDGET_MINUTE, take(50, LOG_OF_STRANGERS, STATUS_UNAUTHORIZED, HOUR_NS));
    fd = file_open(spool.dir, SPOOL_LOG_BUDGET, O_RDWR, 0);
    UNIT_TRUE(fd >= 0 && fstat(fd, &sb) == 0 && (size_t)sb.st_size <= sizeof junk);
    memset(junk, 0xff, sizeof junk);
    UNIT_INT(0, file_pwrite(fd, junk, (size_t)sb.st_size, 0));
    file_close(&fd);
    UNIT_INT(LOG_BUDGET_MINUTE, take(50, LOG_OF_STRANGERS, STATUS_UNAUTHORIZED, HOUR_NS));
    UNIT_INT(0, unlinkat(spool.dir, SPOOL_LOG_BUDGET, 0));
    UNIT_INT(0, symlinkat("elsewhere", spool.dir, SPOOL_LOG_BUDGET));
    UNIT_INT(0, take(1, LOG_OF_STRANGERS, STATUS_UNAUTHORIZED, HOUR_NS));
    UNIT_INT(1, take(1, LOG_OF_SENDERS, STATUS_STALE, HOUR_NS));
    UNIT_TRUE(faccessat(spool.dir, "elsewhere", F_OK, 0) != 0);
    spool_close(&spool);
}
