/* SPDX-License-Identifier: MIT
 * self_case - tests that end in each bad way, for tests/unit/self-test, which knows what must be
 * told of them. Not part of the unit tests.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include "unit.h"

UNIT_TEST(a_first_one_passes)
{
    UNIT_INT(0, access(unit_folder(), W_OK));
    UNIT_TRUE(getpid() == getpgrp());
    UNIT_TEXT("/nonexistent", getenv("HOME"));
    UNIT_TRUE(getenv("STENOHOOK_CONFIG") == NULL);
}

UNIT_TEST(values_that_differ_are_both_told)
{
    struct err err = ERR_INIT;

    UNIT_INT(9, 8);
    UNIT_TEXT("expected", "actual");
    UNIT_STATUS(STATUS_OK, err_set(&err, STATUS_MEMORY, "why"), &err);
    UNIT_TRUE(1 > 2);
    printf("printed\n");
    UNIT_REQUIRE(2 > 3);
    abort();
}

UNIT_TEST(a_crash_costs_one_test)
{
    UNIT_INT(0, access(unit_folder(), W_OK));
    raise(SIGSEGV);
}

UNIT_TEST(an_abort_costs_one_test)
{
    abort();
}

UNIT_TEST(an_exit_is_no_success)
{
    exit(0);
}

/* With one that it has started, neither of which listens to anybody. */
UNIT_TEST(a_hang_costs_one_test)
{
    sigset_t all;

    (void)unit_folder();
    sigfillset(&all);
    sigprocmask(SIG_BLOCK, &all, NULL);
    (void)fork();
    for (;;)
        pause();
}

UNIT_TEST(a_failure_in_a_forked_process_counts)
{
    pid_t pid = fork();

    if (pid == 0) {
        UNIT_INT(1, 2);
        _exit(0);
    }
    UNIT_INT(pid, waitpid(pid, NULL, 0));
}

UNIT_TEST(one_that_needs_root_is_skipped)
{
    UNIT_TRUE(geteuid() != 0 || setuid(65534) == 0);
    UNIT_REQUIRE_ROOT();
    abort();
}

static int changed;

UNIT_TEST(what_a_test_changes_it_changes_for_itself)
{
    UNIT_INT(0, changed++);
    UNIT_INT(0, setenv("UNIT_SELF", "changed", 1));
}

UNIT_TEST(a_last_one_passes)
{
    UNIT_INT(0, changed++);
    UNIT_TRUE(getenv("UNIT_SELF") == NULL);
}
