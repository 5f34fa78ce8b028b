/* SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "store/queue/slot.h"
#include "unit.h"

static const struct slot_attempt usual = {.id = "16777215:1099511627775",
                                          .number = 2,
                                          .started_ns = 1795422005731000000,
                                          .timeout_s = 600};

static bool open_spool(struct spool *spool)
{
    char path[128];

    snprintf(path, sizeof path, "%s/spool", unit_folder());
    return spool_create(path, NULL) == STATUS_OK && spool_open(spool, path, NULL) == STATUS_OK;
}

static enum slot_state opened(struct slot *slot, const struct spool *spool, bool make)
{
    struct err err = ERR_INIT;
    enum slot_state state = SLOT_ABSENT;

    UNIT_STATUS(STATUS_OK, slot_open(slot, spool, 7, make, &state, &err), &err);
    return state;
}

/* A process that waits to be killed. */
static pid_t bystander(void)
{
    pid_t pid = fork();

    if (pid == 0)
        for (;;)
            pause();
    return pid;
}

/* A process that has said in the slot who it is, and holds its descriptor. */
static pid_t resident(struct slot *slot)
{
    struct slot_attempt attempt = slot->attempt;
    int ready[2];
    char byte;
    pid_t pid;

    if (pipe(ready) != 0)
        return -1;
    pid = fork();
    if (pid == 0) {
        if (slot_enter(slot->fd, &attempt) != 0 || write(ready[1], "", 1) != 1)
            _exit(1);
        for (;;)
            pause();
    }
    close(ready[1]);
    if (read(ready[0], &byte, 1) != 1)
        pid = -1;
    close(ready[0]);
    return pid;
}

static void end(pid_t pid)
{
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
}

UNIT_TEST(a_line_comes_back_as_it_was_written)
{
    char line[SLOT_LINE_LEN + 1];
    struct slot_attempt attempt = usual, back;

    attempt.pid = 4194304;
    attempt.start = UINT64_MAX;
    attempt.number = UINT32_MAX;
    attempt.started_ns = INT64_MAX;
    attempt.timeout_s = INT32_MAX;
    slot_print(line, &attempt);
    UNIT_INT(SLOT_LINE_LEN, strlen(line));
    UNIT_TRUE(slot_parse(str_of(line), &back));
    UNIT_TEXT(attempt.id, back.id);
    UNIT_INT(attempt.number, back.number);
    UNIT_INT(attempt.pid, back.pid);
    UNIT_HEX(attempt.start, back.start);
    UNIT_INT(attempt.started_ns, back.started_ns);
    UNIT_INT(attempt.timeout_s, back.timeout_s);
}

UNIT_TEST(a_line_that_is_not_whole_or_says_nonsense_is_none)
{
    char line[SLOT_LINE_LEN + 1];
    struct slot_attempt back;

    slot_print(line, &usual);
    UNIT_FALSE(slot_parse((struct str){line, SLOT_LINE_LEN - 1}, &back));
    UNIT_FALSE(slot_parse(STR(""), &back));
    line[SLOT_LINE_LEN - 1] = ' ';
    UNIT_FALSE(slot_parse(str_of(line), &back));
    slot_print(line, &usual);
    line[0] = 'x';
    UNIT_FALSE(slot_parse(str_of(line), &back));
    slot_print(line, &usual);
    *strchr(line, ' ') = '-';
    UNIT_FALSE(slot_parse(str_of(line), &back));
}

/* "ID ATTEMPT PID START STARTED_NS TIMEOUT_S" */
static bool parses(const char *said, struct slot_attempt *attempt)
{
    char line[SLOT_LINE_LEN + 1];

    snprintf(line, sizeof line, "%-*s\n", SLOT_LINE_LEN - 1, said);
    return slot_parse(str_of(line), attempt);
}

UNIT_TEST(a_line_with_a_number_beyond_its_limit_is_none)
{
    struct slot_attempt attempt;

    UNIT_TRUE(parses("1:2 4294967295 2147483647 18446744073709551615 9223372036854775807 "
                     "2147483647",
                     &attempt));
    UNIT_FALSE(parses("1:2 4294967296 1 1 1 1", &attempt));
    UNIT_FALSE(parses("1:2 1 2147483648 1 1 1", &attempt));
    UNIT_FALSE(parses("1:2 1 -1 1 1 1", &attempt));
    UNIT_FALSE(parses("1:2 1 1 18446744073709551616 1 1", &attempt));
    UNIT_FALSE(parses("1:2 1 1 1 9223372036854775808 1", &attempt));
    UNIT_FALSE(parses("1:2 1 1 1 1 2147483648", &attempt));
    UNIT_FALSE(parses("1:2 1 1 1 1", &attempt));
}

UNIT_TEST(a_slot_that_does_not_exist_is_only_made_where_that_is_wanted)
{
    struct spool spool;
    struct slot slot;

    UNIT_REQUIRE(open_spool(&spool));
    UNIT_INT(SLOT_ABSENT, opened(&slot, &spool, false));
    UNIT_INT(SLOT_FREE, opened(&slot, &spool, true));
    slot_close(&slot);
    UNIT_INT(SLOT_FREE, opened(&slot, &spool, false));
    slot_close(&slot);
    spool_close(&spool);
}

UNIT_TEST(a_slot_whose_runner_died_before_the_hook_began_has_ended)
{
    struct spool spool;
    struct slot slot, again;

    UNIT_REQUIRE(open_spool(&spool));
    UNIT_INT(SLOT_FREE, opened(&slot, &spool, true));
    UNIT_STATUS(STATUS_OK, slot_begin(&slot, &usual, NULL), NULL);
    slot_close(&slot);
    UNIT_INT(SLOT_ENDED, opened(&again, &spool, false));
    UNIT_TEXT(usual.id, again.attempt.id);
    slot_clear(&again);
    slot_close(&again);
    UNIT_INT(SLOT_FREE, opened(&again, &spool, false));
    slot_close(&again);
    spool_close(&spool);
}

UNIT_TEST(a_slot_is_busy_from_before_the_hook_has_said_its_pid)
{
    struct spool spool;
    struct slot slot, other;

    UNIT_REQUIRE(open_spool(&spool));
    UNIT_INT(SLOT_FREE, opened(&slot, &spool, true));
    UNIT_STATUS(STATUS_OK, slot_begin(&slot, &usual, NULL), NULL);
    UNIT_INT(SLOT_BUSY, opened(&other, &spool, true));
    UNIT_INT(0, other.attempt.pid);
    UNIT_TRUE(slot_busy(&other));
    slot_close(&slot);
    UNIT_FALSE(slot_busy(&other));
    slot_close(&other);
    spool_close(&spool);
}

UNIT_TEST(a_hook_keeps_its_slot_busy_when_its_runner_is_gone)
{
    struct spool spool;
    struct slot slot, other;
    pid_t pid;

    UNIT_REQUIRE(open_spool(&spool));
    UNIT_INT(SLOT_FREE, opened(&slot, &spool, true));
    UNIT_STATUS(STATUS_OK, slot_begin(&slot, &usual, NULL), NULL);
    pid = resident(&slot);
    UNIT_REQUIRE(pid > 0);
    slot_close(&slot);
    UNIT_INT(SLOT_BUSY, opened(&other, &spool, false));
    UNIT_INT(pid, other.attempt.pid);
    UNIT_TRUE(other.attempt.start > 0);
    UNIT_TRUE(slot_busy(&other));
    end(pid);
    UNIT_FALSE(slot_busy(&other));
    slot_close(&other);
    UNIT_INT(SLOT_ENDED, opened(&other, &spool, false));
    slot_close(&other);
    spool_close(&spool);
}

UNIT_TEST(a_daemon_that_kept_the_descriptor_does_not_keep_the_slot)
{
    struct spool spool;
    struct slot slot, other, third;
    pid_t hook, daemon;

    UNIT_REQUIRE(open_spool(&spool));
    UNIT_INT(SLOT_FREE, opened(&slot, &spool, true));
    UNIT_STATUS(STATUS_OK, slot_begin(&slot, &usual, NULL), NULL);
    daemon = bystander();
    hook = resident(&slot);
    UNIT_REQUIRE(daemon > 0 && hook > 0);
    slot_close(&slot);
    end(hook);
    UNIT_INT(SLOT_ENDED, opened(&other, &spool, false));
    UNIT_INT(hook, other.attempt.pid);
    /* What we have now is ours, whatever the daemon holds. */
    UNIT_STATUS(STATUS_OK, slot_begin(&other, &usual, NULL), NULL);
    UNIT_INT(SLOT_BUSY, opened(&third, &spool, true));
    slot_close(&third);
    slot_close(&other);
    end(daemon);
    spool_close(&spool);
}

/* Locked by somebody, and its process is over. */
static bool keep_ended(struct slot *slot, const struct spool *spool)
{
    pid_t hook;

    if (opened(slot, spool, true) != SLOT_FREE || slot_begin(slot, &usual, NULL) != STATUS_OK ||
        (hook = resident(slot)) <= 0)
        return false;
    end(hook);
    return true;
}

UNIT_TEST(a_new_file_that_a_killed_runner_left_does_not_hinder_the_next_one)
{
    struct err err = ERR_INIT;
    enum slot_state state = SLOT_ABSENT;
    struct spool spool;
    struct slot slot, other;

    UNIT_REQUIRE(open_spool(&spool));
    UNIT_REQUIRE(keep_ended(&slot, &spool));
    UNIT_INT(0, mkdirat(spool.dir, SPOOL_SLOT_PREFIX "7.new", 0700));
    UNIT_STATUS(STATUS_IO, slot_open(&other, &spool, 7, true, &state, &err), &err);
    UNIT_INT(SLOT_ABSENT, state);
    UNIT_INT(0, unlinkat(spool.dir, SPOOL_SLOT_PREFIX "7.new", AT_REMOVEDIR));
    UNIT_INT(0, linkat(spool.dir, SPOOL_SLOT_PREFIX "7", spool.dir, SPOOL_SLOT_PREFIX "7.new", 0));
    UNIT_INT(SLOT_ENDED, opened(&other, &spool, true));
    slot_close(&other);
    slot_close(&slot);
    spool_close(&spool);
}

UNIT_TEST(a_pid_that_came_again_is_another_process)
{
    pid_t pid = bystander();
    struct slot_attempt attempt = {.pid = pid};

    UNIT_REQUIRE(pid > 0);
    UNIT_TRUE(slot_alive(&attempt));
    attempt.start = 1;
    UNIT_FALSE(slot_alive(&attempt));
    attempt.start = 0;
    kill(pid, SIGKILL);
    /* A zombie, while nobody has waited for it. */
    waitid(P_PID, (id_t)pid, &(siginfo_t){0}, WEXITED | WNOWAIT);
    UNIT_FALSE(slot_alive(&attempt));
    waitpid(pid, NULL, 0);
    UNIT_FALSE(slot_alive(&attempt));
}
