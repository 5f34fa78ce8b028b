/* SPDX-License-Identifier: MIT
 * auth_kit - see auth_kit.h.
 */
#include "auth_kit.h"

#include <stdlib.h>
#include <string.h>

#include "unit.h"

#define NS INT64_C(1000000000)

static char name[] = "calls";

struct ak_delivery ak_delivery(enum auth_scheme scheme)
{
    struct ak_delivery d = {.endpoint = {.name = name, .scheme = scheme, .signature_window_s = 300},
                            .body = ""};

    return d;
}

enum status ak_check(struct ak_delivery *d)
{
    struct request request;
    char *env[AK_ENV_MAX + 1] = {NULL};
    size_t n = 0;

    principal_free(d->principal);
    d->principal = NULL;
    err_clear(&d->err);
    d->secrets.values = d->values;
    for (size_t i = 0; i < AK_ENV_MAX; i++)
        if (d->env[i] != NULL)
            env[n++] = (char *)(uintptr_t)d->env[i];
    UNIT_STATUS(STATUS_OK, request_parse(&request, env, &d->err), &d->err);
    return auth_check(&d->endpoint, &d->secrets, &request, str_of(d->body), d->now_s * NS,
                      &d->principal, &d->err);
}

void ak_right(struct ak_delivery *d)
{
    enum status st = ak_check(d);

    UNIT_STATUS(STATUS_OK, st, &d->err);
    UNIT_TEXT("", d->err.text);
    UNIT_REQUIRE(d->principal != NULL);
    UNIT_TRUE(principal_endpoint(d->principal) == &d->endpoint);
    UNIT_TRUE(principal_via(d->principal) == NULL);
    principal_free(d->principal);
    d->principal = NULL;
}

void ak_wrong(struct ak_delivery *d, enum status expected, const char *text)
{
    enum status st = ak_check(d);

    UNIT_STATUS(expected, st, &d->err);
    UNIT_INT(expected, d->err.status);
    UNIT_FALSE(auth_secret_right(st));
    UNIT_TRUE(d->principal == NULL);
    if (strstr(d->err.text, text) == NULL)
        UNIT_TEXT(text, d->err.text);
    for (size_t i = 0; i < d->secrets.count; i++) {
        char *secret = str_dup(d->values[i]);

        UNIT_TRUE(secret == NULL || strstr(d->err.text, secret) == NULL);
        free(secret);
    }
    principal_free(d->principal);
    d->principal = NULL;
}

void ak_unauthorized(struct ak_delivery *d, const char *text)
{
    ak_wrong(d, STATUS_UNAUTHORIZED, text);
}

void ak_held(struct ak_delivery *d, enum status expected, const char *text)
{
    enum status st = ak_check(d);

    UNIT_STATUS(expected, st, &d->err);
    UNIT_INT(expected, d->err.status);
    if (strstr(d->err.text, text) == NULL)
        UNIT_TEXT(text, d->err.text);
    UNIT_TRUE(auth_secret_right(st));
    UNIT_TRUE(d->principal == NULL);
}

struct address_net ak_net(const char *text)
{
    struct address_net n = {.prefix = 0};

    UNIT_TRUE(address_net_parse(str_of(text), &n));
    return n;
}
