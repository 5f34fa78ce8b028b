/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "fault_kit.h"
#include "journal_kit.h"
#include "store/boxes/box_counts.h"
#include "unit.h"

/* The name of an entry, from its first digit. */
#define NAME(digit) digit "000000000000000000000000000000000000000"

static struct spool spool;

static void put(const char *name, const char *bytes)
{
    int fd = file_open(spool.refused, name, O_CREAT | O_TRUNC | O_WRONLY, 0600);

    UNIT_TRUE(fd >= 0 && file_write(fd, bytes, strlen(bytes)) == 0);
    file_close(&fd);
}

/* What the refused box is said to hold `later_s` seconds from now. */
static struct box_counts counted(int64_t later_s)
{
    struct box_counts counts = {0};
    struct err err = ERR_INIT;
    struct box_counts_file file;
    enum status status =
        box_counts_open(&file, &spool, clock_wall_ns() + later_s * NS_PER_S, 0, &err);

    UNIT_STATUS(STATUS_OK, status, &err);
    if (status == STATUS_OK) {
        counts = file.counts;
        box_counts_close(&file);
    }
    return counts;
}

UNIT_TEST(entries_are_counted_by_their_kind_and_other_files_are_not)
{
    struct box_counts counts;

    UNIT_REQUIRE(kit_spool(&spool));
    put(NAME("a") ".box", "12345");
    put(NAME("b") ".box", "123");
    put(NAME("c") ".published.box", "1234567");
    put("notes", "12");
    put("notes.box", "12");
    UNIT_INT(0, mkdirat(spool.refused, "folder.box", 0700));
    UNIT_INT(0, symlinkat(NAME("a") ".box", spool.refused, "link.box"));
    counts = counted(0);
    UNIT_INT(2, counts.count[BOX_STRANGER]);
    UNIT_INT(8, counts.bytes[BOX_STRANGER]);
    UNIT_INT(1, counts.count[BOX_PUBLISHED]);
    UNIT_INT(7, counts.bytes[BOX_PUBLISHED]);
    spool_close(&spool);
}

UNIT_TEST(the_folder_is_read_at_most_once_a_minute)
{
    UNIT_REQUIRE(kit_spool(&spool));
    UNIT_INT(0, counted(0).count[BOX_STRANGER]);
    put(NAME("a") ".box", "12345");
    UNIT_INT(0, counted(BOX_SWEEP_S - 2).count[BOX_STRANGER]);
    UNIT_INT(1, counted(BOX_SWEEP_S + 1).count[BOX_STRANGER]);
    put(NAME("b") ".box", "12345");
    /* The clock was set back. */
    UNIT_INT(2, counted(0).count[BOX_STRANGER]);
    spool_close(&spool);
}

UNIT_TEST(counts_that_are_none_of_ours_are_taken_anew)
{
    struct stat sb;
    char junk[512];
    int fd;

    UNIT_REQUIRE(kit_spool(&spool));
    put(NAME("a") ".box", "12345");
    UNIT_INT(1, counted(0).count[BOX_STRANGER]);
    put(NAME("b") ".box", "12345");
    UNIT_INT(1, counted(0).count[BOX_STRANGER]);
    UNIT_INT(0, fstatat(spool.refused, SPOOL_BOX_COUNTS, &sb, 0));
    UNIT_REQUIRE((size_t)sb.st_size <= sizeof junk);
    memset(junk, 0x5a, sizeof junk);
    fd = file_open(spool.refused, SPOOL_BOX_COUNTS, O_WRONLY, 0);
    UNIT_INT(0, file_pwrite(fd, junk, (size_t)sb.st_size, 0));
    UNIT_INT(2, counted(0).count[BOX_STRANGER]);
    put(NAME("c") ".box", "12345");
    UNIT_TRUE(fd >= 0 && ftruncate(fd, sb.st_size - 1) == 0);
    UNIT_INT(3, counted(0).count[BOX_STRANGER]);
    file_close(&fd);
    spool_close(&spool);
}

UNIT_TEST(what_is_gone_before_it_is_looked_at_is_not_counted)
{
    UNIT_REQUIRE(kit_spool(&spool));
    put(NAME("a") ".box", "12345");
    put(NAME("b") ".box", "12345");
    fault_arm(FAULT_FSTATAT, 1, ENOENT);
    UNIT_INT(1, counted(0).count[BOX_STRANGER]);
    UNIT_TRUE(fault_disarm());
    spool_close(&spool);
}

UNIT_TEST(an_old_entry_is_removed_and_counts_where_it_cannot_be)
{
    UNIT_REQUIRE(kit_spool(&spool));
    put(NAME("a") ".box", "12345");
    fault_arm(FAULT_UNLINKAT, 1, EACCES);
    UNIT_INT(1, counted(BOX_AGE_MAX_S + 2).count[BOX_STRANGER]);
    UNIT_TRUE(fault_disarm());
    UNIT_INT(1, counted(BOX_AGE_MAX_S - 2).count[BOX_STRANGER]);
    UNIT_INT(0, counted(BOX_AGE_MAX_S + BOX_SWEEP_S).count[BOX_STRANGER]);
    UNIT_TRUE(faccessat(spool.refused, NAME("a") ".box", F_OK, 0) != 0);
    spool_close(&spool);
}

UNIT_TEST(counts_that_another_process_holds_are_said_to_be_locked)
{
    struct err err = ERR_INIT;
    struct box_counts_file mine, other;

    UNIT_REQUIRE(kit_spool(&spool));
    UNIT_STATUS(STATUS_OK, box_counts_open(&mine, &spool, 0, 0, &err), &err);
    UNIT_STATUS(STATUS_LIMIT, box_counts_open(&other, &spool, 0, 0, NULL), NULL);
    UNIT_STATUS(STATUS_LIMIT, box_counts_open(&other, &spool, 0, 1, NULL), NULL);
    box_counts_close(&mine);
    UNIT_STATUS(STATUS_OK, box_counts_open(&other, &spool, 0, 0, &err), &err);
    box_counts_close(&other);
    spool_close(&spool);
}

UNIT_TEST(room_ends_with_the_bytes_and_with_the_number_of_entries)
{
    struct box_counts counts = {.count = {[BOX_STRANGER] = BOX_COUNT_MAX - 1},
                                .bytes = {[BOX_STRANGER] = 999, [BOX_PUBLISHED] = 1000}};

    UNIT_INT(1, box_counts_room(&counts, BOX_STRANGER, 1000));
    UNIT_INT(0, box_counts_room(&counts, BOX_PUBLISHED, 1000));
    counts.count[BOX_STRANGER]++;
    UNIT_INT(0, box_counts_room(&counts, BOX_STRANGER, 1000));
}
