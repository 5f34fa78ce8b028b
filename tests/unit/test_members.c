/* SPDX-License-Identifier: MIT
 * Tests of JSON objects that are put together member by member.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "remote/members.h"
#include "unit.h"

#define PRINTED_MAX ((size_t)8 * 1024 * 1024)

static void prints(const struct members *m, const char *expected)
{
    struct buf out;

    buf_init(&out, PRINTED_MAX);
    members_print(m, &out);
    UNIT_STR(expected, buf_str(&out));
    buf_free(&out);
}

static enum status param(struct members *m, const char *text, struct err *err)
{
    enum status status;

    err_clear(err);
    status = members_param(m, str_of(text), err);
    UNIT_INT(status, err->status);
    return status;
}

/* What one parameter becomes. */
static void becomes(const char *text, const char *expected)
{
    struct members m;
    struct err err;

    members_init(&m);
    UNIT_STATUS(STATUS_OK, param(&m, text, &err), &err);
    prints(&m, expected);
    members_free(&m);
}

UNIT_TEST(an_object_is_printed_in_the_order_of_its_making)
{
    struct members m;
    struct err err = ERR_INIT;

    members_init(&m);
    prints(&m, "{}");
    UNIT_STATUS(STATUS_OK, members_text(&m, STR("b"), STR("x"), &err), &err);
    prints(&m, "{\"b\": \"x\"}");
    UNIT_STATUS(STATUS_OK, members_json(&m, STR("a"), STR("[1,2]"), &err), &err);
    UNIT_STATUS(STATUS_OK, members_text(&m, STR("c"), STR(""), &err), &err);
    prints(&m, "{\"b\": \"x\", \"a\": [1,2], \"c\": \"\"}");
    members_free(&m);
    prints(&m, "{}");
}

UNIT_TEST(a_name_that_is_there_gets_a_new_value_at_its_old_place)
{
    struct members m;
    struct err err = ERR_INIT;

    members_init(&m);
    UNIT_STATUS(STATUS_OK, members_text(&m, STR("a"), STR("x"), &err), &err);
    UNIT_STATUS(STATUS_OK, members_text(&m, STR("b"), STR("y"), &err), &err);
    UNIT_STATUS(STATUS_OK, members_json(&m, STR("a"), STR("null"), &err), &err);
    UNIT_STATUS(STATUS_OK, members_param(&m, STR("a=7"), &err), &err);
    prints(&m, "{\"a\": 7, \"b\": \"y\"}");
    UNIT_INT(2, m.count);
    members_free(&m);
}

UNIT_TEST(texts_and_names_are_escaped_where_json_wants_it)
{
    struct members m;
    struct err err = ERR_INIT;

    members_init(&m);
    UNIT_STATUS(STATUS_OK, members_text(&m, STR("a\"b"), STR("\"\\\n\x1b\x7f/\0\xc3\xa9"), &err),
                &err);
    prints(&m, "{\"a\\\"b\": \"\\\"\\\\\\n\\u001b\x7f/\\u0000\xc3\xa9\"}");
    members_free(&m);
}

UNIT_TEST(a_parameter_is_json_where_it_is_json_and_else_a_text)
{
    becomes("a=true", "{\"a\": true}");
    becomes("a=3", "{\"a\": 3}");
    becomes("a=-1.5e3", "{\"a\": -1.5e3}");
    becomes("a=null", "{\"a\": null}");
    becomes("a={\"b\": [1, \"c\"]}", "{\"a\": {\"b\": [1, \"c\"]}}");
    becomes("a=\"3\"", "{\"a\": \"3\"}");
    becomes("a=3 x", "{\"a\": \"3 x\"}");
    becomes("a=03", "{\"a\": \"03\"}");
    becomes("a=True", "{\"a\": \"True\"}");
    becomes("a={", "{\"a\": \"{\"}");
    becomes("a=[1,]", "{\"a\": \"[1,]\"}");
    becomes("a=\"", "{\"a\": \"\\\"\"}");
    becomes("a=1, \"b\": 2", "{\"a\": \"1, \\\"b\\\": 2\"}");
    becomes("a=", "{\"a\": \"\"}");
    becomes("a=b=c", "{\"a\": \"b=c\"}");
    becomes("a==", "{\"a\": \"=\"}");
    becomes("a=NaN", "{\"a\": \"NaN\"}");
    becomes("a b=c", "{\"a b\": \"c\"}");
    becomes("a=10000000000000000000000000000000001",
            "{\"a\": 10000000000000000000000000000000001}");
}

UNIT_TEST(what_is_no_parameter_is_told_and_changes_nothing)
{
    static const char *const bad[] = {"", "=", "=x", "x", "a\xff=b", "a=\xff", "a=\"\xc3\""};
    struct members m;
    struct err err;

    members_init(&m);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        UNIT_STATUS(STATUS_USAGE, param(&m, bad[i], &err), &err);
        UNIT_TRUE(strstr(err.text, "name=value") != NULL);
    }
    prints(&m, "{}");
    members_free(&m);
}

UNIT_TEST(a_long_parameter_is_told_by_its_beginning)
{
    char text[200];
    struct members m;
    struct err err;

    memset(text, 'x', sizeof text);
    text[sizeof text - 1] = '\0';
    members_init(&m);
    UNIT_STATUS(STATUS_USAGE, param(&m, text, &err), &err);
    text[101] = '\0';
    UNIT_TRUE(strstr(err.text, text) == NULL);
    text[100] = '\0';
    UNIT_TRUE(strstr(err.text, text) != NULL);
    members_free(&m);
}

UNIT_TEST(a_text_that_is_no_utf8_is_refused)
{
    struct members m;
    struct err err = ERR_INIT;

    members_init(&m);
    UNIT_STATUS(STATUS_USAGE, members_text(&m, STR("a"), STR("\xed\xa0\x80"), &err), &err);
    UNIT_INT(0, m.count);
    members_free(&m);
}

UNIT_TEST(there_are_as_many_members_as_the_limit_says)
{
    struct members m;
    struct err err = ERR_INIT;

    members_init(&m);
    for (unsigned i = 0; i < MEMBERS_MAX; i++) {
        char name[16];

        (void)snprintf(name, sizeof name, "n%u", i);
        UNIT_STATUS(STATUS_OK, members_text(&m, str_of(name), STR("x"), &err), &err);
    }
    UNIT_STATUS(STATUS_USAGE, members_text(&m, STR("more"), STR("x"), &err), &err);
    UNIT_REQUIRE(m.count == MEMBERS_MAX);
    /* One that is there can still be replaced. */
    err_clear(&err);
    UNIT_STATUS(STATUS_OK, members_json(&m, STR("n63"), STR("1"), &err), &err);
    UNIT_TEXT("1", m.at[63].value);
    members_free(&m);
}

/* `len` letters, of which the last is another. */
static char *letters(size_t len)
{
    char *text = malloc(len + 1);

    if (text == NULL)
        abort();
    memset(text, 'x', len);
    text[len] = '\0';
    return text;
}

UNIT_TEST(the_largest_value_is_taken_and_a_byte_more_is_not)
{
    for (size_t more = 0; more < 2; more++) {
        enum status expected = more == 0 ? STATUS_OK : STATUS_USAGE;
        char *text = letters(MEMBERS_VALUE_MAX + more);
        struct err err = ERR_INIT;
        struct members m;

        members_init(&m);
        /* As a text, the quotes count. */
        UNIT_STATUS(expected,
                    members_text(&m, STR("a"), (struct str){text, strlen(text) - 2}, &err), &err);
        UNIT_INT(expected, err.status);
        UNIT_INT(1 - more, m.count);
        err_clear(&err);
        memset(text, '1', strlen(text));
        UNIT_STATUS(expected, members_json(&m, STR("b"), str_of(text), &err), &err);
        UNIT_INT(expected, err.status);
        UNIT_INT(2 - 2 * more, m.count);
        members_free(&m);
        free(text);
    }
}

UNIT_TEST(a_text_that_outgrows_the_limit_by_its_escapes_is_refused)
{
    size_t len = (MEMBERS_VALUE_MAX - 2) / 2;
    char *text = letters(len + 1);
    struct err err = ERR_INIT;
    struct members m;

    memset(text, '"', len + 1);
    members_init(&m);
    UNIT_STATUS(STATUS_OK, members_text(&m, STR("a"), (struct str){text, len}, &err), &err);
    UNIT_STATUS(STATUS_USAGE, members_text(&m, STR("b"), (struct str){text, len + 1}, &err), &err);
    UNIT_INT(1, m.count);
    members_free(&m);
    free(text);
}
