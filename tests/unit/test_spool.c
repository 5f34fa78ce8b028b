/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../tools/child_end.h"
#include "base/file.h"
#include "fault_kit.h"
#include "store/spool/spool.h"
#include "unit.h"

#define NOBODY 65534
/* Nobody's in the password file. */
#define OTHER_USER 54321

static char path[160];

static const char *in_folder(const char *name)
{
    snprintf(path, sizeof path, "%s/%s", unit_folder(), name);
    return path;
}

UNIT_TEST(a_new_spool_is_private_and_can_be_opened)
{
    struct err err = ERR_INIT;
    struct spool spool;
    struct stat sb;

    UNIT_STATUS(STATUS_OK, spool_create(in_folder("spool"), &err), &err);
    UNIT_STATUS(STATUS_OK, spool_open(&spool, path, &err), &err);
    UNIT_REQUIRE(spool.path != NULL);
    UNIT_TEXT(path, spool.path);
    UNIT_TRUE(fstat(spool.dir, &sb) == 0 && (sb.st_mode & 07777) == 0700);
    UNIT_TRUE(fstat(spool.log, &sb) == 0 && (sb.st_mode & 07777) == 0700);
    UNIT_TRUE(fstatat(spool.dir, SPOOL_FORMAT, &sb, 0) == 0 && (sb.st_mode & 07777) == 0600);
    UNIT_TRUE(spool.idx >= 0 && spool.quarantine >= 0 && spool.refused >= 0);
    spool_close(&spool);
    UNIT_INT(-1, spool.dir);
}

UNIT_TEST(making_a_spool_again_keeps_its_key)
{
    struct err err = ERR_INIT;
    struct spool first, second;

    UNIT_STATUS(STATUS_OK, spool_create(in_folder("spool"), &err), &err);
    UNIT_STATUS(STATUS_OK, spool_open(&first, path, &err), &err);
    UNIT_STATUS(STATUS_OK, spool_create(path, &err), &err);
    UNIT_STATUS(STATUS_OK, spool_open(&second, path, &err), &err);
    UNIT_TRUE(memcmp(first.index_key, second.index_key, sizeof first.index_key) == 0);
    spool_close(&first);
    spool_close(&second);
}

UNIT_TEST(a_spool_whose_making_was_cut_off_is_completed)
{
    struct err err = ERR_INIT;
    struct spool spool;
    char sub[200];

    UNIT_TRUE(mkdir(in_folder("spool"), 0700) == 0);
    snprintf(sub, sizeof sub, "%s/log", path);
    UNIT_TRUE(mkdir(sub, 0700) == 0);
    UNIT_STATUS(STATUS_CONFIG, spool_open(&spool, path, NULL), NULL);
    UNIT_STATUS(STATUS_OK, spool_create(path, &err), &err);
    UNIT_STATUS(STATUS_OK, spool_open(&spool, path, &err), &err);
    spool_close(&spool);
}

UNIT_TEST(what_is_no_spool_is_refused_with_the_remedy)
{
    struct err err = ERR_INIT;
    struct spool spool;

    UNIT_STATUS(STATUS_CONFIG, spool_open(&spool, in_folder("absent"), &err), &err);
    UNIT_TRUE(strstr(err.text, "stenohook init") != NULL);
    err_clear(&err);
    UNIT_STATUS(STATUS_CONFIG, spool_open(&spool, unit_folder(), &err), &err);
    UNIT_TRUE(strstr(err.text, "stenohook init") != NULL);
    UNIT_STATUS(STATUS_CONFIG, spool_open(&spool, "relative", NULL), NULL);
    UNIT_STATUS(STATUS_CONFIG, spool_create("relative", NULL), NULL);
    UNIT_STATUS(STATUS_CONFIG, spool_create("/", NULL), NULL);
    UNIT_INT(-1, spool.dir);
}

UNIT_TEST(a_damaged_format_file_is_refused)
{
    struct err err = ERR_INIT;
    struct spool spool;

    UNIT_STATUS(STATUS_OK, spool_create(in_folder("spool"), &err), &err);
    UNIT_STATUS(STATUS_OK, spool_open(&spool, path, &err), &err);
    UNIT_INT(0, file_replace(spool.dir, "t", SPOOL_FORMAT, "stenohook spool 2\n", 18, 0600));
    spool_close(&spool);
    UNIT_STATUS(STATUS_CONFIG, spool_open(&spool, path, NULL), NULL);
}

/* What `deed` returns in a process of its own. */
static int in_child(int (*deed)(void))
{
    pid_t pid = fork();

    if (pid == 0)
        child_end(deed());
    return child_status(pid);
}

/* Not a spool of this program, as the remedy says. */
static void format_is_refused(const char *format)
{
    struct err err = ERR_INIT;
    struct spool spool;
    char name[200];
    int fd;

    snprintf(name, sizeof name, "%s/format", path);
    fd = file_open(AT_FDCWD, name, O_WRONLY | O_TRUNC, 0);
    UNIT_TRUE(fd >= 0 && file_write(fd, format, strlen(format)) == 0);
    file_close(&fd);
    UNIT_STATUS(STATUS_CONFIG, spool_open(&spool, path, &err), &err);
    UNIT_TRUE(strstr(err.text, "is not of this program") != NULL);
    UNIT_INT(-1, spool.dir);
}

UNIT_TEST(a_format_file_of_anything_else_is_refused)
{
    struct err err = ERR_INIT;
    char longest[400];

    UNIT_STATUS(STATUS_OK, spool_create(in_folder("spool"), &err), &err);
    format_is_refused("");
    format_is_refused("stenohook spool 1\nindex-key 00112233445566778899aabbccddeeff");
    format_is_refused("stenohook spool 1\nindex-key 00112233445566778899aabbccddee\n");
    format_is_refused("stenohook spool 1\nindex-key 00112233445566778899aabbccddeeff00\n");
    format_is_refused("stenohook spool 1\nindex-key zz112233445566778899aabbccddeeff\n");
    memset(longest, 'f', sizeof longest);
    longest[sizeof longest - 1] = '\0';
    format_is_refused(longest);
}

static enum status create(void *context, struct err *err)
{
    (void)context;
    unit_fresh_folder();
    return spool_create(in_folder("spool"), err);
}

static enum status open_and_close(void *context, struct err *err)
{
    struct spool spool;
    enum status status = spool_open(&spool, path, err);

    (void)context;
    UNIT_TRUE((status == STATUS_OK) == (spool.dir >= 0));
    spool_close(&spool);
    return status;
}

UNIT_TEST(what_the_system_denies_to_the_making_of_a_spool_is_told)
{
    fault_each(FAULT_MEMORY, ENOMEM, STATUS_MEMORY, create, NULL);
    fault_each(FAULT_OPENAT, EMFILE, STATUS_IO, create, NULL);
    fault_each(FAULT_OPENAT, ENOSPC, STATUS_NO_SPACE, create, NULL);
    fault_each(FAULT_FSTAT, EIO, STATUS_IO, create, NULL);
    fault_each(FAULT_GETRANDOM, ENOSYS, STATUS_IO, create, NULL);
}

UNIT_TEST(what_the_system_denies_to_the_opening_of_a_spool_is_told_and_nothing_stays_open)
{
    struct err err = ERR_INIT;

    UNIT_STATUS(STATUS_OK, spool_create(in_folder("spool"), &err), &err);
    fault_each(FAULT_MEMORY, ENOMEM, STATUS_MEMORY, open_and_close, NULL);
    fault_each(FAULT_OPENAT, EMFILE, STATUS_IO, open_and_close, NULL);
    fault_each(FAULT_FSTAT, EIO, STATUS_IO, open_and_close, NULL);
    fault_each(FAULT_READ, EIO, STATUS_IO, open_and_close, NULL);
}

UNIT_TEST(two_that_make_a_spool_at_once_agree_on_its_key)
{
    struct err err = ERR_INIT;
    struct spool first, second;

    UNIT_STATUS(STATUS_OK, spool_create(in_folder("spool"), &err), &err);
    UNIT_STATUS(STATUS_OK, spool_open(&first, path, &err), &err);
    /* The other one made it just behind the look. */
    fault_arm(FAULT_FACCESSAT, 1, ENOENT);
    UNIT_STATUS(STATUS_OK, spool_create(path, &err), &err);
    UNIT_TRUE(fault_disarm());
    UNIT_STATUS(STATUS_OK, spool_open(&second, path, &err), &err);
    UNIT_TRUE(memcmp(first.index_key, second.index_key, sizeof first.index_key) == 0);
    spool_close(&first);
    spool_close(&second);
}

UNIT_TEST(slashes_at_the_end_of_a_path_do_no_harm)
{
    struct err err = ERR_INIT;
    struct spool spool;

    UNIT_STATUS(STATUS_OK, spool_create(in_folder("spool///"), &err), &err);
    UNIT_STATUS(STATUS_OK, spool_open(&spool, in_folder("spool"), &err), &err);
    spool_close(&spool);
}

static int create_below_root(void)
{
    int root = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    enum status status;
    bool back;

    if (root < 0 || chroot(unit_folder()) != 0)
        return -1;
    status = spool_create("/spool", NULL);
    back = fchdir(root) == 0 && chroot(".") == 0;
    return back ? (int)status : -1;
}

UNIT_TEST(a_spool_may_lie_right_below_the_root_folder)
{
    struct err err = ERR_INIT;
    struct spool spool;

    UNIT_REQUIRE_ROOT();
    (void)unit_folder();
    UNIT_INT(STATUS_OK, in_child(create_below_root));
    UNIT_STATUS(STATUS_OK, spool_open(&spool, in_folder("spool"), &err), &err);
    spool_close(&spool);
}

UNIT_TEST(a_spool_whose_journal_was_moved_or_replaced_holds_it_no_more)
{
    struct spool s;
    struct err err = ERR_INIT;

    UNIT_STATUS(STATUS_OK, spool_create(in_folder("spool"), &err), &err);
    UNIT_STATUS(STATUS_OK, spool_open(&s, in_folder("spool"), &err), &err);
    UNIT_TRUE(spool_holds_journal(&s));
    UNIT_INT(0, renameat(s.dir, "log", s.dir, "aside"));
    UNIT_FALSE(spool_holds_journal(&s));
    UNIT_INT(0, mkdirat(s.dir, "log", 0700));
    UNIT_FALSE(spool_holds_journal(&s));
    UNIT_INT(0, unlinkat(s.dir, "log", AT_REMOVEDIR));
    UNIT_INT(0, renameat(s.dir, "aside", s.dir, "log"));
    UNIT_TRUE(spool_holds_journal(&s));
    spool_close(&s);
}

UNIT_TEST(a_file_is_no_spool)
{
    struct err err = ERR_INIT;
    struct spool spool;
    char name[200];

    UNIT_STATUS(STATUS_OK, spool_create(in_folder("spool"), &err), &err);
    snprintf(name, sizeof name, "%s/format", path);
    UNIT_STATUS(STATUS_CONFIG, spool_open(&spool, name, &err), &err);
    UNIT_TRUE(strstr(err.text, "there is no spool at ") != NULL);
    UNIT_STATUS(STATUS_CONFIG, spool_create(name, NULL), NULL);
    strcat(name, "/spool");
    UNIT_STATUS(STATUS_IO, spool_create(name, NULL), NULL);
}

UNIT_TEST(derived_folders_come_back_and_a_lost_journal_does_not_pass_unnoticed)
{
    struct err err = ERR_INIT;
    struct spool spool;
    char sub[200];

    UNIT_STATUS(STATUS_OK, spool_create(in_folder("spool"), &err), &err);
    snprintf(sub, sizeof sub, "%s/idx", path);
    UNIT_INT(0, rmdir(sub));
    UNIT_STATUS(STATUS_OK, spool_open(&spool, path, &err), &err);
    spool_close(&spool);
    UNIT_INT(0, access(sub, F_OK));
    snprintf(sub, sizeof sub, "%s/log", path);
    UNIT_INT(0, rmdir(sub));
    UNIT_STATUS(STATUS_CONFIG, spool_open(&spool, path, NULL), NULL);
}

static void untrusted(const char *blamed)
{
    struct err err = ERR_INIT;
    struct spool spool;
    char words[400];

    UNIT_STATUS(STATUS_UNTRUSTED, spool_open(&spool, path, &err), &err);
    snprintf(words, sizeof words, "the spool cannot be trusted: %s: others can write to it",
             blamed);
    if (strncmp(words, err.text, strlen(words)) != 0)
        UNIT_TEXT(words, err.text);
}

static void opens(void)
{
    struct err err = ERR_INIT;
    struct spool spool;

    UNIT_STATUS(STATUS_OK, spool_open(&spool, path, &err), &err);
    spool_close(&spool);
}

UNIT_TEST(a_spool_that_others_may_write_to_is_refused)
{
    UNIT_STATUS(STATUS_OK, spool_create(in_folder("spool"), NULL), NULL);
    UNIT_INT(0, chmod(path, 0777));
    untrusted(path);
    UNIT_INT(0, chmod(path, 0755));
    opens();
    UNIT_INT(0, chmod(unit_folder(), 0777));
    untrusted(unit_folder());
    UNIT_STATUS(STATUS_UNTRUSTED, spool_create(path, NULL), NULL);
    UNIT_INT(0, chmod(unit_folder(), 0700));
    opens();
}

UNIT_TEST(the_folders_of_a_spool_count_if_others_may_enter_it)
{
    char results[200];

    UNIT_STATUS(STATUS_OK, spool_create(in_folder("spool"), NULL), NULL);
    snprintf(results, sizeof results, "%s/run/results", path);
    UNIT_INT(0, chmod(results, 0702));
    opens();
    UNIT_INT(0, chmod(path, 0711));
    untrusted(results);
    UNIT_INT(0, chmod(results, 0700));
    opens();
    UNIT_INT(0, rmdir(results));
    opens();
}

static int become_wholly(void)
{
    struct err err = ERR_INIT;
    struct spool spool;

    if (spool_become_owner(path, &err) != STATUS_OK || getuid() != NOBODY || geteuid() != NOBODY ||
        setuid(0) == 0)
        return 1;
    return spool_open(&spool, path, &err) == STATUS_OK ? 0 : 2;
}

/* What setuid does instead of its work. */
static int (*set_user)(uid_t uid);

int __real_setuid(uid_t uid);
int __wrap_setuid(uid_t uid);
int __wrap_setuid(uid_t uid)
{
    return set_user == NULL ? __real_setuid(uid) : set_user(uid);
}

static int only_for_now(uid_t uid)
{
    return setresuid(uid, uid, 0);
}

static int only_in_effect(uid_t uid)
{
    return seteuid(uid);
}

static int only_in_name(uid_t uid)
{
    return setresuid(uid, 0, 0);
}

static int only_in_words(uid_t uid)
{
    (void)uid;
    return 0;
}

static int not_at_all(uid_t uid)
{
    (void)uid;
    errno = EPERM;
    return -1;
}

static int become(int (*how)(uid_t uid))
{
    enum status status;

    set_user = how;
    status = spool_become_owner(path, NULL);
    set_user = NULL;
    return setresuid(0, 0, 0) == 0 ? (int)status : -1;
}

static int become_only_for_now(void)
{
    return become(only_for_now);
}

static int become_only_in_effect(void)
{
    return become(only_in_effect);
}

static int become_only_in_name(void)
{
    return become(only_in_name);
}

static int become_only_in_words(void)
{
    return become(only_in_words);
}

static int become_not_at_all(void)
{
    return become(not_at_all);
}

/* Makes a spool, and gives it away with all that is in it. */
static bool make_for(uid_t uid)
{
    static const char *const parts[] = {"",         "/log", "/idx",         "/quarantine",
                                        "/refused", "/run", "/run/results", "/run/commands",
                                        "/format"};
    struct err err = ERR_INIT;
    bool done = true;

    unit_fresh_folder();
    UNIT_STATUS(STATUS_OK, spool_create(in_folder("spool"), &err), &err);
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        char name[200];

        snprintf(name, sizeof name, "%s%s", path, parts[i]);
        done = chown(name, uid, uid) == 0 && done;
    }
    return UNIT_TRUE(done && chmod(unit_folder(), 0755) == 0);
}

UNIT_TEST(root_becomes_the_owner_and_others_are_refused)
{
    struct err err = ERR_INIT;
    struct spool spool;

    UNIT_STATUS(STATUS_CONFIG, spool_become_owner(in_folder("spool"), NULL), NULL);
    UNIT_STATUS(STATUS_OK, spool_create(path, &err), &err);
    UNIT_STATUS(STATUS_OK, spool_become_owner(path, &err), &err);
    UNIT_REQUIRE_ROOT();
    UNIT_REQUIRE(make_for(NOBODY));
    UNIT_STATUS(STATUS_OWNER, spool_open(&spool, path, NULL), NULL);
    UNIT_INT(0, in_child(become_wholly));
    UNIT_INT(0, seteuid(OTHER_USER));
    UNIT_STATUS(STATUS_OWNER, spool_become_owner(path, &err), &err);
    UNIT_INT(0, seteuid(0));
    UNIT_TRUE(strstr(err.text, "belongs to user 65534") != NULL);
}

UNIT_TEST(who_has_not_wholly_become_the_owner_does_not_pass_for_him)
{
    UNIT_REQUIRE_ROOT();
    UNIT_REQUIRE(make_for(NOBODY));
    UNIT_INT(STATUS_OWNER, in_child(become_only_for_now));
    UNIT_INT(STATUS_OWNER, in_child(become_only_in_effect));
    UNIT_INT(STATUS_OWNER, in_child(become_only_in_name));
    UNIT_INT(STATUS_OWNER, in_child(become_only_in_words));
    UNIT_INT(STATUS_IO, in_child(become_not_at_all));
    /* No row of the password file names his group. */
    UNIT_REQUIRE(make_for(OTHER_USER));
    UNIT_INT(STATUS_OWNER, in_child(become_only_for_now));
}

UNIT_TEST(a_spool_that_cannot_be_looked_at_has_no_owner_to_become)
{
    struct err err = ERR_INIT;
    char name[PATH_MAX + 2];

    snprintf(name, sizeof name, "%s/format/spool", in_folder("spool"));
    UNIT_STATUS(STATUS_OK, spool_create(path, &err), &err);
    UNIT_STATUS(STATUS_CONFIG, spool_become_owner(name, &err), &err);
    UNIT_TRUE(strstr(err.text, "stenohook init") != NULL);
    memset(name, 'n', sizeof name);
    name[0] = '/';
    name[sizeof name - 1] = '\0';
    UNIT_STATUS(STATUS_IO, spool_become_owner(name, NULL), NULL);
}

UNIT_TEST(a_spool_of_another_user_is_his_also_where_we_may_not_enter)
{
    struct err err = ERR_INIT;
    struct spool spool;

    UNIT_REQUIRE_ROOT();
    UNIT_REQUIRE(make_for(NOBODY));
    UNIT_INT(0, seteuid(OTHER_USER));
    UNIT_STATUS(STATUS_OWNER, spool_open(&spool, path, &err), &err);
    UNIT_INT(0, seteuid(0));
    UNIT_TRUE(strstr(err.text, "belongs to user 65534") != NULL);
    UNIT_INT(0, chmod(path, 0));
    UNIT_INT(0, seteuid(NOBODY));
    UNIT_STATUS(STATUS_IO, spool_open(&spool, path, NULL), NULL);
    UNIT_INT(0, seteuid(0));
    UNIT_INT(0, chmod(unit_folder(), 0700));
    UNIT_INT(0, seteuid(NOBODY));
    UNIT_STATUS(STATUS_IO, spool_open(&spool, path, NULL), NULL);
    UNIT_INT(0, seteuid(0));
}

UNIT_TEST(a_spool_in_a_folder_that_its_user_cannot_read_can_be_made)
{
    struct err err = ERR_INIT;

    UNIT_REQUIRE_ROOT();
    UNIT_REQUIRE(make_for(NOBODY));
    UNIT_INT(0, chmod(unit_folder(), 0711));
    UNIT_INT(0, seteuid(NOBODY));
    UNIT_STATUS(STATUS_OK, spool_create(path, &err), &err);
    UNIT_INT(0, seteuid(0));
}

UNIT_TEST(a_derived_folder_that_cannot_be_made_is_an_error)
{
    struct spool spool;
    char sub[200];

    UNIT_REQUIRE_ROOT();
    UNIT_REQUIRE(make_for(NOBODY));
    snprintf(sub, sizeof sub, "%s/idx", path);
    UNIT_INT(0, rmdir(sub));
    UNIT_INT(0, chmod(path, 0500));
    UNIT_INT(0, seteuid(NOBODY));
    UNIT_STATUS(STATUS_IO, spool_open(&spool, path, NULL), NULL);
    UNIT_INT(-1, spool.dir);
    UNIT_INT(0, seteuid(0));
}

UNIT_TEST(names_of_segments_are_read_back_and_others_are_not)
{
    char name[SPOOL_NAME_MAX];
    uint32_t segment = 0;

    spool_segment_name(name, 12);
    UNIT_TEXT("00000012.jsonl", name);
    UNIT_TRUE(spool_segment_parse(name, &segment));
    UNIT_INT(12, segment);
    UNIT_TRUE(spool_segment_parse("16777215.jsonl", &segment));
    UNIT_FALSE(spool_segment_parse("16777216.jsonl", &segment));
    UNIT_FALSE(spool_segment_parse("00000000.jsonl", &segment));
    UNIT_FALSE(spool_segment_parse("0000012.jsonl", &segment));
    UNIT_FALSE(spool_segment_parse("00000012.jsonl.gz", &segment));
    UNIT_FALSE(spool_segment_parse("+0000012.jsonl", &segment));
    UNIT_FALSE(spool_segment_parse("", &segment));
    spool_table_name(name, 3);
    UNIT_TEXT("03.idx", name);
}
