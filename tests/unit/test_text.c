/* SPDX-License-Identifier: MIT
 * test_text - encodings and the log.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/text.h"
#include "unit.h"

#define BYTES(literal) ((struct str){literal, sizeof(literal) - 1})

UNIT_TEST(well_formed_utf8_is_known_from_the_rest)
{
    static const struct str good[] = {BYTES(""),
                                      BYTES("plain ASCII, longer than eight"),
                                      BYTES("\xc3\xa9"),
                                      BYTES("\xe2\x82\xac"),
                                      BYTES("\xed\x9f\xbf"),
                                      BYTES("\xf0\x90\x80\x80"),
                                      BYTES("\xf4\x8f\xbf\xbf"),
                                      BYTES("a\0b")};
    static const struct str bad[] = {BYTES("\x80"),
                                     BYTES("\xc0\x80"),
                                     BYTES("\xc1\xbf"),
                                     BYTES("\xc3"),
                                     BYTES("\xe0\x9f\xbf"),
                                     BYTES("\xed\xa0\x80"),
                                     BYTES("\xf0\x8f\xbf\xbf"),
                                     BYTES("\xf4\x90\x80\x80"),
                                     BYTES("\xf5\x80\x80\x80"),
                                     BYTES("12345678\xff"),
                                     BYTES("\xe2\x82")};

    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        UNIT_TRUE(text_utf8_ok(good[i]));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        UNIT_FALSE(text_utf8_ok(bad[i]));
}

UNIT_TEST(a_json_string_reads_back_as_every_byte_it_was_made_of)
{
    struct buf json;
    struct buf back;
    char all[128];

    for (size_t i = 0; i < sizeof all; i++)
        all[i] = (char)i;
    buf_init(&json, 4096);
    buf_init(&back, 4096);
    text_json(&json, (struct str){all, sizeof all});
    UNIT_TRUE(text_json_decode(&back, (struct str){json.ptr + 1, json.len - 2}));
    UNIT_TRUE(str_eq(buf_str(&back), (struct str){all, sizeof all}));
    buf_reset(&json, 4096);
    text_json(&json, BYTES("\"\\\n\x01\x7f\xc3\xa9"));
    UNIT_STR("\"\\\"\\\\\\n\\u0001\x7f\xc3\xa9\"", buf_str(&json));
    buf_free(&json);
    buf_free(&back);
}

UNIT_TEST(bytes_that_are_no_utf8_become_replacement_characters)
{
    struct buf json;

    buf_init(&json, 4096);
    text_json_lossy(&json, BYTES("a\xff\xc3\xa9\xe2\x82"));
    UNIT_STR("\"a\xef\xbf\xbd\xc3\xa9\xef\xbf\xbd\xef\xbf\xbd\"", buf_str(&json));
    buf_free(&json);
}

UNIT_TEST(a_json_string_is_compared_by_what_it_means)
{
    static const char *const same[] = {"stat\xc3\xbcs/", "st\\u0061t\\u00fcs\\/"};
    static const char *const other[] = {"",
                                        "stat",
                                        "stat\xc3",
                                        "stat\\u00fcs",
                                        "stat\\u00fcs/.",
                                        "stat\\u00fcs/\\",
                                        "stat\\u00fcs\\u002",
                                        "\\x"};

    for (size_t i = 0; i < sizeof same / sizeof *same; i++)
        UNIT_TRUE(text_json_is(str_of(same[i]), STR("stat\xc3\xbcs/")));
    for (size_t i = 0; i < sizeof other / sizeof *other; i++)
        UNIT_FALSE(text_json_is(str_of(other[i]), STR("stat\xc3\xbcs/")));
    UNIT_TRUE(text_json_is(STR(""), STR("")));
}

UNIT_TEST(json_escapes_are_undone)
{
    static const char *const bad[] = {"\\", "\\x", "\\u12", "\\u12g4", "a\nb", "a\"b"};
    struct buf b;

    buf_init(&b, 4096);
    UNIT_TRUE(
        text_json_decode(&b, STR("\\u0041\\u00e9\\u20ac\\ud83d\\ude00\\/\\b\\ud800x\\udc00")));
    UNIT_STR("A\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80/\b\xef\xbf\xbdx\xef\xbf\xbd", buf_str(&b));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        UNIT_FALSE(text_json_decode(&b, str_of(bad[i])));
    buf_free(&b);
}

UNIT_TEST(what_a_terminal_would_obey_is_escaped_in_json_and_nothing_beside_it)
{
    static const struct {
        const char *first, *last; /* as UTF-8 */
        unsigned low, high;
    } ranges[] = {{"\x7f", "\x7f", 0x7f, 0x7f},
                  {"\xc2\x80", "\xc2\x9f", 0x80, 0x9f},
                  {"\xd8\x9c", "\xd8\x9c", 0x61c, 0x61c},
                  {"\xe2\x80\x8e", "\xe2\x80\x8f", 0x200e, 0x200f},
                  {"\xe2\x80\xa8", "\xe2\x80\xae", 0x2028, 0x202e},
                  {"\xe2\x81\xa6", "\xe2\x81\xa9", 0x2066, 0x2069}};
    static const char beside[] =
        "\"~ \xc2\xa0 \xd8\x9b \xd8\x9d \xe2\x80\x8d \xe2\x80\x90 \xe2\x80\xa7 "
        "\xe2\x80\xaf \xe2\x81\xa5 \xe2\x81\xaa \xe2\x82\xac \xf0\x9f\x98\x80\"";
    struct buf out;
    char expected[64];

    buf_init(&out, 256);
    for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++) {
        buf_reset(&out, 256);
        text_json_shown(&out, STR("[\""));
        text_json_shown(&out, str_of(ranges[i].first));
        text_json_shown(&out, str_of(ranges[i].last));
        text_json_shown(&out, STR("\"]"));
        snprintf(expected, sizeof expected, "[\"\\u%04x\\u%04x\"]", ranges[i].low, ranges[i].high);
        UNIT_TEXT(expected, out.ptr);
    }
    buf_reset(&out, 256);
    text_json_shown(&out, str_of(beside));
    UNIT_TEXT(beside, out.ptr);
    /* Never beyond the end. */
    UNIT_INT(0, text_unshown(BYTES("")));
    UNIT_INT(0, text_unshown(BYTES("\xc2")));
    UNIT_INT(0, text_unshown(BYTES("\xe2\x80")));
    buf_free(&out);
}

UNIT_TEST(percent_codes_are_decoded_and_broken_ones_kept)
{
    struct buf b;

    buf_init(&b, 4096);
    text_percent_decode(&b, STR("a%20b+c%2x%4"), true);
    UNIT_STR("a b c%2x%4", buf_str(&b));
    buf_reset(&b, 64);
    text_percent_decode(&b, STR("a+b%2B"), false);
    UNIT_STR("a+b+", buf_str(&b));
    buf_reset(&b, 64);
    text_percent_ascii(&b, BYTES("a%20\xff\x01z"));
    UNIT_STR("a%20%FF%01z", buf_str(&b));
    buf_free(&b);
}

UNIT_TEST(a_log_text_is_one_printable_line)
{
    struct buf b;

    buf_init(&b, 4096);
    text_log(&b, BYTES("a\n\x1b\\\x7f\xc3z"), 100);
    UNIT_STR("a\\x0a\\x1b\\\\\\x7f\\xc3z", buf_str(&b));
    buf_free(&b);
}

UNIT_TEST(a_log_text_is_cut_at_its_maximum_and_not_before)
{
    struct buf b;

    buf_init(&b, 4096);
    text_log(&b, STR("12345678"), 8);
    UNIT_STR("12345678", buf_str(&b));
    buf_reset(&b, 4096);
    text_log(&b, STR("123456789"), 8);
    UNIT_STR("12345...", buf_str(&b));
    for (size_t max = 8; max < 40; max++) {
        buf_reset(&b, 4096);
        text_log(&b, BYTES("\a\a\a\a\a\a\a\a\a\a"), max);
        UNIT_TRUE(b.len <= max && b.len > max - 4);
    }
    buf_free(&b);
}

UNIT_TEST(hexadecimal_goes_both_ways)
{
    struct buf b;

    buf_init(&b, 64);
    text_hex(&b, "\x00\xff\x1a", 3);
    UNIT_STR("00ff1a", buf_str(&b));
    buf_reset(&b, 64);
    UNIT_TRUE(text_hex_decode(&b, STR("614Aff")));
    UNIT_STR("aJ\xff", buf_str(&b));
    UNIT_FALSE(text_hex_decode(&b, STR("1")));
    UNIT_FALSE(text_hex_decode(&b, STR("zz")));
    buf_free(&b);
}

static void keep_line(void *context, const char *line, size_t len)
{
    buf_add(context, line, len);
}

UNIT_TEST(a_log_line_is_escaped_bounded_and_goes_to_file_and_sink)
{
    struct buf seen;
    struct buf file;
    struct log log = {.dir = file_open(AT_FDCWD, unit_folder(), O_RDONLY | O_DIRECTORY, 0),
                      .name = "log",
                      .sink = keep_line,
                      .context = &seen,
                      .program = "test"};
    char longer[1000];
    struct stat s;

    memset(longer, '\n', sizeof longer);
    longer[sizeof longer - 1] = '\0';
    buf_init(&seen, 65536);
    buf_init(&file, 65536);
    log_line(&log, LOG_LEVEL_WARNING, "%s", longer);
    UNIT_TRUE(seen.len <= LOG_LINE_MAX && seen.len > LOG_LINE_MAX - 8);
    UNIT_INT('\n', seen.ptr[seen.len - 1]);
    UNIT_TRUE(memchr(seen.ptr, '\n', seen.len - 1) == NULL);
    UNIT_TRUE(strstr(seen.ptr, " warning: \\x0a\\x0a") != NULL);
    UNIT_INT(0, file_slurp(log.dir, "log", &file));
    UNIT_TRUE(str_eq(buf_str(&file), buf_str(&seen)));
    UNIT_INT(0, fstatat(log.dir, "log", &s, 0));
    UNIT_HEX(0100600, s.st_mode);
    buf_free(&seen);
    buf_free(&file);
    file_close(&log.dir);
}

UNIT_TEST(a_log_file_is_renamed_when_it_has_grown_too_large)
{
    struct log log = {.dir = file_open(AT_FDCWD, unit_folder(), O_RDONLY | O_DIRECTORY, 0),
                      .name = "log",
                      .program = "test"};
    int fd = file_open(log.dir, "log", O_WRONLY | O_CREAT, 0600);

    UNIT_INT(0, ftruncate(fd, LOG_FILE_MAX - 1));
    log_line(&log, LOG_LEVEL_INFO, "over");
    UNIT_INT(-1, faccessat(log.dir, "log", F_OK, 0));
    UNIT_INT(0, faccessat(log.dir, "log.1", F_OK, 0));
    log_line(&log, LOG_LEVEL_INFO, "next");
    UNIT_INT(0, faccessat(log.dir, "log", F_OK, 0));
    file_close(&fd);
    file_close(&log.dir);
}
