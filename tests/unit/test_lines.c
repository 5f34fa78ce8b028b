/* SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "store/spool/lines.h"
#include "unit.h"

#define LINE_MAX_TEST 1000

static int file_with(struct str bytes)
{
    char path[256];
    int fd;

    snprintf(path, sizeof path, "%s/lines", unit_folder());
    fd = file_open(AT_FDCWD, path, O_RDWR | O_CREAT | O_TRUNC, 0600);
    if (fd >= 0 && file_write(fd, bytes.ptr, bytes.len) != 0)
        file_close(&fd);
    return fd;
}

static bool next_is(struct lines *lines, const char *text, bool ended, uint64_t offset)
{
    struct err err = ERR_INIT;
    struct line line;
    bool more;

    return lines_next(lines, &line, &more, &err) == STATUS_OK && more && str_is(line.text, text) &&
           line.ended == ended && line.offset == offset &&
           line.len == strlen(text) + (ended ? 1 : 0) && !line.too_long;
}

static bool at_end(struct lines *lines)
{
    struct err err = ERR_INIT;
    struct line line;
    bool more;

    return lines_next(lines, &line, &more, &err) == STATUS_OK && !more;
}

UNIT_TEST(lines_come_with_their_offsets_and_the_last_may_be_open)
{
    int fd = file_with(STR("one\n\nthree\nrest"));
    struct lines lines;

    UNIT_REQUIRE(fd >= 0);
    lines_init(&lines, fd, 0, UINT64_MAX, LINE_MAX_TEST);
    UNIT_TRUE(next_is(&lines, "one", true, 0));
    UNIT_TRUE(next_is(&lines, "", true, 4));
    UNIT_TRUE(next_is(&lines, "three", true, 5));
    UNIT_TRUE(next_is(&lines, "rest", false, 11));
    UNIT_TRUE(at_end(&lines));
    UNIT_TRUE(at_end(&lines));
    lines_free(&lines);
    file_close(&fd);
}

UNIT_TEST(nothing_is_read_before_the_beginning_or_behind_the_end)
{
    int fd = file_with(STR("one\ntwo\nthree\n"));
    struct lines lines;

    UNIT_REQUIRE(fd >= 0);
    lines_init(&lines, fd, 4, 10, LINE_MAX_TEST);
    UNIT_TRUE(next_is(&lines, "two", true, 4));
    UNIT_TRUE(next_is(&lines, "th", false, 8));
    UNIT_TRUE(at_end(&lines));
    lines_free(&lines);
    file_close(&fd);
}

UNIT_TEST(an_empty_file_has_no_lines)
{
    int fd = file_with(STR(""));
    struct lines lines;

    UNIT_REQUIRE(fd >= 0);
    lines_init(&lines, fd, 0, UINT64_MAX, LINE_MAX_TEST);
    UNIT_TRUE(at_end(&lines));
    lines_free(&lines);
    file_close(&fd);
}

/* A line of `len` bytes between two short ones. */
static void long_line(size_t len, bool expect_kept)
{
    struct err err = ERR_INIT;
    struct lines lines;
    struct buf bytes;
    struct line line;
    bool more;
    int fd;

    buf_init(&bytes, len + 64);
    buf_add_text(&bytes, "a\n");
    for (size_t i = 0; i < len; i++)
        buf_add_char(&bytes, 'x');
    buf_add_text(&bytes, "\nb\n");
    fd = file_with(buf_str(&bytes));
    buf_free(&bytes);
    UNIT_REQUIRE(fd >= 0);
    lines_init(&lines, fd, 0, UINT64_MAX, LINE_MAX_TEST);
    UNIT_TRUE(next_is(&lines, "a", true, 0));
    UNIT_STATUS(STATUS_OK, lines_next(&lines, &line, &more, &err), &err);
    UNIT_TRUE(more);
    UNIT_INT(!expect_kept, line.too_long);
    UNIT_INT(expect_kept ? len : 0, line.text.len);
    UNIT_INT(len + 1, line.len);
    UNIT_TRUE(line.ended);
    UNIT_TRUE(next_is(&lines, "b", true, len + 3));
    UNIT_TRUE(at_end(&lines));
    lines_free(&lines);
    file_close(&fd);
}

UNIT_TEST(a_line_at_the_limit_is_kept)
{
    long_line(LINE_MAX_TEST, true);
}

UNIT_TEST(a_line_beyond_the_limit_is_walked_over)
{
    long_line(LINE_MAX_TEST + 1, false);
    long_line(3 * 1024 * 1024, false);
}

UNIT_TEST(an_open_line_beyond_the_limit_is_told_once)
{
    static char bytes[LINE_MAX_TEST + 2];
    struct err err = ERR_INIT;
    struct lines lines;
    struct line line;
    bool more;
    int fd;

    memset(bytes, 'x', sizeof bytes);
    fd = file_with((struct str){bytes, sizeof bytes});
    UNIT_REQUIRE(fd >= 0);
    lines_init(&lines, fd, 0, UINT64_MAX, LINE_MAX_TEST);
    UNIT_STATUS(STATUS_OK, lines_next(&lines, &line, &more, &err), &err);
    UNIT_TRUE(more && line.too_long && !line.ended);
    UNIT_INT(sizeof bytes, line.len);
    UNIT_TRUE(at_end(&lines));
    lines_free(&lines);
    file_close(&fd);
}
