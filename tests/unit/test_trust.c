/* SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/file.h"
#include "base/trust.h"
#include "base/user.h"
#include "base/user_group.h"
#include "unit.h"

#define WE 54321
#define TENANT 54322

/* As a path of the test's folder; four at a time. */
static const char *in(const char *name)
{
    static char at[4][300];
    static unsigned next;
    char *path = at[next++ % 4];

    snprintf(path, sizeof at[0], "%s%s%s", unit_folder(), *name == '\0' ? "" : "/", name);
    return path;
}

static void folder(const char *name, mode_t mode)
{
    UNIT_TRUE(mkdir(in(name), 0700) == 0);
    UNIT_TRUE(chmod(in(name), mode) == 0);
}

static void write_file(const char *path, const char *text, mode_t mode)
{
    int fd = open(path, O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0600);

    UNIT_TRUE(fd >= 0 && file_write(fd, text, strlen(text)) == 0 && fchmod(fd, mode) == 0);
    close(fd);
}

static void file(const char *name, mode_t mode)
{
    write_file(in(name), "", mode);
}

static void link_to(const char *target, const char *name)
{
    UNIT_INT(0, symlink(target, in(name)));
}

static void give(const char *name, uid_t uid, gid_t gid)
{
    UNIT_INT(0, lchown(in(name), uid, gid));
}

struct told {
    unsigned count;
    char last[ERR_TEXT_MAX];
};

static void note(void *context, const char *sentence)
{
    struct told *told = context;

    told->count++;
    snprintf(told->last, sizeof told->last, "%s", sentence);
}

static void trusted(const char *name)
{
    struct told told = {0, ""};
    struct err err = ERR_INIT;

    UNIT_STATUS(STATUS_OK, trust_path(in(name), note, &told, &err), &err);
    UNIT_TEXT("", told.last);
    UNIT_TEXT("", err.text);
}

/* Err begins with the path of `blamed`, and has the words. */
static void fails(enum status expected, const char *name, const char *blamed, const char *words)
{
    struct err err = ERR_INIT;
    char start[300];

    snprintf(start, sizeof start, "%s: ", in(blamed));
    UNIT_STATUS(expected, trust_path(in(name), NULL, NULL, &err), &err);
    if (strncmp(start, err.text, strlen(start)) != 0)
        UNIT_TEXT(start, err.text);
    if (strstr(err.text, words) == NULL)
        UNIT_TEXT(words, err.text);
}

static void refused(const char *name, const char *blamed, const char *words)
{
    fails(STATUS_UNTRUSTED, name, blamed, words);
}

/* Trusted, with this many sentences, the last of which is about `blamed`. */
static void foreign(const char *name, unsigned count, const char *blamed)
{
    struct told told = {0, ""};
    struct err err = ERR_INIT;
    char start[300];

    snprintf(start, sizeof start, "%s: belongs to user ", in(blamed));
    UNIT_STATUS(STATUS_OK, trust_path(in(name), note, &told, &err), &err);
    UNIT_INT(count, told.count);
    if (strncmp(start, told.last, strlen(start)) != 0)
        UNIT_TEXT(start, told.last);
}

/* Everything that is made belongs to us, who are not root. */
static void become_us(void)
{
    UNIT_INT(0, chown(unit_folder(), WE, WE));
    UNIT_INT(0, setegid(WE));
    UNIT_INT(0, seteuid(WE));
}

/* ---- others who may write */

UNIT_TEST(what_only_its_owner_can_change_is_trusted_whatever_others_can_read)
{
    folder("a", 0711);
    folder("a/b", 0755);
    file("a/b/file", 0644);
    trusted("a/b/file");
    trusted("a//b/./../b//file");
    trusted("a/b");
}

UNIT_TEST(a_component_that_everybody_can_write_to_is_named)
{
    folder("a", 0755);
    folder("a/b", 0755);
    file("a/b/file", 0600);
    UNIT_INT(0, chmod(in("a"), 0777));
    refused("a/b/file", "a", "run: chmod go-w ");
    UNIT_INT(0, chmod(in("a"), 0755));
    UNIT_INT(0, chmod(in("a/b/file"), 0602));
    refused("a/b/file", "a/b/file", "others can write to it");
}

UNIT_TEST(the_end_of_a_path_is_judged_however_it_is_written)
{
    folder("a", 01777);
    folder("a/b", 0700);
    refused("a", "a", "others can write to it");
    refused("a/", "a", "others can write to it");
    refused("a/.", "a", "others can write to it");
    refused("a/b/..", "a", "others can write to it");
    link_to("a", "link");
    refused("link", "a", "others can write to it");
}

UNIT_TEST(what_is_missing_or_no_folder_is_missing)
{
    file("file", 0600);
    link_to("nowhere", "link");
    fails(STATUS_MISSING, "none/file", "none", "No such file");
    fails(STATUS_MISSING, "file/file", "file", "is not a folder");
    fails(STATUS_MISSING, "link", "nowhere", "No such file");
}

UNIT_TEST(a_relative_path_leads_nowhere)
{
    UNIT_STATUS(STATUS_UNTRUSTED, trust_path("file", NULL, NULL, NULL), NULL);
    UNIT_STATUS(STATUS_UNTRUSTED, trust_path("", NULL, NULL, NULL), NULL);
}

UNIT_TEST(a_folder_that_we_may_not_enter_cannot_be_judged)
{
    UNIT_REQUIRE_ROOT();
    folder("a", 0700);
    file("a/file", 0600);
    become_us();
    fails(STATUS_IO, "a/file", "a/file", "cannot be examined: Permission denied");
}

/* ---- links */

UNIT_TEST(a_link_is_followed_and_its_folder_and_its_end_are_judged)
{
    folder("open", 0777);
    folder("fine", 0755);
    file("fine/file", 0600);
    file("open/file", 0600);
    link_to("../fine/file", "open/link");
    link_to("../open/file", "fine/link");
    link_to(in("fine"), "whole");
    link_to("file", "fine/near");
    refused("open/link", "open", "others can write to it");
    refused("fine/link", "open", "others can write to it");
    trusted("whole/file");
    trusted("whole/near");
    trusted("whole/../fine/near");
}

UNIT_TEST(links_are_followed_up_to_the_limit_of_the_kernel)
{
    char name[32], before[32];

    file("link0", 0600);
    for (unsigned i = 1; i <= TRUST_LINKS_MAX + 1; i++) {
        snprintf(before, sizeof before, "link%u", i - 1);
        snprintf(name, sizeof name, "link%u", i);
        link_to(before, name);
    }
    snprintf(before, sizeof before, "link%u", TRUST_LINKS_MAX);
    trusted(before);
    UNIT_INT(0, access(in(before), F_OK));
    snprintf(before, sizeof before, "link%u", TRUST_LINKS_MAX + 1);
    UNIT_INT(-1, access(in(before), F_OK));
    fails(STATUS_LIMIT, before, "link1", "more than 40 links");
    link_to("loop", "loop");
    fails(STATUS_LIMIT, "loop", "loop", "more than 40 links");
}

UNIT_TEST(a_link_of_another_user_in_our_folder_is_refused)
{
    UNIT_REQUIRE_ROOT();
    file("file", 0600);
    link_to("file", "link");
    trusted("link");
    give("link", TENANT, TENANT);
    refused("link", "link", "is a link that user 54322 made");
}

UNIT_TEST(a_path_that_is_too_long_cannot_be_judged)
{
    static char path[6000];
    size_t len = (size_t)snprintf(path, sizeof path, "%s", unit_folder());

    while (len < 4200) {
        memcpy(path + len, "/.", 3);
        len += 2;
    }
    UNIT_STATUS(STATUS_LIMIT, trust_path(path, NULL, NULL, NULL), NULL);
    path[4094] = '\0';
    UNIT_STATUS(STATUS_OK, trust_path(path, NULL, NULL, NULL), NULL);
}

/* ---- owners */

UNIT_TEST(a_folder_of_another_user_who_alone_can_write_is_reported_once)
{
    UNIT_REQUIRE_ROOT();
    folder("tenant", 0755);
    folder("tenant/ours", 0700);
    file("tenant/ours/file", 0600);
    link_to(in("tenant/ours/file"), "tenant/ours/link");
    give("tenant", TENANT, TENANT);
    foreign("tenant/ours/file", 1, "tenant");
    foreign("tenant/ours/link", 1, "tenant");
    UNIT_STATUS(STATUS_OK, trust_path(in("tenant/ours/file"), NULL, NULL, NULL), NULL);
    UNIT_INT(0, chmod(in("tenant"), 0775));
    refused("tenant/ours/file", "tenant", "by group 54322 or an access list; run: chmod g-w");
}

UNIT_TEST(a_folder_of_another_user_is_refused_if_the_environment_says_strict)
{
    UNIT_REQUIRE_ROOT();
    folder("tenant", 0755);
    file("tenant/file", 0600);
    give("tenant", TENANT, TENANT);
    UNIT_INT(0, setenv("STENOHOOK_STRICT", "no", 1));
    foreign("tenant/file", 1, "tenant");
    UNIT_INT(0, setenv("STENOHOOK_STRICT", "yes", 1));
    refused("tenant/file", "tenant", "give it to root");
}

UNIT_TEST(a_file_of_another_user_is_refused)
{
    UNIT_REQUIRE_ROOT();
    file("file", 0600);
    give("file", TENANT, TENANT);
    refused("file", "file", "belongs to user 54322");
    give("file", WE, WE);
    refused("file", "file", "belongs to user 54321");
    become_us();
    trusted("file");
}

/* ---- sticky folders */

UNIT_TEST(a_sticky_folder_protects_what_belongs_to_root_or_us)
{
    UNIT_REQUIRE_ROOT();
    folder("sticky", 01777);
    folder("sticky/root", 0755);
    file("sticky/root/file", 0644);
    folder("sticky/ours", 0755);
    file("sticky/ours/file", 0600);
    give("sticky/ours", WE, WE);
    give("sticky/ours/file", WE, WE);
    folder("sticky/tenant", 0755);
    file("sticky/tenant/file", 0600);
    give("sticky/tenant", TENANT, TENANT);
    give("sticky/tenant/file", WE, WE);
    link_to("root/file", "sticky/link");
    give("sticky/link", TENANT, TENANT);
    become_us();
    trusted("sticky/root/file");
    trusted("sticky/ours/file");
    refused("sticky/tenant/file", "sticky/tenant", "others can make files beside it");
    refused("sticky/link", "sticky/link", "others can make files beside it");
    UNIT_INT(0, seteuid(0));
    UNIT_INT(0, chmod(in("sticky"), 0777));
    UNIT_INT(0, seteuid(WE));
    refused("sticky/ours/file", "sticky", "others can write to it");
}

/* ---- groups */

/* What the host's files of users and groups say, for this process. */
static bool accounts(const char *users, const char *groups)
{
    write_file(in("passwd"), users, 0644);
    write_file(in("group"), groups, 0644);
    return UNIT_TRUE(unshare(CLONE_NEWNS) == 0 &&
                     mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
                     mount(in("passwd"), USER_FILE, NULL, MS_BIND, NULL) == 0 &&
                     mount(in("group"), USER_GROUP_FILE, NULL, MS_BIND, NULL) == 0);
}

#define ROOT_ROW "root:x:0:0::/root:/bin/sh\n"
#define OUR_ROW "steno:x:54321:54321::/home/steno:/bin/sh\n"
#define TENANT_ROW "tenant:x:54322:54322::/home/tenant:/bin/sh\n"

UNIT_TEST(a_private_group_may_write_and_another_may_not)
{
    UNIT_REQUIRE_ROOT();
    UNIT_REQUIRE(accounts(ROOT_ROW OUR_ROW TENANT_ROW,
                          "root:x:0:\nsteno:x:54321:\ntenant:x:54322:\nboth:x:7:steno,tenant\n"));
    folder("a", 0775);
    file("a/file", 0664);
    give("a", WE, WE);
    give("a/file", WE, WE);
    become_us();
    trusted("a/file");
    UNIT_INT(0, seteuid(0));
    give("a/file", 0, WE);
    UNIT_INT(0, seteuid(WE));
    trusted("a/file");
    UNIT_INT(0, seteuid(0));
    give("a/file", WE, 7);
    UNIT_INT(0, seteuid(WE));
    refused("a/file", "a/file", "by group 7 ");
    UNIT_INT(0, seteuid(0));
    give("a/file", WE, 8);
    UNIT_INT(0, seteuid(WE));
    refused("a/file", "a/file", "by group 8 ");
}

UNIT_TEST(an_access_list_may_give_a_private_groups_right_to_others)
{
    /* Version 2; owner rwx, user 54322 rwx, group rwx, mask rwx, others none. */
    static const unsigned char list[] = {2,   0,   0,   0,   1,   0,    7,    0,   255, 255, 255,
                                         255, 2,   0,   7,   0,   0x32, 0xd4, 0,   0,   4,   0,
                                         7,   0,   255, 255, 255, 255,  16,   0,   7,   0,   255,
                                         255, 255, 255, 32,  0,   0,    0,    255, 255, 255, 255};
    struct stat sb;
    int fd;

    UNIT_REQUIRE_ROOT();
    UNIT_REQUIRE(accounts(ROOT_ROW OUR_ROW, "root:x:0:\nsteno:x:54321:\n"));
    folder("a", 0770);
    UNIT_INT(0, chmod(in(""), 0755));
    trusted("a");
    fd = open(in("a"), O_RDONLY | O_CLOEXEC);
    UNIT_TRUE(fd >= 0 && fstat(fd, &sb) == 0);
    UNIT_STATUS(STATUS_OK, trust_opened(fd, &sb, "a", NULL), NULL);
    UNIT_INT(0, setxattr(in("a"), "system.posix_acl_access", list, sizeof list, 0));
    refused("a", "a", "an access list");
    UNIT_STATUS(STATUS_UNTRUSTED, trust_opened(fd, &sb, "a", NULL), NULL);
    close(fd);
}

static bool private(const char *users, const char *groups)
{
    static const uid_t uids[] = {0, WE};
    bool first;

    write_file(in("users"), users, 0600);
    write_file(in("groups"), groups, 0600);
    first = user_group_private(in("users"), in("groups"), WE, uids, 2);
    /* The answer that was kept. */
    UNIT_INT(first, user_group_private(in("users"), in("groups"), WE, uids, 2));
    return first;
}

UNIT_TEST(a_group_is_private_if_its_list_and_the_primary_groups_say_so)
{
    UNIT_TRUE(private(ROOT_ROW OUR_ROW TENANT_ROW, "steno:x:54321:\n"));
    UNIT_TRUE(private(ROOT_ROW OUR_ROW, "steno:x:54321:steno,root\n"));
    UNIT_TRUE(private(ROOT_ROW, "staff:x:54321:\n"));
    UNIT_FALSE(private(ROOT_ROW OUR_ROW TENANT_ROW, "steno:x:54321:steno,tenant\n"));
    UNIT_FALSE(private(ROOT_ROW OUR_ROW "other:x:9:54321::/:/bin/sh\n", "steno:x:54321:\n"));
    UNIT_FALSE(private(ROOT_ROW OUR_ROW TENANT_ROW, "steno:x:54321:\nalso:x:54321:tenant\n"));
}

UNIT_TEST(a_group_that_the_files_do_not_wholly_know_is_not_private)
{
    UNIT_FALSE(private(ROOT_ROW OUR_ROW, "other:x:9:\n"));
    UNIT_FALSE(private(ROOT_ROW OUR_ROW, ""));
    UNIT_FALSE(private(ROOT_ROW OUR_ROW, "steno:x:54321:somebody-of-a-directory\n"));
    UNIT_FALSE(private(ROOT_ROW OUR_ROW "+::::::\n", "steno:x:54321:\n"));
    UNIT_FALSE(private(ROOT_ROW OUR_ROW "+@tenants\n", "steno:x:54321:\n"));
    UNIT_FALSE(private(ROOT_ROW OUR_ROW, "steno:x:54321:\n+:::\n"));
    UNIT_FALSE(private(ROOT_ROW OUR_ROW "half a row\n", "steno:x:54321:\n"));
    UNIT_FALSE(private(ROOT_ROW OUR_ROW "half:x:7:\n", "steno:x:54321:\n"));
    UNIT_TRUE(private(ROOT_ROW OUR_ROW, "steno:x:54321:\n"));
    UNIT_TRUE(private("# a remark\n\n" ROOT_ROW OUR_ROW, "steno:x:54321:"));
    UNIT_INT(0, unlink(in("users")));
    UNIT_FALSE(user_group_private(in("users"), in("groups"), WE, (const uid_t[]){WE}, 1));
    UNIT_FALSE(private("", ""));
    UNIT_INT(0, unlink(in("groups")));
    UNIT_FALSE(user_group_private(in("users"), in("groups"), WE, (const uid_t[]){WE}, 1));
}

UNIT_TEST(an_answer_is_kept_for_its_question_only)
{
    UNIT_TRUE(private(ROOT_ROW OUR_ROW TENANT_ROW, "steno:x:54321:\n"));
    UNIT_FALSE(user_group_private(in("users"), in("groups"), WE, (const uid_t[]){0, TENANT}, 2));
    UNIT_FALSE(user_group_private(in("users"), in("groups"), WE, (const uid_t[]){TENANT}, 1));
    UNIT_FALSE(user_group_private(in("users"), in("groups"), TENANT, (const uid_t[]){TENANT}, 1));
    UNIT_TRUE(private(ROOT_ROW OUR_ROW TENANT_ROW, "steno:x:54321:\n"));
    UNIT_INT(0, rename(in("groups"), in("before")));
    write_file(in("groups"), "steno:x:54321:tenant\n", 0600);
    UNIT_FALSE(user_group_private(in("users"), in("groups"), WE, (const uid_t[]){0, WE}, 2));
}

/* ---- containers */

/* Who is outside may write a map of more than one user. */
static void write_map(int ready, const char *map)
{
    char path[64], byte;
    int fd;

    snprintf(path, sizeof path, "/proc/%ld/uid_map", (long)getppid());
    fd = file_read(ready, &byte, 1) == 1 ? open(path, O_WRONLY | O_CLOEXEC) : -1;
    _exit(fd >= 0 && file_write(fd, map, strlen(map)) == 0 ? 0 : 1);
}

/* Linux lets nobody make a user namespace in a chroot. */
static bool may_make_namespace(void)
{
    int status = -1;
    pid_t child = fork();

    if (child == 0)
        _exit(unshare(CLONE_NEWUSER) == 0 ? 0 : 1);
    return child > 0 && waitpid(child, &status, 0) == child && status == 0;
}

/* Goes on as user `here` of a user namespace with that map. */
static bool enter_namespace(const char *map, uid_t here)
{
    int ready[2], status = -1;
    pid_t helper = -1;

    if (!UNIT_TRUE(pipe(ready) == 0 && (helper = fork()) >= 0))
        return false;
    if (helper == 0)
        write_map(ready[0], map);
    return UNIT_TRUE(unshare(CLONE_NEWUSER) == 0 && file_write(ready[1], "", 1) == 0 &&
                     waitpid(helper, &status, 0) == helper && status == 0 && setuid(here) == 0);
}

/* Our folder in a place for this process, where all folders above it are the real root's and none
 * is sticky, as /tmp is. It belongs to him who has a number in the namespace. */
static bool own_place(void)
{
    char path[300];
    char *slash;

    snprintf(path, sizeof path, "%s/", unit_folder());
    slash = strchr(path + 1, '/');
    *slash = '\0';
    if (!UNIT_TRUE(unshare(CLONE_NEWNS) == 0 &&
                   mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
                   mount("none", path, "tmpfs", 0, "mode=755") == 0))
        return false;
    for (*slash = '/'; (slash = strchr(slash + 1, '/')) != NULL; *slash = '/') {
        *slash = '\0';
        UNIT_INT(0, mkdir(path, 0755));
    }
    return UNIT_TRUE(chown(in(""), WE, WE) == 0);
}

UNIT_TEST(a_root_without_a_number_is_trusted_as_root)
{
    UNIT_REQUIRE_ROOT();
    UNIT_REQUIRE_MAY(may_make_namespace());
    UNIT_REQUIRE(own_place());
    folder("theirs", 0755);
    file("theirs/file", 0644);
    file("theirs/ours", 0600);
    give("theirs/ours", WE, WE);
    UNIT_REQUIRE(enter_namespace("1000 54321 1\n", 1000));
    trusted("theirs/file");
    trusted("theirs/ours");
}

UNIT_TEST(what_belongs_to_nobody_of_a_host_is_not_roots)
{
    UNIT_REQUIRE_ROOT();
    folder("a", 0755);
    file("a/file", 0644);
    give("a", 65534, 65534);
    foreign("a/file", 1, "a");
    give("a/file", 65534, 65534);
    refused("a/file", "a/file", "belongs to user 65534");
}

UNIT_TEST(what_may_belong_to_nobody_of_a_container_is_not_roots)
{
    UNIT_REQUIRE_ROOT();
    UNIT_REQUIRE_MAY(may_make_namespace());
    UNIT_REQUIRE(own_place());
    file("file", 0644);
    UNIT_REQUIRE(enter_namespace("1000 54321 1\n65534 54322 1\n", 1000));
    refused("file", "file", "belongs to user 65534");
}

UNIT_TEST(where_the_real_root_has_a_number_nobody_is_not_he)
{
    UNIT_REQUIRE_ROOT();
    UNIT_REQUIRE_MAY(may_make_namespace());
    file("file", 0644);
    give("file", TENANT, TENANT);
    UNIT_REQUIRE(enter_namespace("0 0 1\n", 0));
    refused("file", "file", "belongs to user 65534");
}

UNIT_TEST(an_unmapped_user_in_a_sticky_folder_may_be_anybody)
{
    UNIT_REQUIRE_ROOT();
    UNIT_REQUIRE_MAY(may_make_namespace());
    UNIT_REQUIRE(own_place());
    folder("sticky", 01777);
    file("sticky/file", 0644);
    give("sticky/file", TENANT, TENANT);
    UNIT_REQUIRE(enter_namespace("0 54321 1\n", 0));
    refused("sticky/file", "sticky/file", "others can make files beside it");
}
