/* SPDX-License-Identifier: MIT
 *
 * Senders that sign the body: AssemblyAI's signature, and Standard Webhooks. */
#include <stdio.h>

#include "auth_kit.h"
#include "base/mac.h"
#include "base/text.h"
#include "core/auth/auth.h"
#include "unit.h"

/* ---- AssemblyAI's signature */

#define AAI_T "1700000000"
#define AAI_V1 "38877139021993b830af32feea6e18a8da83eb2f6e49ee50bd9e4cf4ca4d3789"
#define AAI "HTTP_X_AAI_SIGNATURE="
#define ZEROS "0000000000000000000000000000000000000000000000000000000000000000"

static struct ak_delivery with_aai(const char *line)
{
    struct ak_delivery d = ak_delivery(AUTH_AAI_SIGNATURE);

    d.values[0] = STR("another");
    d.values[1] = STR("whsec_test");
    d.secrets.count = 2;
    d.body = "{\"a\":1}";
    d.now_s = 1700000000;
    d.env[0] = line;
    return d;
}

UNIT_TEST(a_signed_body_proves)
{
    static const char *const lines[] = {
        AAI "t=" AAI_T ",v1=" AAI_V1,
        AAI "v1=" AAI_V1 ",t=" AAI_T,
        AAI "t=" AAI_T ",v1=" ZEROS ",v1=" AAI_V1,
        AAI "t=" AAI_T ",v1=" AAI_V1 ",v1=" ZEROS ",v1=x,v1",
        AAI "t=" AAI_T ",v0=1,x,,=,v2=" ZEROS ",v1=" AAI_V1,
        AAI "t=" AAI_T ", v1=" AAI_V1,
        AAI "t=" AAI_T ",v1=38877139021993B830AF32FEEA6E18A8DA83EB2F6E49EE50BD9E4CF4CA4D3789",
    };

    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        struct ak_delivery d = with_aai(lines[i]);

        ak_right(&d);
        UNIT_TRUE(auth_needs_body(&d.endpoint));
    }
}

UNIT_TEST(any_of_several_aai_secrets_proves)
{
    /* with_aai has the right one last. */
    struct ak_delivery d = with_aai(AAI "t=" AAI_T ",v1=" AAI_V1);

    d.values[2] = STR("a third");
    d.secrets.count = 3;
    ak_right(&d);
    d.values[0] = d.values[1];
    d.values[1] = STR("another");
    ak_right(&d);
    d.values[0] = STR("no longer");
    ak_unauthorized(&d, "any of 3 secrets");
}

UNIT_TEST(a_bad_aai_signature_is_refused)
{
    static const struct {
        const char *line, *text;
    } bad[] = {
        {NULL, "X-AAI-Signature missing"},
        {AAI, "X-AAI-Signature empty"},
        {AAI "v1=" AAI_V1, "X-AAI-Signature has no t="},
        {AAI "t=" AAI_T, "X-AAI-Signature has no v1="},
        {AAI "t=" AAI_T ",v0=" AAI_V1, "X-AAI-Signature has no v1="},
        {AAI "t=" AAI_T ",t=" AAI_T ",v1=" AAI_V1, "more than one t="},
        {AAI "t=" AAI_T ",v1=" AAI_V1 ", t=" AAI_T ",v1=" AAI_V1, "more than one t="},
        {AAI "t=hello,v1=" AAI_V1, "a t= that is not a number"},
        {AAI "t=,v1=" AAI_V1, "a t= that is not a number"},
        {AAI "t=-1,v1=" AAI_V1, "a t= that is not a number"},
        {AAI "t=1700000001,v1=" AAI_V1, "does not match the body under any of 2 secrets"},
        {AAI "t=" AAI_T ",v1=" ZEROS, "does not match the body"},
        {AAI "t=" AAI_T ",v1=", "does not match the body"},
        {AAI "t=" AAI_T ",v1=38877139", "does not match the body"},
        {AAI "t=" AAI_T ",v1=" AAI_V1 "00", "does not match the body"},
        {AAI "t=" AAI_T ",v1=xx877139021993b830af32feea6e18a8da83eb2f6e49ee50bd9e4cf4ca4d3789",
         "does not match the body"},
        {AAI "sha256=" AAI_V1, "has no t="},
    };

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct ak_delivery d = with_aai(bad[i].line);

        ak_unauthorized(&d, bad[i].text);
    }
}

UNIT_TEST(a_changed_body_is_refused)
{
    struct ak_delivery d = with_aai(AAI "t=" AAI_T ",v1=" AAI_V1);

    d.body = "{\"a\":2}";
    ak_unauthorized(&d, "does not match the body");
    d.body = "";
    ak_unauthorized(&d, "does not match the body");
}

UNIT_TEST(an_aai_signature_given_twice_is_refused)
{
    struct ak_delivery d = with_aai(AAI "t=" AAI_T ",v1=" AAI_V1);

    d.env[1] = d.env[0];
    ak_unauthorized(&d, "X-AAI-Signature given twice");
}

UNIT_TEST(a_signature_outside_its_window_is_held)
{
    struct ak_delivery d = with_aai(AAI "t=" AAI_T ",v1=" AAI_V1);

    d.now_s = 1700000300;
    ak_right(&d);
    d.now_s = 1700000301;
    ak_held(&d, STATUS_STALE, "made 301 s ago, and signature-window is 300 s");
    d.now_s = 1699999700;
    ak_right(&d);
    d.now_s = 1699999699;
    ak_held(&d, STATUS_STALE, "made 301 s ahead");
    d.endpoint.signature_window_s = 400;
    ak_right(&d);
}

UNIT_TEST(a_wrong_signature_is_refused_whatever_its_time)
{
    struct ak_delivery d = with_aai(AAI "t=" AAI_T ",v1=" ZEROS);

    d.now_s = 1800000000;
    ak_unauthorized(&d, "does not match the body");
    d.env[0] = AAI "t=18446744073709551615,v1=" ZEROS;
    ak_unauthorized(&d, "does not match the body");
}

UNIT_TEST(a_foreign_address_is_told_before_a_stale_signature)
{
    struct ak_delivery d = with_aai(AAI "t=" AAI_T ",v1=" AAI_V1);
    struct address_net allowed[] = {ak_net("44.238.19.20")};

    d.endpoint.allow_from = allowed;
    d.endpoint.allow_from_count = 1;
    d.env[1] = "REMOTE_ADDR=192.0.2.1";
    ak_held(&d, STATUS_ADDRESS, "192.0.2.1 is not in allow-from");
    d.now_s = 1800000000;
    ak_held(&d, STATUS_ADDRESS, "192.0.2.1 is not in allow-from");
    d.env[1] = "REMOTE_ADDR=44.238.19.20";
    ak_held(&d, STATUS_STALE, "signature right");
}

UNIT_TEST(an_empty_body_can_be_signed)
{
    const struct str parts[] = {STR("1700000000.")};
    uint8_t mac[MAC_SHA256_LEN];
    struct buf line;
    struct ak_delivery d;

    mac_hmac_sha256(STR("whsec_test"), parts, 1, mac);
    buf_init(&line, 200);
    buf_add_text(&line, AAI "t=" AAI_T ",v1=");
    text_hex(&line, mac, sizeof mac);
    d = with_aai(line.ptr);
    d.body = "";
    ak_right(&d);
    buf_free(&line);
}

/* ---- Standard Webhooks */

#define SW_ID "HTTP_WEBHOOK_ID=msg_p5jXN8AQM9LWM0D4loKWxJek"
#define SW_TIME "HTTP_WEBHOOK_TIMESTAMP=1614265330"
#define SW "HTTP_WEBHOOK_SIGNATURE="
#define SW_RIGHT "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
#define SW_WRONG "v1,AAAM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="

static struct ak_delivery with_standard(const char *signature)
{
    struct ak_delivery d = ak_delivery(AUTH_STANDARD_WEBHOOKS);

    d.values[0] = STR("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
    d.secrets.count = 1;
    d.body = "{\"test\": 2432232314}";
    d.now_s = 1614265330;
    d.env[0] = SW_ID;
    d.env[1] = SW_TIME;
    d.env[2] = signature;
    return d;
}

UNIT_TEST(the_vector_of_the_reference_suites_proves)
{
    struct ak_delivery d = with_standard(SW SW_RIGHT);

    UNIT_STATUS(STATUS_OK, ak_check(&d), &d.err);
    UNIT_REQUIRE(d.principal != NULL);
    UNIT_STR("msg_p5jXN8AQM9LWM0D4loKWxJek", principal_message_id(d.principal));
    ak_right(&d);
    UNIT_TRUE(auth_needs_body(&d.endpoint));
}

UNIT_TEST(the_vector_of_the_rust_suite_proves)
{
    struct ak_delivery d = with_standard(SW "v1,tZ1I4/hDygAJgO5TYxiSd6Sd0kDW6hPenDe+bTa3Kkw=");

    d.values[0] = STR("whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD");
    d.body = "{\"email\":\"test@example.com\",\"username\":\"test_user\"}";
    d.now_s = 1649367553;
    d.env[0] = "HTTP_WEBHOOK_ID=msg_27UH4WbU6Z5A5EzD8u03UvzRbpk";
    d.env[1] = "HTTP_WEBHOOK_TIMESTAMP=1649367553";
    ak_right(&d);
}

UNIT_TEST(a_secret_without_its_prefix_is_the_same)
{
    struct ak_delivery d = with_standard(SW SW_RIGHT);

    d.values[0] = STR("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
    ak_right(&d);
}

UNIT_TEST(each_of_the_three_headers_is_needed_once)
{
    static const char *const names[] = {"webhook-id", "webhook-timestamp", "webhook-signature"};

    for (size_t i = 0; i < 3; i++) {
        struct ak_delivery d = with_standard(SW SW_RIGHT);
        char text[64];

        d.env[3] = d.env[i];
        snprintf(text, sizeof text, "%s given twice", names[i]);
        ak_unauthorized(&d, text);
        d.env[3] = d.env[i] = NULL;
        snprintf(text, sizeof text, "%s missing", names[i]);
        ak_unauthorized(&d, text);
    }
}

UNIT_TEST(empty_headers_are_refused)
{
    struct ak_delivery d = with_standard(SW);

    ak_unauthorized(&d, "webhook-signature empty");
    d.env[0] = "HTTP_WEBHOOK_ID=";
    ak_unauthorized(&d, "webhook-id empty");
}

UNIT_TEST(a_timestamp_that_is_no_number_is_refused)
{
    struct ak_delivery d = with_standard(SW SW_RIGHT);

    d.env[1] = "HTTP_WEBHOOK_TIMESTAMP=hello";
    ak_unauthorized(&d, "webhook-timestamp is not a number");
    d.env[1] = "HTTP_WEBHOOK_TIMESTAMP=1614265330, 1614265330";
    ak_unauthorized(&d, "webhook-timestamp is not a number");
}

UNIT_TEST(a_standard_signature_outside_its_window_is_held)
{
    struct ak_delivery d = with_standard(SW SW_RIGHT);

    d.now_s = 1614265330 + 300;
    ak_right(&d);
    d.now_s = 1614265330 + 301;
    ak_held(&d, STATUS_STALE, "301 s ago");
    d.now_s = 1614265330 - 300;
    ak_right(&d);
    d.now_s = 1614265330 - 301;
    ak_held(&d, STATUS_STALE, "301 s ahead");
    d.env[2] = SW SW_WRONG;
    ak_unauthorized(&d, "does not match");
}

UNIT_TEST(a_bad_standard_signature_is_refused)
{
    static const char *const bad[] = {
        SW SW_WRONG,
        SW "v1,",
        SW "v1",
        SW "v1,g0hM9SsE",
        SW "g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
        SW "v2,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
        SW "v1a,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
        SW "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE",
        SW SW_RIGHT ", " SW_WRONG,
        SW SW_WRONG ", " SW_RIGHT,
        SW SW_RIGHT ", " SW_RIGHT,
        SW SW_RIGHT "x",
    };

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct ak_delivery d = with_standard(bad[i]);

        ak_unauthorized(&d, "webhook-signature does not match the body under any of 1 secrets");
    }
}

UNIT_TEST(a_right_signature_among_others_proves)
{
    static const char *const good[] = {
        SW SW_WRONG " v2,x " SW_RIGHT " " SW_WRONG,
        SW "v1, " SW_RIGHT,
        SW "  " SW_RIGHT " ",
        SW "v1a,hnO3f9T8Ytu9HwrXslvumlUpqtNVqkhqw/enGzPCXe5BdqzCInXqYXFymVJaA7AZdpXwVLPo3mNl8EM+m7"
           "TBAg== " SW_RIGHT,
    };

    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        struct ak_delivery d = with_standard(good[i]);

        ak_right(&d);
    }
}

UNIT_TEST(a_changed_id_time_or_body_is_refused)
{
    struct ak_delivery d = with_standard(SW SW_RIGHT);

    d.env[0] = "HTTP_WEBHOOK_ID=msg_other";
    ak_unauthorized(&d, "does not match");
    d.env[0] = SW_ID;
    d.env[1] = "HTTP_WEBHOOK_TIMESTAMP=1614265331";
    ak_unauthorized(&d, "does not match");
    d.env[1] = SW_TIME;
    d.body = "{\"test\": 2432232315}";
    ak_unauthorized(&d, "does not match");
}

UNIT_TEST(the_names_of_svix_are_accepted_as_a_set)
{
    struct ak_delivery d = with_standard("HTTP_SVIX_SIGNATURE=" SW_RIGHT);

    d.env[0] = "HTTP_SVIX_ID=msg_p5jXN8AQM9LWM0D4loKWxJek";
    d.env[1] = "HTTP_SVIX_TIMESTAMP=1614265330";
    ak_right(&d);
    d.env[1] = SW_TIME;
    ak_unauthorized(&d, "webhook-id missing");
    d.env[1] = NULL;
    ak_unauthorized(&d, "svix-timestamp missing");
}

UNIT_TEST(a_secret_of_ours_that_cannot_be_used_is_not_the_senders_fault)
{
    struct ak_delivery d = with_standard(SW SW_WRONG);
    const struct str unusable[] = {STR("whsec_"), STR("whsec_!!"), STR("plain words"),
                                   STR("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaS")};

    for (size_t i = 0; i < sizeof unusable / sizeof *unusable; i++) {
        d.values[0] = unusable[i];
        ak_wrong(&d, STATUS_NO_SECRET, "1 of its 1 secrets cannot be used");
    }
    d.values[1] = STR("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
    d.secrets.count = 2;
    ak_wrong(&d, STATUS_NO_SECRET, "1 of its 2 secrets cannot be used");
    d.env[2] = SW SW_RIGHT;
    ak_right(&d);
}

UNIT_TEST(any_of_several_standard_secrets_proves)
{
    struct ak_delivery d = with_standard(SW SW_RIGHT);

    d.values[1] = d.values[0];
    d.values[0] = STR("whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD");
    d.secrets.count = 2;
    ak_right(&d);
    d.secrets.count = 1;
    ak_unauthorized(&d, "any of 1 secrets");
}
