/* SPDX-License-Identifier: MIT
 * request - the environment of a request, its entries with a NUL behind each.
 */
#include "core/request.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "cgi/listen.h"
#include "core/address.h"
#include "kit.h"

#define ENV_MAX 64

static char *entries[ENV_MAX + 1];
static size_t entry_count;

/* Looks for NAME by a rule of its own: the value, and how many there are. */
static struct str expected(const char *name, unsigned *count)
{
    struct str found = STR_NONE;

    *count = 0;
    for (size_t i = 0; i < entry_count; i++) {
        size_t len = strlen(name);

        if (strncmp(entries[i], name, len) != 0 || entries[i][len] != '=')
            continue;
        if ((*count)++ == 0)
            found = str_of(entries[i] + len + 1);
    }
    return found;
}

static bool same(struct str a, struct str b)
{
    return (a.ptr == NULL) == (b.ptr == NULL) && str_eq(a, b);
}

static struct str empty_is_none(struct str s)
{
    return s.len == 0 ? STR_NONE : s;
}

static struct str none_is_empty(struct str s)
{
    return s.ptr == NULL ? STR("") : s;
}

static void check_strings(const struct request *r)
{
    struct str info, script;
    unsigned n;

    FUZZ_REQUIRE(same(r->query, none_is_empty(expected("QUERY_STRING", &n))));
    FUZZ_REQUIRE(same(r->method_text, none_is_empty(expected("REQUEST_METHOD", &n))));
    FUZZ_REQUIRE(same(r->content_type, empty_is_none(expected("CONTENT_TYPE", &n))));
    FUZZ_REQUIRE(same(r->user_agent, empty_is_none(expected("HTTP_USER_AGENT", &n))));
    FUZZ_REQUIRE(same(r->remote_addr, none_is_empty(expected("REMOTE_ADDR", &n))));
    FUZZ_REQUIRE(same(r->forwarded, empty_is_none(expected("HTTP_X_FORWARDED_FOR", &n))));
    FUZZ_REQUIRE(r->forwarded_count == n);
    info = expected("PATH_INFO", &n);
    script = expected("SCRIPT_NAME", &n);
    FUZZ_REQUIRE(same(r->path, info.len > 0 ? info : none_is_empty(script)));
    FUZZ_REQUIRE((r->method == METHOD_POST) == str_is(r->method_text, "POST"));
}

static void check_length(const struct request *r, enum status status)
{
    unsigned n;
    struct str text = expected("CONTENT_LENGTH", &n);
    uint64_t value = 0;
    bool right = text.len > 0;

    for (size_t i = 0; right && i < text.len; i++) {
        unsigned digit = (unsigned char)text.ptr[i] - (unsigned)'0';

        right = digit <= 9 && value <= (UINT64_MAX - digit) / 10;
        value = value * 10 + digit;
    }
    FUZZ_REQUIRE((status == STATUS_MALFORMED) == (text.len > 0 && !right));
    FUZZ_REQUIRE(r->has_length == right);
    FUZZ_REQUIRE(!right || r->length == value);
}

static void check_headers(const struct request *r)
{
    unsigned own, redirected, n;
    struct str value = expected("HTTP_X_WEBHOOK_SECRET", &own);

    FUZZ_REQUIRE(same(request_header(r, "X-Webhook-secret", &n), value) && n == own);
    FUZZ_REQUIRE(same(request_var(r, "HTTP_X_WEBHOOK_SECRET", &n), value) && n == own);
    value = expected("HTTP_AUTHORIZATION", &own);
    if (own == 0)
        value = expected("REDIRECT_HTTP_AUTHORIZATION", &redirected);
    FUZZ_REQUIRE(same(request_header(r, "authorization", &n), value));
    FUZZ_REQUIRE(n == (own == 0 ? redirected : own));
}

static void check_name(const struct request *r)
{
    bool has_info;
    unsigned n;
    struct str name = request_endpoint_name(r, &has_info);

    FUZZ_REQUIRE(name.ptr + name.len == r->path.ptr + r->path.len);
    FUZZ_REQUIRE(name.len == r->path.len || name.ptr[-1] == '/');
    FUZZ_REQUIRE(has_info == (expected("PATH_INFO", &n).len > 0));
    /* A name is all of PATH_INFO, or the last segment of SCRIPT_NAME. */
    if (has_info)
        FUZZ_REQUIRE(name.len == r->path.len - (r->path.ptr[0] == '/'));
    else
        FUZZ_REQUIRE(memchr(name.ptr, '/', name.len) == NULL);
}

static void check_client(const struct request *r)
{
    static const struct address_net proxies[] = {{.base = {{[10] = 255, 255, 127, 0, 0, 1}}, 128}};
    char text[ADDRESS_TEXT_MAX];
    struct address client, again, remote;

    if (!request_client(r, proxies, 1, &client))
        return;
    address_print(&client, text);
    FUZZ_REQUIRE(address_parse(str_of(text), &again));
    FUZZ_REQUIRE(memcmp(&client, &again, sizeof client) == 0);
    /* X-Forwarded-For counts where the proxy wrote it, and nowhere else. */
    FUZZ_REQUIRE(address_parse(r->remote_addr, &remote));
    if (!address_in(proxies, 1, &remote))
        FUZZ_REQUIRE(memcmp(&client, &remote, sizeof client) == 0);
    else
        FUZZ_REQUIRE(r->forwarded_count <= 1);
}

/* Who is admitted stands in the list. */
static void check_peers(void)
{
    struct sockaddr_storage peer = {.ss_family = AF_INET};
    struct sockaddr_storage local = {.ss_family = AF_UNIX};
    struct address listed, own = {{[10] = 255, 255, 192, 0, 2, 7}};
    const char *list = getenv("FCGI_WEB_SERVER_ADDRS");
    struct str rest;
    bool found = false;
    unsigned n;

    rest = expected("FCGI_WEB_SERVER_ADDRS", &n);
    list = rest.ptr;
    memcpy(&((struct sockaddr_in *)&peer)->sin_addr, own.bytes + 12, 4);
    FUZZ_REQUIRE(listen_admits(list, &local));
    while (rest.ptr != NULL)
        found |= address_parse(fuzz_field(&rest, ','), &listed) &&
                 memcmp(&listed, &own, sizeof own) == 0;
    FUZZ_REQUIRE(!listen_admits(list, &peer) || list == NULL || found);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str rest = fuzz_str(data, size);
    struct err err = ERR_INIT;
    struct request request;
    enum status status;

    for (entry_count = 0; rest.ptr != NULL && entry_count < ENV_MAX; entry_count++) {
        entries[entry_count] = str_dup(fuzz_field(&rest, '\0'));
        FUZZ_REQUIRE(entries[entry_count] != NULL);
    }
    entries[entry_count] = NULL;
    status = request_parse(&request, entries, &err);
    FUZZ_REQUIRE(status == STATUS_OK || status == STATUS_MALFORMED);
    FUZZ_REQUIRE((status == STATUS_OK) == (err.text[0] == '\0') && err.status == status);
    check_strings(&request);
    check_length(&request, status);
    check_headers(&request);
    check_name(&request);
    check_client(&request);
    check_peers();
    for (size_t i = 0; i < entry_count; i++)
        free(entries[i]);
    return 0;
}
