/* SPDX-License-Identifier: MIT */
#include "core/config.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/file.h"
#include "unit.h"

#define SECRET "auth-header = \"X-S\" secret-files = {\"/s\"} "
#define ENDPOINT "endpoint \"a\" { " SECRET "}\n"
#define SPOOL "spool = \"/spool\"\n"
#define MINIMAL SPOOL ENDPOINT

static struct config *parse(struct str text, struct err *err)
{
    struct config *config = NULL;
    enum status st;

    err_clear(err);
    st = config_parse(&config, "f", text, err);
    UNIT_INT(st == STATUS_OK, config != NULL);
    UNIT_INT(st, err->status);
    return config;
}

/* The text is refused with words that begin and go on like this. */
static void refused(const char *text, const char *start, const char *remedy)
{
    struct err err;
    struct config *config = parse(str_of(text), &err);

    UNIT_STATUS(STATUS_CONFIG, err.status, &err);
    if (!str_starts(str_of(err.text), start))
        UNIT_TEXT(start, err.text);
    if (strstr(err.text, remedy) == NULL)
        UNIT_TEXT(remedy, err.text);
    config_free(config);
}

static struct config *accepted(const char *text)
{
    struct err err;
    struct config *config = parse(str_of(text), &err);

    UNIT_STATUS(STATUS_OK, err.status, &err);
    return config;
}

/* One endpoint with this body is refused with words of line 2. */
static void refused_endpoint(const char *body, const char *start, const char *remedy)
{
    char text[2048];
    char whole[512];

    snprintf(text, sizeof text, SPOOL "endpoint \"a\" { %s }", body);
    snprintf(whole, sizeof whole, "f:2: %s", start);
    refused(text, whole, remedy);
}

static struct config *accepted_endpoint(const char *body)
{
    char text[2048];

    snprintf(text, sizeof text, SPOOL "endpoint \"a\" { %s }", body);
    return accepted(text);
}

/* ---- what a file means */

UNIT_TEST(the_example_of_the_manual_is_read)
{
    struct config *c = accepted(
        "# stenohook.conf: a comment with \"quotes\", ${braces} and it's fine\n"
        "spool = \"/home/u/stenohook\"\n"
        "keep  = \"90d\"\n"
        "\n"
        "endpoint \"calls\" {   # https://example.com/cgi-bin/stenohook.cgi/calls\n"
        "    url          = \"https://example.com/cgi-bin/stenohook.cgi/calls\"\n"
        "    auth-header  = \"X-Webhook-Secret\"   # or auth-query = \"token\"\n"
        "    secret-files = {\"/home/u/.config/stenohook/secret\", \"/home/u/secret.old\"}\n"
        "    allow-from   = {\"44.238.19.20\", \"54.220.25.36\"}     # optional\n"
        "    body-max     = \"16M\"\n"
        "    hook         = {\"/home/u/hooks/transcript-ready\", \"--mail\"}\n"
        "    hook-timeout = \"10m\"\n"
        "    params       = {\"customer_id\"}\n"
        "}\n");
    const struct config_endpoint *e;

    UNIT_REQUIRE(c != NULL);
    UNIT_TEXT("/home/u/stenohook", c->spool);
    UNIT_INT(90 * 86400, c->keep_s);
    UNIT_REQUIRE(c->endpoint_count == 1);
    e = &c->endpoints[0];
    UNIT_TEXT("calls", e->name);
    UNIT_TEXT("https://example.com/cgi-bin/stenohook.cgi/calls", e->url);
    UNIT_INT(AUTH_STATIC, e->scheme);
    UNIT_TEXT("X-Webhook-Secret", e->auth_header);
    UNIT_TRUE(e->auth_query == NULL);
    UNIT_REQUIRE(e->secret_file_count == 2);
    UNIT_TEXT("/home/u/.config/stenohook/secret", e->secret_files[0]);
    UNIT_TEXT("/home/u/secret.old", e->secret_files[1]);
    UNIT_INT(2, e->allow_from_count);
    UNIT_INT(0, e->trusted_proxy_count);
    UNIT_INT(16 * 1024 * 1024, e->body_max);
    UNIT_TEXT("/home/u/hooks/transcript-ready", e->hook[0]);
    UNIT_TEXT("--mail", e->hook[1]);
    UNIT_TRUE(e->hook[2] == NULL);
    UNIT_INT(600, e->hook_timeout_s);
    UNIT_TEXT("customer_id", e->params[0]);
    UNIT_TRUE(e->params[1] == NULL);
    UNIT_INT(5, e->line);
    config_free(c);
}

UNIT_TEST(what_is_left_out_has_its_default)
{
    struct config *c = accepted(MINIMAL);
    const struct config_endpoint *e;

    UNIT_REQUIRE(c != NULL);
    UNIT_INT(90 * 86400, c->keep_s);
    UNIT_INT(16 * 1024 * 1024, c->free_space_min);
    UNIT_INT(16 * 1024 * 1024, c->segment_max);
    UNIT_INT(32, c->threads);
    UNIT_INT(6000, c->deadline_ms);
    UNIT_INT(64 * 1024 * 1024, c->refused_max);
    UNIT_TRUE(c->runner == NULL);
    UNIT_TRUE(c->api_key_file == NULL);
    UNIT_TEXT("https://api.assemblyai.com", c->api_url);
    e = &c->endpoints[0];
    UNIT_TRUE(e->url == NULL && e->hook == NULL && e->params == NULL);
    UNIT_INT(16 * 1024 * 1024, e->body_max);
    UNIT_INT(300, e->signature_window_s);
    UNIT_INT(600, e->hook_timeout_s);
    config_free(c);
}

UNIT_TEST(an_endpoint_whose_body_is_signed_takes_smaller_bodies)
{
    struct config *c =
        accepted(SPOOL "endpoint a { auth = \"aai-signature\" secret-files = {\"s\"} }\n"
                       "endpoint b { auth = \"standard-webhooks\" secret-files = {\"s\"} }\n"
                       "endpoint c { auth = \"none\" }\n"
                       "endpoint d { auth = \"standard-webhooks\" secret-files = {\"s\"} "
                       "body-max = \"1M\" signature-window = \"1m\" }\n");

    UNIT_REQUIRE(c != NULL && c->endpoint_count == 4);
    UNIT_INT(AUTH_AAI_SIGNATURE, c->endpoints[0].scheme);
    UNIT_INT(64 * 1024, c->endpoints[0].body_max);
    UNIT_INT(AUTH_STANDARD_WEBHOOKS, c->endpoints[1].scheme);
    UNIT_INT(64 * 1024, c->endpoints[1].body_max);
    UNIT_INT(AUTH_NONE, c->endpoints[2].scheme);
    UNIT_INT(16 * 1024 * 1024, c->endpoints[2].body_max);
    UNIT_INT(1024 * 1024, c->endpoints[3].body_max);
    UNIT_INT(60, c->endpoints[3].signature_window_s);
    config_free(c);
}

UNIT_TEST(values_may_stand_in_double_or_single_quotes_or_be_plain_words)
{
    struct config *c = accepted("spool='/a \"b\" ${HOME} # c'threads=7 keep = 2w /* x\n * y */\n"
                                "// z\n"
                                "endpoint 'a-1_B' { auth-header = X-S secret-files = \"/one\"\n"
                                "hook = {\"/h\", \"\", 'a b', \"q\\\"\\\\\\$\\${X}\t#\",} }");

    UNIT_REQUIRE(c != NULL);
    UNIT_TEXT("/a \"b\" ${HOME} # c", c->spool);
    UNIT_INT(7, c->threads);
    UNIT_INT(14 * 86400, c->keep_s);
    UNIT_TEXT("a-1_B", c->endpoints[0].name);
    UNIT_INT(1, c->endpoints[0].secret_file_count);
    UNIT_TEXT("/one", c->endpoints[0].secret_files[0]);
    UNIT_TEXT("", c->endpoints[0].hook[1]);
    UNIT_TEXT("a b", c->endpoints[0].hook[2]);
    UNIT_TEXT("q\"\\$${X}\t#", c->endpoints[0].hook[3]);
    UNIT_TRUE(c->endpoints[0].hook[4] == NULL);
    config_free(c);
}

UNIT_TEST(line_ends_of_windows_and_a_byte_order_mark_are_accepted)
{
    struct config *c = accepted("\xef\xbb\xbf# c\r\nspool = \"/spool\"\r\n\r\nendpoint \"a\" "
                                "{\r\n" SECRET "\r\n}\r\n");

    UNIT_REQUIRE(c != NULL);
    UNIT_TEXT("/spool", c->spool);
    UNIT_INT(4, c->endpoints[0].line);
    config_free(c);
}

UNIT_TEST(comments_of_every_length_are_harmless)
{
    for (int len = 0; len < 200; len++) {
        char text[1000];
        struct config *c;

        snprintf(text, sizeof text, "#%*s\n/*%*s*/\n//%*s\n" MINIMAL "#%*s", len, "", len, "", len,
                 "x", len, "y");
        c = accepted(text);
        UNIT_TRUE(c != NULL && c->endpoints[0].line == 5);
        config_free(c);
    }
}

UNIT_TEST(comments_part_words_and_what_looks_like_one_in_a_string_is_kept)
{
    struct config *c = accepted("/*1*/threads/*2*/=/*3*/7/*4*/deadline/*\n\n5*/=8s#6\n"
                                "\t\t spool  =\t\"/a  b /* c */  // d  # e\"//7\n\n"
                                "endpoint/**/x/**/{/**/auth-header/**/=/**/'X-S'\n"
                                "secret-files/**/=/**/{/**/one/**/,/**/two/**/}/**/}");

    UNIT_REQUIRE(c != NULL);
    UNIT_INT(7, c->threads);
    UNIT_INT(8000, c->deadline_ms);
    UNIT_TEXT("/a  b /* c */  // d  # e", c->spool);
    UNIT_TEXT("x", c->endpoints[0].name);
    UNIT_INT(6, c->endpoints[0].line);
    UNIT_INT(2, c->endpoints[0].secret_file_count);
    UNIT_TEXT("two", c->endpoints[0].secret_files[1]);
    config_free(c);
}

UNIT_TEST(the_environment_is_never_put_in)
{
    setenv("STENOHOOK_TEST_VAR", "/from/environment", 1);
    refused("spool = \"${STENOHOOK_TEST_VAR}\"\n" ENDPOINT, "f:1: variables of the environment",
            "\\$");
    refused(SPOOL "endpoint \"a\" { " SECRET "\nhook = {\"/x\", \"a${HOME}b\"} }",
            "f:3: variables of the environment", "write the value itself");
    refused("spool = ${STENOHOOK_TEST_VAR}\n" ENDPOINT, "f:1: \"$\" cannot stand here", "quotes");
    unsetenv("STENOHOOK_TEST_VAR");
}

/* ---- what is refused */

UNIT_TEST(an_unknown_key_is_refused_with_the_one_that_was_meant)
{
    refused("spol = \"/x\"\n" ENDPOINT, "f:1: spol: no such key", "did you mean \"spool\"?");
    refused(SPOOL "\n\nfree_space_min = 1M\n" ENDPOINT, "f:4: free_space_min: no such key",
            "did you mean \"free-space-min\"?");
    refused(SPOOL "endpoints \"a\" { }", "f:2: endpoints: no such key",
            "did you mean \"endpoint\"?");
    refused_endpoint("auth_header = \"X-S\"", "auth_header: no such key",
                     "did you mean \"auth-header\"?");
    refused_endpoint("secret-file = \"X-S\"", "secret-file: no such key",
                     "did you mean \"secret-files\"?");
    refused_endpoint("bodymax = \"1M\"", "bodymax: no such key", "did you mean \"body-max\"?");
    refused_endpoint("something-else = \"1M\"", "something-else: no such key",
                     "the keys here are url auth auth-header");
    refused_endpoint("spool = \"/x\"", "spool: no such key", "it stands outside of all endpoints");
    refused(SPOOL "hook = {\"/x\"}\n" ENDPOINT, "f:2: hook: no such key",
            "it stands inside an endpoint");
    refused("include(\"/etc/passwd\")\n" MINIMAL, "f:1: include: no such key", "keys here are");
    refused("endpoint|url = \"x\"\n" MINIMAL, "f:1: \"|\" cannot stand here", "");
}

UNIT_TEST(a_key_given_twice_is_refused_with_both_lines)
{
    refused(SPOOL "keep = 1d\nspool = \"/other\"\n" ENDPOINT, "f:3: spool: given twice",
            "the first time in line 1");
    refused(SPOOL "keep = 1d keep = 1d\n" ENDPOINT, "f:2: keep: given twice", "line 2");
    refused_endpoint(SECRET "hook = {\"/a\"} hook = {\"/b\"}", "hook: given twice", "line 2");
    refused_endpoint(SECRET "hook = {\"/a\"} hook += {\"/b\"}", "hook: given twice", "line 2");
    refused_endpoint(SECRET "url = \"http://a\" url = \"http://a\"", "url: given twice", "line 2");
    refused(MINIMAL "endpoint \"b\" { " SECRET " }\nendpoint 'a' { " SECRET " }\n",
            "f:4: endpoint \"a\": given twice", "line 2");
}

UNIT_TEST(the_same_key_in_two_endpoints_is_fine)
{
    struct config *c = accepted(MINIMAL "endpoint \"b\" { " SECRET " }\n");

    UNIT_REQUIRE(c != NULL);
    UNIT_INT(2, c->endpoint_count);
    UNIT_INT(3, c->endpoints[1].line);
    config_free(c);
}

UNIT_TEST(a_malformed_file_is_refused_with_its_line)
{
    refused("spool = \"/x\n" ENDPOINT, "f:1: this string is not closed", "quote it began with");
    refused("\nspool = '/x\n" ENDPOINT, "f:2: this string is not closed", "");
    refused("spool = \"/x", "f:1: this string is not closed", "");
    refused("spool = \"/x\\", "f:1: a backslash", "");
    refused("spool = \"/x\\n\"", "f:1: a backslash", "write \\\\");
    refused("spool = \"/x\\x00y\"", "f:1: a backslash", "");
    refused("spool = \"/x\\101\"", "f:1: a backslash", "");
    refused("spool = '/x\\'", "f:1: a backslash", "double quotes");
    refused("spool = \"/x\x01\"", "f:1: a string holds a control character", "");
    refused("spool = \"/x\ry\"", "f:1: a string holds a control character", "");
    refused(SPOOL "/* open\n\n", "f:2: this comment is not closed", "*/");
    refused("spool \"/x\"", "f:1: unexpected \"/x\"", "an = stands between");
    refused("spool", "f:1: the file ends too early", "an =");
    refused("spool =", "f:1: the file ends too early", "double quotes");
    refused("spool = = x", "f:1: unexpected \"=\"", "double quotes");
    refused("spool = /home/u", "f:1: a path must stand in double quotes", "");
    refused("spool = \"/x\";", "f:1: no \";\" is needed", "");
    refused("spool = \xc3\xa9", "f:1: byte 0xc3 cannot stand here", "");
    refused("\r\nspool\r= 1", "f:2: byte 0x0d cannot stand here", "");
    refused("\"spool\" = \"/x\"", "f:1: unexpected \"spool\"", "a key stands here");
    refused(SPOOL "}", "f:2: unexpected \"}\"", "a key stands here");
    refused(SPOOL "endpoint { }", "f:2: unexpected \"{\"", "endpoint \"NAME\"");
    refused(SPOOL "endpoint \"a\" url", "f:2: unexpected \"url\"", "endpoint \"NAME\"");
    refused(SPOOL "endpoint \"a\" { " SECRET, "f:2: the file ends too early", "");
    refused(SPOOL "endpoint \"a\" { endpoint \"b\" { } }", "f:2: endpoint: no such key", "");
}

UNIT_TEST(a_malformed_list_is_refused)
{
    refused_endpoint("hook = {}", "hook: the list is empty", "leave the key out");
    refused_endpoint("hook = { /* nothing */ }", "hook: the list is empty", "leave the key out");
    refused_endpoint("hook = {\"a\" \"b\"}", "unexpected \"b\"", "commas");
    refused_endpoint("hook = {,\"b\"}", "unexpected \",\"", "{\"one\", \"two\"}");
    refused_endpoint("hook = {\"a\",,}", "unexpected \",\"", "{\"one\", \"two\"}");
    refused_endpoint("hook = {{\"a\"}}", "unexpected \"{\"", "{\"one\", \"two\"}");
    refused_endpoint("hook = {\"a\"", "the file ends too early", "");
    refused_endpoint("hook += {\"a\"}", "\"+=\" is not known", "whole list once");
    refused_endpoint("url = {\"a\"}", "url: takes one value", "url = \"...\"");
}

UNIT_TEST(the_spool_is_required_and_absolute)
{
    refused("", "f: spool: is missing", "spool = \"/home/u/stenohook\"");
    refused("   \n# nothing\n", "f: spool: is missing", "");
    refused(ENDPOINT, "f: spool: is missing", "");
    refused("spool = \"\"\n" ENDPOINT, "f:1: spool: is empty", "");
    refused("\nspool = \"data\"\n" ENDPOINT, "f:2: spool: \"data\" must be an absolute path",
            "begin it with /");
    refused(SPOOL "api-key-file = \"key\"\n" ENDPOINT,
            "f:2: api-key-file: \"key\" must be an absolute path", "");
    refused(
        SPOOL "api-url = \"http://api.assemblyai.com\"\n" ENDPOINT,
        "f:2: api-url: \"http://api.assemblyai.com\" cannot be used: it must begin with https://",
        "https://api.eu.assemblyai.com");
    refused(SPOOL "api-url = \"https://a/?b\"\n" ENDPOINT,
            "f:2: api-url: \"https://a/?b\" cannot be used: it must end with its path", "");
    refused(SPOOL "runner = \"stenohook-run\"\n" ENDPOINT,
            "f:2: runner: \"stenohook-run\" must be an absolute path", "");
}

UNIT_TEST(a_file_without_endpoint_is_refused)
{
    refused(SPOOL, "f: no endpoint", "endpoint \"default\"");
}

static void check_range(const char *key, const char *low, const char *least, const char *most,
                        const char *high)
{
    const char *values[] = {low, least, most, high};

    for (size_t i = 0; i < 4; i++) {
        char text[512], start[64];

        snprintf(text, sizeof text, SPOOL "%s = \"%s\"\n" ENDPOINT, key, values[i]);
        snprintf(start, sizeof start, "f:2: %s: \"%s\" is out of range", key, values[i]);
        if (i == 0 || i == 3)
            refused(text, start, "use ");
        else
            config_free(accepted(text));
    }
}

UNIT_TEST(values_out_of_range_are_refused_and_the_ends_are_taken)
{
    struct config *c;

    check_range("keep", "86399s", "1d", "36500d", "36501d");
    check_range("segment-max", "65535", "64K", "1G", "1073741825");
    check_range("threads", "0", "1", "256", "257");
    check_range("deadline", "0", "1s", "9s", "10s");
    refused(SPOOL "free-space-min = \"1025G\"\n" ENDPOINT, "f:2: free-space-min: \"1025G\" is out",
            "or 0 for none");
    c = accepted(SPOOL "free-space-min = 0 refused-max = \"0\" deadline = 9s\n" ENDPOINT);
    UNIT_REQUIRE(c != NULL);
    UNIT_INT(0, c->free_space_min);
    UNIT_INT(0, c->refused_max);
    UNIT_INT(9000, c->deadline_ms);
    config_free(c);
    refused_endpoint(SECRET "body-max = \"1023\"", "body-max: \"1023\" is out of range",
                     "1K to 256M");
    refused_endpoint(SECRET "body-max = \"257M\"", "body-max: \"257M\" is out of range", "");
    refused_endpoint(SECRET "hook-timeout = \"0\"", "hook-timeout: \"0\" is out of range", "");
    config_free(accepted_endpoint(SECRET "body-max = \"1K\""));
    config_free(accepted_endpoint(SECRET "body-max = \"256M\""));
}

UNIT_TEST(what_is_no_number_is_refused_with_an_example)
{
    refused(SPOOL "threads = \"many\"\n" ENDPOINT, "f:2: threads: \"many\" is not a number",
            "write it like \"32\"");
    refused(SPOOL "threads = \"-1\"\n" ENDPOINT, "f:2: threads: \"-1\" is not a number", "");
    refused(SPOOL "keep = \"90 days\"\n" ENDPOINT, "f:2: keep: \"90 days\" is not a duration",
            "write it like \"90d\"");
    refused(SPOOL "segment-max = \"16 MB\"\n" ENDPOINT, "f:2: segment-max: \"16 MB\" is not a size",
            "write it like \"16M\"");
    refused(SPOOL "segment-max = \"\"\n" ENDPOINT, "f:2: segment-max: \"\" is not a size", "");
    refused(SPOOL "segment-max = \"99999999999999999999\"\n" ENDPOINT,
            "f:2: segment-max: \"99999999999999999999\" is not a size", "");
}

UNIT_TEST(an_endpoint_has_a_name_that_fits_into_a_url)
{
    char text[400], name[CONFIG_NAME_MAX + 2];
    const char *bad[] = {"", "a b", "a/b", "a.b", "\xc3\xa9", "a\\\\"};

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        snprintf(text, sizeof text, SPOOL "endpoint \"%s\" { " SECRET " }", bad[i]);
        refused(text, "f:2: endpoint \"", "a name has 1 to 64 letters");
    }
    memset(name, 'n', sizeof name);
    name[CONFIG_NAME_MAX] = '\0';
    snprintf(text, sizeof text, SPOOL "endpoint \"%s\" { " SECRET " }", name);
    config_free(accepted(text));
    name[CONFIG_NAME_MAX] = 'n';
    name[CONFIG_NAME_MAX + 1] = '\0';
    snprintf(text, sizeof text, SPOOL "endpoint \"%s\" { " SECRET " }", name);
    refused(text, "f:2: endpoint \"n", "a name has 1 to 64 letters");
}

UNIT_TEST(an_endpoint_must_say_how_a_sender_proves_itself)
{
    refused_endpoint("", "endpoint \"a\": nothing says how", "auth = \"none\"");
    refused_endpoint("secret-files = {\"/s\"}", "endpoint \"a\": nothing says how", "auth-header");
    refused_endpoint("auth-header = \"X-S\"", "endpoint \"a\": secret-files: is missing",
                     "write secret-files =");
    refused_endpoint("auth-query = \"token\"", "endpoint \"a\": secret-files: is missing", "");
    refused_endpoint("auth = \"aai-signature\"", "endpoint \"a\": secret-files: is missing",
                     "signs with");
    refused_endpoint("auth = \"none\" secret-files = {\"/s\"}", "secret-files: has no use",
                     "take one of them out");
    refused_endpoint("auth = \"none\" auth-header = \"X-S\"", "auth-header: has no use", "");
    refused_endpoint("auth = \"standard-webhooks\" " SECRET, "auth-header: has no use",
                     "standard-webhooks");
    refused_endpoint("auth = \"aai-signature\" auth-query = \"t\" secret-files = {\"/s\"}",
                     "auth-query: has no use", "");
    refused_endpoint(SECRET "signature-window = \"5m\"", "signature-window: has no use", "");
    refused_endpoint("auth = \"none\" signature-window = \"5m\"", "signature-window: has no use",
                     "");
    refused_endpoint("auth = \"basic\"", "auth: \"basic\" is no scheme", "\"aai-signature\"");
    refused_endpoint("auth = \"static\"", "auth: \"static\" is no scheme", "leave it out");
    refused_endpoint("auth-header = \"X-S\" secret-files = {\"\"}", "secret-files: a file's name",
                     "");
}

UNIT_TEST(a_header_that_cannot_arrive_is_refused)
{
    static const struct {
        const char *name, *remedy;
    } bad[] = {
        {"X_Webhook_Secret", "use letters, digits and \"-\" only"},
        {"X.Secret", "dropped by Apache"},
        {"X Secret", "use letters, digits"},
        {"X-Secret:", "use letters, digits"},
        {"X-S\xc3\xa9", "use letters, digits"},
        {"webhook_auth_header_value", "the API's parameter"},
        {"webhook_auth_header_name", "the API's parameter"},
        {"WEBHOOK-AUTH-HEADER-VALUE", "the API's parameter"},
        {"-X", "begin with a letter"},
        {"1X", "begin with a letter"},
        {"Content-Type", "a meaning of its own"},
        {"content-length", "a meaning of its own"},
        {"Host", "a meaning of its own"},
        {"Cookie", "a meaning of its own"},
        {"Proxy", "a meaning of its own"},
        {"X-Forwarded-For", "a meaning of its own"},
    };
    char body[512], name[CONFIG_HEADER_NAME_MAX + 2];

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        snprintf(body, sizeof body, "secret-files = {\"/s\"} auth-header = \"%s\"", bad[i].name);
        refused_endpoint(body, "auth-header: \"", bad[i].remedy);
    }
    refused_endpoint("secret-files = {\"/s\"} auth-header = \"\"", "auth-header: is empty", "");
    memset(name, 'X', sizeof name);
    name[CONFIG_HEADER_NAME_MAX] = '\0';
    snprintf(body, sizeof body, "secret-files = {\"/s\"} auth-header = \"%s\"", name);
    config_free(accepted_endpoint(body));
    name[CONFIG_HEADER_NAME_MAX] = 'X';
    name[CONFIG_HEADER_NAME_MAX + 1] = '\0';
    snprintf(body, sizeof body, "secret-files = {\"/s\"} auth-header = \"%s\"", name);
    refused_endpoint(body, "auth-header: \"", "at most 128");
    refused_endpoint("secret-files = {\"/s\"} auth-query = \"a b\"", "auth-query: \"a b\"",
                     "token");
    refused_endpoint("secret-files = {\"/s\"} auth-query = \"\"", "auth-query: \"\"", "token");
}

UNIT_TEST(addresses_urls_hooks_and_params_are_checked)
{
    refused_endpoint(SECRET "allow-from = {\"192.0.2.1\", \"example.com\"}",
                     "allow-from: \"example.com\" is no address", "192.0.2.0/24");
    refused_endpoint(SECRET "allow-from = {\"192.0.2.1/24\"}", "allow-from: \"192.0.2.1/24\"",
                     "no bits set behind the prefix");
    refused_endpoint(SECRET "trusted-proxies = {\"\"}", "trusted-proxies: \"\" is no address", "");
    refused_endpoint(SECRET "url = \"example.com/x\"", "url: \"example.com/x\" is no web address",
                     "https://");
    refused_endpoint(SECRET "url = \"https://\"", "url: \"https://\" is no web address", "");
    refused_endpoint(SECRET "url = \"https:///x\"", "url: \"https:///x\" is no web address", "");
    refused_endpoint(SECRET "url = \"https://a/b c\"",
                     "url: \"https://a/b c\" is no web address: it holds a blank", "%XX");
    refused_endpoint(SECRET "url = \"\"", "url: is empty", "");
    refused_endpoint(SECRET "hook = {\"hook.sh\"}", "hook: \"hook.sh\" must be the absolute path",
                     "entries of their own");
    refused_endpoint(SECRET "hook = \"\"", "hook: \"\" must be the absolute path", "");
    refused_endpoint(SECRET "params = {\"a\", \"b c\"}", "params: \"b c\" cannot be", "");
    refused_endpoint(SECRET "params = {\"a-b\", \"c\", \"A_B\"}",
                     "params: \"a-b\" and \"A_B\" would be the same variable", "leave one out");
    refused_endpoint("auth-query = \"token\" secret-files = {\"/s\"} params = {\"token\"}",
                     "params: \"token\" is auth-query", "no hook gets it");
}

UNIT_TEST(a_nul_byte_is_refused_with_its_line)
{
    struct err err;
    struct config *c = parse(STR(SPOOL "\nkeep\0 = 1d\n" ENDPOINT), &err);

    UNIT_TRUE(c == NULL);
    UNIT_STATUS(STATUS_CONFIG, err.status, &err);
    UNIT_TRUE(str_starts(str_of(err.text), "f:3: a NUL byte"));
}

/* MINIMAL with a comment that brings it to this length. */
static struct buf padded(size_t len)
{
    struct buf text;

    buf_init(&text, len);
    buf_add_text(&text, MINIMAL "#");
    while (text.len < len)
        buf_add_char(&text, 'x');
    return text;
}

UNIT_TEST(a_file_is_read_up_to_its_limit)
{
    struct buf text = padded(CONFIG_FILE_MAX);
    struct err err;
    struct config *c = parse(buf_str(&text), &err);

    UNIT_STATUS(STATUS_OK, err.status, &err);
    config_free(c);
    buf_free(&text);
    text = padded(CONFIG_FILE_MAX + 1);
    UNIT_TRUE(parse(buf_str(&text), &err) == NULL);
    UNIT_TEXT("f: the file is larger than 256 KiB", err.text);
    buf_free(&text);
}

UNIT_TEST(very_long_strings_and_many_entries_are_read)
{
    struct buf text;
    struct err err;
    struct config *c;

    buf_init(&text, CONFIG_FILE_MAX);
    buf_add_text(&text, SPOOL "endpoint a { " SECRET "hook = {\"/");
    for (int i = 0; i < 100000; i++)
        buf_add_char(&text, 'h');
    buf_add_text(&text, "\"");
    for (int i = 0; i < 10000; i++)
        buf_add_text(&text, ",\"\"");
    buf_add_text(&text, "} }");
    c = parse(buf_str(&text), &err);
    UNIT_STATUS(STATUS_OK, err.status, &err);
    if (c != NULL) {
        UNIT_INT(100001, strlen(c->endpoints[0].hook[0]));
        UNIT_TRUE(c->endpoints[0].hook[10000] != NULL && c->endpoints[0].hook[10001] == NULL);
    }
    config_free(c);
    buf_free(&text);
}

static struct config *with_endpoints(int count, struct err *err)
{
    struct buf text;
    struct config *c;

    buf_init(&text, CONFIG_FILE_MAX);
    buf_add_text(&text, SPOOL);
    for (int i = 0; i < count; i++)
        buf_printf(&text, "endpoint e%d { auth = none }\n", i);
    c = parse(buf_str(&text), err);
    buf_free(&text);
    return c;
}

UNIT_TEST(there_is_a_limit_to_endpoints)
{
    struct err err;
    struct config *c = with_endpoints(CONFIG_ENDPOINTS_MAX, &err);

    UNIT_REQUIRE(c != NULL);
    UNIT_TEXT("e255", c->endpoints[255].name);
    config_free(c);
    UNIT_TRUE(with_endpoints(CONFIG_ENDPOINTS_MAX + 1, &err) == NULL);
    UNIT_TEXT("f:258: more than 256 endpoints", err.text);
}

UNIT_TEST(deep_nesting_and_hostile_bytes_end_in_an_error)
{
    struct buf text;
    struct err err;
    unsigned seed = 1;

    buf_init(&text, CONFIG_FILE_MAX);
    for (int i = 0; i < 100000; i++)
        buf_add_char(&text, '{');
    UNIT_TRUE(parse(buf_str(&text), &err) == NULL);
    /* The file with one byte changed at a time: a configuration or an error, never a crash. */
    for (size_t at = 0; at < sizeof MINIMAL - 1; at++)
        for (int k = 0; k < 8; k++) {
            static const char bytes[] = "\"'{}#\\=\n";

            buf_reset(&text, CONFIG_FILE_MAX);
            buf_add_text(&text, MINIMAL);
            seed = seed * 1103515245 + 12345;
            text.ptr[at] = k < 4 ? bytes[(at + (size_t)k * 2) % 8] : (char)(seed >> 16);
            config_free(parse(buf_str(&text), &err));
        }
    buf_free(&text);
}

UNIT_TEST(every_cut_of_a_file_ends_in_an_error)
{
    static const char text[] = SPOOL "endpoint a { auth = \"none\" }";
    struct err err;

    for (size_t len = 0; len < sizeof text - 1; len++)
        UNIT_TRUE(parse((struct str){text, len}, &err) == NULL);
}

UNIT_TEST(a_good_file_is_read_after_a_broken_one)
{
    refused("spool = \"/x", "f:1: ", "");
    config_free(accepted(MINIMAL));
    refused("spool = '/x", "f:1: ", "");
    config_free(accepted(MINIMAL));
    refused("/* x", "f:1: ", "");
    config_free(accepted(MINIMAL));
}

UNIT_TEST(nothing_is_printed_by_reading)
{
    char path[200];
    int saved, file;

    snprintf(path, sizeof path, "%s/out", unit_folder());
    file = open(path, O_CREAT | O_RDWR | O_CLOEXEC, 0600);
    saved = dup(STDERR_FILENO);
    fflush(stderr);
    UNIT_REQUIRE(file >= 0 && saved >= 0 && dup2(file, STDERR_FILENO) >= 0);
    refused("spol = \"/x\"\n" ENDPOINT, "f:1: ", "");
    refused("spool = \"/x\n" ENDPOINT, "f:1: ", "");
    refused_endpoint("url = {\"a\"}", "url", "");
    config_free(accepted(MINIMAL));
    fflush(stderr);
    dup2(saved, STDERR_FILENO);
    UNIT_INT(0, lseek(file, 0, SEEK_END));
    close(saved);
    close(file);
}

/* ---- which endpoint */

static const char *found(const struct config *c, const char *name, bool named)
{
    const struct config_endpoint *e = config_endpoint(c, str_of(name), named);

    return e == NULL ? "(none)" : e->name;
}

UNIT_TEST(an_endpoint_is_found_by_its_name)
{
    struct config *c = accepted(SPOOL "endpoint a { auth = none } endpoint b { auth = none }");

    UNIT_REQUIRE(c != NULL);
    UNIT_TEXT("b", found(c, "b", true));
    UNIT_TEXT("b", found(c, "b", false));
    UNIT_TEXT("(none)", found(c, "c", true));
    UNIT_TEXT("(none)", found(c, "c", false));
    UNIT_TEXT("(none)", found(c, "", false));
    UNIT_TEXT("(none)", found(c, "A", true));
    config_free(c);
}

UNIT_TEST(without_a_name_the_default_or_only_endpoint_is_taken)
{
    struct config *c =
        accepted(SPOOL "endpoint a { auth = none } endpoint default { auth = none }");

    UNIT_REQUIRE(c != NULL);
    UNIT_TEXT("default", found(c, "", true));
    UNIT_TEXT("default", found(c, "stenohook.cgi", false));
    UNIT_TEXT("(none)", found(c, "x", true));
    config_free(c);
    c = accepted(MINIMAL);
    UNIT_REQUIRE(c != NULL);
    UNIT_TEXT("a", found(c, "", true));
    UNIT_TEXT("a", found(c, "stenohook.cgi", false));
    UNIT_TEXT("(none)", found(c, "x", true));
    UNIT_TRUE(config_endpoint(c, STR_NONE, true) == &c->endpoints[0]);
    config_free(c);
}

/* ---- review */

static void collect(void *context, const char *text)
{
    struct buf *out = context;

    buf_printf(out, "%s\n", text);
}

static void reviewed(const char *body, const char *expected)
{
    struct config *c = accepted_endpoint(body);
    struct buf out;

    UNIT_REQUIRE(c != NULL);
    buf_init(&out, 4096);
    config_review(c, collect, &out);
    if (*expected == '\0')
        UNIT_TEXT("", out.ptr);
    else if (strstr(out.ptr, expected) == NULL || strchr(out.ptr, '\n') != strrchr(out.ptr, '\n'))
        UNIT_TEXT(expected, out.ptr);
    buf_free(&out);
    config_free(c);
}

UNIT_TEST(what_looks_wrong_is_told)
{
    reviewed(SECRET, "");
    reviewed("auth-header = \"authorization\" secret-files = {\"/s\"}", "CGIPassAuth On");
    reviewed("auth-query = \"token\" secret-files = {\"/s\"}", "set auth-header as well");
    reviewed("auth-query = \"token\" " SECRET, "");
    reviewed("auth = \"none\"", "anybody can deliver");
    reviewed("auth = \"none\" allow-from = {\"192.0.2.1\"}", "");
    reviewed("auth = \"none\" allow-from = {\"192.0.2.1\"} trusted-proxies = {\"10.0.0.0/8\"}",
             "past its proxies");
    reviewed(SECRET "trusted-proxies = {\"10.0.0.0/8\"}", "does nothing without allow-from");
    reviewed(SECRET "hook = {\"/h\"}", "");
    reviewed(SECRET "url = \"http://example.com/a\"", "use https://");
    reviewed(SECRET "url = \"https://example.com/a\"", "");
    reviewed(SECRET "url = \"http://127.0.0.1:8080/a\"", "");
    reviewed(SECRET "url = \"http://localhost/a\"", "");
}

/* ---- the manual page */

/* Entries of the page are ".It Ic KEY = Ar TYPE" below ".Ss GLOBAL KEYS" or ".Ss ENDPOINT KEYS". */
struct page {
    struct buf text;
    bool seen[64];
    size_t entries;
};

static bool line_is(struct str entry, const char *word)
{
    struct str line, rest = entry;

    while (rest.ptr != NULL) {
        (void)str_cut(rest, '\n', &line, &rest);
        if (!str_starts(line, ".Ql "))
            continue;
        line.ptr += 4;
        line.len -= 4;
        (void)str_cut(line, ' ', &line, &(struct str){NULL, 0});
        if (str_is(line, word))
            return true;
    }
    return false;
}

static void compare_entry(struct page *page, const char *section, struct str head, struct str entry)
{
    for (size_t i = 0; i < config_key_count; i++) {
        const struct config_key *key = &config_keys[i];
        char expected[128];

        snprintf(expected, sizeof expected, ".It Ic %s = Ar %s", key->name, key->type);
        if (strcmp(key->section, section) != 0 || !str_is(head, expected))
            continue;
        UNIT_FALSE(page->seen[i]);
        page->seen[i] = true;
        if ((*key->initial != '\0' && !line_is(entry, key->initial)) ||
            (*key->least != '\0' && !line_is(entry, key->least)) ||
            (*key->most != '\0' && !line_is(entry, key->most)) ||
            (key->or_zero && !line_is(entry, "0")))
            UNIT_STR("an entry with the default and the range of its row", entry);
        return;
    }
    UNIT_STR("an entry for a key of the table", head);
}

static void compare_page(struct page *page)
{
    struct str rest = buf_str(&page->text);
    const char *section = NULL;
    struct str line;

    while (rest.ptr != NULL) {
        (void)str_cut(rest, '\n', &line, &rest);
        if (str_starts(line, ".Ss ") || str_starts(line, ".Sh "))
            section = str_is(line, ".Ss Global keys")     ? ""
                      : str_is(line, ".Ss Endpoint keys") ? "endpoint"
                                                          : NULL;
        if (section != NULL && str_starts(line, ".It Ic ")) {
            const char *end = rest.ptr == NULL ? NULL : strstr(rest.ptr, "\n.It Ic ");
            const char *close = rest.ptr == NULL ? NULL : strstr(rest.ptr, "\n.Sh ");

            UNIT_REQUIRE(close != NULL);
            if (end == NULL || end > close)
                end = close;
            compare_entry(page, section, line,
                          (struct str){rest.ptr, (size_t)(end + 1 - rest.ptr)});
            page->entries++;
        }
    }
}

UNIT_TEST(the_manual_page_and_the_table_of_keys_say_the_same)
{
    struct page page = {.entries = 0};

    buf_init(&page.text, 1024 * 1024);
    UNIT_REQUIRE(config_key_count <= sizeof page.seen);
    UNIT_INT(0, file_slurp(AT_FDCWD, TEST_SOURCE "/man/stenohook.conf.5", &page.text));
    compare_page(&page);
    UNIT_INT(config_key_count, page.entries);
    for (size_t i = 0; i < config_key_count; i++)
        if (!page.seen[i])
            UNIT_TEXT("an entry of the manual page", config_keys[i].name);
    UNIT_TRUE(strstr(page.text.ptr, "\n.It Ql aai-signature\n") != NULL);
    UNIT_TRUE(strstr(page.text.ptr, "\n.It Ql standard-webhooks\n") != NULL);
    UNIT_TRUE(strstr(page.text.ptr, "\n.It Ql none\n") != NULL);
    buf_free(&page.text);
}

UNIT_TEST(each_row_of_the_table_is_whole)
{
    for (size_t i = 0; i < config_key_count; i++) {
        const struct config_key *key = &config_keys[i];

        UNIT_TRUE(key->section != NULL && key->name != NULL && key->initial != NULL);
        UNIT_TRUE(key->least != NULL && key->most != NULL);
        UNIT_TRUE(key->help != NULL && str_ends(str_of(key->help), "."));
    }
}

static const struct unit_case cases[] = {
    UNIT_CASE(the_example_of_the_manual_is_read),
    UNIT_CASE(what_is_left_out_has_its_default),
    UNIT_CASE(an_endpoint_whose_body_is_signed_takes_smaller_bodies),
    UNIT_CASE(values_may_stand_in_double_or_single_quotes_or_be_plain_words),
    UNIT_CASE(line_ends_of_windows_and_a_byte_order_mark_are_accepted),
    UNIT_CASE(comments_of_every_length_are_harmless),
    UNIT_CASE(comments_part_words_and_what_looks_like_one_in_a_string_is_kept),
    UNIT_CASE(the_environment_is_never_put_in),
    UNIT_CASE(an_unknown_key_is_refused_with_the_one_that_was_meant),
    UNIT_CASE(a_key_given_twice_is_refused_with_both_lines),
    UNIT_CASE(the_same_key_in_two_endpoints_is_fine),
    UNIT_CASE(a_malformed_file_is_refused_with_its_line),
    UNIT_CASE(a_malformed_list_is_refused),
    UNIT_CASE(the_spool_is_required_and_absolute),
    UNIT_CASE(a_file_without_endpoint_is_refused),
    UNIT_CASE(values_out_of_range_are_refused_and_the_ends_are_taken),
    UNIT_CASE(what_is_no_number_is_refused_with_an_example),
    UNIT_CASE(an_endpoint_has_a_name_that_fits_into_a_url),
    UNIT_CASE(an_endpoint_must_say_how_a_sender_proves_itself),
    UNIT_CASE(a_header_that_cannot_arrive_is_refused),
    UNIT_CASE(addresses_urls_hooks_and_params_are_checked),
    UNIT_CASE(a_nul_byte_is_refused_with_its_line),
    UNIT_CASE(a_file_is_read_up_to_its_limit),
    UNIT_CASE(very_long_strings_and_many_entries_are_read),
    UNIT_CASE(there_is_a_limit_to_endpoints),
    UNIT_CASE(deep_nesting_and_hostile_bytes_end_in_an_error),
    UNIT_CASE(every_cut_of_a_file_ends_in_an_error),
    UNIT_CASE(a_good_file_is_read_after_a_broken_one),
    UNIT_CASE(nothing_is_printed_by_reading),
    UNIT_CASE(an_endpoint_is_found_by_its_name),
    UNIT_CASE(without_a_name_the_default_or_only_endpoint_is_taken),
    UNIT_CASE(what_looks_wrong_is_told),
    UNIT_CASE(the_manual_page_and_the_table_of_keys_say_the_same),
    UNIT_CASE(each_row_of_the_table_is_whole),
    UNIT_END,
};
const struct unit_suite suite_config = {"config", cases};
