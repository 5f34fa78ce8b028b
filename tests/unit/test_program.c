/* SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/program.h"
#include "unit.h"

#define OTHER_USER 54321

static char path[200];

static bool make(mode_t mode)
{
    int fd;

    snprintf(path, sizeof path, "%s/program", unit_folder());
    (void)unlink(path);
    fd = open(path, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);
    return UNIT_TRUE(fd >= 0 && fchmod(fd, mode) == 0 && close(fd) == 0);
}

/* A refusal begins with the path. */
static void check(const char *program, enum status expected, const char *words)
{
    struct err err = ERR_INIT;

    UNIT_STATUS(expected, program_check(program, NULL, NULL, &err), &err);
    UNIT_TRUE(strncmp(program, err.text, strnlen(program, 100)) == 0);
    if (strstr(err.text, words) == NULL)
        UNIT_TEXT(words, err.text);
}

static void will_do(void)
{
    struct err err = ERR_INIT;

    UNIT_STATUS(STATUS_OK, program_check(path, NULL, NULL, &err), &err);
    UNIT_TEXT("", err.text);
}

UNIT_TEST(a_program_of_ours_that_only_we_can_change_will_do)
{
    UNIT_REQUIRE(make(0700));
    will_do();
    UNIT_REQUIRE(make(0555));
    will_do();
}

UNIT_TEST(a_program_will_do_for_its_owner_and_one_of_root_for_everybody)
{
    UNIT_REQUIRE_ROOT();
    UNIT_INT(0, chmod(unit_folder(), 0755));
    UNIT_REQUIRE(make(0755));
    UNIT_INT(0, seteuid(OTHER_USER));
    will_do();
    UNIT_INT(0, seteuid(0));
    UNIT_INT(0, chown(path, OTHER_USER, (gid_t)-1));
    UNIT_INT(0, seteuid(OTHER_USER));
    will_do();
    UNIT_INT(0, seteuid(0));
}

UNIT_TEST(a_program_of_another_user_is_refused)
{
    UNIT_REQUIRE_ROOT();
    UNIT_REQUIRE(make(0755));
    UNIT_INT(0, chown(path, OTHER_USER, (gid_t)-1));
    check(path, STATUS_UNTRUSTED, "belongs to user 54321");
    UNIT_INT(0, chmod(unit_folder(), 0755));
    UNIT_INT(0, seteuid(OTHER_USER + 1));
    check(path, STATUS_UNTRUSTED, "not to root or to user 54322");
    UNIT_INT(0, seteuid(0));
}

UNIT_TEST(a_program_that_others_can_change_is_refused)
{
    UNIT_REQUIRE(make(0702));
    check(path, STATUS_UNTRUSTED, "chmod go-w");
}

UNIT_TEST(a_program_in_a_folder_that_others_can_change_is_refused)
{
    UNIT_REQUIRE(make(0700));
    UNIT_INT(0, chmod(unit_folder(), 0703));
    check(path, STATUS_UNTRUSTED, "chmod go-w");
    UNIT_INT(0, chmod(unit_folder(), 0700));
    will_do();
}

/* ---- a call */

static char argument[200];

static void place_argument(const char *name)
{
    snprintf(argument, sizeof argument, "%s/%s", unit_folder(), name);
}

static enum status check_call(char *first, struct err *err)
{
    char *const argv[] = {path, first, argument, NULL};

    err_clear(err);
    return program_check_call(argv, NULL, NULL, err);
}

UNIT_TEST(a_file_that_an_argument_names_is_trusted_like_the_program)
{
    char option[] = "-f";
    struct err err = ERR_INIT;
    int fd;

    UNIT_REQUIRE(make(0700));
    place_argument("script");
    fd = open(argument, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);
    UNIT_REQUIRE(fd >= 0);
    UNIT_STATUS(STATUS_OK, check_call(option, &err), &err);
    UNIT_INT(0, fchmod(fd, 0602));
    UNIT_STATUS(STATUS_UNTRUSTED, check_call(option, &err), &err);
    UNIT_TRUE(strstr(err.text, "has the argument") != NULL);
    UNIT_TRUE(strstr(err.text, "chmod go-w") != NULL);
    close(fd);
}

UNIT_TEST(a_file_that_others_could_make_for_an_argument_is_refused_as_if_it_were_there)
{
    char option[] = "-f", folder[200];
    struct err err = ERR_INIT;

    UNIT_REQUIRE(make(0700));
    snprintf(folder, sizeof folder, "%s/share", unit_folder());
    UNIT_INT(0, mkdir(folder, 0700));
    place_argument("share/script");
    UNIT_STATUS(STATUS_OK, check_call(option, &err), &err);
    UNIT_INT(0, chmod(folder, 0703));
    UNIT_STATUS(STATUS_UNTRUSTED, check_call(option, &err), &err);
    UNIT_TRUE(strstr(err.text, folder) != NULL);
}

UNIT_TEST(an_argument_that_names_no_file_is_not_judged)
{
    char null[] = "/dev/null";
    struct err err = ERR_INIT;

    UNIT_REQUIRE(make(0700));
    place_argument("");
    UNIT_INT(0, chmod(unit_folder(), 01700));
    UNIT_STATUS(STATUS_OK, check_call(null, &err), &err);
    snprintf(argument, sizeof argument, "/tmp");
    UNIT_STATUS(STATUS_OK, check_call(null, &err), &err);
    snprintf(argument, sizeof argument, "/calls/of/nobody");
    UNIT_STATUS(STATUS_OK, check_call(null, &err), &err);
    snprintf(argument, sizeof argument, "https://example.com/in");
    UNIT_STATUS(STATUS_OK, check_call(null, &err), &err);
}

/* ---- what will not do anyway */

UNIT_TEST(a_program_that_nobody_can_run_is_refused)
{
    UNIT_REQUIRE(make(0600));
    check(path, STATUS_CONFIG, "chmod +x");
}

UNIT_TEST(a_folder_is_no_program)
{
    check(unit_folder(), STATUS_CONFIG, "is not a file");
}

UNIT_TEST(a_program_is_missing_where_there_is_none)
{
    char below[300];

    UNIT_REQUIRE(make(0700));
    snprintf(below, sizeof below, "%s/program", path);
    check(below, STATUS_MISSING, "cannot be found");
    UNIT_INT(0, unlink(path));
    check(path, STATUS_MISSING, "cannot be found");
}

UNIT_TEST(a_program_that_cannot_be_looked_for_is_refused_and_not_missing)
{
    char name[PATH_MAX + 2];

    UNIT_REQUIRE(make(0700));
    UNIT_INT(0, unlink(path));
    UNIT_INT(0, symlink(path, path));
    check(path, STATUS_CONFIG, "cannot be found");
    memset(name, 'n', sizeof name);
    name[0] = '/';
    name[sizeof name - 1] = '\0';
    check(name, STATUS_CONFIG, "");
}
