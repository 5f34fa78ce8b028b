/* SPDX-License-Identifier: MIT
 *
 * Secrets in a header or in the query, addresses, and what is kept of a query. */
#include "auth_kit.h"
#include "core/auth/auth.h"
#include "unit.h"

static char header[] = "X-Webhook-Secret";
static char token[] = "token";

static struct ak_delivery with_header(void)
{
    struct ak_delivery d = ak_delivery(AUTH_STATIC);

    d.endpoint.auth_header = header;
    d.values[0] = STR("the-secret");
    d.values[1] = STR("the-old-secret");
    d.secrets.count = 2;
    return d;
}

/* ---- static secrets */

UNIT_TEST(the_right_header_proves)
{
    struct ak_delivery d = with_header();

    d.env[0] = "HTTP_X_WEBHOOK_SECRET=the-secret";
    ak_right(&d);
    UNIT_FALSE(auth_needs_body(&d.endpoint));
}

UNIT_TEST(any_of_several_secrets_proves)
{
    struct ak_delivery d = with_header();

    d.env[0] = "HTTP_X_WEBHOOK_SECRET=the-old-secret";
    ak_right(&d);
}

UNIT_TEST(a_missing_header_is_refused)
{
    struct ak_delivery d = with_header();

    ak_unauthorized(&d, "X-Webhook-Secret missing");
    d.env[0] = "HTTP_X_WEBHOOK_SECRET2=the-secret";
    ak_unauthorized(&d, "X-Webhook-Secret missing");
}

UNIT_TEST(an_empty_header_is_refused)
{
    struct ak_delivery d = with_header();

    d.env[0] = "HTTP_X_WEBHOOK_SECRET=";
    ak_unauthorized(&d, "X-Webhook-Secret empty");
}

UNIT_TEST(a_header_given_twice_is_refused_even_when_both_are_right)
{
    struct ak_delivery d = with_header();

    d.env[0] = "HTTP_X_WEBHOOK_SECRET=the-secret";
    d.env[1] = "HTTP_X_WEBHOOK_SECRET=the-secret";
    ak_unauthorized(&d, "X-Webhook-Secret given twice");
    d.env[2] = "HTTP_X_WEBHOOK_SECRET=the-secret";
    ak_unauthorized(&d, "X-Webhook-Secret given more than twice");
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
    struct ak_delivery d = with_header();

    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        d.env[0] = values[i];
        ak_unauthorized(&d, "X-Webhook-Secret does not match any of 2 secrets (");
    }
}

UNIT_TEST(a_mismatch_is_told_with_its_length_only)
{
    struct ak_delivery d = with_header();

    d.env[0] = "HTTP_X_WEBHOOK_SECRET=0123456789012345678901234567890";
    ak_unauthorized(&d, "");
    UNIT_TEXT("X-Webhook-Secret does not match any of 2 secrets (31 bytes given)", d.err.text);
    d.secrets.count = 1;
    ak_unauthorized(&d, "");
    UNIT_TEXT("X-Webhook-Secret does not match the 1 secret (31 bytes given, 10 expected)",
              d.err.text);
}

UNIT_TEST(a_secret_that_ends_in_a_blank_is_hinted_at_where_it_does_not_match)
{
    struct ak_delivery d = with_header();

    d.values[0] = STR("the-secret ");
    d.secrets.count = 1;
    d.env[0] = "HTTP_X_WEBHOOK_SECRET=the-secret";
    ak_unauthorized(&d, "");
    UNIT_TEXT(
        "X-Webhook-Secret does not match the 1 secret (10 bytes given, 11 expected); a secret "
        "file begins or ends with a blank: take it out",
        d.err.text);
}

UNIT_TEST(a_secret_is_presented_by_its_header_or_its_parameter_right_or_wrong)
{
    char *env[] = {(char[]){"HTTP_X_WEBHOOK_SECRET=wrong"}, (char[]){"QUERY_STRING=token=wrong"},
                   NULL};
    struct config_endpoint by_header = {.auth_header = (char[]){"X-Webhook-Secret"}};
    struct config_endpoint by_query = {.auth_query = (char[]){"token"}};
    struct config_endpoint other = {.auth_header = (char[]){"X-Other"},
                                    .auth_query = (char[]){"t"}};
    struct request request;

    UNIT_STATUS(STATUS_OK, request_parse(&request, env, NULL), NULL);
    UNIT_TRUE(auth_presented(&by_header, &request));
    UNIT_TRUE(auth_presented(&by_query, &request));
    UNIT_FALSE(auth_presented(&other, &request));
}

UNIT_TEST(without_any_secret_nobody_is_turned_away_for_good)
{
    struct ak_delivery d = with_header();

    d.secrets.count = 0;
    d.env[0] = "HTTP_X_WEBHOOK_SECRET=";
    ak_wrong(&d, STATUS_NO_SECRET, "endpoint \"calls\"");
    d.env[0] = NULL;
    ak_wrong(&d, STATUS_NO_SECRET, "stenohook check");
}

static struct ak_delivery with_query(const char *query)
{
    struct ak_delivery d = with_header();

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
        struct ak_delivery d = with_query(queries[i]);

        ak_right(&d);
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
        struct ak_delivery d = with_query(bad[i].query);

        ak_unauthorized(&d, bad[i].text);
    }
}

UNIT_TEST(a_plus_in_a_token_is_a_plus_or_a_blank)
{
    struct ak_delivery d = with_query("QUERY_STRING=token=a+b");

    d.values[0] = STR("a+b");
    ak_right(&d);
    d.values[0] = STR("a b");
    ak_right(&d);
    d.values[0] = STR("a%2Bb");
    ak_unauthorized(&d, "does not match");
}

UNIT_TEST(header_or_query_proves_where_both_are_configured)
{
    struct ak_delivery d = with_header();

    d.endpoint.auth_query = token;
    d.env[0] = "HTTP_X_WEBHOOK_SECRET=the-secret";
    ak_right(&d);
    d.env[0] = "QUERY_STRING=token=the-secret";
    ak_right(&d);
    d.env[1] = "HTTP_X_WEBHOOK_SECRET=wrong";
    ak_right(&d);
    d.env[0] = "QUERY_STRING=token=no";
    ak_unauthorized(&d, "");
    UNIT_TEXT("X-Webhook-Secret does not match any of 2 secrets (5 bytes given); the token in the "
              "query does not match any of 2 secrets (2 bytes given)",
              d.err.text);
    d.env[0] = d.env[1] = NULL;
    ak_unauthorized(&d, "X-Webhook-Secret missing; query parameter token missing");
}

UNIT_TEST(a_secret_of_any_bytes_is_compared_whole)
{
    struct ak_delivery d = with_header();

    d.values[0] = STR("\xc3\xa9\xff a=b,c");
    d.env[0] = "HTTP_X_WEBHOOK_SECRET=\xc3\xa9\xff a=b,c";
    ak_right(&d);
    d.env[0] = "HTTP_X_WEBHOOK_SECRET=\xc3\xa9\xfe a=b,c";
    ak_unauthorized(&d, "does not match");
}

UNIT_TEST(an_authorization_header_that_apache_renamed_proves)
{
    struct ak_delivery d = with_header();
    char authorization[] = "Authorization";

    d.endpoint.auth_header = authorization;
    d.env[0] = "REDIRECT_HTTP_AUTHORIZATION=the-secret";
    ak_right(&d);
}

/* ---- no authentication, addresses */

UNIT_TEST(nothing_is_needed_where_auth_is_none)
{
    struct ak_delivery d = ak_delivery(AUTH_NONE);

    ak_right(&d);
    UNIT_FALSE(auth_needs_body(&d.endpoint));
}

UNIT_TEST(a_right_secret_from_a_foreign_address_is_held)
{
    struct ak_delivery d = with_header();
    struct address_net allowed[] = {ak_net("44.238.19.20"), ak_net("2001:db8::/32")};

    d.endpoint.allow_from = allowed;
    d.endpoint.allow_from_count = 2;
    d.env[0] = "HTTP_X_WEBHOOK_SECRET=the-secret";
    d.env[1] = "REMOTE_ADDR=44.238.19.20";
    ak_right(&d);
    d.env[1] = "REMOTE_ADDR=::ffff:44.238.19.20";
    ak_right(&d);
    d.env[1] = "REMOTE_ADDR=2001:db8::7";
    ak_right(&d);
    d.env[1] = "REMOTE_ADDR=44.238.19.21";
    ak_held(&d, STATUS_ADDRESS, "secret right, but 44.238.19.21 is not in allow-from");
    d.env[2] = "HTTP_X_FORWARDED_FOR=44.238.19.20";
    ak_held(&d, STATUS_ADDRESS, "44.238.19.21 is not in allow-from");
}

UNIT_TEST(a_foreign_address_does_not_hide_a_wrong_secret)
{
    struct ak_delivery d = with_header();
    struct address_net allowed[] = {ak_net("44.238.19.20")};

    d.endpoint.allow_from = allowed;
    d.endpoint.allow_from_count = 1;
    d.env[0] = "REMOTE_ADDR=44.238.19.21";
    ak_unauthorized(&d, "X-Webhook-Secret missing");
}

UNIT_TEST(the_client_behind_a_trusted_proxy_counts)
{
    struct ak_delivery d = with_header();
    struct address_net allowed[] = {ak_net("44.238.19.20")};
    struct address_net proxies[] = {ak_net("10.0.0.0/8")};

    d.endpoint.allow_from = allowed;
    d.endpoint.allow_from_count = 1;
    d.endpoint.trusted_proxies = proxies;
    d.endpoint.trusted_proxy_count = 1;
    d.env[0] = "HTTP_X_WEBHOOK_SECRET=the-secret";
    d.env[1] = "REMOTE_ADDR=10.1.2.3";
    d.env[2] = "HTTP_X_FORWARDED_FOR=192.0.2.1, 44.238.19.20";
    ak_right(&d);
    d.env[2] = "HTTP_X_FORWARDED_FOR=44.238.19.20, 192.0.2.1";
    ak_held(&d, STATUS_ADDRESS, "192.0.2.1 is not in allow-from");
    d.env[1] = "REMOTE_ADDR=192.0.2.9";
    ak_held(&d, STATUS_ADDRESS, "192.0.2.9 is not in allow-from");
    d.env[1] = "REMOTE_ADDR=10.1.2.3";
    d.env[2] = "HTTP_X_FORWARDED_FOR=192.0.2.1";
    d.env[3] = "HTTP_X_FORWARDED_FOR=44.238.19.20";
    ak_held(&d, STATUS_ADDRESS, "X-Forwarded-For (given in more than one spelling) is not an addr");
}

UNIT_TEST(what_is_no_address_is_held_where_addresses_count)
{
    struct ak_delivery d = with_header();
    struct address_net allowed[] = {ak_net("0.0.0.0/0")};

    d.env[0] = "HTTP_X_WEBHOOK_SECRET=the-secret";
    d.env[1] = "REMOTE_ADDR=unix:";
    ak_right(&d);
    d.endpoint.allow_from = allowed;
    d.endpoint.allow_from_count = 1;
    ak_held(&d, STATUS_ADDRESS, "REMOTE_ADDR (\"unix:\")");
    d.env[1] = NULL;
    ak_held(&d, STATUS_ADDRESS, "is not an address");
}

UNIT_TEST(who_shows_only_a_foreign_address_is_a_stranger)
{
    struct ak_delivery d = ak_delivery(AUTH_NONE);
    struct address_net allowed[] = {ak_net("44.238.19.20")};

    UNIT_FALSE(auth_proves(&d.endpoint));
    d.endpoint.allow_from = allowed;
    d.endpoint.allow_from_count = 1;
    UNIT_TRUE(auth_proves(&d.endpoint));
    d.env[0] = "REMOTE_ADDR=44.238.19.20";
    ak_right(&d);
    d.env[0] = "REMOTE_ADDR=192.0.2.1";
    ak_wrong(&d, STATUS_FOREIGN, "");
    UNIT_TEXT("192.0.2.1 is not in allow-from", d.err.text);
    d.env[0] = "REMOTE_ADDR=unix:";
    ak_wrong(&d, STATUS_FOREIGN, "");
    UNIT_TEXT("REMOTE_ADDR (\"unix:\") or X-Forwarded-For is not an address, and allow-from is set",
              d.err.text);
}

/* ---- operators, and what is kept */

UNIT_TEST(the_maker_of_a_principal_says_how_the_delivery_came_in)
{
    struct ak_delivery d = with_header();
    struct principal *by_hand = NULL, *api = NULL;

    UNIT_STATUS(STATUS_OK, auth_by_operator(&d.endpoint, &by_hand, &d.err), &d.err);
    UNIT_STATUS(STATUS_OK, auth_by_api(&d.endpoint, &api, &d.err), &d.err);
    UNIT_REQUIRE(by_hand != NULL && api != NULL);
    UNIT_TEXT("rejected", principal_via(by_hand));
    UNIT_TEXT("reconciled", principal_via(api));
    UNIT_TRUE(principal_message_id(by_hand).ptr == NULL);
    UNIT_TRUE(principal_endpoint(by_hand) == &d.endpoint);
    principal_free(by_hand);
    principal_free(api);
    principal_free(NULL);
}

static void kept(const char *query, const char *expected)
{
    struct ak_delivery d = with_query(NULL);
    struct buf out;

    buf_init(&out, 1000);
    auth_query_kept(&out, &d.endpoint, 1, str_of(query));
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

UNIT_TEST(the_tokens_of_several_endpoints_are_taken_out_together)
{
    struct config_endpoint endpoints[] = {
        {.auth_query = (char[]){"one"}}, {.auth_query = NULL}, {.auth_query = (char[]){"two"}}};
    struct buf out;

    buf_init(&out, 1000);
    auth_query_kept(&out, endpoints, 3, STR("one=1&a&two=2&b=3&%6fne"));
    UNIT_STR("a&b=3", buf_str(&out));
    buf_free(&out);
}

UNIT_TEST(a_query_without_a_token_is_kept_whole)
{
    struct ak_delivery d = with_header();
    struct buf out;

    buf_init(&out, 1000);
    auth_query_kept(&out, &d.endpoint, 1, STR("token=1&a"));
    auth_query_kept(&out, NULL, 0, STR("&token=2"));
    UNIT_STR("token=1&a&token=2", buf_str(&out));
    buf_free(&out);
}

/* ---- secrets where they do not belong */

static struct auth_hidden *hidden_of(const struct auth_secrets secrets[2])
{
    struct auth_hidden *hidden = NULL;

    UNIT_STATUS(STATUS_OK, auth_hidden_make(&hidden, secrets, 2, NULL), NULL);
    return hidden;
}

static void hides(const char *query, const char *expected)
{
    const struct str one[] = {STR("the-secret"), STR("an old+one==")}, other[] = {STR("another")};
    const struct auth_secrets secrets[2] = {{one, 2}, {other, 1}};
    struct auth_hidden *hidden = hidden_of(secrets);
    struct buf out;

    buf_init(&out, 1000);
    auth_query_hide(&out, hidden, str_of(query));
    UNIT_STATUS(STATUS_OK, buf_status(&out, "it", NULL), NULL);
    UNIT_STR(expected, buf_str(&out));
    buf_free(&out);
    auth_hidden_free(hidden);
}

UNIT_TEST(a_parameter_that_is_a_secret_of_any_endpoint_is_left_out_whatever_its_name)
{
    hides("a=1&TOKEN=the-secret&b=2", "a=1&b=2");
    hides("x=another", "");
    hides("x=%61nother&y=an+old%2Bone%3d%3d&z=an%20old+one==", "");
    hides("the-secret", "");
    hides("a=1&an%20old+one==&b", "a=1&b");
    hides("&&a=%41+&the-secret=1", "&&a=%41+&the-secret=1");
    hides("a=the-secre&b=the-secret2&c=&d=+the-secret&e=thE-secret",
          "a=the-secre&b=the-secret2&c=&d=+the-secret&e=thE-secret");
    hides("", "");
}

UNIT_TEST(a_value_is_a_secret_only_as_a_whole)
{
    const struct str one[] = {STR("the-secret")};
    const struct auth_secrets secrets[2] = {{one, 1}, {NULL, 0}}, none[2] = {{NULL, 0}, {NULL, 0}};
    struct auth_hidden *hidden = hidden_of(secrets);

    UNIT_TRUE(auth_is_secret(hidden, STR("the-secret")));
    UNIT_FALSE(auth_is_secret(hidden, STR("the-secret ")));
    UNIT_FALSE(auth_is_secret(hidden, STR("")));
    UNIT_FALSE(auth_is_secret(hidden, STR_NONE));
    auth_hidden_free(hidden);
    hidden = hidden_of(none);
    UNIT_FALSE(auth_is_secret(hidden, STR("the-secret")));
    UNIT_FALSE(auth_is_secret(hidden, STR("")));
    auth_hidden_free(hidden);
    auth_hidden_free(NULL);
}
