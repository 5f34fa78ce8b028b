/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "core/address.h"
#include "core/request.h"
#include "unit.h"

#define ENTRIES_MAX 16

/* The environment of one request at a time. Its entries are only ever read, but are not const, as
 * in environ. */
static char *const *env_of(const char *const *entries)
{
    static char *env[ENTRIES_MAX];
    size_t count = 1;

    while (entries[count - 1] != NULL)
        count++;
    if (count > ENTRIES_MAX)
        abort();
    memcpy(env, entries, count * sizeof *env);
    return env;
}
#define ENV(...) env_of((const char *const[]){__VA_ARGS__, NULL})

static struct request parsed(char *const *env)
{
    struct err err = ERR_INIT;
    struct request r;

    UNIT_STATUS(STATUS_OK, request_parse(&r, env, &err), &err);
    return r;
}

UNIT_TEST(an_empty_environment_gives_an_empty_request)
{
    struct request r = parsed(env_of((const char *const[]){NULL}));
    bool has_info;

    UNIT_INT(METHOD_OTHER, r.method);
    UNIT_STR("", r.method_text);
    UNIT_STR("", r.path);
    UNIT_STR("", r.query);
    UNIT_STR(NULL, r.content_type);
    UNIT_STR(NULL, r.user_agent);
    UNIT_STR("", r.remote_addr);
    UNIT_STR(NULL, r.forwarded);
    UNIT_STR("", r.document_root);
    UNIT_FALSE(r.has_length);
    UNIT_STR("", request_endpoint_name(&r, &has_info));
    UNIT_FALSE(has_info);
}

UNIT_TEST(the_variables_of_a_request_are_found)
{
    struct request r =
        parsed(ENV("GATEWAY_INTERFACE=CGI/1.1", "REQUEST_METHOD=POST",
                   "QUERY_STRING=a=1&b==", "CONTENT_TYPE=application/json", "CONTENT_LENGTH=82",
                   "HTTP_USER_AGENT=x/1", "REMOTE_ADDR=192.0.2.1", "HTTP_X_FORWARDED_FOR=192.0.2.2",
                   "DOCUMENT_ROOT=/srv", "SCRIPT_NAME=/s", "PATH_INFO=/i", "nonsense"));

    UNIT_INT(METHOD_POST, r.method);
    UNIT_STR("POST", r.method_text);
    UNIT_STR("/i", r.path);
    UNIT_STR("a=1&b==", r.query);
    UNIT_STR("application/json", r.content_type);
    UNIT_STR("x/1", r.user_agent);
    UNIT_STR("192.0.2.1", r.remote_addr);
    UNIT_STR("192.0.2.2", r.forwarded);
    UNIT_STR("/srv", r.document_root);
    UNIT_TRUE(r.has_length);
    UNIT_INT(82, r.length);
}

static enum request_method method(const char *entry)
{
    return parsed(ENV(entry)).method;
}

UNIT_TEST(methods_are_compared_with_their_case)
{
    UNIT_INT(METHOD_POST, method("REQUEST_METHOD=POST"));
    UNIT_INT(METHOD_GET, method("REQUEST_METHOD=GET"));
    UNIT_INT(METHOD_HEAD, method("REQUEST_METHOD=HEAD"));
    UNIT_INT(METHOD_OTHER, method("REQUEST_METHOD=post"));
    UNIT_INT(METHOD_OTHER, method("REQUEST_METHOD=POSTS"));
    UNIT_INT(METHOD_OTHER, method("REQUEST_METHOD="));
    UNIT_INT(METHOD_OTHER, method("REQUEST_METHOD=DELETE"));
}

UNIT_TEST(an_empty_content_length_is_no_length)
{
    UNIT_FALSE(parsed(ENV("CONTENT_LENGTH=")).has_length);
    UNIT_TRUE(parsed(ENV("CONTENT_LENGTH=0")).has_length);
    UNIT_INT(UINT64_MAX, (uint64_t)parsed(ENV("CONTENT_LENGTH=18446744073709551615")).length);
}

UNIT_TEST(a_content_length_that_is_no_number_is_malformed)
{
    static const char *const lengths[] = {
        "CONTENT_LENGTH=-1",  "CONTENT_LENGTH=+1",  "CONTENT_LENGTH=1 ",
        "CONTENT_LENGTH=0x1", "CONTENT_LENGTH=1,1", "CONTENT_LENGTH=18446744073709551616"};

    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        struct err err = ERR_INIT;
        struct request r;

        UNIT_STATUS(STATUS_MALFORMED,
                    request_parse(
                        &r, ENV("REQUEST_METHOD=POST", lengths[i], "REMOTE_ADDR=192.0.2.1"), &err),
                    &err);
        UNIT_FALSE(r.has_length);
        UNIT_STR("192.0.2.1", r.remote_addr);
        UNIT_TRUE(strstr(err.text, "CONTENT_LENGTH") != NULL);
    }
}

UNIT_TEST(empty_headers_are_absent)
{
    struct request r = parsed(ENV("CONTENT_TYPE=", "HTTP_USER_AGENT=", "HTTP_X_FORWARDED_FOR="));

    UNIT_STR(NULL, r.content_type);
    UNIT_STR(NULL, r.user_agent);
    UNIT_STR(NULL, r.forwarded);
}

UNIT_TEST(of_doubled_variables_the_first_counts)
{
    struct request r = parsed(ENV("QUERY_STRING=1", "QUERY_STRING=2"));
    unsigned count;

    UNIT_STR("1", r.query);
    UNIT_STR("1", request_var(&r, "QUERY_STRING", &count));
    UNIT_INT(2, count);
    UNIT_STR(NULL, request_var(&r, "QUERY", &count));
    UNIT_INT(0, count);
    UNIT_STR("1", request_var(&r, "QUERY_STRING", NULL));
}

static bool client(const char *remote, const char *forwarded, const char *another, char *text)
{
    const char *entries[] = {remote, forwarded, another, NULL};
    struct request r = parsed(env_of(entries));
    struct address_net proxy;
    struct address address;

    UNIT_TRUE(address_net_parse(STR("10.0.0.1"), &proxy));
    if (!request_client(&r, &proxy, 1, &address))
        return false;
    address_print(&address, text);
    return true;
}

UNIT_TEST(several_forwarded_variables_are_no_address_behind_a_proxy)
{
    static const char *const others[] = {"HTTP_X_FORWARDED_FOR=192.0.2.2",
                                         "HTTP_X_FORWARDED_FOR=192.0.2.1", "HTTP_X_FORWARDED_FOR="};
    char text[ADDRESS_TEXT_MAX];

    UNIT_TRUE(client("REMOTE_ADDR=10.0.0.1", "HTTP_X_FORWARDED_FOR=192.0.2.1", NULL, text));
    UNIT_TEXT("192.0.2.1", text);
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        UNIT_FALSE(
            client("REMOTE_ADDR=10.0.0.1", "HTTP_X_FORWARDED_FOR=192.0.2.1", others[i], text));
        UNIT_FALSE(
            client("REMOTE_ADDR=10.0.0.1", others[i], "HTTP_X_FORWARDED_FOR=192.0.2.1", text));
        /* Of who is no proxy they are not read. */
        UNIT_TRUE(
            client("REMOTE_ADDR=192.0.2.9", "HTTP_X_FORWARDED_FOR=192.0.2.1", others[i], text));
        UNIT_TEXT("192.0.2.9", text);
    }
}

UNIT_TEST(headers_are_found_by_the_name_that_the_configuration_has)
{
    struct request r =
        parsed(ENV("HTTP_X_WEBHOOK_SECRET=s=1", "HTTP_X_WEBHOOK_SECRETS=no", "X_WEBHOOK_SECRET=no",
                   "HTTP_X_2=two", "HTTP_X_2=three", "HTTP_EMPTY="));
    unsigned count;

    UNIT_STR("s=1", request_header(&r, "X-Webhook-Secret", &count));
    UNIT_INT(1, count);
    UNIT_STR("s=1", request_header(&r, "x-webhook-SECRET", NULL));
    UNIT_STR("s=1", request_header(&r, "X_Webhook_Secret", NULL));
    UNIT_STR("two", request_header(&r, "X-2", &count));
    UNIT_INT(2, count);
    UNIT_STR("", request_header(&r, "Empty", &count));
    UNIT_INT(1, count);
    UNIT_STR(NULL, request_header(&r, "X-Webhook", &count));
    UNIT_INT(0, count);
    UNIT_STR(NULL, request_header(&r, "", &count));
}

UNIT_TEST(authorization_is_also_found_behind_an_internal_redirect)
{
    struct request r = parsed(ENV("REDIRECT_HTTP_AUTHORIZATION=r", "REDIRECT_HTTP_OTHER=o"));
    unsigned count;

    UNIT_STR("r", request_header(&r, "Authorization", &count));
    UNIT_INT(1, count);
    UNIT_STR("r", request_header(&r, "authorization", NULL));
    UNIT_STR(NULL, request_header(&r, "Other", &count));
    UNIT_INT(0, count);
    r = parsed(ENV("REDIRECT_HTTP_AUTHORIZATION=r", "HTTP_AUTHORIZATION=own"));
    UNIT_STR("own", request_header(&r, "Authorization", &count));
    UNIT_INT(1, count);
}

static void endpoint(const char *expected, bool info, char *const *env)
{
    struct request r = parsed(env);
    bool has_info = !info;

    UNIT_STR(expected, request_endpoint_name(&r, &has_info));
    UNIT_INT(info, has_info);
}

UNIT_TEST(the_endpoint_is_the_whole_path_info)
{
    endpoint("calls", true, ENV("SCRIPT_NAME=/cgi-bin/stenohook.cgi", "PATH_INFO=/calls"));
    endpoint("calls", true, ENV("SCRIPT_NAME=/hook", "PATH_INFO=/calls")); /* lighttpd, a prefix */
    endpoint("", true, ENV("SCRIPT_NAME=/hook", "PATH_INFO=/"));
    endpoint("x/calls", true, ENV("SCRIPT_NAME=/hook", "PATH_INFO=/x/calls"));
    endpoint("/calls", true, ENV("SCRIPT_NAME=/hook", "PATH_INFO=//calls"));
    endpoint("calls/", true, ENV("SCRIPT_NAME=/hook", "PATH_INFO=/calls/"));
    endpoint("a/..", true, ENV("PATH_INFO=/a/.."));
    endpoint("a/../calls", true, ENV("PATH_INFO=/a/../calls"));
    endpoint("calls", true, ENV("PATH_INFO=calls"));
}

UNIT_TEST(without_path_info_the_endpoint_is_the_last_segment)
{
    endpoint("stenohook.cgi", false, ENV("SCRIPT_NAME=/cgi-bin/stenohook.cgi"));
    endpoint("hook", false, ENV("SCRIPT_NAME=/hook", "PATH_INFO=")); /* the prefix alone */
    endpoint("calls", false, ENV("SCRIPT_NAME=/hook/calls"));        /* ProxyPass, nginx */
    endpoint("calls", false, ENV("SCRIPT_NAME=/hook/x/calls"));
    endpoint("", false, ENV("SCRIPT_NAME=/hook/calls/"));
    endpoint("", false, ENV("SCRIPT_NAME=/"));
}
