/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "remote/json.h"
#include "remote/sieve.h"
#include "unit.h"

static const char *const wanted[] = {"id", "url", NULL};

/* What the sieve makes of the text, given to it in pieces of `piece` bytes. */
static void sieved(struct buf *out, struct str text, size_t piece)
{
    struct sieve s;

    sieve_init(&s, wanted);
    for (size_t i = 0; i < text.len; i += piece)
        sieve_push(&s, out, text.ptr + i, text.len - i < piece ? text.len - i : piece);
}

static void becomes(const char *expected, struct str text)
{
    for (size_t piece = 1; piece <= text.len; piece++) {
        struct buf out;

        buf_init(&out, (size_t)1024 * 1024);
        sieved(&out, text, piece);
        UNIT_STR(expected, buf_str(&out));
        buf_free(&out);
    }
}

static enum status read_of(struct str text)
{
    struct json *document = NULL;
    enum status status;
    struct buf out;

    buf_init(&out, (size_t)1024 * 1024);
    sieved(&out, text, 7);
    status = json_read(&document, buf_str(&out), wanted, "it", NULL);
    if (status == STATUS_OK)
        json_free(document);
    buf_free(&out);
    return status;
}

UNIT_TEST(only_the_wanted_members_come_through_however_the_text_is_cut_up)
{
    becomes("{\"id\":\"a\",\"url\": null }", STR("{\"words\":[{\"id\":\"no\",\"x\":[1,{}]},\"]}\"],"
                                                 "\"id\":\"a\",\"n\":1.5e3,\"url\" : null }"));
    becomes("{}", STR(" {\n} "));
    becomes("{}", STR("{\"a\":\"}\",\"b\":\"\\\\\",\"c\":\"\\\"url\\\":1\"}"));
    becomes("{\"id\":{\"a\":[\"}\",2]}}", STR("{\"id\":{\"a\":[\"}\",2]}}"));
    becomes("{\"url\":\"a\\\\\\\"}\"}", STR("{\"url\":\"a\\\\\\\"}\"}"));
}

UNIT_TEST(a_name_with_escapes_is_left_for_the_reader_to_judge)
{
    becomes("{\"\\u0069d\":1}", STR("{\"\\u0069d\":1}"));
    UNIT_STATUS(STATUS_MALFORMED, read_of(STR("{\"\\u0069d\":1,\"id\":2}")), NULL);
    UNIT_STATUS(STATUS_MALFORMED, read_of(STR("{\"id\":1,\"id\":2}")), NULL);
}

UNIT_TEST(what_ends_too_early_still_does)
{
    static const char text[] = "{\"words\":[\"x\",{\"y\":1}],\"id\":\"a\",\"n\":\"\\\\\"}";

    UNIT_STATUS(STATUS_OK, read_of(str_of(text)), NULL);
    for (size_t len = 0; len + 1 < sizeof text - 1; len++) {
        enum status status = read_of((struct str){text, len});

        if (status != STATUS_TRUNCATED)
            UNIT_INT(STATUS_TRUNCATED, status);
    }
}

UNIT_TEST(what_is_no_object_does_not_become_one)
{
    static const char *const bad[] = {
        "<html>{}</html>", "[]",         "\"id\"", "{}x",         "{}{}",      "{\"a\" \"id\":1}",
        "{\"a\"\"id\":1}", "{5:1}",      "{,}",    "{\"id\":1}}", "{\"id\":}", "{\"id\":1 2}",
        "{\"id\":[1}",     "x{\"id\":1}"};

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        UNIT_FALSE(read_of(str_of(bad[i])) == STATUS_OK);
}

/* A member "url" of `len` bytes, quotes included, and one behind it. */
static void with_value(struct buf *out, size_t len)
{
    buf_add_text(out, "{\"url\":\"");
    for (size_t i = 2; i < len; i++)
        buf_add_char(out, 'x');
    buf_add_text(out, "\",\"id\":1}");
}

UNIT_TEST(a_value_of_the_largest_size_comes_through_and_of_a_larger_one_false)
{
    struct buf text, out;

    buf_init(&text, (size_t)1024 * 1024);
    buf_init(&out, (size_t)1024 * 1024);
    with_value(&text, SIEVE_VALUE_MAX);
    sieved(&out, buf_str(&text), 1000);
    UNIT_TRUE(str_eq(buf_str(&text), buf_str(&out)));
    buf_reset(&text, 0);
    buf_reset(&out, 0);
    with_value(&text, SIEVE_VALUE_MAX + 1);
    sieved(&out, buf_str(&text), 1000);
    UNIT_STR("{\"url\":false,\"id\":1}", buf_str(&out));
    buf_free(&text);
    buf_free(&out);
}

UNIT_TEST(of_a_large_text_little_is_kept)
{
    struct sieve s;
    struct buf out;
    char junk[4096];

    memset(junk, '<', sizeof junk);
    buf_init(&out, 1024);
    sieve_init(&s, wanted);
    for (unsigned i = 0; i < 1000; i++)
        sieve_push(&s, &out, junk, sizeof junk);
    UNIT_INT(SIEVE_BROKEN_MAX + 1, out.len);
    buf_reset(&out, 0);
    sieve_init(&s, wanted);
    sieve_push(&s, &out, "{\"", 2);
    for (unsigned i = 0; i < 1000; i++)
        sieve_push(&s, &out, junk, sizeof junk);
    sieve_push(&s, &out, "\":[", 3);
    for (unsigned i = 0; i < 1000; i++)
        sieve_push(&s, &out, junk, sizeof junk);
    sieve_push(&s, &out, "],\"id\":1}", 9);
    UNIT_STR("{\"id\":1}", buf_str(&out));
    buf_free(&out);
}
