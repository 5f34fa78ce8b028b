/* SPDX-License-Identifier: MIT */
#include "core/auth.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mac.h"
#include "base/text.h"
#include "unit.h"

#define NS INT64_C(1000000000)
#define ENV_MAX 8

/* One delivery: what the endpoint wants, what came, and what was said of it. */
struct delivery {
    struct config_endpoint endpoint;
    struct str values[3];
    struct auth_secrets secrets;
    const char *env[ENV_MAX];
    const char *body;
    int64_t now_s;
    struct principal *principal;
    struct err err;
};

static char name[] = "calls";
static char header[] = "X-Webhook-Secret";
static char token[] = "token";

static struct delivery delivery(enum auth_scheme scheme)
{
    struct delivery d = {.endpoint = {.name = name, .scheme = scheme, .signature_window_s = 300},
                         .body = ""};

    return d;
}

static struct delivery with_header(void)
{
    struct delivery d = delivery(AUTH_STATIC);

    d.endpoint.auth_header = header;
    d.values[0] = STR("the-secret");
    d.values[1] = STR("the-old-secret");
    d.secrets.count = 2;
    return d;
}

static enum status check(struct delivery *d)
{
    struct request request;
    char *env[ENV_MAX + 1] = {NULL};
    size_t n = 0;

    principal_free(d->principal);
    d->principal = NULL;
    err_clear(&d->err);
    d->secrets.values = d->values;
    for (size_t i = 0; i < ENV_MAX; i++)
        if (d->env[i] != NULL)
            env[n++] = (char *)(uintptr_t)d->env[i];
    UNIT_STATUS(STATUS_OK, request_parse(&request, env, &d->err), &d->err);
    return auth_check(&d->endpoint, &d->secrets, &request, str_of(d->body), d->now_s * NS,
                      &d->principal, &d->err);
}

static void right(struct delivery *d, const char *proof)
{
    enum status st = check(d);

    UNIT_STATUS(STATUS_OK, st, &d->err);
    UNIT_TEXT("", d->err.text);
    UNIT_REQUIRE(d->principal != NULL);
    UNIT_TEXT(proof, principal_scheme(d->principal));
    UNIT_TRUE(principal_may_record(d->principal));
    UNIT_TRUE(principal_endpoint(d->principal) == &d->endpoint);
    UNIT_TRUE(principal_via(d->principal) == NULL);
    principal_free(d->principal);
    d->principal = NULL;
}

/* No principal, and these words for the log. */
static void wrong(struct delivery *d, enum status expected, const char *text)
{
    enum status st = check(d);

    UNIT_STATUS(expected, st, &d->err);
    UNIT_INT(expected, d->err.status);
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

static void unauthorized(struct delivery *d, const char *text)
{
    wrong(d, STATUS_UNAUTHORIZED, text);
}

/* The secret is right, but it must not be recorded. */
static void held(struct delivery *d, enum status expected, const char *text)
{
    enum status st = check(d);

    UNIT_STATUS(expected, st, &d->err);
    UNIT_INT(expected, d->err.status);
    if (strstr(d->err.text, text) == NULL)
        UNIT_TEXT(text, d->err.text);
    UNIT_REQUIRE(d->principal != NULL);
    UNIT_FALSE(principal_may_record(d->principal));
    principal_free(d->principal);
    d->principal = NULL;
}

/* ---- static secrets */

UNIT_TEST(the_right_header_proves)
{
    struct delivery d = with_header();

    d.env[0] = "HTTP_X_WEBHOOK_SECRET=the-secret";
    right(&d, "header");
    UNIT_FALSE(auth_needs_body(&d.endpoint));
}

UNIT_TEST(any_of_several_secrets_proves)
{
    struct delivery d = with_header();

    d.env[0] = "HTTP_X_WEBHOOK_SECRET=the-old-secret";
    right(&d, "header");
}

UNIT_TEST(a_missing_header_is_refused)
{
    struct delivery d = with_header();

    unauthorized(&d, "X-Webhook-Secret missing");
    d.env[0] = "HTTP_X_WEBHOOK_SECRET2=the-secret";
    unauthorized(&d, "X-Webhook-Secret missing");
}

UNIT_TEST(an_empty_header_is_refused)
{
    struct delivery d = with_header();

    d.env[0] = "HTTP_X_WEBHOOK_SECRET=";
    unauthorized(&d, "X-Webhook-Secret empty");
}

UNIT_TEST(a_header_given_twice_is_refused_even_when_both_are_right)
{
    struct delivery d = with_header();

    d.env[0] = "HTTP_X_WEBHOOK_SECRET=the-secret";
    d.env[1] = "HTTP_X_WEBHOOK_SECRET=the-secret";
    unauthorized(&d, "X-Webhook-Secret given twice");
    d.env[2] = "HTTP_X_WEBHOOK_SECRET=the-secret";
    unauthorized(&d, "X-Webhook-Secret given more than twice");
}

UNIT_TEST(no_part_of_a_header_proves)
{
    static const char *const values[] = {
        "HTTP_X_WEBHOOK_SECRET=the-secret, the-secret",
        "HTTP_X_WEBHOOK_SECRET=the-secret, x",
        "HTTP_X_WEBHOOK_SECRET=x, the-secret",
        "HTTP_X_WEBHOOK_SECRET=the-secre",
        "HTTP_X_WEBHOOK_SECRET=the-secret2",
        "HTTP_X_WEBHOOK_SECRET=the-secret ",
        "HTTP_X_WEBHOOK_SECRET=The-Secret",
        "HTTP_X_WEBHOOK_SECRET=Bearer the-secret",
    };
    struct delivery d = with_header();

    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        d.env[0] = values[i];
        unauthorized(&d, "X-Webhook-Secret does not match any of 2 secrets (");
    }
}

UNIT_TEST(a_mismatch_is_told_with_its_length_only)
{
    struct delivery d = with_header();

    d.env[0] = "HTTP_X_WEBHOOK_SECRET=0123456789012345678901234567890";
    unauthorized(&d, "");
    UNIT_TEXT("X-Webhook-Secret does not match any of 2 secrets (31 bytes given)", d.err.text);
    d.secrets.count = 1;
    unauthorized(&d, "");
    UNIT_TEXT("X-Webhook-Secret does not match the 1 secret (31 bytes given)", d.err.text);
}

UNIT_TEST(without_any_secret_nobody_is_turned_away_for_good)
{
    struct delivery d = with_header();

    d.secrets.count = 0;
    d.env[0] = "HTTP_X_WEBHOOK_SECRET=";
    wrong(&d, STATUS_NO_SECRET, "endpoint \"calls\"");
    d.env[0] = NULL;
    wrong(&d, STATUS_NO_SECRET, "stenohook check");
}

static struct delivery with_query(const char *query)
{
    struct delivery d = with_header();

    d.endpoint.auth_header = NULL;
    d.endpoint.auth_query = token;
    d.env[0] = query;
    return d;
}

UNIT_TEST(the_right_token_in_the_query_proves)
{
    static const char *const queries[] = {
        "QUERY_STRING=token=the-secret",
        "QUERY_STRING=a=b&token=the-secret&c",
        "QUERY_STRING=&&token=the%2Dsecret",
        "QUERY_STRING=%74oken=the-secret",
        "QUERY_STRING=Token=x&token=the-old-secret",
    };

    for (size_t i = 0; i < sizeof queries / sizeof *queries; i++) {
        struct delivery d = with_query(queries[i]);

        right(&d, "query");
    }
}

UNIT_TEST(a_wrong_or_doubled_token_is_refused)
{
    static const struct {
        const char *query, *text;
    } bad[] = {
        {"QUERY_STRING=", "query parameter token missing"},
        {NULL, "query parameter token missing"},
        {"QUERY_STRING=tokens=the-secret", "query parameter token missing"},
        {"QUERY_STRING=the-secret", "query parameter token missing"},
        {"QUERY_STRING=token", "query parameter token empty"},
        {"QUERY_STRING=token=", "query parameter token empty"},
        {"QUERY_STRING=token=the-secret&token=the-secret", "given more than once"},
        {"QUERY_STRING=token=&token=the-secret", "given more than once"},
        {"QUERY_STRING=token=the-secret&%74oken=x", "given more than once"},
        {"QUERY_STRING=token=the-secret2", "the token in the query does not match any of 2 secrets"
                                           " (11 bytes given)"},
        {"QUERY_STRING=token=the-secret%00", "does not match"},
        {"QUERY_STRING=token=%00", "does not match"},
    };

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct delivery d = with_query(bad[i].query);

        unauthorized(&d, bad[i].text);
    }
}

UNIT_TEST(a_plus_in_a_token_is_a_plus_or_a_blank)
{
    struct delivery d = with_query("QUERY_STRING=token=a+b");

    d.values[0] = STR("a+b");
    right(&d, "query");
    d.values[0] = STR("a b");
    right(&d, "query");
    d.values[0] = STR("a%2Bb");
    unauthorized(&d, "does not match");
}

UNIT_TEST(header_or_query_proves_where_both_are_configured)
{
    struct delivery d = with_header();

    d.endpoint.auth_query = token;
    d.env[0] = "HTTP_X_WEBHOOK_SECRET=the-secret";
    right(&d, "header");
    d.env[0] = "QUERY_STRING=token=the-secret";
    right(&d, "query");
    d.env[1] = "HTTP_X_WEBHOOK_SECRET=wrong";
    right(&d, "query");
    d.env[0] = "QUERY_STRING=token=no";
    unauthorized(&d, "");
    UNIT_TEXT("X-Webhook-Secret does not match any of 2 secrets (5 bytes given); the token in the "
              "query does not match any of 2 secrets (2 bytes given)",
              d.err.text);
    d.env[0] = d.env[1] = NULL;
    unauthorized(&d, "X-Webhook-Secret missing; query parameter token missing");
}

UNIT_TEST(a_secret_of_any_bytes_is_compared_whole)
{
    struct delivery d = with_header();

    d.values[0] = STR("\xc3\xa9\xff a=b,c");
    d.env[0] = "HTTP_X_WEBHOOK_SECRET=\xc3\xa9\xff a=b,c";
    right(&d, "header");
    d.env[0] = "HTTP_X_WEBHOOK_SECRET=\xc3\xa9\xfe a=b,c";
    unauthorized(&d, "does not match");
}

UNIT_TEST(an_authorization_header_that_apache_renamed_proves)
{
    struct delivery d = with_header();
    char authorization[] = "Authorization";

    d.endpoint.auth_header = authorization;
    d.env[0] = "REDIRECT_HTTP_AUTHORIZATION=the-secret";
    right(&d, "header");
}

/* ---- no authentication, addresses */

UNIT_TEST(nothing_is_needed_where_auth_is_none)
{
    struct delivery d = delivery(AUTH_NONE);

    right(&d, "none");
    UNIT_FALSE(auth_needs_body(&d.endpoint));
}

static struct address_net net(const char *text)
{
    struct address_net n = {.prefix = 0};

    UNIT_TRUE(address_net_parse(str_of(text), &n));
    return n;
}

UNIT_TEST(a_right_secret_from_a_foreign_address_is_held)
{
    struct delivery d = with_header();
    struct address_net allowed[] = {net("44.238.19.20"), net("2001:db8::/32")};

    d.endpoint.allow_from = allowed;
    d.endpoint.allow_from_count = 2;
    d.env[0] = "HTTP_X_WEBHOOK_SECRET=the-secret";
    d.env[1] = "REMOTE_ADDR=44.238.19.20";
    right(&d, "header");
    d.env[1] = "REMOTE_ADDR=::ffff:44.238.19.20";
    right(&d, "header");
    d.env[1] = "REMOTE_ADDR=2001:db8::7";
    right(&d, "header");
    d.env[1] = "REMOTE_ADDR=44.238.19.21";
    held(&d, STATUS_ADDRESS, "secret right, but 44.238.19.21 is not in allow-from");
    d.env[2] = "HTTP_X_FORWARDED_FOR=44.238.19.20";
    held(&d, STATUS_ADDRESS, "44.238.19.21 is not in allow-from");
}

UNIT_TEST(a_foreign_address_does_not_hide_a_wrong_secret)
{
    struct delivery d = with_header();
    struct address_net allowed[] = {net("44.238.19.20")};

    d.endpoint.allow_from = allowed;
    d.endpoint.allow_from_count = 1;
    d.env[0] = "REMOTE_ADDR=44.238.19.21";
    unauthorized(&d, "X-Webhook-Secret missing");
}

UNIT_TEST(the_client_behind_a_trusted_proxy_counts)
{
    struct delivery d = with_header();
    struct address_net allowed[] = {net("44.238.19.20")};
    struct address_net proxies[] = {net("10.0.0.0/8")};

    d.endpoint.allow_from = allowed;
    d.endpoint.allow_from_count = 1;
    d.endpoint.trusted_proxies = proxies;
    d.endpoint.trusted_proxy_count = 1;
    d.env[0] = "HTTP_X_WEBHOOK_SECRET=the-secret";
    d.env[1] = "REMOTE_ADDR=10.1.2.3";
    d.env[2] = "HTTP_X_FORWARDED_FOR=192.0.2.1, 44.238.19.20";
    right(&d, "header");
    d.env[2] = "HTTP_X_FORWARDED_FOR=44.238.19.20, 192.0.2.1";
    held(&d, STATUS_ADDRESS, "192.0.2.1 is not in allow-from");
    d.env[1] = "REMOTE_ADDR=192.0.2.9";
    held(&d, STATUS_ADDRESS, "192.0.2.9 is not in allow-from");
}

UNIT_TEST(what_is_no_address_is_held_where_addresses_count)
{
    struct delivery d = with_header();
    struct address_net allowed[] = {net("0.0.0.0/0")};

    d.env[0] = "HTTP_X_WEBHOOK_SECRET=the-secret";
    d.env[1] = "REMOTE_ADDR=unix:";
    right(&d, "header");
    d.endpoint.allow_from = allowed;
    d.endpoint.allow_from_count = 1;
    held(&d, STATUS_ADDRESS, "REMOTE_ADDR (\"unix:\")");
    d.env[1] = NULL;
    held(&d, STATUS_ADDRESS, "is no address");
}

UNIT_TEST(an_open_endpoint_still_looks_at_addresses)
{
    struct delivery d = delivery(AUTH_NONE);
    struct address_net allowed[] = {net("44.238.19.20")};

    d.endpoint.allow_from = allowed;
    d.endpoint.allow_from_count = 1;
    d.env[0] = "REMOTE_ADDR=44.238.19.20";
    right(&d, "none");
    d.env[0] = "REMOTE_ADDR=192.0.2.1";
    held(&d, STATUS_ADDRESS, "192.0.2.1 is not in allow-from");
}

/* ---- AssemblyAI's signature */

#define AAI_T "1700000000"
#define AAI_V1 "38877139021993b830af32feea6e18a8da83eb2f6e49ee50bd9e4cf4ca4d3789"
#define AAI "HTTP_X_AAI_SIGNATURE="
#define ZEROS "0000000000000000000000000000000000000000000000000000000000000000"

static struct delivery with_aai(const char *line)
{
    struct delivery d = delivery(AUTH_AAI_SIGNATURE);

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
        struct delivery d = with_aai(lines[i]);

        right(&d, "aai-signature");
        UNIT_TRUE(auth_needs_body(&d.endpoint));
    }
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
        {AAI "t=hello,v1=" AAI_V1, "a t= that is no number"},
        {AAI "t=,v1=" AAI_V1, "a t= that is no number"},
        {AAI "t=-1,v1=" AAI_V1, "a t= that is no number"},
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
        struct delivery d = with_aai(bad[i].line);

        unauthorized(&d, bad[i].text);
    }
}

UNIT_TEST(a_changed_body_is_refused)
{
    struct delivery d = with_aai(AAI "t=" AAI_T ",v1=" AAI_V1);

    d.body = "{\"a\":2}";
    unauthorized(&d, "does not match the body");
    d.body = "";
    unauthorized(&d, "does not match the body");
}

UNIT_TEST(an_aai_signature_given_twice_is_refused)
{
    struct delivery d = with_aai(AAI "t=" AAI_T ",v1=" AAI_V1);

    d.env[1] = d.env[0];
    unauthorized(&d, "X-AAI-Signature given twice");
}

UNIT_TEST(a_signature_outside_its_window_is_held)
{
    struct delivery d = with_aai(AAI "t=" AAI_T ",v1=" AAI_V1);

    d.now_s = 1700000300;
    right(&d, "aai-signature");
    d.now_s = 1700000301;
    held(&d, STATUS_STALE, "made 301 s ago, and signature-window is 300 s");
    d.now_s = 1699999700;
    right(&d, "aai-signature");
    d.now_s = 1699999699;
    held(&d, STATUS_STALE, "made 301 s ahead");
    d.endpoint.signature_window_s = 400;
    right(&d, "aai-signature");
}

UNIT_TEST(a_wrong_signature_is_refused_whatever_its_time)
{
    struct delivery d = with_aai(AAI "t=" AAI_T ",v1=" ZEROS);

    d.now_s = 1800000000;
    unauthorized(&d, "does not match the body");
    d.env[0] = AAI "t=18446744073709551615,v1=" ZEROS;
    unauthorized(&d, "does not match the body");
}

UNIT_TEST(a_foreign_address_is_told_before_a_stale_signature)
{
    struct delivery d = with_aai(AAI "t=" AAI_T ",v1=" AAI_V1);
    struct address_net allowed[] = {net("44.238.19.20")};

    d.endpoint.allow_from = allowed;
    d.endpoint.allow_from_count = 1;
    d.env[1] = "REMOTE_ADDR=192.0.2.1";
    held(&d, STATUS_ADDRESS, "192.0.2.1 is not in allow-from");
    d.now_s = 1800000000;
    held(&d, STATUS_ADDRESS, "192.0.2.1 is not in allow-from");
    d.env[1] = "REMOTE_ADDR=44.238.19.20";
    held(&d, STATUS_STALE, "signature right");
}

UNIT_TEST(an_empty_body_can_be_signed)
{
    const struct str parts[] = {STR("1700000000.")};
    uint8_t mac[MAC_SHA256_LEN];
    struct buf line;
    struct delivery d;

    mac_hmac_sha256(STR("whsec_test"), parts, 1, mac);
    buf_init(&line, 200);
    buf_add_text(&line, AAI "t=" AAI_T ",v1=");
    text_hex(&line, mac, sizeof mac);
    d = with_aai(line.ptr);
    d.body = "";
    right(&d, "aai-signature");
    buf_free(&line);
}

/* ---- Standard Webhooks */

#define SW_ID "HTTP_WEBHOOK_ID=msg_p5jXN8AQM9LWM0D4loKWxJek"
#define SW_TIME "HTTP_WEBHOOK_TIMESTAMP=1614265330"
#define SW "HTTP_WEBHOOK_SIGNATURE="
#define SW_RIGHT "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
#define SW_WRONG "v1,AAAM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="

static struct delivery with_standard(const char *signature)
{
    struct delivery d = delivery(AUTH_STANDARD_WEBHOOKS);

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
    struct delivery d = with_standard(SW SW_RIGHT);

    UNIT_STATUS(STATUS_OK, check(&d), &d.err);
    UNIT_REQUIRE(d.principal != NULL);
    UNIT_STR("msg_p5jXN8AQM9LWM0D4loKWxJek", principal_message_id(d.principal));
    right(&d, "standard-webhooks");
    UNIT_TRUE(auth_needs_body(&d.endpoint));
}

UNIT_TEST(the_vector_of_the_rust_suite_proves)
{
    struct delivery d = with_standard(SW "v1,tZ1I4/hDygAJgO5TYxiSd6Sd0kDW6hPenDe+bTa3Kkw=");

    d.values[0] = STR("whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD");
    d.body = "{\"email\":\"test@example.com\",\"username\":\"test_user\"}";
    d.now_s = 1649367553;
    d.env[0] = "HTTP_WEBHOOK_ID=msg_27UH4WbU6Z5A5EzD8u03UvzRbpk";
    d.env[1] = "HTTP_WEBHOOK_TIMESTAMP=1649367553";
    right(&d, "standard-webhooks");
}

UNIT_TEST(a_secret_without_its_prefix_is_the_same)
{
    struct delivery d = with_standard(SW SW_RIGHT);

    d.values[0] = STR("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
    right(&d, "standard-webhooks");
}

UNIT_TEST(each_of_the_three_headers_is_needed_once)
{
    static const char *const names[] = {"webhook-id", "webhook-timestamp", "webhook-signature"};

    for (size_t i = 0; i < 3; i++) {
        struct delivery d = with_standard(SW SW_RIGHT);
        char text[64];

        d.env[3] = d.env[i];
        snprintf(text, sizeof text, "%s given twice", names[i]);
        unauthorized(&d, text);
        d.env[3] = d.env[i] = NULL;
        snprintf(text, sizeof text, "%s missing", names[i]);
        unauthorized(&d, text);
    }
}

UNIT_TEST(empty_headers_are_refused)
{
    struct delivery d = with_standard(SW);

    unauthorized(&d, "webhook-signature empty");
    d.env[0] = "HTTP_WEBHOOK_ID=";
    unauthorized(&d, "webhook-id empty");
}

UNIT_TEST(a_timestamp_that_is_no_number_is_refused)
{
    struct delivery d = with_standard(SW SW_RIGHT);

    d.env[1] = "HTTP_WEBHOOK_TIMESTAMP=hello";
    unauthorized(&d, "webhook-timestamp is no number");
    d.env[1] = "HTTP_WEBHOOK_TIMESTAMP=1614265330, 1614265330";
    unauthorized(&d, "webhook-timestamp is no number");
}

UNIT_TEST(a_standard_signature_outside_its_window_is_held)
{
    struct delivery d = with_standard(SW SW_RIGHT);

    d.now_s = 1614265330 + 300;
    right(&d, "standard-webhooks");
    d.now_s = 1614265330 + 301;
    held(&d, STATUS_STALE, "301 s ago");
    d.now_s = 1614265330 - 300;
    right(&d, "standard-webhooks");
    d.now_s = 1614265330 - 301;
    held(&d, STATUS_STALE, "301 s ahead");
    d.env[2] = SW SW_WRONG;
    unauthorized(&d, "does not match");
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
        struct delivery d = with_standard(bad[i]);

        unauthorized(&d, "webhook-signature does not match the body under any of 1 secrets");
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
        struct delivery d = with_standard(good[i]);

        right(&d, "standard-webhooks");
    }
}

UNIT_TEST(a_changed_id_time_or_body_is_refused)
{
    struct delivery d = with_standard(SW SW_RIGHT);

    d.env[0] = "HTTP_WEBHOOK_ID=msg_other";
    unauthorized(&d, "does not match");
    d.env[0] = SW_ID;
    d.env[1] = "HTTP_WEBHOOK_TIMESTAMP=1614265331";
    unauthorized(&d, "does not match");
    d.env[1] = SW_TIME;
    d.body = "{\"test\": 2432232315}";
    unauthorized(&d, "does not match");
}

UNIT_TEST(the_names_of_svix_are_accepted_as_a_set)
{
    struct delivery d = with_standard("HTTP_SVIX_SIGNATURE=" SW_RIGHT);

    d.env[0] = "HTTP_SVIX_ID=msg_p5jXN8AQM9LWM0D4loKWxJek";
    d.env[1] = "HTTP_SVIX_TIMESTAMP=1614265330";
    right(&d, "standard-webhooks");
    d.env[1] = SW_TIME;
    unauthorized(&d, "webhook-id missing");
    d.env[1] = NULL;
    unauthorized(&d, "svix-timestamp missing");
}

UNIT_TEST(a_secret_of_ours_that_cannot_be_used_is_not_the_senders_fault)
{
    struct delivery d = with_standard(SW SW_WRONG);
    const struct str unusable[] = {STR("whsec_"), STR("whsec_!!"), STR("plain words"),
                                   STR("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaS")};

    for (size_t i = 0; i < sizeof unusable / sizeof *unusable; i++) {
        d.values[0] = unusable[i];
        wrong(&d, STATUS_NO_SECRET, "1 of its 1 secrets cannot be used");
    }
    d.values[1] = STR("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
    d.secrets.count = 2;
    wrong(&d, STATUS_NO_SECRET, "1 of its 2 secrets cannot be used");
    d.env[2] = SW SW_RIGHT;
    right(&d, "standard-webhooks");
}

UNIT_TEST(any_of_several_standard_secrets_proves)
{
    struct delivery d = with_standard(SW SW_RIGHT);

    d.values[1] = d.values[0];
    d.values[0] = STR("whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD");
    d.secrets.count = 2;
    right(&d, "standard-webhooks");
    d.secrets.count = 1;
    unauthorized(&d, "any of 1 secrets");
}

/* ---- operators, and what is kept */

UNIT_TEST(what_an_operator_accepts_says_so)
{
    struct delivery d = with_header();
    char via[] = "refused/0001";
    struct principal *p = NULL;

    UNIT_STATUS(STATUS_OK, auth_accept(&d.endpoint, via, &p, &d.err), &d.err);
    UNIT_REQUIRE(p != NULL);
    via[0] = 'X';
    UNIT_TEXT("refused/0001", principal_via(p));
    UNIT_TEXT("operator", principal_scheme(p));
    UNIT_TRUE(principal_may_record(p));
    UNIT_TRUE(principal_message_id(p).ptr == NULL);
    UNIT_TRUE(principal_endpoint(p) == &d.endpoint);
    principal_free(p);
    principal_free(NULL);
}

static void kept(const char *query, const char *expected)
{
    struct delivery d = with_query(NULL);
    struct buf out;

    buf_init(&out, 1000);
    auth_query_kept(&out, &d.endpoint, str_of(query));
    UNIT_STR(expected, buf_str(&out));
    buf_free(&out);
}

UNIT_TEST(the_token_is_taken_out_of_the_query_that_is_kept)
{
    kept("token=the-secret", "");
    kept("a=1&token=the-secret&b=2", "a=1&b=2");
    kept("a=%31&%74oken=the-secret&token=x&tokens=3", "a=%31&tokens=3");
    kept("", "");
    kept("a=token", "a=token");
}

UNIT_TEST(a_query_without_a_token_is_kept_whole)
{
    struct delivery d = with_header();
    struct buf out;

    buf_init(&out, 1000);
    auth_query_kept(&out, &d.endpoint, STR("token=1&a"));
    auth_query_kept(&out, NULL, STR("&token=2"));
    UNIT_STR("token=1&a&token=2", buf_str(&out));
    buf_free(&out);
}

static const struct unit_case cases[] = {
    UNIT_CASE(the_right_header_proves),
    UNIT_CASE(any_of_several_secrets_proves),
    UNIT_CASE(a_missing_header_is_refused),
    UNIT_CASE(an_empty_header_is_refused),
    UNIT_CASE(a_header_given_twice_is_refused_even_when_both_are_right),
    UNIT_CASE(no_part_of_a_header_proves),
    UNIT_CASE(a_mismatch_is_told_with_its_length_only),
    UNIT_CASE(without_any_secret_nobody_is_turned_away_for_good),
    UNIT_CASE(the_right_token_in_the_query_proves),
    UNIT_CASE(a_wrong_or_doubled_token_is_refused),
    UNIT_CASE(a_plus_in_a_token_is_a_plus_or_a_blank),
    UNIT_CASE(header_or_query_proves_where_both_are_configured),
    UNIT_CASE(a_secret_of_any_bytes_is_compared_whole),
    UNIT_CASE(an_authorization_header_that_apache_renamed_proves),
    UNIT_CASE(nothing_is_needed_where_auth_is_none),
    UNIT_CASE(a_right_secret_from_a_foreign_address_is_held),
    UNIT_CASE(a_foreign_address_does_not_hide_a_wrong_secret),
    UNIT_CASE(the_client_behind_a_trusted_proxy_counts),
    UNIT_CASE(what_is_no_address_is_held_where_addresses_count),
    UNIT_CASE(an_open_endpoint_still_looks_at_addresses),
    UNIT_CASE(a_signed_body_proves),
    UNIT_CASE(a_bad_aai_signature_is_refused),
    UNIT_CASE(a_changed_body_is_refused),
    UNIT_CASE(an_aai_signature_given_twice_is_refused),
    UNIT_CASE(a_signature_outside_its_window_is_held),
    UNIT_CASE(a_wrong_signature_is_refused_whatever_its_time),
    UNIT_CASE(a_foreign_address_is_told_before_a_stale_signature),
    UNIT_CASE(an_empty_body_can_be_signed),
    UNIT_CASE(the_vector_of_the_reference_suites_proves),
    UNIT_CASE(the_vector_of_the_rust_suite_proves),
    UNIT_CASE(a_secret_without_its_prefix_is_the_same),
    UNIT_CASE(each_of_the_three_headers_is_needed_once),
    UNIT_CASE(empty_headers_are_refused),
    UNIT_CASE(a_timestamp_that_is_no_number_is_refused),
    UNIT_CASE(a_standard_signature_outside_its_window_is_held),
    UNIT_CASE(a_bad_standard_signature_is_refused),
    UNIT_CASE(a_right_signature_among_others_proves),
    UNIT_CASE(a_changed_id_time_or_body_is_refused),
    UNIT_CASE(the_names_of_svix_are_accepted_as_a_set),
    UNIT_CASE(a_secret_of_ours_that_cannot_be_used_is_not_the_senders_fault),
    UNIT_CASE(any_of_several_standard_secrets_proves),
    UNIT_CASE(what_an_operator_accepts_says_so),
    UNIT_CASE(the_token_is_taken_out_of_the_query_that_is_kept),
    UNIT_CASE(a_query_without_a_token_is_kept_whole),
    UNIT_END,
};
const struct unit_suite suite_auth = {"auth", cases};
