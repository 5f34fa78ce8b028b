/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "core/query.h"
#include "unit.h"

#define OUT_MAX (1 << 20)

static void walk(const char *expected, struct str query)
{
    struct str name, value;
    struct buf out;

    buf_init(&out, OUT_MAX);
    while (query_next(&query, &name, &value)) {
        buf_add_str(&out, name);
        buf_add_char(&out, '|');
        buf_add_str(&out, value);
        buf_add_char(&out, ';');
    }
    UNIT_STR(expected, buf_str(&out));
    buf_free(&out);
}

UNIT_TEST(parameters_come_one_by_one_still_encoded)
{
    walk("a|1;b|2;", STR("a=1&b=2"));
    walk("a|;b|;", STR("a&b="));
    walk("a|1=2;|x;|;", STR("a=1=2&=x&="));
    walk("a|1;b|%26+;", STR("&&a=1&&&b=%26+&"));
    walk("", STR(""));
    walk("", STR("&&"));
    walk("", STR_NONE);
}

UNIT_TEST(a_semicolon_separates_nothing)
{
    struct str query = STR("a=1;b=2"), name, value;

    UNIT_TRUE(query_next(&query, &name, &value));
    UNIT_STR("a", name);
    UNIT_STR("1;b=2", value);
    UNIT_FALSE(query_next(&query, &name, &value));
}

static void finds(size_t expected, const char *first, const char *query, struct str name)
{
    struct str value;
    struct buf out;

    buf_init(&out, OUT_MAX);
    UNIT_INT(expected, query_find(str_of(query), name, &value));
    UNIT_TRUE((value.ptr == NULL) == (expected == 0));
    text_percent_decode(&out, value, true);
    UNIT_STR(first, buf_str(&out));
    buf_free(&out);
}

UNIT_TEST(names_are_compared_decoded_and_the_first_value_is_decoded)
{
    finds(1, "x y&z", "a=1&token=x+y%26z", STR("token"));
    finds(3, "1", "token=1&t%6Fken=2&%74%6f%6b%65%6e=3", STR("token"));
    finds(1, "", "token", STR("token"));
    finds(2, "1", "a+b=1&a%20b=2", STR("a b"));
    finds(0, "", "tokens=1&toke=2&Token=3", STR("token"));
    finds(1, "%zz%", "token=%zz%", STR("token"));
    finds(0, "", "", STR("token"));
    finds(1, "v", "%=v", STR("%"));
    finds(1, "v", "%4=v", STR("%4"));
}

UNIT_TEST(a_name_is_known_in_whatever_encoding)
{
    char name[] = {'a', '%', '+', '&', '=', '\0', (char)0xff};
    struct str plain = {name, sizeof name};
    struct buf query;
    struct str value;

    buf_init(&query, OUT_MAX);
    for (size_t i = 0; i < sizeof name; i++)
        buf_printf(&query, i % 2 == 0 ? "%%%02x" : "%%%02X", (unsigned)(unsigned char)name[i]);
    buf_add_text(&query, "=ok");
    UNIT_INT(1, query_find(buf_str(&query), plain, &value));
    UNIT_STR("ok", value);
    buf_free(&query);
}

static bool is_token(void *context, const struct query_piece *piece)
{
    (void)context;
    return query_named(piece, STR("token"));
}

static void without(const char *expected, const char *query)
{
    struct buf out;

    buf_init(&out, OUT_MAX);
    query_filter(&out, str_of(query), is_token, NULL);
    UNIT_STR(expected, buf_str(&out));
    buf_free(&out);
}

UNIT_TEST(a_parameter_is_taken_out_in_every_spelling_and_the_rest_stays)
{
    without("a=1&b=2", "a=1&token=s&b=2");
    without("a=1", "token=s&a=1");
    without("a=1", "a=1&token=s");
    without("", "token=s");
    without("", "token");
    without("", "token=1&token=2");
    without("a=%41+&&b", "a=%41+&&t%6fken=s&b");
    without("a=token&atoken=1&tokens=2", "a=token&token=&atoken=1&tokens=2");
    without("", "");
    without("&a=1&", "&a=1&");
}

UNIT_TEST(an_absent_query_without_a_parameter_is_empty)
{
    struct buf out;

    buf_init(&out, 0);
    query_filter(&out, STR_NONE, is_token, NULL);
    UNIT_INT(STATUS_OK, buf_status(&out, "query", NULL));
    buf_free(&out);
}

static void json(const char *expected, struct str query)
{
    struct buf out;

    buf_init(&out, OUT_MAX);
    query_json(&out, query);
    UNIT_STR(expected, buf_str(&out));
    UNIT_INT(STATUS_OK, buf_status(&out, "params", NULL));
    buf_free(&out);
}

UNIT_TEST(parameters_become_an_object_in_order_of_first_appearance)
{
    json("{}", STR(""));
    json("{}", STR_NONE);
    json("{}", STR("&&"));
    json("{\"a\":\"1\"}", STR("a=1"));
    json("{\"b\":[\"1\",\"3\",\"1\"],\"a\":\"2\",\"c\":\"\"}", STR("b=1&a=2&b=3&c&%62=1"));
    json("{\"a b\":\"x y\",\"\":\"z\"}", STR("a+b=x%20y&=z"));
    json("{\"q\\\"\\\\\":\"\\n\\u0000\"}", STR("q%22%5C=%0a%00"));
    json("{\"\xc3\xa9\":\"\xef\xbf\xbd\"}", STR("%C3%A9=%ff"));
    json("{\"\xef\xbf\xbd\":\"\xc3\xa9\"}", STR("\xff=\xc3\xa9"));
}

static size_t printed_params(unsigned count)
{
    struct buf query, out;
    size_t commas = 0;

    buf_init(&query, OUT_MAX);
    buf_init(&out, OUT_MAX);
    for (unsigned i = 0; i < count; i++)
        buf_printf(&query, "&p%u=v", i);
    query_json(&out, buf_str(&query));
    for (size_t i = 0; i < out.len; i++)
        commas += out.ptr[i] == ',';
    buf_free(&query);
    buf_free(&out);
    return commas + 1;
}

UNIT_TEST(at_most_so_many_parameters_are_printed)
{
    UNIT_INT(QUERY_PARAMS_MAX - 1, printed_params(QUERY_PARAMS_MAX - 1));
    UNIT_INT(QUERY_PARAMS_MAX, printed_params(QUERY_PARAMS_MAX));
    UNIT_INT(QUERY_PARAMS_MAX, printed_params(QUERY_PARAMS_MAX + 1));
}

UNIT_TEST(a_full_buffer_is_told)
{
    struct buf out;

    buf_init(&out, 8);
    query_json(&out, STR("a=12345678"));
    UNIT_INT(STATUS_LIMIT, buf_status(&out, "params", NULL));
    buf_free(&out);
}

UNIT_TEST(a_large_value_is_kept_whole)
{
    struct buf query, out;

    buf_init(&query, OUT_MAX);
    buf_init(&out, OUT_MAX);
    buf_add_text(&query, "v=");
    for (unsigned i = 0; i < 65536; i++)
        buf_add_char(&query, 'x');
    query_json(&out, buf_str(&query));
    UNIT_INT(65536 + strlen("{\"v\":\"\"}"), out.len);
    buf_free(&query);
    buf_free(&out);
}
