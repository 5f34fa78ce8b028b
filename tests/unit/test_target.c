/* SPDX-License-Identifier: MIT
 * Tests of how a sender sees an endpoint of the configuration.
 */
#include <stdlib.h>
#include <string.h>

#include "core/url.h"
#include "remote/target.h"
#include "unit.h"

static char calls[] = "calls", other[] = "other", initial[] = "default", token[] = "to ken";
static char path[] = "/etc/stenohook.conf";

/* A configuration of up to three endpoints, and what was read for them. */
struct site {
    struct config_endpoint endpoints[3];
    struct auth_secrets secrets[3];
    struct config config;
    struct settings settings;
};

static const struct settings *with(struct site *site, size_t count)
{
    site->config = (struct config){.endpoints = site->endpoints, .endpoint_count = count};
    site->settings =
        (struct settings){.config = &site->config, .secrets = site->secrets, .path = path};
    return &site->settings;
}

static const struct str two[] = {{"first", 5}, {"second", 6}};

static struct site three(void)
{
    return (struct site){
        .endpoints = {{.name = calls, .scheme = AUTH_STATIC},
                      {.name = other, .scheme = AUTH_NONE},
                      {.name = initial, .scheme = AUTH_STANDARD_WEBHOOKS}},
        .secrets = {{two, 2}, {NULL, 0}, {two + 1, 1}},
    };
}

UNIT_TEST(an_endpoint_is_found_by_its_name_with_the_first_of_its_secrets)
{
    struct site site = three();
    const struct settings *settings = with(&site, 3);
    struct target target;
    struct err err = ERR_INIT;

    UNIT_STATUS(STATUS_OK, target_find(&target, settings, "calls", &err), &err);
    UNIT_TRUE(target.endpoint == &site.endpoints[0]);
    UNIT_STR("first", target.secret);
    UNIT_STATUS(STATUS_OK, target_find(&target, settings, "default", &err), &err);
    UNIT_TRUE(target.endpoint == &site.endpoints[2]);
    UNIT_STR("second", target.secret);
}

UNIT_TEST(an_endpoint_that_is_open_to_all_has_no_secret)
{
    struct site site = three();
    struct target target;
    struct err err = ERR_INIT;

    UNIT_STATUS(STATUS_OK, target_find(&target, with(&site, 3), "other", &err), &err);
    UNIT_TRUE(target.endpoint == &site.endpoints[1]);
    UNIT_TRUE(target.secret.ptr == NULL);
}

UNIT_TEST(without_a_name_it_is_the_default_or_the_only_one)
{
    struct site site = three();
    struct target target;
    struct err err = ERR_INIT;

    UNIT_STATUS(STATUS_OK, target_find(&target, with(&site, 3), NULL, &err), &err);
    UNIT_TRUE(target.endpoint == &site.endpoints[2]);
    UNIT_STATUS(STATUS_OK, target_find(&target, with(&site, 1), NULL, &err), &err);
    UNIT_TRUE(target.endpoint == &site.endpoints[0]);
    UNIT_STATUS(STATUS_USAGE, target_find(&target, with(&site, 2), NULL, &err), &err);
    UNIT_TRUE(strstr(err.text, "has 2 endpoints: name one with --endpoint") != NULL);
}

UNIT_TEST(a_name_that_is_none_is_never_another_endpoint)
{
    static const char *const bad[] = {"call", "callss", "Calls", "calls "};
    struct site site = three();

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct target target = {.secret = STR("untouched")};
        struct err err = ERR_INIT;

        UNIT_STATUS(STATUS_USAGE, target_find(&target, with(&site, 1), bad[i], &err), &err);
        UNIT_STATUS(STATUS_USAGE, target_find(&target, with(&site, 3), bad[i], &err), &err);
        UNIT_TRUE(strstr(err.text, bad[i]) != NULL && strstr(err.text, path) != NULL);
        UNIT_STR("untouched", target.secret);
    }
}

UNIT_TEST(a_scheme_that_needs_a_secret_and_has_none_is_told)
{
    static const enum auth_scheme schemes[] = {AUTH_STATIC, AUTH_AAI_SIGNATURE,
                                               AUTH_STANDARD_WEBHOOKS};

    for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++) {
        struct site site = {.endpoints = {{.name = calls, .scheme = schemes[i]}}};
        struct target target;
        struct err err = ERR_INIT;

        UNIT_STATUS(STATUS_NO_SECRET, target_find(&target, with(&site, 1), NULL, &err), &err);
        UNIT_TRUE(strstr(err.text, "\"calls\"") != NULL);
        UNIT_TRUE(strstr(err.text, "stenohook check") != NULL);
    }
}

/* ---- the address */

static void leads_to(const char *expected, const char *url, const char *const *params, size_t count)
{
    struct err err = ERR_INIT;
    struct buf out;

    buf_init(&out, URL_MAX);
    UNIT_STATUS(STATUS_OK, target_url(&out, url, params, count, &err), &err);
    UNIT_STR(expected, buf_str(&out));
    buf_free(&out);
}

UNIT_TEST(parameters_stand_behind_the_address_escaped_in_their_order)
{
    static const char *const params[] = {"customer_id=1234", "a b=c&d=e#f", "x=", "x=\xc3\xa9+/?"};

    leads_to("https://a/b", "https://a/b", params, 0);
    leads_to("https://a/b?customer_id=1234", "https://a/b", params, 1);
    leads_to("https://a/b?c=d&customer_id=1234", "https://a/b?c=d", params, 1);
    leads_to("http://a?customer_id=1234&a%20b=c%26d%3De%23f&x=&x=%C3%A9%2B%2F%3F", "http://a",
             params, 4);
}

UNIT_TEST(an_address_or_a_parameter_that_is_none_is_refused)
{
    static const char *const urls[] = {"",
                                       "a/b",
                                       "ftp://a/b",
                                       "https:///b",
                                       "https://a b",
                                       "https://u@a/",
                                       "https://a/\n",
                                       "https://a/b#c"};
    static const char *const params[] = {"", "x", "=x"};
    struct buf out;

    for (size_t i = 0; i < sizeof urls / sizeof *urls; i++) {
        struct err err = ERR_INIT;

        buf_init(&out, URL_MAX);
        UNIT_STATUS(STATUS_USAGE, target_url(&out, urls[i], NULL, 0, &err), &err);
        UNIT_INT(0, out.len);
        buf_free(&out);
    }
    for (size_t i = 0; i < sizeof params / sizeof *params; i++) {
        struct err err = ERR_INIT;

        buf_init(&out, URL_MAX);
        UNIT_STATUS(STATUS_USAGE, target_url(&out, "https://a/b", &params[i], 1, &err), &err);
        buf_free(&out);
    }
}

UNIT_TEST(the_longest_address_fits_with_its_parameters_and_a_byte_more_does_not)
{
    static char param[URL_MAX];
    const char *const params[] = {param};
    size_t room = URL_MAX - strlen("https://a/b?");

    for (size_t more = 0; more < 2; more++) {
        struct err err = ERR_INIT;
        enum status status;
        struct buf out;

        memset(param, 'x', room + more);
        param[1] = '=';
        param[room + more] = '\0';
        buf_init(&out, URL_MAX);
        status = target_url(&out, "https://a/b", params, 1, &err);
        UNIT_STATUS(more == 0 ? STATUS_OK : STATUS_LIMIT, status, &err);
        UNIT_TRUE(more == 1 || out.len == URL_MAX);
        buf_free(&out);
    }
}

UNIT_TEST(a_token_goes_into_the_url_only_where_the_endpoint_looks_for_it)
{
    const struct config_endpoint none = {.name = calls},
                                 query = {.name = calls, .auth_query = token};
    struct err err = ERR_INIT;
    struct buf url;

    buf_init(&url, URL_MAX);
    buf_add_text(&url, "https://a/b");
    UNIT_STATUS(STATUS_OK, target_add_token(&url, NULL, STR("s&t"), &err), &err);
    UNIT_STATUS(STATUS_OK, target_add_token(&url, &none, STR("s&t"), &err), &err);
    UNIT_STR("https://a/b", buf_str(&url));
    UNIT_STATUS(STATUS_OK, target_add_token(&url, &query, STR("s&t=\xff#"), &err), &err);
    UNIT_STR("https://a/b?to%20ken=s%26t%3D%FF%23", buf_str(&url));
    buf_free(&url);
}

UNIT_TEST(a_token_that_does_not_fit_is_told_without_it)
{
    const struct config_endpoint query = {.name = calls, .auth_query = token};
    struct err err = ERR_INIT;
    struct buf url;

    buf_init(&url, 20);
    buf_add_text(&url, "https://a/b");
    UNIT_STATUS(STATUS_LIMIT, target_add_token(&url, &query, STR("hunter2"), &err), &err);
    UNIT_TRUE(strstr(err.text, "hunter2") == NULL);
    buf_free(&url);
}
