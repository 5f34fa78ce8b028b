/* SPDX-License-Identifier: MIT
 * What root makes below a folder of another user, who replaces names there meanwhile.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "admin/init_files.h"
#include "base/file.h"
#include "unit.h"

#define THEIRS 54321

int __real_mkdirat(int dir, const char *name, mode_t mode);
int __wrap_mkdirat(int dir, const char *name, mode_t mode);

static const struct init_owner owner = {.system = true, .uid = THEIRS, .gid = THEIRS};
static char theirs[200], victim[200];

/* What happens after the next folder of this name was made. */
static const char *swapped;
static void (*swap)(void);

int __wrap_mkdirat(int dir, const char *name, mode_t mode)
{
    int result = __real_mkdirat(dir, name, mode);

    if (swapped != NULL && strcmp(name, swapped) == 0) {
        swapped = NULL;
        swap();
    }
    return result;
}

static char *path_in(const char *folder, const char *name)
{
    static char paths[4][PATH_MAX];
    static unsigned next;
    char *path = paths[next++ % 4];

    (void)snprintf(path, PATH_MAX, "%s/%s", folder, name);
    return path;
}

/* A folder of theirs, and beside it one of root's. */
static bool make_folders(void)
{
    (void)umask(022);
    (void)snprintf(theirs, sizeof theirs, "%s/theirs", unit_folder());
    (void)snprintf(victim, sizeof victim, "%s/victim", unit_folder());
    return UNIT_TRUE(mkdir(theirs, 0755) == 0 && chown(theirs, THEIRS, THEIRS) == 0 &&
                     mkdir(victim, 0750) == 0);
}

static void expect_untouched(void)
{
    struct stat sb;

    UNIT_INT(0, stat(victim, &sb));
    UNIT_INT(0, sb.st_uid);
    UNIT_INT(0750, sb.st_mode & 07777);
    /* rmdir: it is empty. */
    UNIT_INT(0, rmdir(victim));
}

static void expect_owner(const char *path, uid_t uid, mode_t mode)
{
    struct stat sb;

    UNIT_INT(0, lstat(path, &sb));
    UNIT_INT(uid, sb.st_uid);
    UNIT_INT(mode, sb.st_mode & 07777);
}

static void refuse_folder(const char *path, enum status expected, const char *words)
{
    struct err err = ERR_INIT;
    bool made = false;

    UNIT_STATUS(expected, init_folder(path, &owner, &made, &err), &err);
    if (strstr(err.text, words) == NULL)
        UNIT_TEXT(words, err.text);
}

UNIT_TEST(a_folder_below_another_user_s_is_made_and_given_to_him)
{
    struct err err = ERR_INIT;
    bool made = false;

    UNIT_REQUIRE_ROOT();
    UNIT_REQUIRE(make_folders());
    (void)umask(077);
    UNIT_STATUS(STATUS_OK, init_folder(path_in(theirs, "lib//spool/"), &owner, &made, &err), &err);
    UNIT_TRUE(made);
    expect_owner(path_in(theirs, "lib"), 0, 0755);
    expect_owner(path_in(theirs, "lib/spool"), THEIRS, 0700);
    UNIT_STATUS(STATUS_OK, init_folder(path_in(theirs, "lib/spool"), &owner, &made, &err), &err);
    UNIT_FALSE(made);
}

UNIT_TEST(root_follows_no_link_in_another_user_s_folder)
{
    UNIT_REQUIRE_ROOT();
    UNIT_REQUIRE(make_folders());
    UNIT_INT(0, symlink(victim, path_in(theirs, "link")));
    refuse_folder(path_in(theirs, "link/spool"), STATUS_OWNER, "root does not follow link");
    refuse_folder(path_in(theirs, "link"), STATUS_OWNER, "root does not follow link");
    /* Where .. leads changes when the folder is moved. */
    refuse_folder(path_in(theirs, "../victim/spool"), STATUS_OWNER, "root does not follow ..");
    expect_untouched();
}

UNIT_TEST(root_follows_a_link_of_root_s)
{
    struct err err = ERR_INIT;
    bool made = false;

    UNIT_REQUIRE_ROOT();
    UNIT_REQUIRE(make_folders());
    UNIT_INT(0, chmod(unit_folder(), 0755));
    UNIT_INT(0, symlink("theirs", path_in(unit_folder(), "link")));
    UNIT_STATUS(STATUS_OK,
                init_folder(path_in(unit_folder(), "victim/../link/spool"), &owner, &made, &err),
                &err);
    expect_owner(path_in(theirs, "spool"), THEIRS, 0700);
    /* The last name as well, which leads where nothing is yet. */
    UNIT_INT(0, symlink(path_in(theirs, "other"), path_in(unit_folder(), "last")));
    UNIT_STATUS(STATUS_OK, init_folder(path_in(unit_folder(), "last"), &owner, &made, &err), &err);
    expect_owner(path_in(theirs, "other"), THEIRS, 0700);
    UNIT_INT(0, symlink("loop", path_in(unit_folder(), "loop")));
    refuse_folder(path_in(unit_folder(), "loop"), STATUS_IO, "symbolic links");
    /* As soon as others can write to that folder, it may be theirs. */
    UNIT_INT(0, chmod(unit_folder(), 0775));
    refuse_folder(path_in(unit_folder(), "link/spool2"), STATUS_OWNER, "root does not follow link");
    UNIT_INT(0, chmod(unit_folder(), 0755));
    expect_untouched();
}

static void swap_for_link(void)
{
    char fresh[PATH_MAX];

    (void)snprintf(fresh, sizeof fresh, "%s", path_in(theirs, "spool"));
    UNIT_INT(0, rename(fresh, path_in(theirs, "aside")));
    UNIT_INT(0, symlink(victim, fresh));
}

UNIT_TEST(a_link_in_the_place_of_a_fresh_folder_gives_nothing_away)
{
    UNIT_REQUIRE_ROOT();
    UNIT_REQUIRE(make_folders());
    swap = swap_for_link;
    swapped = "spool";
    refuse_folder(path_in(theirs, "spool"), STATUS_IO, "Not a directory");
    UNIT_TRUE(swapped == NULL);
    expect_untouched();
}

UNIT_TEST(a_link_in_the_place_of_a_folder_above_gives_nothing_away)
{
    UNIT_REQUIRE_ROOT();
    UNIT_REQUIRE(make_folders());
    swap = swap_for_link;
    swapped = "spool";
    refuse_folder(path_in(theirs, "spool/in/it"), STATUS_IO, "Not a directory");
    UNIT_TRUE(swapped == NULL);
    expect_untouched();
}

static void swap_for_full(void)
{
    UNIT_INT(0, rename(path_in(theirs, "spool"), path_in(theirs, "aside")));
    UNIT_INT(0, rename(path_in(theirs, "backup"), path_in(theirs, "spool")));
}

UNIT_TEST(a_folder_of_root_s_in_the_place_of_a_fresh_one_is_not_given_away)
{
    UNIT_REQUIRE_ROOT();
    UNIT_REQUIRE(make_folders());
    UNIT_INT(0, mkdir(path_in(theirs, "backup"), 0700));
    UNIT_INT(0, mkdir(path_in(theirs, "backup/of-root"), 0700));
    swap = swap_for_full;
    swapped = "spool";
    refuse_folder(path_in(theirs, "spool"), STATUS_OWNER, "somebody replaced");
    expect_owner(path_in(theirs, "spool"), 0, 0700);
}

UNIT_TEST(a_file_is_made_and_read_where_no_link_of_another_user_leads)
{
    struct str bytes = str_of("one\n");
    struct err err = ERR_INIT;
    struct buf text;
    bool made = false;
    uid_t uid = 0;

    UNIT_REQUIRE_ROOT();
    UNIT_REQUIRE(make_folders());
    UNIT_INT(0, symlink(victim, path_in(theirs, "link")));
    UNIT_STATUS(STATUS_OWNER,
                init_file(path_in(theirs, "link/secret"), bytes, 0600, &owner, &made, &err), &err);
    expect_untouched();
    err_clear(&err);
    UNIT_STATUS(STATUS_OK,
                init_file(path_in(theirs, "etc/secret"), bytes, 0600, &owner, &made, &err), &err);
    UNIT_TRUE(made);
    expect_owner(path_in(theirs, "etc/secret"), THEIRS, 0600);
    buf_init(&text, 100);
    UNIT_STATUS(STATUS_OK, init_read(path_in(theirs, "etc/secret"), true, &text, &uid, &err), &err);
    UNIT_STR("one\n", buf_str(&text));
    UNIT_INT(THEIRS, uid);
    UNIT_STATUS(STATUS_MISSING, init_read(path_in(theirs, "none/x"), true, &text, &uid, &err),
                &err);
    UNIT_INT(0, symlink("/etc/shadow", path_in(theirs, "shadow")));
    UNIT_STATUS(STATUS_OWNER, init_read(path_in(theirs, "shadow"), true, &text, &uid, &err), &err);
    err_clear(&err);
    UNIT_INT(0, mkfifo(path_in(theirs, "fifo"), 0600));
    UNIT_STATUS(STATUS_CONFIG, init_read(path_in(theirs, "fifo"), true, &text, &uid, &err), &err);
    buf_free(&text);
}

UNIT_TEST(an_ordinary_user_s_own_links_are_followed)
{
    const struct init_owner mine = {.uid = geteuid(), .gid = getegid()};
    struct err err = ERR_INIT;
    bool made = false;
    struct stat sb;

    UNIT_INT(0, chmod(unit_folder(), 0777));
    UNIT_INT(0, symlink("there", path_in(unit_folder(), "link")));
    UNIT_STATUS(STATUS_OK, init_folder(path_in(unit_folder(), "link/spool"), &mine, &made, &err),
                &err);
    UNIT_INT(0, stat(path_in(unit_folder(), "there/spool"), &sb));
    UNIT_INT(0700, sb.st_mode & 07777);
}

/* Two that run at the same time: one of them has told its secret already. */
UNIT_TEST(a_file_that_is_there_is_never_replaced)
{
    const struct init_owner mine = {.uid = geteuid(), .gid = getegid()};
    struct err err = ERR_INIT;
    struct buf found;
    bool made = false;
    uid_t uid;

    buf_init(&found, 100);
    UNIT_STATUS(STATUS_OK,
                init_file(path_in(unit_folder(), "secret"), STR("first"), 0600, &mine, &made, &err),
                &err);
    UNIT_TRUE(made);
    UNIT_STATUS(
        STATUS_OK,
        init_file(path_in(unit_folder(), "secret"), STR("second"), 0600, &mine, &made, &err), &err);
    UNIT_FALSE(made);
    UNIT_STATUS(STATUS_OK, init_read(path_in(unit_folder(), "secret"), false, &found, &uid, &err),
                &err);
    UNIT_TEXT("first", found.ptr);
    buf_free(&found);
}
