/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../tools/child_end.h"
#include "base/program.h"
#include "base/user.h"
#include "fault_kit.h"
#include "settings/settings.h"
#include "settings/settings_parts.h"
#include "settings_kit.h"
#include "unit.h"

UNIT_TEST(the_command_line_comes_before_the_environment)
{
    char *path = NULL;
    char folder[4096], expected[4200];
    struct err err = ERR_INIT;

    setenv("STENOHOOK_CONFIG", "/env/conf", 1);
    UNIT_STATUS(STATUS_OK, settings_find(&path, "/given/conf", &err), &err);
    UNIT_TEXT("/given/conf", path);
    free(path);
    UNIT_STATUS(STATUS_OK, settings_find(&path, "given", &err), &err);
    UNIT_TRUE(getcwd(folder, sizeof folder) != NULL);
    snprintf(expected, sizeof expected, "%s/given", folder);
    UNIT_TEXT(expected, path);
    free(path);
    UNIT_STATUS(STATUS_OK, settings_find(&path, NULL, &err), &err);
    UNIT_TEXT("/env/conf", path);
    free(path);
    path = NULL;
    setenv("STENOHOOK_CONFIG", "relative", 1);
    UNIT_STATUS(STATUS_CONFIG, settings_find(&path, NULL, &err), &err);
    UNIT_TRUE(path == NULL && strstr(err.text, "must be an absolute path") != NULL);
    unsetenv("STENOHOOK_CONFIG");
}

static char homes[2][200], programs[200];

/* Where `home` and fault_program may point at for longer. */
static const char *keep(char out[200], const char *name)
{
    snprintf(out, 200, "%s/%s", unit_folder(), name);
    return out;
}

/* The home of our user, as the password file says; empty: there is no such user. One without a
 * slash at its beginning is none. Never the real one, which may have a configuration. */
static const char *home = "";

void sk_home(const char *path)
{
    home = path;
}

enum status __real_user_find(const char *file, const char *name, uid_t uid, struct user *out,
                             struct err *err);
enum status __wrap_user_find(const char *file, const char *name, uid_t uid, struct user *out,
                             struct err *err);
enum status __wrap_user_find(const char *file, const char *name, uid_t uid, struct user *out,
                             struct err *err)
{
    if (strcmp(file, USER_FILE) != 0)
        return __real_user_find(file, name, uid, out, err);
    if (home == NULL || *home == '\0')
        return STATUS_MISSING;
    *out = (struct user){.uid = uid, .home = *home == '/' ? strdup(home) : NULL};
    if (*home == '/' && out->home == NULL)
        return err_set(err, STATUS_MEMORY, "no memory for a home");
    return STATUS_OK;
}

#define OF_THE_SYSTEM SYSCONFDIR "/stenohook/stenohook.conf"

/* A configuration below that folder of the test. */
static void put_below(const char *folder)
{
    char name[100];

    UNIT_INT(0, mkdir(sk_in(folder), 0755));
    snprintf(name, sizeof name, "%s/.config", folder);
    UNIT_INT(0, mkdir(sk_in(name), 0755));
    snprintf(name, sizeof name, "%s/.config/stenohook", folder);
    UNIT_INT(0, mkdir(sk_in(name), 0755));
    snprintf(name, sizeof name, "%s/.config/stenohook/stenohook.conf", folder);
    sk_put(name, SK_ENDPOINT);
}

static void find_is(const char *expected)
{
    char *path = NULL;
    struct err err = ERR_INIT;

    UNIT_STATUS(STATUS_OK, settings_find(&path, NULL, &err), &err);
    UNIT_TEXT(expected, path);
    free(path);
}

static enum status find(void *given, struct err *err)
{
    char *path = NULL;
    enum status status = settings_find(&path, given, err);

    UNIT_TRUE((status == STATUS_OK) == (path != NULL));
    free(path);
    return status;
}

/* The place of the whole system, where this machine has something there; else all that were looked
 * at are named. */
static void none_is_found_in(const char *const *places)
{
    char *path = NULL;
    struct err err = ERR_INIT;

    if (access(OF_THE_SYSTEM, F_OK) == 0) {
        find_is(OF_THE_SYSTEM);
        return;
    }
    UNIT_STATUS(STATUS_CONFIG, settings_find(&path, NULL, &err), &err);
    UNIT_TRUE(path == NULL && strstr(err.text, OF_THE_SYSTEM) != NULL);
    for (; *places != NULL; places++)
        UNIT_TRUE(strstr(err.text, *places) != NULL);
}

UNIT_TEST(without_a_word_from_the_environment_it_is_looked_for_in_the_home_of_our_user)
{
    const char *places[] = {keep(homes[0], "home"), NULL};

    home = places[0];
    setenv("STENOHOOK_CONFIG", "", 1);
    none_is_found_in(places);
    unsetenv("STENOHOOK_CONFIG");
    none_is_found_in(places);
    put_below("home");
    find_is(sk_in("home/.config/stenohook/stenohook.conf"));
    home = "";
    none_is_found_in(places + 1);
    home = "home";
    none_is_found_in(places + 1);
}

UNIT_TEST(the_home_that_our_program_lies_in_comes_before_that_of_the_password_file)
{
    const char *places[] = {keep(homes[0], "place"), keep(homes[1], "home"), NULL};
    const char *program = keep(programs, "place/cgi-bin/stenohook.cgi");

    UNIT_REQUIRE_ROOT();
    put_below("home");
    put_below("place");
    UNIT_INT(0, chmod(unit_folder(), 0755));
    UNIT_INT(0, chown(sk_in("place"), SK_OTHER_USER, (gid_t)-1));
    home = places[1];
    fault_program = program;
    UNIT_INT(0, seteuid(SK_OTHER_USER));
    find_is(sk_in("place/.config/stenohook/stenohook.conf"));
    fault_each(FAULT_MEMORY, ENOMEM, STATUS_MEMORY, find, NULL);
    /* Where it lies is unknown. */
    fault_program = "";
    find_is(sk_in("home/.config/stenohook/stenohook.conf"));
    UNIT_INT(0, seteuid(0));
    /* Root is not asked what he owns. */
    fault_program = program;
    find_is(sk_in("home/.config/stenohook/stenohook.conf"));
    UNIT_INT(0, unlink(sk_in("place/.config/stenohook/stenohook.conf")));
    UNIT_INT(0, seteuid(SK_OTHER_USER));
    fault_program = program;
    find_is(sk_in("home/.config/stenohook/stenohook.conf"));
    UNIT_INT(0, seteuid(0));
    UNIT_INT(0, unlink(sk_in("home/.config/stenohook/stenohook.conf")));
    UNIT_INT(0, seteuid(SK_OTHER_USER));
    none_is_found_in(places);
    UNIT_INT(0, seteuid(0));
}

UNIT_TEST(a_place_that_two_ways_lead_to_is_named_once)
{
    const char *program = keep(programs, "shared/cgi-bin/stenohook.cgi");
    struct err err = ERR_INIT;
    char *path = NULL;

    UNIT_REQUIRE_ROOT();
    UNIT_INT(0, mkdir(sk_in("shared"), 0755));
    UNIT_INT(0, chmod(unit_folder(), 0755));
    UNIT_INT(0, chown(sk_in("shared"), SK_OTHER_USER, (gid_t)-1));
    home = keep(homes[0], "shared");
    fault_program = program;
    UNIT_INT(0, seteuid(SK_OTHER_USER));
    if (settings_find(&path, NULL, &err) == STATUS_CONFIG) {
        const char *once = strstr(err.text, home);

        UNIT_TRUE(once != NULL && strstr(once + 1, home) == NULL);
    } else {
        UNIT_TEXT(OF_THE_SYSTEM, path);
    }
    free(path);
    UNIT_INT(0, seteuid(0));
    fault_program = NULL;
    home = NULL;
}

UNIT_TEST(an_empty_path_and_a_folder_without_a_name_are_refused)
{
    int here = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    struct err err = ERR_INIT;
    char *path = NULL;

    UNIT_STATUS(STATUS_CONFIG, settings_find(&path, "", &err), &err);
    UNIT_TRUE(strstr(err.text, "is empty") != NULL);
    UNIT_INT(0, mkdir(sk_in("gone"), 0700));
    UNIT_INT(0, chdir(sk_in("gone")));
    UNIT_INT(0, rmdir(sk_in("gone")));
    UNIT_STATUS(STATUS_IO, settings_find(&path, "given", NULL), NULL);
    UNIT_TRUE(path == NULL && here >= 0 && fchdir(here) == 0);
    close(here);
}

UNIT_TEST(a_search_that_there_is_no_memory_for_is_told_as_that)
{
    char absolute[] = "/given/conf", relative[] = "given";

    fault_each(FAULT_MEMORY, ENOMEM, STATUS_MEMORY, find, absolute);
    fault_each(FAULT_MEMORY, ENOMEM, STATUS_MEMORY, find, relative);
    setenv("STENOHOOK_CONFIG", "/env/conf", 1);
    fault_each(FAULT_MEMORY, ENOMEM, STATUS_MEMORY, find, NULL);
    unsetenv("STENOHOOK_CONFIG");
    put_below("home");
    home = keep(homes[0], "home");
    fault_each(FAULT_MEMORY, ENOMEM, STATUS_MEMORY, find, NULL);
}

/* Not root from then on, of whom nobody asks what he owns; with a program below a folder of ours
 * that has no configuration. */
static void become_one_with_a_program(char program[200])
{
    UNIT_TRUE(geteuid() != 0 || (chmod(unit_folder(), 0755) == 0 && seteuid(SK_OTHER_USER) == 0));
    /* /proc shows that the process is ours. */
    UNIT_INT(0, prctl(PR_SET_DUMPABLE, 1));
    snprintf(program, 200, "/proc/%ld/stenohook.cgi", (long)getpid());
    fault_program = program;
}

UNIT_TEST(a_place_that_there_is_no_memory_to_name_ends_the_search)
{
    put_below("home");
    home = keep(homes[0], "home");
    become_one_with_a_program(programs);
    find_is(sk_in("home/.config/stenohook/stenohook.conf"));
    fault_each(FAULT_MEMORY, ENOMEM, STATUS_MEMORY, find, NULL);
}

/* In a process of its own: 0 where it is that user from then on. */
static int become_author(uid_t uid)
{
    pid_t pid = fork();

    if (pid == 0)
        child_end(settings_become_author(sk_in("conf"), NULL) == STATUS_OK && getuid() == uid ? 0
                                                                                              : 1);
    return child_status(pid);
}

UNIT_TEST(only_root_becomes_the_author_of_a_configuration)
{
    struct err err = ERR_INIT;

    sk_put("conf", SK_ENDPOINT);
    UNIT_STATUS(STATUS_OK, settings_become_author(sk_in("absent"), &err), &err);
    UNIT_STATUS(STATUS_OK, settings_become_author(sk_in("conf"), &err), &err);
    UNIT_REQUIRE_ROOT();
    UNIT_INT(0, chown(sk_in("conf"), SK_OTHER_USER, (gid_t)-1));
    UNIT_INT(0, seteuid(SK_OTHER_USER + 1));
    UNIT_STATUS(STATUS_OK, settings_become_author(sk_in("conf"), &err), &err);
    UNIT_INT(SK_OTHER_USER + 1, geteuid());
    UNIT_INT(0, seteuid(0));
    UNIT_INT(0, become_author(SK_OTHER_USER));
}

static void above(const char *program, uid_t uid, const char *expected)
{
    char path[400];
    bool found;

    snprintf(path, sizeof path, "%s", program);
    found = program_above(path, uid);
    UNIT_TRUE(found == (expected != NULL));
    UNIT_TEXT(expected == NULL ? program : expected, path);
}

UNIT_TEST(the_topmost_folder_that_is_ours_is_found)
{
    char program[200];

    UNIT_INT(0, mkdir(sk_in("home"), 0755));
    UNIT_INT(0, mkdir(sk_in("home/u"), 0755));
    UNIT_INT(0, mkdir(sk_in("home/u/cgi-bin"), 0755));
    keep(program, "home/u/cgi-bin/stenohook.cgi");
    above(program, SK_OTHER_USER, NULL);
    above("stenohook.cgi", SK_OTHER_USER, NULL);
    above("/absent/stenohook.cgi", SK_OTHER_USER, NULL);
    UNIT_REQUIRE_ROOT();
    UNIT_INT(0, chown(sk_in("home/u"), SK_OTHER_USER, (gid_t)-1));
    UNIT_INT(0, chown(sk_in("home/u/cgi-bin"), SK_OTHER_USER, (gid_t)-1));
    above(program, SK_OTHER_USER, sk_in("home/u"));
    above(program, 0, "/");
}
