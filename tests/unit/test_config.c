/* SPDX-License-Identifier: MIT
 *
 * What a configuration means, which endpoint is found, and what looks wrong. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "config_kit.h"
#include "core/config/config.h"
#include "fault_kit.h"
#include "unit.h"

/* ---- what a file means */

UNIT_TEST(the_example_of_the_manual_is_read)
{
    struct config *c = ck_accepted(
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
    struct config *c = ck_accepted(CK_MINIMAL);
    const struct config_endpoint *e;

    UNIT_REQUIRE(c != NULL);
    UNIT_INT(90 * 86400, c->keep_s);
    UNIT_INT(16 * 1024 * 1024, c->free_space_min);
    UNIT_INT(1, c->free_space_percent);
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
        ck_accepted(CK_SPOOL "endpoint a { auth = \"aai-signature\" secret-files = {\"s\"} }\n"
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
    struct config *c = ck_accepted("spool='/a \"b\" ${HOME} # c'threads=7 keep = 2w /* x\n * y */\n"
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
    struct config *c = ck_accepted("\xef\xbb\xbf# c\r\nspool = \"/spool\"\r\n\r\nendpoint \"a\" "
                                   "{\r\n" CK_SECRET "\r\n}\r\n");

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

        snprintf(text, sizeof text, "#%*s\n/*%*s*/\n//%*s\n" CK_MINIMAL "#%*s", len, "", len, "",
                 len, "x", len, "y");
        c = ck_accepted(text);
        UNIT_TRUE(c != NULL && c->endpoints[0].line == 5);
        config_free(c);
    }
}

UNIT_TEST(comments_part_words_and_what_looks_like_one_in_a_string_is_kept)
{
    struct config *c = ck_accepted("/*1*/threads/*2*/=/*3*/7/*4*/deadline/*\n\n5*/=8s#6\n"
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
    ck_refused("spool = \"${STENOHOOK_TEST_VAR}\"\n" CK_ENDPOINT,
               "f:1: environment variables are not expanded", "\\$");
    ck_refused(CK_SPOOL "endpoint \"a\" { " CK_SECRET "\nhook = {\"/x\", \"a${HOME}b\"} }",
               "f:3: environment variables are not expanded", "write the value itself");
    ck_refused("spool = ${STENOHOOK_TEST_VAR}\n" CK_ENDPOINT, "f:1: unexpected \"$\"", "quotes");
    unsetenv("STENOHOOK_TEST_VAR");
}

/* ---- which endpoint */

static const char *found(const struct config *c, const char *name, bool named)
{
    const struct config_endpoint *e = config_endpoint(c, str_of(name), named);

    return e == NULL ? "(none)" : e->name;
}

UNIT_TEST(an_endpoint_is_found_by_its_name)
{
    struct config *c =
        ck_accepted(CK_SPOOL "endpoint a { auth = none } endpoint b { auth = none }");

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
        ck_accepted(CK_SPOOL "endpoint a { auth = none } endpoint default { auth = none }");

    UNIT_REQUIRE(c != NULL);
    UNIT_TEXT("default", found(c, "", true));
    UNIT_TEXT("default", found(c, "stenohook.cgi", false));
    UNIT_TEXT("(none)", found(c, "x", true));
    config_free(c);
    c = ck_accepted(CK_MINIMAL);
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
    struct config *c = ck_accepted_endpoint(body);
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
    reviewed(CK_SECRET, "");
    reviewed("auth-header = \"authorization\" secret-files = {\"/s\"}", "CGIPassAuth On");
    reviewed("auth-query = \"token\" secret-files = {\"/s\"}", "set auth-header as well");
    reviewed("auth-query = \"token\" " CK_SECRET, "");
    reviewed("auth = \"none\"", "anybody can deliver");
    reviewed("auth = \"none\" daily-events-max = 0", "(auth = \"none\"); set auth-header");
    reviewed("auth = \"none\" daily-events-max = 0 daily-bytes-max = 0", "can fill the disk");
    reviewed("auth = \"none\" allow-from = {\"192.0.2.1\"}", "only the address proves the sender");
    reviewed("auth = \"none\" allow-from = {\"192.0.2.1\"} trusted-proxies = {\"10.0.0.0/8\"}",
             "past its proxies");
    reviewed(CK_SECRET "trusted-proxies = {\"10.0.0.0/8\"}", "has no effect without allow-from");
    reviewed(CK_SECRET "hook = {\"/h\"}", "");
    reviewed(CK_SECRET "url = \"http://example.com/a\"", "use https://");
    reviewed(CK_SECRET "url = \"https://example.com/a\"", "");
    reviewed(CK_SECRET "url = \"http://127.0.0.1:8080/a\"", "");
    reviewed(CK_SECRET "url = \"http://localhost/a\"", "");
}

/* ---- memory */

static enum status parse_whole(void *context, struct err *err)
{
    static const char text[] =
        "spool = '/s' runner = \"/r\" api-key-file = \"/k\"\r\n"
        "endpoint a { " CK_SECRET "url = \"https://h/\" auth-query = t hook = {\"/h\", \"x\"}\n"
        "allow-from = \"192.0.2.1\" trusted-proxies = \"192.0.2.2\" params = {p, q} }\n"
        "endpoint b { auth = none }\n";
    struct config *config = NULL;
    enum status status = config_parse(&config, "f", str_of(text), err);

    (void)context;
    UNIT_INT(status == STATUS_OK, config != NULL);
    config_free(config);
    return status;
}

UNIT_TEST(memory_that_runs_out_while_a_file_is_read_is_reported)
{
    fault_each(FAULT_MEMORY, ENOMEM, STATUS_MEMORY, parse_whole, NULL);
}
