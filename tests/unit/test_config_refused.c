/* SPDX-License-Identifier: MIT
 *
 * What is refused in a configuration, and with which words; and its limits. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "config_kit.h"
#include "core/config/config.h"
#include "unit.h"

/* One endpoint with this body is refused with words of line 2. */
static void refused_endpoint(const char *body, const char *start, const char *remedy)
{
    char text[2048];
    char whole[512];

    snprintf(text, sizeof text, CK_SPOOL "endpoint \"a\" { %s }", body);
    snprintf(whole, sizeof whole, "f:2: %s", start);
    ck_refused(text, whole, remedy);
}

UNIT_TEST(an_unknown_key_is_refused_with_the_one_that_was_meant)
{
    ck_refused("spol = \"/x\"\n" CK_ENDPOINT, "f:1: spol: unknown key", "did you mean \"spool\"?");
    ck_refused(CK_SPOOL "\n\nfree_space_min = 1M\n" CK_ENDPOINT, "f:4: free_space_min: unknown key",
               "did you mean \"free-space-min\"?");
    ck_refused(CK_SPOOL "endpoints \"a\" { }", "f:2: endpoints: unknown key",
               "did you mean \"endpoint\"?");
    refused_endpoint("auth_header = \"X-S\"", "auth_header: unknown key",
                     "did you mean \"auth-header\"?");
    refused_endpoint("secret-file = \"X-S\"", "secret-file: unknown key",
                     "did you mean \"secret-files\"?");
    refused_endpoint("bodymax = \"1M\"", "bodymax: unknown key", "did you mean \"body-max\"?");
    refused_endpoint("something-else = \"1M\"", "something-else: unknown key",
                     "the keys here are url auth auth-header");
    refused_endpoint("spool = \"/x\"", "spool: unknown key", "it belongs outside the endpoints");
    ck_refused(CK_SPOOL "hook = {\"/x\"}\n" CK_ENDPOINT, "f:2: hook: unknown key",
               "it belongs in an endpoint");
    ck_refused("include(\"/etc/passwd\")\n" CK_MINIMAL, "f:1: include: unknown key",
               "keys here are");
    ck_refused("endpoint|url = \"x\"\n" CK_MINIMAL, "f:1: unexpected \"|\"", "");
}

UNIT_TEST(a_key_given_twice_is_refused_with_both_lines)
{
    ck_refused(CK_SPOOL "keep = 1d\nspool = \"/other\"\n" CK_ENDPOINT, "f:3: spool: given twice",
               "first in line 1");
    ck_refused(CK_SPOOL "keep = 1d keep = 1d\n" CK_ENDPOINT, "f:2: keep: given twice", "line 2");
    refused_endpoint(CK_SECRET "hook = {\"/a\"} hook = {\"/b\"}", "hook: given twice", "line 2");
    refused_endpoint(CK_SECRET "hook = {\"/a\"} hook += {\"/b\"}", "hook: given twice", "line 2");
    refused_endpoint(CK_SECRET "url = \"http://a\" url = \"http://a\"", "url: given twice",
                     "line 2");
    ck_refused(CK_MINIMAL "endpoint \"b\" { " CK_SECRET " }\nendpoint 'a' { " CK_SECRET " }\n",
               "f:4: endpoint \"a\": given twice", "line 2");
}

UNIT_TEST(the_same_key_in_two_endpoints_is_fine)
{
    struct config *c = ck_accepted(CK_MINIMAL "endpoint \"b\" { " CK_SECRET " }\n");

    UNIT_REQUIRE(c != NULL);
    UNIT_INT(2, c->endpoint_count);
    UNIT_INT(3, c->endpoints[1].line);
    config_free(c);
}

UNIT_TEST(a_malformed_file_is_refused_with_its_line)
{
    ck_refused("spool = \"/x\n" CK_ENDPOINT, "f:1: string not closed", "quote that it began with");
    ck_refused("\nspool = '/x\n" CK_ENDPOINT, "f:2: string not closed", "");
    ck_refused("spool = \"/x", "f:1: string not closed", "");
    ck_refused("spool = \"/x\\", "f:1: unknown escape", "");
    ck_refused("spool = \"/x\\n\"", "f:1: unknown escape", "write \\\\");
    ck_refused("spool = \"/x\\x00y\"", "f:1: unknown escape", "");
    ck_refused("spool = \"/x\\101\"", "f:1: unknown escape", "");
    ck_refused("spool = '/x\\'", "f:1: backslash in single quotes", "double quotes");
    ck_refused("spool = \"/x\x01\"", "f:1: control character in a string", "");
    ck_refused("spool = \"/x\ry\"", "f:1: control character in a string", "");
    ck_refused(CK_SPOOL "/* open\n\n", "f:2: comment not closed", "*/");
    ck_refused("spool \"/x\"", "f:1: unexpected \"/x\"", "expected \"=\" between");
    ck_refused("spool", "f:1: unexpected end of the file", "expected \"=\"");
    ck_refused("spool =", "f:1: unexpected end of the file", "double quotes");
    ck_refused("spool = = x", "f:1: unexpected \"=\"", "double quotes");
    ck_refused("spool = /home/u", "f:1: unexpected \"/\"; write a path in double quotes", "");
    ck_refused("spool = \"/x\";", "f:1: unexpected \";\"", "");
    ck_refused("spool = \xc3\xa9", "f:1: unexpected byte 0xc3", "");
    ck_refused("\r\nspool\r= 1", "f:2: unexpected byte 0x0d", "");
    ck_refused("\"spool\" = \"/x\"", "f:1: unexpected \"spool\"", "expected a key");
    ck_refused(CK_SPOOL "}", "f:2: unexpected \"}\"", "expected a key");
    ck_refused(CK_SPOOL "endpoint { }", "f:2: unexpected \"{\"", "endpoint \"NAME\"");
    ck_refused(CK_SPOOL "endpoint \"a\" url", "f:2: unexpected \"url\"", "endpoint \"NAME\"");
    ck_refused(CK_SPOOL "endpoint \"a\" { " CK_SECRET, "f:2: unexpected end of the file", "");
    ck_refused(CK_SPOOL "endpoint \"a\" { endpoint \"b\" { } }", "f:2: endpoint: unknown key", "");
}

UNIT_TEST(a_malformed_list_is_refused)
{
    refused_endpoint("hook = {}", "hook: empty list", "leave the key out");
    refused_endpoint("hook = { /* nothing */ }", "hook: empty list", "leave the key out");
    refused_endpoint("hook = {\"a\" \"b\"}", "unexpected \"b\"", "\",\" between entries");
    refused_endpoint("hook = {,\"b\"}", "unexpected \",\"", "{\"one\", \"two\"}");
    refused_endpoint("hook = {\"a\",,}", "unexpected \",\"", "{\"one\", \"two\"}");
    refused_endpoint("hook = {{\"a\"}}", "unexpected \"{\"", "{\"one\", \"two\"}");
    refused_endpoint("hook = {\"a\"", "unexpected end of the file", "");
    refused_endpoint("hook += {\"a\"}", "\"+=\" is not supported", "whole list once");
    refused_endpoint("url = {\"a\"}", "url: takes one value", "url = \"...\"");
}

UNIT_TEST(the_spool_is_required_and_absolute)
{
    ck_refused("", "f: spool: missing", "spool = \"/home/u/stenohook\"");
    ck_refused("   \n# nothing\n", "f: spool: missing", "");
    ck_refused(CK_ENDPOINT, "f: spool: missing", "");
    ck_refused("spool = \"\"\n" CK_ENDPOINT, "f:1: spool: empty", "");
    ck_refused("\nspool = \"data\"\n" CK_ENDPOINT, "f:2: spool: \"data\" is not an absolute path",
               "begin it with /");
    ck_refused(CK_SPOOL "api-key-file = \"key\"\n" CK_ENDPOINT,
               "f:2: api-key-file: \"key\" is not an absolute path", "");
    ck_refused(
        CK_SPOOL "api-url = \"http://api.assemblyai.com\"\n" CK_ENDPOINT,
        "f:2: api-url: \"http://api.assemblyai.com\" is not usable: it must begin with https://",
        "https://api.eu.assemblyai.com");
    ck_refused(CK_SPOOL "api-url = \"https://a/?b\"\n" CK_ENDPOINT,
               "f:2: api-url: \"https://a/?b\" is not usable: it must end with its path", "");
    ck_refused(CK_SPOOL "runner = \"stenohook-run\"\n" CK_ENDPOINT,
               "f:2: runner: \"stenohook-run\" is not an absolute path", "");
}

UNIT_TEST(a_file_without_endpoint_is_refused)
{
    ck_refused(CK_SPOOL, "f: no endpoint", "endpoint \"default\"");
}

static void check_range(const char *key, const char *low, const char *least, const char *most,
                        const char *high)
{
    const char *values[] = {low, least, most, high};

    for (size_t i = 0; i < 4; i++) {
        char text[512], start[64];

        snprintf(text, sizeof text, CK_SPOOL "%s = \"%s\"\n" CK_ENDPOINT, key, values[i]);
        snprintf(start, sizeof start, "f:2: %s: \"%s\" is out of range", key, values[i]);
        if (i == 0 || i == 3)
            ck_refused(text, start, "use ");
        else
            config_free(ck_accepted(text));
    }
}

UNIT_TEST(values_out_of_range_are_refused_and_the_ends_are_taken)
{
    struct config *c;

    check_range("keep", "86399s", "1d", "36500d", "36501d");
    check_range("segment-max", "65535", "64K", "1G", "1073741825");
    check_range("threads", "0", "1", "256", "257");
    check_range("deadline", "0", "1s", "9s", "10s");
    ck_refused(CK_SPOOL "free-space-min = \"1025G\"\n" CK_ENDPOINT,
               "f:2: free-space-min: \"1025G\" is out", "or 0 for none");
    c = ck_accepted(CK_SPOOL "free-space-min = 0 refused-max = \"0\" deadline = 9s\n" CK_ENDPOINT);
    UNIT_REQUIRE(c != NULL);
    UNIT_INT(0, c->free_space_min);
    UNIT_INT(0, c->free_space_percent);
    UNIT_INT(0, c->refused_max);
    UNIT_INT(9000, c->deadline_ms);
    config_free(c);
    refused_endpoint(CK_SECRET "body-max = \"1023\"", "body-max: \"1023\" is out of range",
                     "1K to 256M");
    refused_endpoint(CK_SECRET "body-max = \"257M\"", "body-max: \"257M\" is out of range", "");
    refused_endpoint(CK_SECRET "hook-timeout = \"0\"", "hook-timeout: \"0\" is out of range", "");
    config_free(ck_accepted_endpoint(CK_SECRET "body-max = \"1K\""));
    config_free(ck_accepted_endpoint(CK_SECRET "body-max = \"256M\""));
}

UNIT_TEST(what_is_no_number_is_refused_with_an_example)
{
    ck_refused(CK_SPOOL "threads = \"many\"\n" CK_ENDPOINT,
               "f:2: threads: \"many\" is not a number", "write it like \"32\"");
    ck_refused(CK_SPOOL "threads = \"-1\"\n" CK_ENDPOINT, "f:2: threads: \"-1\" is not a number",
               "");
    ck_refused(CK_SPOOL "keep = \"90 days\"\n" CK_ENDPOINT,
               "f:2: keep: \"90 days\" is not a duration", "write it like \"90d\"");
    ck_refused(CK_SPOOL "segment-max = \"16 MB\"\n" CK_ENDPOINT,
               "f:2: segment-max: \"16 MB\" is not a size", "write it like \"16M\"");
    ck_refused(CK_SPOOL "segment-max = \"\"\n" CK_ENDPOINT, "f:2: segment-max: \"\" is not a size",
               "");
    ck_refused(CK_SPOOL "segment-max = \"99999999999999999999\"\n" CK_ENDPOINT,
               "f:2: segment-max: \"99999999999999999999\" is not a size", "");
}

UNIT_TEST(an_endpoint_has_a_name_that_fits_into_a_url)
{
    char text[400], name[CONFIG_NAME_MAX + 2];
    const char *bad[] = {"", "a b", "a/b", "a.b", "\xc3\xa9", "a\\\\"};

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        snprintf(text, sizeof text, CK_SPOOL "endpoint \"%s\" { " CK_SECRET " }", bad[i]);
        ck_refused(text, "f:2: endpoint \"", "use 1 to 64 letters");
    }
    memset(name, 'n', sizeof name);
    name[CONFIG_NAME_MAX] = '\0';
    snprintf(text, sizeof text, CK_SPOOL "endpoint \"%s\" { " CK_SECRET " }", name);
    config_free(ck_accepted(text));
    name[CONFIG_NAME_MAX] = 'n';
    name[CONFIG_NAME_MAX + 1] = '\0';
    snprintf(text, sizeof text, CK_SPOOL "endpoint \"%s\" { " CK_SECRET " }", name);
    ck_refused(text, "f:2: endpoint \"n", "use 1 to 64 letters");
}

UNIT_TEST(an_endpoint_must_say_how_a_sender_proves_itself)
{
    refused_endpoint("", "endpoint \"a\": no authentication", "auth = \"none\"");
    refused_endpoint("secret-files = {\"/s\"}", "endpoint \"a\": no authentication", "auth-header");
    refused_endpoint("auth-header = \"X-S\"", "endpoint \"a\": secret-files: missing",
                     "write secret-files =");
    refused_endpoint("auth-query = \"token\"", "endpoint \"a\": secret-files: missing", "");
    refused_endpoint("auth = \"aai-signature\"", "endpoint \"a\": secret-files: missing",
                     "signs with");
    refused_endpoint("auth = \"none\" secret-files = {\"/s\"}", "secret-files: has no effect",
                     "remove one of them");
    refused_endpoint("auth = \"none\" auth-header = \"X-S\"", "auth-header: has no effect", "");
    refused_endpoint("auth = \"standard-webhooks\" " CK_SECRET, "auth-header: has no effect",
                     "standard-webhooks");
    refused_endpoint("auth = \"aai-signature\" auth-query = \"t\" secret-files = {\"/s\"}",
                     "auth-query: has no effect", "");
    refused_endpoint(CK_SECRET "signature-window = \"5m\"", "signature-window: has no effect", "");
    refused_endpoint("auth = \"none\" signature-window = \"5m\"", "signature-window: has no effect",
                     "");
    refused_endpoint("auth = \"basic\"", "auth: \"basic\" is not a scheme", "\"aai-signature\"");
    refused_endpoint("auth = \"static\"", "auth: \"static\" is not a scheme", "leave the key out");
    refused_endpoint("auth-header = \"X-S\" secret-files = {\"\"}", "secret-files: empty path", "");
}

UNIT_TEST(a_header_that_cannot_arrive_is_refused)
{
    static const struct {
        const char *name, *remedy;
    } bad[] = {
        {"X_Webhook_Secret", "use only letters, digits and \"-\""},
        {"X.Secret", "dropped by Apache"},
        {"X Secret", "use only letters, digits"},
        {"X-Secret:", "use only letters, digits"},
        {"X-S\xc3\xa9", "use only letters, digits"},
        {"webhook_auth_header_value", "the API's parameter"},
        {"webhook_auth_header_name", "the API's parameter"},
        {"WEBHOOK-AUTH-HEADER-VALUE", "the API's parameter"},
        {"-X", "begin with a letter"},
        {"1X", "begin with a letter"},
        {"Content-Type", "has another meaning in HTTP"},
        {"content-length", "has another meaning in HTTP"},
        {"Host", "has another meaning in HTTP"},
        {"Cookie", "has another meaning in HTTP"},
        {"Proxy", "has another meaning in HTTP"},
        {"X-Forwarded-For", "has another meaning in HTTP"},
    };
    char body[512], name[CONFIG_HEADER_NAME_MAX + 2];

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        snprintf(body, sizeof body, "secret-files = {\"/s\"} auth-header = \"%s\"", bad[i].name);
        refused_endpoint(body, "auth-header: \"", bad[i].remedy);
    }
    refused_endpoint("secret-files = {\"/s\"} auth-header = \"\"", "auth-header: empty", "");
    memset(name, 'X', sizeof name);
    name[CONFIG_HEADER_NAME_MAX] = '\0';
    snprintf(body, sizeof body, "secret-files = {\"/s\"} auth-header = \"%s\"", name);
    config_free(ck_accepted_endpoint(body));
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
    refused_endpoint(CK_SECRET "allow-from = {\"192.0.2.1\", \"example.com\"}",
                     "allow-from: \"example.com\" is not an address", "192.0.2.0/24");
    refused_endpoint(CK_SECRET "allow-from = {\"192.0.2.1/24\"}", "allow-from: \"192.0.2.1/24\"",
                     "no bits set after the prefix");
    refused_endpoint(CK_SECRET "trusted-proxies = {\"\"}",
                     "trusted-proxies: \"\" is not an address", "");
    refused_endpoint(CK_SECRET "url = \"example.com/x\"",
                     "url: \"example.com/x\" is not a web address", "https://");
    refused_endpoint(CK_SECRET "url = \"https://\"", "url: \"https://\" is not a web address", "");
    refused_endpoint(CK_SECRET "url = \"https:///x\"", "url: \"https:///x\" is not a web address",
                     "");
    refused_endpoint(CK_SECRET "url = \"https://a/b c\"",
                     "url: \"https://a/b c\" is not a web address: it holds a blank", "%XX");
    refused_endpoint(CK_SECRET "url = \"\"", "url: empty", "");
    refused_endpoint(CK_SECRET "hook = {\"hook.sh\"}", "hook: \"hook.sh\" is not the absolute path",
                     "write each argument");
    refused_endpoint(CK_SECRET "hook = \"\"", "hook: \"\" is not the absolute path", "");
    refused_endpoint(CK_SECRET "params = {\"a\", \"b c\"}", "params: \"b c\" cannot become", "");
    refused_endpoint(CK_SECRET "params = {\"a-b\", \"c\", \"A_B\"}",
                     "params: \"a-b\" and \"A_B\" become the same variable", "remove one");
    refused_endpoint("auth-query = \"token\" secret-files = {\"/s\"} params = {\"token\"}",
                     "params: \"token\" is auth-query", "no hook gets the secret");
}

UNIT_TEST(a_nul_byte_is_refused_with_its_line)
{
    struct err err;
    struct config *c = ck_parse(STR(CK_SPOOL "\nkeep\0 = 1d\n" CK_ENDPOINT), &err);

    UNIT_TRUE(c == NULL);
    UNIT_STATUS(STATUS_CONFIG, err.status, &err);
    UNIT_TRUE(str_starts(str_of(err.text), "f:3: NUL byte"));
}

/* CK_MINIMAL with a comment that brings it to this length. */
static struct buf padded(size_t len)
{
    struct buf text;

    buf_init(&text, len);
    buf_add_text(&text, CK_MINIMAL "#");
    while (text.len < len)
        buf_add_char(&text, 'x');
    return text;
}

UNIT_TEST(a_file_is_read_up_to_its_limit)
{
    struct buf text = padded(CONFIG_FILE_MAX);
    struct err err;
    struct config *c = ck_parse(buf_str(&text), &err);

    UNIT_STATUS(STATUS_OK, err.status, &err);
    config_free(c);
    buf_free(&text);
    text = padded(CONFIG_FILE_MAX + 1);
    UNIT_TRUE(ck_parse(buf_str(&text), &err) == NULL);
    UNIT_TEXT("f: the file is larger than 256 KiB", err.text);
    buf_free(&text);
}

UNIT_TEST(very_long_strings_and_many_entries_are_read)
{
    struct buf text;
    struct err err;
    struct config *c;

    buf_init(&text, CONFIG_FILE_MAX);
    buf_add_text(&text, CK_SPOOL "endpoint a { " CK_SECRET "hook = {\"/");
    for (int i = 0; i < 100000; i++)
        buf_add_char(&text, 'h');
    buf_add_text(&text, "\"");
    for (int i = 0; i < 10000; i++)
        buf_add_text(&text, ",\"\"");
    buf_add_text(&text, "} }");
    c = ck_parse(buf_str(&text), &err);
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
    buf_add_text(&text, CK_SPOOL);
    for (int i = 0; i < count; i++)
        buf_printf(&text, "endpoint e%d { auth = none }\n", i);
    c = ck_parse(buf_str(&text), err);
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
    UNIT_TEXT("f:258: too many endpoints (at most 256)", err.text);
}

UNIT_TEST(deep_nesting_and_hostile_bytes_end_in_an_error)
{
    struct buf text;
    struct err err;
    unsigned seed = 1;

    buf_init(&text, CONFIG_FILE_MAX);
    for (int i = 0; i < 100000; i++)
        buf_add_char(&text, '{');
    UNIT_TRUE(ck_parse(buf_str(&text), &err) == NULL);
    /* The file with one byte changed at a time: a configuration or an error, never a crash. */
    for (size_t at = 0; at < sizeof CK_MINIMAL - 1; at++)
        for (int k = 0; k < 8; k++) {
            static const char bytes[] = "\"'{}#\\=\n";

            buf_reset(&text, CONFIG_FILE_MAX);
            buf_add_text(&text, CK_MINIMAL);
            seed = seed * 1103515245 + 12345;
            text.ptr[at] = k < 4 ? bytes[(at + (size_t)k * 2) % 8] : (char)(seed >> 16);
            config_free(ck_parse(buf_str(&text), &err));
        }
    buf_free(&text);
}

UNIT_TEST(every_cut_of_a_file_ends_in_an_error)
{
    static const char text[] = CK_SPOOL "endpoint a { auth = \"none\" }";
    struct err err;

    for (size_t len = 0; len < sizeof text - 1; len++)
        UNIT_TRUE(ck_parse((struct str){text, len}, &err) == NULL);
}

UNIT_TEST(a_good_file_is_read_after_a_broken_one)
{
    ck_refused("spool = \"/x", "f:1: ", "");
    config_free(ck_accepted(CK_MINIMAL));
    ck_refused("spool = '/x", "f:1: ", "");
    config_free(ck_accepted(CK_MINIMAL));
    ck_refused("/* x", "f:1: ", "");
    config_free(ck_accepted(CK_MINIMAL));
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
    ck_refused("spol = \"/x\"\n" CK_ENDPOINT, "f:1: ", "");
    ck_refused("spool = \"/x\n" CK_ENDPOINT, "f:1: ", "");
    refused_endpoint("url = {\"a\"}", "url", "");
    config_free(ck_accepted(CK_MINIMAL));
    fflush(stderr);
    dup2(saved, STDERR_FILENO);
    UNIT_INT(0, lseek(file, 0, SEEK_END));
    close(saved);
    close(file);
}
