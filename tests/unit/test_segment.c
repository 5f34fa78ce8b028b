/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "fault_kit.h"
#include "journal_kit.h"
#include "store/journal/hints.h"
#include "store/journal/segment.h"
#include "unit.h"

/* What is read at a time. */
#define BLOCK_LEN ((size_t)256 * 1024)

static struct spool spool;

static void make(uint32_t segment, uint32_t previous, uint64_t valid)
{
    const struct record_header header = {
        .segment = segment, .previous = previous, .previous_valid = valid, .created_ns = 1};
    struct err err = ERR_INIT;
    bool taken = true;
    uint64_t len;

    UNIT_STATUS(STATUS_OK, segment_make(&spool, &header, &len, &taken, &err), &err);
    UNIT_FALSE(taken);
}

/* ---- which there are */

UNIT_TEST(segments_are_listed_in_their_order_and_other_files_are_not)
{
    struct err err = ERR_INIT;
    struct segment_list list;

    UNIT_REQUIRE(kit_spool(&spool));
    make(12, 0, 0);
    make(3, 0, 0);
    make(7, 0, 0);
    UNIT_INT(0, mkdirat(spool.log, "1.jsonl", 0700));
    UNIT_STATUS(STATUS_OK, segment_list_read(&spool, &list, &err), &err);
    UNIT_REQUIRE(list.count == 3);
    UNIT_INT(3, list.numbers[0]);
    UNIT_INT(7, list.numbers[1]);
    UNIT_INT(12, list.numbers[2]);
    UNIT_INT(7, segment_list_below(&list, 12));
    UNIT_INT(12, segment_list_below(&list, 13));
    UNIT_INT(3, segment_list_below(&list, 4));
    UNIT_INT(0, segment_list_below(&list, 3));
    segment_list_free(&list);
    UNIT_INT(0, segment_list_below(&list, 3));
    spool_close(&spool);
}

UNIT_TEST(a_missing_folder_has_no_segments_and_an_unreadable_one_is_an_error)
{
    struct err err = ERR_INIT;
    struct segment_list list = {.count = 9};

    UNIT_REQUIRE(kit_spool(&spool));
    make(1, 0, 0);
    UNIT_STATUS(STATUS_OK, segment_list_folder(spool.dir, "absent", &list, &err), &err);
    UNIT_INT(0, list.count);
    UNIT_STATUS(STATUS_OK, segment_list_folder(spool.dir, "log", &list, &err), &err);
    UNIT_INT(1, list.count);
    segment_list_free(&list);
    UNIT_STATUS(STATUS_IO, segment_list_folder(spool.dir, SPOOL_FORMAT, &list, NULL), NULL);
    spool_close(&spool);
}

static enum status list_and_forget(void *context, struct err *err)
{
    struct segment_list list = {NULL, 0};
    enum status status = segment_list_read(&spool, &list, err);

    (void)context;
    segment_list_free(&list);
    return status;
}

UNIT_TEST(a_list_that_could_not_be_read_whole_is_an_error)
{
    UNIT_REQUIRE(kit_spool(&spool));
    for (uint32_t segment = 1; segment <= 100; segment++)
        make(segment, 0, 0);
    fault_each(FAULT_MEMORY, ENOMEM, STATUS_MEMORY, list_and_forget, NULL);
    fault_each(FAULT_OPENAT, EMFILE, STATUS_IO, list_and_forget, NULL);
    spool_close(&spool);
}

/* ---- one of them */

UNIT_TEST(a_segment_that_is_missing_is_told_as_that)
{
    struct err err = ERR_INIT;
    struct record_header header;
    int fd = -7;

    UNIT_REQUIRE(kit_spool(&spool));
    UNIT_STATUS(STATUS_MISSING, segment_open(&spool, 4, O_RDONLY, &fd, &err), &err);
    UNIT_TRUE(strstr(err.text, "00000004.jsonl") != NULL);
    UNIT_INT(-7, fd);
    UNIT_STATUS(STATUS_MISSING, segment_header(&spool, 4, &header, NULL), NULL);
    fault_arm(FAULT_OPENAT, 1, EMFILE);
    UNIT_STATUS(STATUS_IO, segment_open(&spool, 4, O_RDONLY, &fd, NULL), NULL);
    UNIT_TRUE(fault_disarm());
    spool_close(&spool);
}

UNIT_TEST(the_header_of_another_segment_is_none_of_its_own)
{
    struct err err = ERR_INIT;
    struct record_header header;

    UNIT_REQUIRE(kit_spool(&spool));
    make(4, 2, 99);
    UNIT_STATUS(STATUS_OK, segment_header(&spool, 4, &header, &err), &err);
    UNIT_INT(2, header.previous);
    UNIT_INT(99, header.previous_valid);
    UNIT_INT(0, linkat(spool.log, "00000004.jsonl", spool.log, "00000005.jsonl", 0));
    UNIT_STATUS(STATUS_CORRUPT, segment_header(&spool, 5, &header, NULL), NULL);
    spool_close(&spool);
}

UNIT_TEST(a_header_that_the_disk_cannot_read_is_not_taken_for_a_damaged_one)
{
    struct record_header header;

    UNIT_REQUIRE(kit_spool(&spool));
    make(4, 2, 99);
    fault_arm(FAULT_PREAD, 1, EIO);
    UNIT_STATUS(STATUS_IO, segment_header(&spool, 4, &header, NULL), NULL);
    UNIT_TRUE(fault_disarm());
    spool_close(&spool);
}

UNIT_TEST(a_name_that_is_taken_is_said_and_left_alone)
{
    const struct record_header header = {.segment = 4, .previous = 3};
    struct err err = ERR_INIT;
    struct record_header found;
    bool taken = false;
    uint64_t len;

    UNIT_REQUIRE(kit_spool(&spool));
    make(4, 2, 99);
    UNIT_STATUS(STATUS_OK, segment_make(&spool, &header, &len, &taken, &err), &err);
    UNIT_TRUE(taken);
    UNIT_STATUS(STATUS_OK, segment_header(&spool, 4, &found, &err), &err);
    UNIT_INT(2, found.previous);
    spool_close(&spool);
}

UNIT_TEST(numbers_of_segments_end)
{
    const struct record_header beyond = {.segment = PLACE_SEGMENT_MAX + 1};
    bool taken;
    uint64_t len;

    UNIT_REQUIRE(kit_spool(&spool));
    make(PLACE_SEGMENT_MAX, 0, 0);
    UNIT_STATUS(STATUS_LIMIT, segment_make(&spool, &beyond, &len, &taken, NULL), NULL);
    spool_close(&spool);
}

static enum status make_next(void *context, struct err *err)
{
    struct record_header *header = context;
    bool taken;
    uint64_t len;

    return segment_make(&spool, header, &len, &taken, err);
}

UNIT_TEST(without_memory_for_its_header_no_segment_is_made)
{
    struct record_header header = {.segment = 1};

    UNIT_REQUIRE(kit_spool(&spool));
    fault_each(FAULT_MEMORY, ENOMEM, STATUS_MEMORY, make_next, &header);
    spool_close(&spool);
}

/* ---- how much of it counts */

static void counts(uint32_t segment, uint64_t expected)
{
    struct err err = ERR_INIT;
    uint64_t limit = 1;

    UNIT_STATUS(STATUS_OK, segment_limit(&spool, segment, &limit, &err), &err);
    UNIT_HEX(expected, limit);
}

UNIT_TEST(what_counts_is_said_by_the_segment_that_was_begun_behind)
{
    UNIT_REQUIRE(kit_spool(&spool));
    make(1, 0, 0);
    counts(1, UINT64_MAX);
    make(2, 1, 77);
    counts(1, 77);
    counts(2, UINT64_MAX);
    spool_close(&spool);
}

UNIT_TEST(a_segment_that_was_begun_behind_another_says_nothing)
{
    UNIT_REQUIRE(kit_spool(&spool));
    make(5, 3, 77);
    counts(4, UINT64_MAX);
    make(9, 6, 78);
    counts(6, 78);
    counts(7, UINT64_MAX);
    spool_close(&spool);
}

UNIT_TEST(a_file_without_a_sound_header_in_between_says_nothing)
{
    UNIT_REQUIRE(kit_spool(&spool));
    UNIT_INT(0, file_replace(spool.log, "t", "00000002.jsonl", "junk\n", 5, 0600));
    counts(1, UINT64_MAX);
    make(3, 1, 77);
    counts(1, 77);
    spool_close(&spool);
}

static enum status limit_of_first(void *context, struct err *err)
{
    uint64_t limit = 1;
    enum status status = segment_limit(&spool, 1, &limit, err);

    (void)context;
    UNIT_HEX(status == STATUS_OK ? 77 : 1, limit);
    return status;
}

UNIT_TEST(what_counts_is_not_guessed_where_the_others_cannot_be_read)
{
    UNIT_REQUIRE(kit_spool(&spool));
    make(1, 0, 0);
    make(3, 1, 77);
    fault_each(FAULT_PREAD, EIO, STATUS_IO, limit_of_first, NULL);
    fault_each(FAULT_MEMORY, ENOMEM, STATUS_MEMORY, limit_of_first, NULL);
    spool_close(&spool);
}

/* ---- its lines */

struct seen {
    unsigned lines;
    uint64_t offset; /* of the last one */
    size_t len;
    unsigned stop; /* at this line */
};

static enum status see(void *context, uint64_t offset, struct str line, struct err *err)
{
    struct seen *seen = context;

    seen->lines++;
    seen->offset = offset;
    seen->len = line.len;
    return seen->lines == seen->stop ? err_set(err, STATUS_LIMIT, "enough") : STATUS_OK;
}

static int file_of(size_t first, const char *rest)
{
    char path[200];
    char *line = malloc(first);
    int fd;

    snprintf(path, sizeof path, "%s/lines", unit_folder());
    fd = open(path, O_CREAT | O_TRUNC | O_RDWR | O_CLOEXEC, 0600);
    if (line == NULL || fd < 0)
        abort();
    memset(line, 'a', first);
    line[first - 1] = '\n';
    UNIT_TRUE(file_write(fd, line, first) == 0 && file_write(fd, rest, strlen(rest)) == 0);
    free(line);
    return fd;
}

static enum status walk(int fd, uint64_t limit, struct seen *seen, bool *whole)
{
    return segment_walk(fd, limit, UINT64_MAX, see, seen, whole, NULL);
}

UNIT_TEST(lines_are_found_wherever_they_end_within_what_is_read_at_a_time)
{
    for (size_t first = BLOCK_LEN - 2; first <= BLOCK_LEN + 2; first++) {
        struct seen seen = {0};
        bool whole = false;
        int fd = file_of(first, "second\nthird");

        UNIT_STATUS(STATUS_OK, walk(fd, UINT64_MAX, &seen, &whole), NULL);
        UNIT_TRUE(whole);
        UNIT_INT(2, seen.lines);
        UNIT_INT(first, seen.offset);
        UNIT_INT(6, seen.len);
        file_close(&fd);
    }
}

UNIT_TEST(lines_that_end_beyond_the_limit_are_not_handed_out)
{
    struct seen seen = {0};
    bool whole;
    int fd = file_of(10, "second\nthird\n");

    UNIT_STATUS(STATUS_OK, walk(fd, 17, &seen, &whole), NULL);
    UNIT_INT(2, seen.lines);
    seen.lines = 0;
    UNIT_STATUS(STATUS_OK, walk(fd, 16, &seen, &whole), NULL);
    UNIT_INT(1, seen.lines);
    seen.lines = 0;
    UNIT_STATUS(STATUS_OK, walk(fd, 0, &seen, &whole), NULL);
    UNIT_INT(0, seen.lines);
    file_close(&fd);
}

UNIT_TEST(a_walk_ends_with_the_first_line_that_is_not_taken)
{
    struct seen seen = {.stop = 2};
    bool whole;
    int fd = file_of(10, "second\nthird\n");

    UNIT_STATUS(STATUS_LIMIT, walk(fd, UINT64_MAX, &seen, &whole), NULL);
    UNIT_INT(2, seen.lines);
    file_close(&fd);
}

UNIT_TEST(a_place_that_the_disk_cannot_read_ends_the_walk_and_is_no_error)
{
    struct seen seen = {0};
    bool whole = true;
    int fd = file_of(BLOCK_LEN, "second\n");

    fault_arm(FAULT_PREAD, 2, EIO);
    UNIT_STATUS(STATUS_OK, walk(fd, UINT64_MAX, &seen, &whole), NULL);
    UNIT_TRUE(fault_disarm());
    UNIT_FALSE(whole);
    UNIT_INT(1, seen.lines);
    file_close(&fd);
}

UNIT_TEST(a_walk_of_what_cannot_be_read_at_all_fails)
{
    struct seen seen = {0};
    bool whole;
    int fd = open(unit_folder(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    UNIT_STATUS(STATUS_IO, walk(fd, UINT64_MAX, &seen, &whole), NULL);
    UNIT_STATUS(STATUS_DEADLINE, segment_walk(fd, UINT64_MAX, 0, see, &seen, &whole, NULL), NULL);
    UNIT_INT(0, seen.lines);
    file_close(&fd);
}

static enum status walk_all(void *context, struct err *err)
{
    struct seen seen = {0};
    int *fd = context;
    bool whole;

    return segment_walk(*fd, UINT64_MAX, UINT64_MAX, see, &seen, &whole, err);
}

UNIT_TEST(a_line_that_there_is_no_memory_for_ends_the_walk)
{
    int fd = file_of(2 * BLOCK_LEN, "second\n");

    fault_each(FAULT_MEMORY, ENOMEM, STATUS_MEMORY, walk_all, &fd);
    file_close(&fd);
}
