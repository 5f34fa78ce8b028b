/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "core/url.h"
#include "unit.h"

static void refused(const char *part, const char *url,
                    enum status (*check)(struct str, const char *, struct err *))
{
    struct err err = ERR_INIT;

    UNIT_STATUS(STATUS_USAGE, check(str_of(url), "--to", &err), &err);
    if (strstr(err.text, part) == NULL)
        UNIT_TEXT(part, err.text);
    UNIT_TRUE(strncmp(err.text, "--to ", 5) == 0);
}

static void accepted(const char *url, enum status (*check)(struct str, const char *, struct err *))
{
    struct err err = ERR_INIT;

    UNIT_STATUS(STATUS_OK, check(str_of(url), "--to", &err), &err);
}

UNIT_TEST(only_web_addresses_with_a_host_are_asked)
{
    accepted("https://example.com", url_check);
    accepted("http://127.0.0.1:8080/hook/calls?a=b&c=%20", url_check);
    accepted("https://[2001:db8::1]:443/", url_check);
    accepted("https://host1/", url_check);
    refused("must begin with", "", url_check);
    refused("must begin with", "example.com/x", url_check);
    refused("must begin with", "file:///etc/passwd", url_check);
    refused("must begin with", "HTTPS://example.com/", url_check);
    refused("names no host", "https://", url_check);
    refused("names no host", "https:///x", url_check);
    refused("names no host", "https://:80/x", url_check);
    refused("names no host", "http://?x", url_check);
    refused("holds a blank", "https://a/b c", url_check);
    refused("holds a blank", "https://a/\r\nX: y", url_check);
    refused("holds a blank", "https://\xc3\xa9/", url_check);
    refused("a user or a password", "https://u:p@a/", url_check);
    accepted("https://a/u@b", url_check);
}

UNIT_TEST(the_longest_url_is_asked_and_one_byte_more_is_not)
{
    char url[URL_MAX + 2];

    memset(url, 'x', sizeof url);
    memcpy(url, "http://", 7);
    url[URL_MAX] = '\0';
    accepted(url, url_check);
    url[URL_MAX] = 'x';
    url[URL_MAX + 1] = '\0';
    refused("longer than 8192", url, url_check);
}

UNIT_TEST(a_key_goes_over_https_or_to_this_machine_only)
{
    accepted("https://api.assemblyai.com", url_check_base);
    accepted("https://api.example.com/assembly/", url_check_base);
    accepted("http://127.0.0.1:8080", url_check_base);
    accepted("http://localhost:8080", url_check_base);
    accepted("http://[::1]:8080", url_check_base);
    refused("must begin with https", "http://api.assemblyai.com", url_check_base);
    refused("must begin with https", "http://127.example.com", url_check_base);
    refused("must begin with https", "http://localhost.example.com", url_check_base);
    refused("must begin with https", "http://127.0.0.1.example.com", url_check_base);
    refused("leave out what begins with ?", "https://a/?b", url_check_base);
    refused("leave out what begins with #", "https://a/#b", url_check_base);
}

UNIT_TEST(parameters_are_escaped_as_values_and_never_end_one_another)
{
    struct err err = ERR_INIT;
    struct buf url;

    buf_init(&url, 4096);
    buf_add_text(&url, "https://a/x");
    UNIT_STATUS(STATUS_OK, url_add_param(&url, STR("customer_id=1234"), &err), &err);
    UNIT_STATUS(STATUS_OK, url_add_param(&url, STR("na me=a&b=c#%\xc3\xa9+"), &err), &err);
    UNIT_STATUS(STATUS_OK, url_add_param(&url, STR("empty="), &err), &err);
    UNIT_STR("https://a/x?customer_id=1234&na%20me=a%26b%3Dc%23%25%C3%A9%2B&empty=", buf_str(&url));
    UNIT_STATUS(STATUS_USAGE, url_add_param(&url, STR("novalue"), &err), &err);
    err_clear(&err);
    UNIT_STATUS(STATUS_USAGE, url_add_param(&url, STR("=x"), &err), &err);
    buf_reset(&url, 0);
    buf_add_text(&url, "https://a/x?tenant=7");
    err_clear(&err);
    UNIT_STATUS(STATUS_OK, url_add_param(&url, STR("a=b"), &err), &err);
    UNIT_STR("https://a/x?tenant=7&a=b", buf_str(&url));
    buf_free(&url);
}

static void same(bool expected, const char *ours, const char *other)
{
    if (url_same_place(str_of(ours), str_of(other)) != expected)
        unit_true(false, other, __FILE__, __LINE__);
}

UNIT_TEST(the_same_place_has_the_same_scheme_host_port_and_path_whatever_the_query)
{
    static const char ours[] = "https://Example.com/hook/calls";

    same(true, ours, "https://example.COM/hook/calls");
    same(true, ours, "HTTPS://example.com:443/hook/calls?a=b");
    same(true, ours, "https://example.com:/hook/calls?a=/x?y");
    same(true, ours, "https://example.com/hook/calls#f?g");
    same(true, "http://a", "http://a:80/?x");
    same(true, "http://[::1]:8080/x", "http://[::1]:8080/x");
    same(true, "https://example.com/hook?site=3", "https://example.com/hook?a=1");
    same(false, ours, "http://example.com/hook/calls");
    same(false, ours, "http://example.com:443/hook/calls");
    same(false, ours, "https://example.com:444/hook/calls");
    same(false, ours, "https://example.com/hook/call");
    same(false, ours, "https://example.com/hook/calls/");
    same(false, ours, "https://example.com/hook/callsx");
    same(false, ours, "https://example.com/hook/Calls");
    same(false, ours, "https://example.com.evil.org/hook/calls");
    same(false, ours, "https://evil.org@example.com/hook/calls");
    same(false, ours, "https://example.com?/hook/calls");
    same(false, ours, "https:/example.com/hook/calls");
    same(false, ours, "example.com/hook/calls");
    same(false, ours, "");
}

UNIT_TEST(a_nul_makes_no_place_the_same)
{
    UNIT_FALSE(url_same_place(STR("http://a/x"), STR("http://a\0/x")));
    UNIT_FALSE(url_same_place(STR("http://ab/x"), STR("http://a\0/x")));
    UNIT_FALSE(url_same_place(STR("http://a/x"), STR("http://a/x\0")));
    UNIT_TRUE(url_same_place(STR("http://a/x"), STR("http://a/x?\0")));
}

UNIT_TEST(the_query_stands_between_the_first_question_mark_and_the_fragment)
{
    UNIT_STR("a=1&b=?", url_query(STR("https://a/x?a=1&b=?#f")));
    UNIT_STR("", url_query(STR("https://a/x?")));
    UNIT_TRUE(url_query(STR("https://a/x")).ptr == NULL);
    UNIT_TRUE(url_query(STR("https://a/x#f?a=1")).ptr == NULL);
}

UNIT_TEST(a_query_is_sent_with_what_may_not_stand_in_it_escaped)
{
    struct err err = ERR_INIT;
    struct buf out;

    buf_init(&out, 4096);
    UNIT_STATUS(STATUS_OK,
                url_send_query(&out, STR("a=b+c%20d&e= \"\xc3\xa9|~/?:@!$'()*,;[]"), &err), &err);
    UNIT_STR("a=b+c%20d&e=%20%22%C3%A9%7C~/?:@!$'()*,;[]", buf_str(&out));
    UNIT_STATUS(STATUS_MALFORMED, url_send_query(&out, STR("a=\n"), NULL), NULL);
    UNIT_STATUS(STATUS_MALFORMED, url_send_query(&out, STR("a=\x7f"), NULL), NULL);
    UNIT_STATUS(STATUS_MALFORMED, url_send_query(&out, STR("a=\0"), NULL), NULL);
    buf_free(&out);
}
