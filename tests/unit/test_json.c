/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "core/scan.h"
#include "remote/json.h"
#include "unit.h"

static const char *const names[] = {"id", "count", "list", "inner", NULL};

static struct json *read_text(const char *text)
{
    struct json *document = NULL;
    struct err err = ERR_INIT;

    UNIT_STATUS(STATUS_OK, json_read(&document, str_of(text), names, "the answer", &err), &err);
    return document;
}

static void refused(enum status expected, const char *part, struct str text)
{
    struct json *document = NULL;
    struct err err = ERR_INIT;

    UNIT_STATUS(expected, json_read(&document, text, names, "the answer", &err), &err);
    UNIT_TRUE(document == NULL);
    if (strstr(err.text, part) == NULL)
        UNIT_TEXT(part, err.text);
}

/* BEFORE, `times` of `middle`, BEHIND. */
static void repeat(struct buf *out, const char *before, const char *middle, size_t times,
                   const char *behind)
{
    buf_reset(out, SIZE_MAX);
    buf_add_text(out, before);
    for (size_t i = 0; i < times; i++)
        buf_add_text(out, middle);
    buf_add_text(out, behind);
    UNIT_INT(STATUS_OK, out->failed);
}

UNIT_TEST(members_are_found_by_name_and_type)
{
    struct json *d = read_text("{\"other\": [1, {}], \"id\": \"a\\u00e9\\n\", \"count\": 200,"
                               " \"list\": [\"x\", null, 3], \"inner\": {\"url\": \"u\"}}");
    struct str s = STR_NONE;
    uint64_t n = 0;

    UNIT_TRUE(json_get_string(json_member(d, "id"), &s));
    UNIT_STR("a\xc3\xa9\n", s);
    UNIT_TRUE(json_get_u64(json_member(d, "count"), &n));
    UNIT_INT(200, n);
    UNIT_INT(3, json_count(json_member(d, "list")));
    UNIT_TRUE(json_get_string(json_item(json_member(d, "list"), 0), &s));
    UNIT_STR("x", s);
    UNIT_TRUE(json_item(json_member(d, "list"), 1) == NULL);
    UNIT_TRUE(json_item(json_member(d, "list"), 3) == NULL);
    UNIT_TRUE(json_get_string(json_member(json_member(d, "inner"), "url"), &s));
    UNIT_STR("u", s);
    UNIT_TRUE(json_member(d, "other") == NULL);
    json_free(d);
}

UNIT_TEST(a_member_of_another_type_is_not_taken_for_what_it_is_not)
{
    struct json *d =
        read_text("{\"id\": 7, \"count\": \"7\", \"list\": {\"0\": 1}, \"inner\": []}");
    struct str s = STR("untouched");
    uint64_t n = 42;

    UNIT_FALSE(json_get_string(json_member(d, "id"), &s));
    UNIT_FALSE(json_get_u64(json_member(d, "count"), &n));
    UNIT_INT(0, json_count(json_member(d, "list")));
    UNIT_TRUE(json_item(json_member(d, "list"), 0) == NULL);
    UNIT_TRUE(json_member(json_member(d, "inner"), "url") == NULL);
    UNIT_TRUE(json_member(NULL, "url") == NULL);
    UNIT_FALSE(json_get_string(NULL, &s));
    UNIT_STR("untouched", s);
    UNIT_INT(42, n);
    json_free(d);
}

UNIT_TEST(a_number_out_of_range_or_with_a_fraction_is_no_count)
{
    static const char *const texts[] = {"{\"count\": -1}",
                                        "{\"count\": 1.0}",
                                        "{\"count\": 99999999999999999999999}",
                                        "{\"count\": -99999999999999999999999}",
                                        "{\"count\": 18446744073709551616}",
                                        "{\"count\": 9223372036854775807}",
                                        "{\"count\": 1e2}",
                                        "{\"count\": 1e999}"};

    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct json *d = read_text(texts[i]);
        uint64_t n = 42;

        UNIT_FALSE(json_get_u64(json_member(d, "count"), &n));
        UNIT_INT(42, n);
        json_free(d);
    }
}

UNIT_TEST(a_number_out_of_range_deeper_in_is_passed_over)
{
    struct json *d = read_text("{\"inner\": {\"count\": 99999999999999999999999, \"more\": 3},"
                               " \"list\": [-99999999999999999999999, 1e999, 7]}");
    uint64_t n = 42;

    UNIT_FALSE(json_get_u64(json_member(json_member(d, "inner"), "count"), &n));
    UNIT_INT(42, n);
    UNIT_TRUE(json_get_u64(json_member(json_member(d, "inner"), "more"), &n));
    UNIT_INT(3, n);
    UNIT_FALSE(json_get_u64(json_item(json_member(d, "list"), 0), &n));
    UNIT_FALSE(json_get_u64(json_item(json_member(d, "list"), 1), &n));
    UNIT_TRUE(json_get_u64(json_item(json_member(d, "list"), 2), &n));
    UNIT_INT(7, n);
    json_free(d);
}

UNIT_TEST(a_name_that_stands_twice_is_refused_however_it_is_written)
{
    refused(STATUS_MALFORMED, "'id' twice", STR("{\"id\": 1, \"id\": 2}"));
    refused(STATUS_MALFORMED, "'id' twice", STR("{\"id\": 1, \"\\u0069d\": 2}"));
    json_free(read_text("{\"other\": 1, \"other\": 2}"));
}

UNIT_TEST(what_is_no_whole_object_is_refused)
{
    refused(STATUS_TRUNCATED, "too early", STR("{\"id\": \"a"));
    refused(STATUS_TRUNCATED, "too early", STR(""));
    refused(STATUS_MALFORMED, "not a JSON object", STR("[\"id\"]"));
    refused(STATUS_MALFORMED, "not a JSON object", STR("\"id\""));
    refused(STATUS_MALFORMED, "offset 0", STR("<html>"));
    refused(STATUS_MALFORMED, "not JSON", STR("{\"id\": NaN}"));
    refused(STATUS_MALFORMED, "not JSON", STR("{\"id\": 1} x"));
    refused(STATUS_MALFORMED, "not JSON", STR("{\"id\": \"\0\"}"));
}

UNIT_TEST(depth_is_bounded_in_a_member_that_is_read_and_by_the_scanner_elsewhere)
{
    struct buf text, tail;

    buf_init(&text, 65536);
    buf_init(&tail, 65536);
    repeat(&tail, "", "]", JSON_DEPTH_MAX - 1, "}");
    repeat(&text, "{\"list\": ", "[", JSON_DEPTH_MAX - 1, tail.ptr);
    json_free(read_text(text.ptr));
    repeat(&tail, "", "]", JSON_DEPTH_MAX + 1, "}");
    repeat(&text, "{\"list\": ", "[", JSON_DEPTH_MAX + 1, tail.ptr);
    refused(STATUS_MALFORMED, "deeper than 32", buf_str(&text));
    repeat(&tail, "", "]", JSON_DEPTH_MAX + 1, "}");
    repeat(&text, "{\"other\": ", "[", JSON_DEPTH_MAX + 1, tail.ptr);
    json_free(read_text(text.ptr));
    repeat(&text, "", "[", SCAN_DEPTH_MAX + 1, "");
    refused(STATUS_MALFORMED, "deeper than 512", buf_str(&text));
    buf_free(&text);
    buf_free(&tail);
}

UNIT_TEST(a_large_member_is_refused_where_it_is_read_and_passed_over_elsewhere)
{
    struct buf text;

    buf_init(&text, 2 * JSON_STRING_MAX);
    repeat(&text, "{\"list\": [", " ", JSON_MEMBER_MAX - 2, "]}");
    json_free(read_text(text.ptr));
    repeat(&text, "{\"list\": [", " ", JSON_MEMBER_MAX - 1, "]}");
    refused(STATUS_MALFORMED, "'list' is larger", buf_str(&text));
    repeat(&text, "{\"words\": [", " ", JSON_MEMBER_MAX - 1, "]}");
    json_free(read_text(text.ptr));
    repeat(&text, "{\"id\": \"", "x", JSON_STRING_MAX - 2, "\"}");
    json_free(read_text(text.ptr));
    repeat(&text, "{\"id\": \"", "x", JSON_STRING_MAX - 1, "\"}");
    refused(STATUS_MALFORMED, "'id' is larger", buf_str(&text));
    buf_free(&text);
}
