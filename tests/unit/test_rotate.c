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
#include "store/journal/live.h"
#include "unit.h"

static struct kit kit;

/* Appends keys k0, k1, ... and says how many went wrong or were not as expected. */
static int append_keys(int from, int to, bool duplicate)
{
    int wrong = 0;

    for (int i = from; i < to; i++) {
        char key[32];

        snprintf(key, sizeof key, "k%d", i);
        if (kit_append(&kit, key) != STATUS_OK || kit.duplicate != duplicate)
            wrong++;
    }
    return wrong;
}

static bool small_segments(uint64_t segment_max)
{
    if (!kit_open(&kit))
        return false;
    kit.options.segment_max = segment_max;
    return kit_reopen(&kit);
}

UNIT_TEST(a_full_segment_is_followed_by_a_new_one)
{
    char key[32];

    UNIT_REQUIRE(kit_open(&kit));
    kit.options.segment_max = 4096;
    UNIT_REQUIRE(kit_reopen(&kit));
    for (int i = 0; i < 40; i++) {
        snprintf(key, sizeof key, "k%d", i);
        UNIT_STATUS(STATUS_OK, kit_append(&kit, key), &kit.err);
    }
    UNIT_TRUE(kit_segments(&kit) >= 3);
    for (int i = 0; i < 40; i++) {
        snprintf(key, sizeof key, "k%d", i);
        UNIT_STATUS(STATUS_OK, kit_append(&kit, key), &kit.err);
        UNIT_TRUE(kit.duplicate);
        UNIT_INT(1, kit_count(&kit, key));
    }
    for (uint32_t segment = 1; segment <= 3; segment++) {
        char name[SPOOL_NAME_MAX];
        struct stat sb;

        spool_segment_name(name, segment);
        UNIT_TRUE(fstatat(kit.spool.log, name, &sb, 0) == 0 && sb.st_size <= 4096);
        UNIT_INT(0600, sb.st_mode & 07777);
    }
    kit_close(&kit);
}

UNIT_TEST(a_new_day_begins_a_new_segment_and_a_clock_set_back_a_little_does_not)
{
    UNIT_REQUIRE(kit_open(&kit));
    UNIT_STATUS(STATUS_OK, kit_append(&kit, "k1"), &kit.err);
    kit.now_ns += KIT_DAY_NS;
    UNIT_STATUS(STATUS_OK, kit_append(&kit, "k2"), &kit.err);
    UNIT_INT(2, kit_segments(&kit));
    kit.now_ns -= KIT_DAY_NS;
    UNIT_STATUS(STATUS_OK, kit_append(&kit, "k3"), &kit.err);
    UNIT_INT(2, kit_segments(&kit));
    kit.now_ns -= 5 * KIT_DAY_NS;
    UNIT_STATUS(STATUS_OK, kit_append(&kit, "k4"), &kit.err);
    UNIT_INT(3, kit_segments(&kit));
    kit_close(&kit);
}

UNIT_TEST(a_record_larger_than_a_segment_gets_one_of_its_own)
{
    UNIT_REQUIRE(kit_open(&kit));
    kit.options.segment_max = 65536;
    UNIT_REQUIRE(kit_reopen(&kit));
    UNIT_STATUS(STATUS_OK, kit_append(&kit, "k1"), &kit.err);
    UNIT_STATUS(STATUS_OK, kit_append_body(&kit, "large", 3000000), &kit.err);
    UNIT_STATUS(STATUS_OK, kit_append(&kit, "k2"), &kit.err);
    UNIT_INT(3, kit_segments(&kit));
    UNIT_INT(1, kit_count(&kit, "large"));
    UNIT_STATUS(STATUS_OK, kit_append_body(&kit, "large", 3000000), &kit.err);
    UNIT_TRUE(kit.duplicate);
    UNIT_REQUIRE(kit_reboot(&kit));
    UNIT_STATUS(STATUS_OK, kit_append_body(&kit, "large", 3000000), &kit.err);
    UNIT_TRUE(kit.duplicate);
    kit_close(&kit);
}

UNIT_TEST(a_sync_that_fails_at_rotation_voids_what_was_not_durable)
{
    UNIT_REQUIRE(kit_open(&kit));
    UNIT_STATUS(STATUS_OK, kit_append(&kit, "k1"), &kit.err);
    {
        int fd = file_open(kit.spool.dir, SPOOL_COMMIT, O_RDWR, 0);

        UNIT_INT(0, file_trylock(fd));
        UNIT_STATUS(STATUS_DEADLINE, kit_append_until(&kit, "k2", 20000000), &kit.err);
        file_close(&fd);
    }
    kit.now_ns += KIT_DAY_NS;
    atomic_store(&kit_syncs_to_fail, 1);
    UNIT_STATUS(STATUS_OK, kit_append(&kit, "k3"), &kit.err);
    UNIT_INT(0, kit_count(&kit, "k2"));
    UNIT_INT(1, kit_count(&kit, "k1"));
    UNIT_STATUS(STATUS_OK, kit_append(&kit, "k2"), &kit.err);
    UNIT_FALSE(kit.duplicate);
    UNIT_INT(1, kit_count(&kit, "k2"));
    kit_close(&kit);
}

UNIT_TEST(a_waiter_whose_segment_was_sealed_behind_its_line_is_answered)
{
    struct place durable;

    UNIT_REQUIRE(kit_open(&kit));
    UNIT_STATUS(STATUS_OK, kit_append(&kit, "k1"), &kit.err);
    {
        int fd = file_open(kit.spool.dir, SPOOL_COMMIT, O_RDWR, 0);

        UNIT_INT(0, file_trylock(fd));
        UNIT_STATUS(STATUS_DEADLINE, kit_append_until(&kit, "k2", 20000000), &kit.err);
        file_close(&fd);
    }
    kit.now_ns += KIT_DAY_NS;
    UNIT_STATUS(STATUS_OK, kit_append(&kit, "k3"), &kit.err);
    UNIT_STATUS(STATUS_OK, kit_append(&kit, "k2"), &kit.err);
    UNIT_TRUE(kit.duplicate);
    UNIT_STATUS(STATUS_OK, journal_durable(&kit.spool, &durable, &kit.err), &kit.err);
    UNIT_INT(2, durable.segment);
    kit_close(&kit);
}

/* The header of segment 2. */
static void add_segment_2(uint32_t previous, uint64_t previous_valid)
{
    const struct record_header header = {.segment = 2,
                                         .previous = previous,
                                         .previous_valid = previous_valid,
                                         .created_ns = kit.now_ns};
    struct buf line;

    buf_init(&line, 512);
    record_header_print(&line, &header);
    UNIT_INT(0, file_replace(kit.spool.log, "t", "00000002.jsonl", line.ptr, line.len, 0600));
    buf_free(&line);
}

static void set_rotating(uint32_t segment)
{
    int fd = file_open(kit.spool.dir, SPOOL_STATE, O_RDWR, 0);
    struct journal_state state;

    UNIT_TRUE(journal_state_read(fd, &state));
    state.rotating = segment;
    UNIT_STATUS(STATUS_OK, journal_state_write(fd, &state, NULL), NULL);
    file_close(&fd);
}

UNIT_TEST(a_rotation_that_was_killed_before_the_new_name_is_ended)
{
    UNIT_REQUIRE(kit_open(&kit));
    UNIT_INT(0, append_keys(0, 3, false));
    set_rotating(2);
    UNIT_INT(0, append_keys(0, 3, true));
    UNIT_INT(0, append_keys(3, 4, false));
    UNIT_TRUE(strncmp(kit.id, "2:", 2) == 0);
    kit_close(&kit);
}

/* Three keys, and a rotation that ended with the name of segment 2. */
static bool open_behind_new_name(void)
{
    struct place durable;

    if (!kit_open(&kit))
        return false;
    UNIT_INT(0, append_keys(0, 3, false));
    UNIT_STATUS(STATUS_OK, journal_durable(&kit.spool, &durable, &kit.err), &kit.err);
    set_rotating(2);
    add_segment_2(1, durable.offset);
    return true;
}

UNIT_TEST(a_rotation_that_was_killed_after_the_new_name_is_taken_over)
{
    UNIT_REQUIRE(open_behind_new_name());
    UNIT_INT(0, append_keys(0, 3, true));
    UNIT_INT(0, append_keys(3, 4, false));
    UNIT_TRUE(strncmp(kit.id, "2:", 2) == 0);
    UNIT_INT(2, kit_segments(&kit));
    kit_close(&kit);
}

UNIT_TEST(a_rotation_that_failed_behind_the_new_name_is_ended_before_anything_is_recorded)
{
    UNIT_REQUIRE(small_segments(4096));
    UNIT_INT(0, append_keys(0, 3, false));
    atomic_store(&kit_makes_to_fail, 1);
    UNIT_STATUS(STATUS_IO, kit_append_body(&kit, "large", 3500), &kit.err);
    UNIT_INT(2, kit_segments(&kit));
    /* This one would fit in the old segment, whose valid length is settled by now. */
    UNIT_INT(0, append_keys(3, 4, false));
    UNIT_TRUE(strncmp(kit.id, "2:", 2) == 0);
    UNIT_INT(1, kit_count(&kit, "k3"));
    UNIT_INT(2, kit_segments(&kit));
    kit_close(&kit);
}

UNIT_TEST(a_rotation_that_failed_before_the_new_name_leaves_the_old_segment_in_use)
{
    UNIT_REQUIRE(small_segments(4096));
    UNIT_INT(0, append_keys(0, 3, false));
    UNIT_INT(0, mkdirat(kit.spool.log, "segment.tmp", 0700)); /* in the way */
    UNIT_STATUS(STATUS_IO, kit_append_body(&kit, "large", 3500), &kit.err);
    UNIT_INT(0, append_keys(0, 3, true));
    UNIT_INT(0, append_keys(3, 4, false));
    UNIT_TRUE(strncmp(kit.id, "1:", 2) == 0);
    UNIT_INT(0, unlinkat(kit.spool.log, "segment.tmp", AT_REMOVEDIR));
    UNIT_STATUS(STATUS_OK, kit_append_body(&kit, "large", 3500), &kit.err);
    UNIT_TRUE(strncmp(kit.id, "2:", 2) == 0);
    kit_close(&kit);
}

/* Segment 2 is of no use, 3 was begun after 1. */
UNIT_TEST(what_a_poisoned_segment_lost_stays_void_behind_a_file_that_is_no_segment)
{
    UNIT_REQUIRE(kit_open(&kit));
    UNIT_INT(0, append_keys(0, 1, false));
    UNIT_INT(0, file_replace(kit.spool.log, "t", "00000002.jsonl", "junk\n", 5, 0600));
    atomic_store(&kit_syncs_to_fail, 1);
    UNIT_STATUS(STATUS_IO, kit_append(&kit, "k1"), &kit.err);
    UNIT_INT(0, append_keys(2, 3, false));
    UNIT_TRUE(strncmp(kit.id, "3:", 2) == 0);
    UNIT_INT(0, append_keys(1, 2, false));
    kit_close(&kit);
}

UNIT_TEST(a_file_that_is_no_segment_in_the_place_of_the_next_is_passed_over)
{
    UNIT_REQUIRE(kit_open(&kit));
    UNIT_INT(0, append_keys(0, 3, false));
    UNIT_INT(0, file_replace(kit.spool.log, "t", "00000002.jsonl", "junk\n", 5, 0600));
    kit.now_ns += KIT_DAY_NS;
    UNIT_INT(0, append_keys(3, 4, false));
    UNIT_TRUE(strncmp(kit.id, "3:", 2) == 0);
    UNIT_INT(0, append_keys(0, 4, true));
    kit_close(&kit);
}

static void add_junk(uint32_t segment)
{
    char name[SPOOL_NAME_MAX];

    spool_segment_name(name, segment);
    UNIT_INT(0, file_replace(kit.spool.log, "t", name, "junk\n", 5, 0600));
}

UNIT_TEST(seven_files_in_the_place_of_the_next_segment_are_passed_over_and_eight_are_not)
{
    UNIT_REQUIRE(kit_open(&kit));
    UNIT_INT(0, append_keys(0, 3, false));
    for (uint32_t segment = 2; segment < 2 + 8; segment++)
        add_junk(segment);
    kit.now_ns += KIT_DAY_NS;
    UNIT_STATUS(STATUS_CORRUPT, kit_append(&kit, "k3"), NULL);
    UNIT_TRUE(strstr(kit.err.text, "files that are no segments hold the next names") != NULL);
    UNIT_INT(0, unlinkat(kit.spool.log, "00000009.jsonl", 0));
    UNIT_INT(0, append_keys(3, 4, false));
    UNIT_TRUE(strncmp(kit.id, "9:", 2) == 0);
    UNIT_INT(0, append_keys(0, 4, true));
    kit_close(&kit);
}

UNIT_TEST(a_segment_that_was_begun_behind_another_is_not_taken_over)
{
    UNIT_REQUIRE(kit_open(&kit));
    UNIT_INT(0, append_keys(0, 3, false));
    add_segment_2(7, 99);
    kit.now_ns += KIT_DAY_NS;
    UNIT_INT(0, append_keys(3, 4, false));
    UNIT_TRUE(strncmp(kit.id, "3:", 2) == 0);
    UNIT_INT(0, append_keys(0, 4, true));
    kit_close(&kit);
}

UNIT_TEST(a_segment_whose_taking_over_fails_is_taken_over_by_the_next)
{
    UNIT_REQUIRE(open_behind_new_name());
    fault_arm(FAULT_FSTATAT, 1, EIO);
    UNIT_STATUS(STATUS_IO, kit_append(&kit, "k3"), &kit.err);
    UNIT_TRUE(fault_disarm());
    UNIT_INT(0, append_keys(3, 4, false));
    UNIT_TRUE(strncmp(kit.id, "2:", 2) == 0);
    UNIT_INT(0, append_keys(0, 4, true));
    UNIT_INT(2, kit_segments(&kit));
    kit_close(&kit);
}

UNIT_TEST(a_rotation_waits_for_the_commit_lock_until_time_is_up)
{
    int fd;

    UNIT_REQUIRE(kit_open(&kit));
    UNIT_INT(0, append_keys(0, 3, false));
    kit.now_ns += KIT_DAY_NS;
    fd = file_open(kit.spool.dir, SPOOL_COMMIT, O_RDWR, 0);
    UNIT_INT(0, file_trylock(fd));
    UNIT_STATUS(STATUS_DEADLINE, kit_append_until(&kit, "k3", 1), NULL);
    UNIT_TRUE(strstr(kit.err.text, "no time left to begin a new segment") != NULL);
    UNIT_INT(1, kit_segments(&kit));
    file_close(&fd);
    UNIT_INT(0, append_keys(3, 4, false));
    UNIT_TRUE(strncmp(kit.id, "2:", 2) == 0);
    kit_close(&kit);
}

UNIT_TEST(nothing_is_appended_while_it_is_unknown_whether_the_new_segment_is_there)
{
    UNIT_REQUIRE(kit_open(&kit));
    UNIT_INT(0, append_keys(0, 3, false));
    kit.now_ns += KIT_DAY_NS;
    UNIT_INT(0, mkdirat(kit.spool.log, "segment.tmp", 0700)); /* in the way */
    fault_arm(FAULT_FACCESSAT, 1, EIO);
    UNIT_STATUS(STATUS_IO, kit_append(&kit, "k3"), NULL);
    UNIT_TRUE(fault_disarm());
    kit.now_ns -= KIT_DAY_NS;
    fault_arm(FAULT_FACCESSAT, 1, EIO);
    UNIT_STATUS(STATUS_IO, kit_append(&kit, "k3"), NULL);
    UNIT_TRUE(fault_disarm());
    UNIT_INT(0, unlinkat(kit.spool.log, "segment.tmp", AT_REMOVEDIR));
    UNIT_INT(0, append_keys(3, 4, false));
    UNIT_TRUE(strncmp(kit.id, "2:", 2) == 0);
    UNIT_INT(0, append_keys(0, 4, true));
    kit_close(&kit);
}

UNIT_TEST(a_clock_before_1970_is_at_its_first_day)
{
    UNIT_INT(0, live_day(-1));
    UNIT_INT(0, live_day(-9 * KIT_DAY_NS));
    UNIT_INT(0, live_day(KIT_DAY_NS - 1));
    UNIT_INT(1, live_day(KIT_DAY_NS));
}

UNIT_TEST(a_left_over_second_name_of_a_segment_is_not_emptied)
{
    UNIT_REQUIRE(kit_open(&kit));
    UNIT_INT(0, append_keys(0, 3, false));
    /* killed between link and unlink */
    UNIT_INT(0, linkat(kit.spool.log, "00000001.jsonl", kit.spool.log, "segment.tmp", 0));
    kit.now_ns += KIT_DAY_NS;
    UNIT_INT(0, append_keys(3, 4, false));
    UNIT_INT(0, append_keys(0, 4, true));
    UNIT_INT(1, kit_count(&kit, "k1"));
    kit_close(&kit);
}
