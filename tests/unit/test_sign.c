/* SPDX-License-Identifier: MIT
 * Tests of signatures of bodies. The expected values are not ours: they are published with Standard
 * Webhooks, or were computed with Python's hmac.
 */
#include <stdio.h>
#include <string.h>

#include "core/auth/auth.h"
#include "core/request.h"
#include "remote/sign.h"
#include "unit.h"

#define SW_SECRET "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

static void signs_standard(const char *secret, struct str body, const char *id, uint64_t now_s,
                           const char *expected)
{
    struct signature s;
    struct err err = ERR_INIT;
    enum status status =
        sign_body(&s, AUTH_STANDARD_WEBHOOKS, str_of(secret), body, str_of(id), now_s, &err);
    char time[24];

    UNIT_STATUS(STATUS_OK, status, &err);
    UNIT_REQUIRE(status == STATUS_OK);
    (void)snprintf(time, sizeof time, "%llu", (unsigned long long)now_s);
    UNIT_TEXT("webhook-id", s.headers[0].name);
    UNIT_STR(id, s.headers[0].value);
    UNIT_TEXT("webhook-timestamp", s.headers[1].name);
    UNIT_STR(time, s.headers[1].value);
    UNIT_TEXT("webhook-signature", s.headers[2].name);
    UNIT_STR(expected, s.headers[2].value);
    UNIT_TRUE(s.headers[3].value.ptr == NULL);
}

UNIT_TEST(the_published_vectors_of_standard_webhooks_come_out)
{
    const struct str body = STR("{\"test\": 2432232314}");

    signs_standard("whsec_" SW_SECRET, body, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330,
                   "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    signs_standard(SW_SECRET, body, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330,
                   "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    signs_standard("whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD",
                   STR("{\"email\":\"test@example.com\",\"username\":\"test_user\"}"),
                   "msg_27UH4WbU6Z5A5EzD8u03UvzRbpk", 1649367553,
                   "v1,tZ1I4/hDygAJgO5TYxiSd6Sd0kDW6hPenDe+bTa3Kkw=");
}

UNIT_TEST(a_body_of_any_bytes_is_signed_at_any_time)
{
    signs_standard(SW_SECRET, STR(""), "m", UINT64_MAX,
                   "v1,d7dwipjeG7o4ZL+p9S80cQ4LD29olQ1X0oJyfif8BB4=");
    signs_standard(SW_SECRET, STR("\0\xff"), "m", 0,
                   "v1,YzkSg1pmBLLjkA4FXyZApvHACyVLKwdY0kOVNkWYkS4=");
}

static void signs_aai(struct str secret, struct str body, uint64_t now_s, const char *expected)
{
    struct signature s;
    struct err err = ERR_INIT;
    enum status status =
        sign_body(&s, AUTH_AAI_SIGNATURE, secret, body, STR("unused"), now_s, &err);

    UNIT_STATUS(STATUS_OK, status, &err);
    UNIT_REQUIRE(status == STATUS_OK);
    UNIT_TEXT("X-AAI-Signature", s.headers[0].name);
    UNIT_STR(expected, s.headers[0].value);
    UNIT_TRUE(s.headers[1].value.ptr == NULL);
}

UNIT_TEST(the_signature_of_the_voice_agent_is_time_and_hexadecimal)
{
    /* The prefix belongs to the secret there. */
    signs_aai(STR("whsec_test"), STR("{\"a\":1}"), 1700000000,
              "t=1700000000,v1=38877139021993b830af32feea6e18a8da83eb2f6e49ee50bd9e4cf4ca4d3789");
    signs_aai(STR("whsec_test"), STR(""), UINT64_MAX,
              "t=18446744073709551615,v1="
              "c81f7efc9e8ae7fb1f2c260ec73e341097c8f548551def7a7f9ca4f28ded78a6");
    signs_aai(STR("ssssssssssssssssssssssssssssssssssssssssssssssssss"
                  "ssssssssssssssssssssssssssssssssssssssssssssssssss"),
              STR("\0\xff"), 0,
              "t=0,v1=fdf4dad1fba23bc015b2c3a19a310f1eb3754bc781e91273c2defff17f55c428");
}

UNIT_TEST(a_secret_that_is_none_of_standard_webhooks_is_refused_and_not_shown)
{
    static const char *const bad[] = {"",
                                      "whsec_",
                                      "whsec_hunter2",
                                      "whsec_=",
                                      "whsec_AAA",
                                      "whsec_AAAA AAAA",
                                      "whsec_AAAA\n",
                                      "whsec_hunt-_2=",
                                      "whsec_whsec_" SW_SECRET,
                                      "whsk_" SW_SECRET,
                                      "WHSEC_" SW_SECRET};

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct signature s;
        struct err err = ERR_INIT;
        enum status status =
            sign_body(&s, AUTH_STANDARD_WEBHOOKS, str_of(bad[i]), STR("{}"), STR("m"), 1, &err);

        UNIT_STATUS(STATUS_NO_SECRET, status, &err);
        UNIT_INT(STATUS_NO_SECRET, err.status);
        UNIT_TRUE(bad[i][0] == '\0' || strstr(err.text, bad[i]) == NULL);
        UNIT_TRUE(strstr(err.text, "hunt") == NULL);
        UNIT_TRUE(s.headers[0].value.ptr == NULL);
    }
}

UNIT_TEST(what_signs_nothing_has_no_headers)
{
    static const enum auth_scheme schemes[] = {AUTH_NONE, AUTH_STATIC};

    for (size_t i = 0; i < 2; i++) {
        struct signature s;
        struct err err = ERR_INIT;

        UNIT_STATUS(STATUS_OK,
                    sign_body(&s, schemes[i], STR("secret"), STR("{}"), STR("m"), 1, &err), &err);
        UNIT_TRUE(s.headers[0].value.ptr == NULL);
    }
}

/* What auth_check says of a delivery with these headers, as a web server hands it on. */
static enum status check(enum auth_scheme scheme, struct str secret, const struct signature *s,
                         struct str body, int64_t now_s)
{
    static char name[] = "calls";
    const struct config_endpoint endpoint = {
        .name = name, .scheme = scheme, .signature_window_s = 300};
    const struct auth_secrets secrets = {&secret, 1};
    struct principal *principal = NULL;
    struct request request;
    struct err err = ERR_INIT;
    char lines[3][256], *env[4] = {NULL};
    enum status status;

    for (size_t i = 0; s->headers[i].value.ptr != NULL; i++) {
        (void)snprintf(lines[i], sizeof lines[i], "HTTP_%s=%.*s", s->headers[i].name,
                       (int)s->headers[i].value.len, s->headers[i].value.ptr);
        for (char *c = lines[i]; *c != '='; c++)
            *c = (char)(*c == '-' ? '_' : *c >= 'a' && *c <= 'z' ? *c - 'a' + 'A' : *c);
        env[i] = lines[i];
    }
    status = request_parse(&request, env, &err);
    UNIT_STATUS(STATUS_OK, status, &err);
    if (status == STATUS_OK)
        status = auth_check(&endpoint, &secrets, &request, body, now_s * INT64_C(1000000000),
                            &principal, &err);
    principal_free(principal);
    return status;
}

UNIT_TEST(our_own_gateway_accepts_what_is_signed_and_nothing_else)
{
    static const enum auth_scheme schemes[] = {AUTH_AAI_SIGNATURE, AUTH_STANDARD_WEBHOOKS};
    const struct str secret = STR("whsec_" SW_SECRET), other = STR("whsec_AAAA");

    for (size_t i = 0; i < 2; i++) {
        struct signature s;
        struct err err = ERR_INIT;

        UNIT_STATUS(STATUS_OK, sign_body(&s, schemes[i], secret, STR("{}"), STR("m"), 1000, &err),
                    &err);
        UNIT_INT(STATUS_OK, check(schemes[i], secret, &s, STR("{}"), 1000));
        UNIT_INT(STATUS_UNAUTHORIZED, check(schemes[i], secret, &s, STR("{} "), 1000));
        UNIT_INT(STATUS_UNAUTHORIZED, check(schemes[i], other, &s, STR("{}"), 1000));
        UNIT_INT(STATUS_STALE, check(schemes[i], secret, &s, STR("{}"), 1301));
    }
}
