/* SPDX-License-Identifier: MIT
 *
 * What was read from a thousand texts while libConfuse read the values is read today. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "config_answer.h"
#include "core/config/config.h"
#include "unit.h"

#define FILE_MAX ((size_t)1024 * 1024)

/* Of an error what programs and people go by: "! f:LINE:", and the key if it names one. */
static struct str place_of(struct str answer)
{
    struct str file, line, key, rest;

    if (!str_cut(answer, ':', &file, &rest) || !str_cut(rest, ' ', &line, &rest))
        return answer;
    (void)str_cut(rest, ':', &key, &rest);
    for (size_t i = 0; i < config_key_count; i++)
        if (str_is(key, config_keys[i].name))
            return (struct str){answer.ptr, (size_t)(key.ptr + key.len + 1 - answer.ptr)};
    return (struct str){answer.ptr, (size_t)(line.ptr + line.len - answer.ptr)};
}

static void check_case(struct str encoded, struct str recorded)
{
    struct buf text, answer;
    struct str expected = recorded, actual;

    buf_init(&text, FILE_MAX);
    buf_init(&answer, FILE_MAX);
    UNIT_TRUE(ca_decode(&text, encoded));
    ca_answer(&answer, buf_str(&text));
    actual = buf_str(&answer);
    if (str_starts(recorded, "! ") && str_starts(actual, "! ")) {
        expected = place_of(recorded);
        actual = place_of(actual);
    }
    if (!str_eq(expected, actual))
        fprintf(stderr, "case: %.*s\nrecorded: %.*s\nread: %s\n", (int)encoded.len, encoded.ptr,
                (int)recorded.len, recorded.ptr, answer.ptr);
    UNIT_TRUE(str_eq(expected, actual));
    buf_free(&text);
    buf_free(&answer);
}

UNIT_TEST(what_was_read_by_libconfuse_is_read_today)
{
    struct buf file;
    const char *at;
    unsigned cases = 0;

    buf_init(&file, FILE_MAX);
    UNIT_INT(0, file_slurp(AT_FDCWD, TEST_DATA "/config/answers", &file));
    for (at = strstr(file.ptr, "\n? "); at != NULL; cases++) {
        const char *text = at + strlen("\n? "), *answer = strchr(text, '\n') + 1;
        const char *next = strstr(answer - 1, "\n? "), *end = next == NULL ? NULL : next + 1;
        const char *comment = strstr(answer, "\n# ");

        if (end == NULL)
            end = file.ptr + file.len;
        if (comment != NULL && comment < end)
            end = comment + 1;
        check_case((struct str){text, (size_t)(answer - 1 - text)},
                   (struct str){answer, (size_t)(end - answer)});
        at = next;
    }
    UNIT_TRUE(cases > 1000);
    buf_free(&file);
}
