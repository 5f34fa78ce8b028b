/* SPDX-License-Identifier: MIT
 * Tests of where the key of AssemblyAI's API comes from, and of what is none.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "remote/key.h"
#include "unit.h"

#define KEY "0123456789abcdef0123456789abcdef"

/* What reading a key gave. */
struct reading {
    struct buf key;
    enum status status;
    struct err err;
    unsigned told;
    char last[800];
};

/* settings_tell has no room for more than one reading at a time: key_read gives it no context. */
static struct reading reading;

static void note(void *context, bool usable, const char *text)
{
    (void)context;
    (void)usable;
    reading.told++;
    (void)snprintf(reading.last, sizeof reading.last, "%s", text);
}

static const char *in(const char *name)
{
    static char paths[4][200];
    static unsigned next;
    char *path = paths[next++ % 4];

    (void)snprintf(path, sizeof paths[0], "%s/%s", unit_folder(), name);
    return path;
}

static void put(const char *name, struct str text, mode_t mode)
{
    int fd = open(in(name), O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0600);

    UNIT_TRUE(fd >= 0 && file_write(fd, text.ptr, text.len) == 0 && fchmod(fd, mode) == 0);
    (void)close(fd);
}

static void read_key(const char *given, const char *variable, char *configured)
{
    const struct config config = {.api_key_file = configured};
    const struct settings settings = {.config = &config, .user = geteuid()};

    buf_free(&reading.key);
    memset(&reading, 0, sizeof reading);
    buf_init(&reading.key, KEY_MAX);
    reading.status = key_read(&reading.key, given, variable, configured == NULL ? NULL : &settings,
                              note, &reading.err);
    UNIT_INT(reading.status, reading.err.status);
}

/* A key that was told nothing about. */
static void is(const char *key)
{
    UNIT_STATUS(STATUS_OK, reading.status, &reading.err);
    UNIT_STR(key, buf_str(&reading.key));
    UNIT_INT(0, reading.told);
    buf_free(&reading.key);
}

static void says(const char *words)
{
    if (strstr(reading.err.text, words) == NULL && strstr(reading.last, words) == NULL)
        UNIT_TEXT(words, reading.err.text);
}

/* No key, and nothing of what was there in what is said of it. */
static void none(const char *words)
{
    UNIT_STATUS(STATUS_NO_SECRET, reading.status, &reading.err);
    UNIT_INT(0, reading.key.len);
    says(words);
    UNIT_TRUE(strstr(reading.err.text, "hunter") == NULL);
    UNIT_TRUE(strstr(reading.last, "hunter") == NULL);
    buf_free(&reading.key);
}

static char *configured(const char *name)
{
    static char path[200];

    (void)snprintf(path, sizeof path, "%s", in(name));
    return path;
}

UNIT_TEST(the_file_that_is_given_goes_before_the_environment_and_that_before_the_configuration)
{
    put("given", STR("given\n"), 0600);
    put("configured", STR("configured\n"), 0600);
    read_key(in("given"), "variable", configured("configured"));
    is("given");
    read_key(NULL, "variable", configured("configured"));
    is("variable");
    read_key(NULL, NULL, configured("configured"));
    is("configured");
    read_key(NULL, "", configured("configured"));
    is("configured");
}

UNIT_TEST(without_any_key_the_ways_to_give_one_are_told)
{
    read_key(NULL, NULL, NULL);
    none("--key-file");
    says("api-key-file");
    read_key(NULL, "", NULL);
    none("mode 600");
}

UNIT_TEST(a_file_that_is_given_and_not_usable_is_not_replaced_by_another_key)
{
    put("configured", STR("configured\n"), 0600);
    read_key(in("missing"), "variable", configured("configured"));
    none("missing holds no API key");
    says("cannot be opened");
    read_key(unit_folder(), "variable", NULL);
    none("no regular file");
    UNIT_INT(0, mkfifo(in("fifo"), 0600));
    read_key(in("fifo"), "variable", NULL);
    none("no regular file");
}

UNIT_TEST(the_line_end_and_the_mark_of_an_editor_are_not_the_key_s)
{
    static const char *const texts[] = {KEY, KEY "\n", KEY "\r\n", KEY "\n\n", "\xef\xbb\xbf" KEY};

    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        put("key", str_of(texts[i]), 0600);
        read_key(in("key"), NULL, NULL);
        is(KEY);
    }
}

UNIT_TEST(an_empty_file_holds_no_key)
{
    static const char *const texts[] = {"", "\n", "\r\n\r\n", "\xef\xbb\xbf\n"};

    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        put("key", str_of(texts[i]), 0600);
        read_key(in("key"), NULL, NULL);
        none("is empty");
    }
}

UNIT_TEST(a_key_with_characters_that_no_key_has_is_none_wherever_it_stands)
{
    static const struct str bad[] = {
        {"hunter 2", 8},       {"hunter\t2", 8},   {" hunter2", 8},       {"hunter2 ", 8},
        {"hunter2\t", 8},      {"hunter\n2", 8},   {"hunter\r2", 8},      {"hunter2\r\nX-Y: z", 15},
        {"hunter\x1b[2J", 10}, {"hunter2\x7f", 8}, {"hunter\xc3\xa9", 8}, {"hunter\xff", 7},
        {"hunter\x01", 7},     {" ", 1},           {"\xc2\xa0hunter", 8},
    };

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        put("key", bad[i], 0600);
        read_key(in("key"), NULL, NULL);
        none("");
        read_key(NULL, NULL, configured("key"));
        none("");
        read_key(NULL, bad[i].ptr, NULL);
        none(KEY_VARIABLE);
    }
    put("key",
        STR("hunter\0"
            "2"),
        0600);
    read_key(in("key"), NULL, NULL);
    none("control character");
}

UNIT_TEST(every_printable_character_may_stand_in_a_key)
{
    char text[0x7f - 0x21 + 1];

    for (size_t i = 0; i < sizeof text - 1; i++)
        text[i] = (char)(0x21 + i);
    text[sizeof text - 1] = '\0';
    put("key", str_of(text), 0600);
    read_key(in("key"), NULL, NULL);
    is(text);
    read_key(NULL, text, NULL);
    is(text);
}

UNIT_TEST(the_longest_key_is_taken_and_a_byte_more_is_not)
{
    static char text[KEY_MAX + 2];

    memset(text, 'k', KEY_MAX);
    put("key", str_of(text), 0600);
    read_key(in("key"), NULL, NULL);
    is(text);
    read_key(NULL, text, NULL);
    is(text);
    text[KEY_MAX] = 'k';
    put("key", str_of(text), 0600);
    read_key(in("key"), NULL, NULL);
    none("larger than 4096 bytes");
    read_key(NULL, text, NULL);
    none("too long");
}

UNIT_TEST(a_file_that_others_can_read_is_told_with_its_remedy)
{
    static const struct {
        mode_t mode;
        const char *words;
    } rows[] = {{0640, "others can read it; run: chmod 600 "},
                {0604, "others can read it; run: chmod 600 "},
                {0644, "others can read it; run: chmod 600 "}};

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        put("key", STR(KEY "\n"), rows[i].mode);
        read_key(in("key"), NULL, NULL);
        UNIT_STATUS(STATUS_OK, reading.status, &reading.err);
        UNIT_STR(KEY, buf_str(&reading.key));
        UNIT_INT(1, reading.told);
        says(rows[i].words);
        UNIT_TRUE(strstr(reading.last, KEY) == NULL);
    }
    put("key", STR(KEY "\n"), 0400);
    read_key(in("key"), NULL, NULL);
    is(KEY);
}

UNIT_TEST(a_file_that_others_can_write_or_replace_is_refused)
{
    put("key", STR(KEY "\n"), 0602);
    read_key(in("key"), NULL, NULL);
    none("others can write to it; run: chmod go-w ");
    put("key", STR(KEY "\n"), 0600);
    UNIT_INT(0, chmod(unit_folder(), 0707));
    read_key(in("key"), NULL, NULL);
    none("others can write to it; run: chmod go-w ");
    UNIT_INT(0, chmod(unit_folder(), 0700));
}

UNIT_TEST(a_symbolic_link_is_followed_and_the_mode_of_its_target_counts)
{
    put("key", STR(KEY "\n"), 0600);
    UNIT_INT(0, symlink(in("key"), in("link")));
    read_key(in("link"), NULL, NULL);
    is(KEY);
    UNIT_INT(0, chmod(in("key"), 0644));
    read_key(in("link"), NULL, NULL);
    UNIT_STATUS(STATUS_OK, reading.status, &reading.err);
    says("others can read it");
    UNIT_INT(0, unlink(in("key")));
    read_key(in("link"), NULL, NULL);
    none("cannot be opened");
    UNIT_INT(0, symlink(in("loop"), in("loop")));
    read_key(in("loop"), NULL, NULL);
    none("cannot be opened");
}
