/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include "base/file.h"
#include "store/spool.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define NOBODY 65534

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

UNIT_TEST(a_spool_that_everyone_may_write_to_is_refused)
{
    struct err err = ERR_INIT;
    struct spool spool;

    UNIT_STATUS(STATUS_OK, spool_create(in_folder("spool"), &err), &err);
    UNIT_INT(0, chmod(path, 0777));
    UNIT_STATUS(STATUS_OWNER, spool_open(&spool, path, NULL), NULL);
    UNIT_INT(0, chmod(path, 0770));
    UNIT_STATUS(STATUS_OK, spool_open(&spool, path, &err), &err);
    spool_close(&spool);
}

static int become_in_child(const char *spool_path)
{
    int status;
    pid_t pid = fork();

    if (pid == 0) {
        struct err err = ERR_INIT;
        struct spool spool;

        if (spool_become_owner(spool_path, &err) != STATUS_OK || getuid() != NOBODY ||
            geteuid() != NOBODY || setuid(0) == 0)
            _exit(1);
        if (spool_open(&spool, spool_path, &err) != STATUS_OK)
            _exit(2);
        _exit(0);
    }
    return pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status) ? WEXITSTATUS(status)
                                                                           : -1;
}

UNIT_TEST(root_becomes_the_owner_and_others_are_refused)
{
    struct err err = ERR_INIT;
    struct spool spool;
    char name[200];
    static const char *const parts[] = {"", "/log", "/idx", "/quarantine", "/refused", "/format"};

    UNIT_STATUS(STATUS_CONFIG, spool_become_owner(in_folder("spool"), NULL), NULL);
    UNIT_STATUS(STATUS_OK, spool_create(path, &err), &err);
    UNIT_STATUS(STATUS_OK, spool_become_owner(path, &err), &err);
    if (geteuid() != 0)
        return; /* the rest needs root */
    UNIT_INT(0, chmod(unit_folder(), 0755));
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        snprintf(name, sizeof name, "%s%s", path, parts[i]);
        UNIT_INT(0, chown(name, NOBODY, NOBODY));
    }
    UNIT_STATUS(STATUS_OWNER, spool_open(&spool, path, NULL), NULL);
    UNIT_INT(0, become_in_child(path));
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

static const struct unit_case cases[] = {
    UNIT_CASE(a_new_spool_is_private_and_can_be_opened),
    UNIT_CASE(making_a_spool_again_keeps_its_key),
    UNIT_CASE(a_spool_whose_making_was_cut_off_is_completed),
    UNIT_CASE(what_is_no_spool_is_refused_with_the_remedy),
    UNIT_CASE(a_damaged_format_file_is_refused),
    UNIT_CASE(derived_folders_come_back_and_a_lost_journal_does_not_pass_unnoticed),
    UNIT_CASE(a_spool_that_everyone_may_write_to_is_refused),
    UNIT_CASE(root_becomes_the_owner_and_others_are_refused),
    UNIT_CASE(names_of_segments_are_read_back_and_others_are_not),
    UNIT_END,
};
const struct unit_suite suite_spool = {"spool", cases};
