/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "reader_kit.h"
#include "store/journal/verdict.h"
#include "unit.h"

#define BODY                                                                                       \
    "{\"transcript_id\": \"5552493-16d8\",\n \"status\": \"completed\", \"crc\":\"deadbeef\"}"
static const struct place here = {12, 103};

/* A sealed line at `here`, without its newline, in memory of its own. */
static char *sealed(size_t *len)
{
    char key[EVENT_KEY_MAX];
    struct record_line line;
    struct str bytes;
    char *copy;

    if (!reader_kit_line(&line, key, "5552493-16d8", STR(BODY)))
        return NULL;
    bytes = record_seal(&line, here.segment, here.offset, false);
    *len = bytes.len - 1;
    copy = str_dup((struct str){bytes.ptr, *len});
    record_line_free(&line);
    return copy;
}

UNIT_TEST(a_whole_record_at_its_place_is_a_record)
{
    const char *why = "";
    size_t len;
    char *line = sealed(&len);

    UNIT_REQUIRE(line != NULL);
    UNIT_INT(VERDICT_RECORD, verdict_line((struct str){line, len}, here, &why));
    UNIT_TRUE(why == NULL);
    free(line);
}

UNIT_TEST(a_whole_record_at_another_place_is_rotten)
{
    static const struct place elsewhere[] = {{12, 104}, {12, 10}, {12, 1030}, {13, 103}, {1, 2103}};
    size_t len;
    char *line = sealed(&len);

    UNIT_REQUIRE(line != NULL);
    for (size_t i = 0; i < sizeof elsewhere / sizeof *elsewhere; i++)
        UNIT_INT(VERDICT_ROTTEN, verdict_line((struct str){line, len}, elsewhere[i], NULL));
    free(line);
}

UNIT_TEST(every_beginning_of_a_record_is_torn)
{
    size_t len;
    char *line = sealed(&len);
    size_t wrong = 0;

    UNIT_REQUIRE(line != NULL);
    for (size_t n = 1; n < len; n++)
        if (verdict_line((struct str){line, n}, here, NULL) != VERDICT_TORN)
            wrong++;
    UNIT_INT(0, wrong);
    free(line);
}

UNIT_TEST(every_changed_byte_of_a_record_makes_it_rotten)
{
    size_t len;
    char *line = sealed(&len);
    size_t wrong = 0;

    UNIT_REQUIRE(line != NULL);
    for (size_t i = 0; i < len; i++)
        for (unsigned change = 1; change < 256; change++) {
            char right = line[i];

            line[i] = (char)((unsigned char)right ^ change);
            if (verdict_line((struct str){line, len}, here, NULL) != VERDICT_ROTTEN)
                wrong++;
            line[i] = right;
        }
    UNIT_INT(0, wrong);
    free(line);
}

UNIT_TEST(a_beginning_that_names_another_place_is_rotten)
{
    static const struct place elsewhere = {12, 104};
    size_t len;
    char *line = sealed(&len);
    size_t id_end;

    UNIT_REQUIRE(line != NULL);
    id_end = (size_t)(strstr(line, "12:103\"") + strlen("12:103") - line);
    UNIT_INT(VERDICT_TORN, verdict_line((struct str){line, id_end - 1}, elsewhere, NULL));
    UNIT_INT(VERDICT_ROTTEN, verdict_line((struct str){line, id_end}, elsewhere, NULL));
    free(line);
}

UNIT_TEST(what_does_not_begin_like_a_record_is_rotten)
{
    static const struct str lines[] = {
        STR(""), STR("x"), STR("{\"kez"), STR("{\"segment\":12"), STR("}"), STR(" {\"key\":\"")};

    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        UNIT_INT(VERDICT_ROTTEN, verdict_line(lines[i], here, NULL));
}

UNIT_TEST(zero_bytes_are_rotten)
{
    const char *why;

    UNIT_INT(VERDICT_ROTTEN, verdict_line(STR("{\"key\":\"a\0b"), here, &why));
    UNIT_TEXT("zero bytes", why);
    UNIT_INT(VERDICT_ROTTEN, verdict_line(STR("\0\0\0"), here, NULL));
}
