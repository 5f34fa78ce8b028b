/* SPDX-License-Identifier: MIT
 * auth - who may deliver. The first byte chooses the scheme; then environment entries with a NUL
 * behind each, the last field is the body. In an entry \x01 stands for what the right secret gives
 * (the secret or its signature), \x02 for what another secret gives: a fuzzer cannot find those by
 * itself.
 */
#include "core/auth/auth.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mac.h"
#include "base/text.h"
#include "kit.h"

#define ENV_MAX 12
#define NOW_S 1790000000
#define RIGHT '\x01'
#define WRONG '\x02'
#define SECRET "c29tZXRoaW5nLXNlY3JldA=="
#define OLD "YW4tb2xkZXItc2VjcmV0"
#define OTHER "c29tZXRoaW5nLXB1YmxpYyE="

/* 192.0.2.7, behind 127.0.0.1 */
static struct address_net allowed[] = {{.base = {{[10] = 255, 255, 192, 0, 2, 7}}, 128}};
static struct address_net proxies[] = {{.base = {{[10] = 255, 255, 127, 0, 0, 1}}, 128}};
static char name[] = "calls", header[] = "X-Webhook-Secret", token[] = "token";

struct delivery {
    struct config_endpoint endpoint;
    char *env[ENV_MAX + 1];
    size_t count;
    bool right; /* the right secret is somewhere in it */
    struct str body;
};

/* ---- signatures */

static void sign(struct buf *out, enum auth_scheme scheme, const char *secret, const char *id,
                 const char *time, struct str body)
{
    const struct str parts[] = {str_of(id), STR("."), str_of(time), STR("."), body};
    uint8_t mac[MAC_SHA256_LEN];
    struct buf key;

    buf_init(&key, 64);
    if (scheme == AUTH_AAI_SIGNATURE) {
        mac_hmac_sha256(str_of(secret), parts + 2, 3, mac);
        text_hex(out, mac, sizeof mac);
    } else if (scheme == AUTH_STANDARD_WEBHOOKS) {
        FUZZ_REQUIRE(mac_base64_decode(&key, str_of(secret)));
        mac_hmac_sha256(buf_str(&key), parts, 5, mac);
        mac_base64(out, mac, sizeof mac);
    } else {
        buf_add_text(out, secret);
    }
    buf_free(&key);
}

/* The value of the first entry that begins so, "" for none; up to `end`. */
static void value_of(const struct delivery *d, const char *start, const char *end, char out[64])
{
    out[0] = '\0';
    for (size_t i = 0; i < d->count; i++) {
        const char *at = strstr(d->env[i], start);

        if (at == NULL)
            continue;
        at += strlen(start);
        snprintf(out, 64, "%.*s", (int)strcspn(at, end), at);
        return;
    }
}

/* Whether somebody has just written a secret down, as it is or percent-encoded. */
static bool writes_down(const char *entry)
{
    struct buf decoded;
    bool found;

    buf_init(&decoded, FUZZ_BUF_MAX);
    text_percent_decode(&decoded, str_of(entry), false);
    found = memmem(decoded.ptr, decoded.len, SECRET, sizeof SECRET - 1) != NULL ||
            memmem(decoded.ptr, decoded.len, OLD, sizeof OLD - 1) != NULL;
    buf_free(&decoded);
    return found;
}

static void put_signatures(struct delivery *d)
{
    char id[64], time[64];

    value_of(d, d->endpoint.scheme == AUTH_AAI_SIGNATURE ? "t=" : "_TIMESTAMP=", ",", time);
    value_of(d, "_ID=", "", id);
    for (size_t i = 0; i < d->count; i++) {
        struct buf entry;

        buf_init(&entry, FUZZ_BUF_MAX);
        for (const char *c = d->env[i]; *c != '\0'; c++) {
            d->right |= *c == RIGHT;
            if (*c == RIGHT || *c == WRONG)
                sign(&entry, d->endpoint.scheme, *c == RIGHT ? SECRET : OTHER, id, time, d->body);
            else
                buf_add_char(&entry, *c);
        }
        free(d->env[i]);
        d->env[i] = str_dup(buf_str(&entry));
        d->right |= writes_down(d->env[i]);
        buf_free(&entry);
    }
}

/* ---- the check */

static enum status check(const struct delivery *d, int64_t now_s, struct principal **out)
{
    const struct str values[] = {STR(OLD), STR(SECRET)};
    struct auth_secrets secrets = {values, 2};
    struct request request;
    struct err err = ERR_INIT;
    enum status status;

    *out = NULL;
    FUZZ_REQUIRE(request_parse(&request, d->env, NULL) != STATUS_MEMORY);
    status = auth_check(&d->endpoint, &secrets, &request, d->body, now_s * 1000000000, out, &err);
    FUZZ_REQUIRE(status == err.status);
    /* Without secrets there is none to be told, though a web server might call a host so. */
    FUZZ_REQUIRE(d->endpoint.scheme == AUTH_NONE || strstr(err.text, SECRET) == NULL);
    FUZZ_REQUIRE((*out != NULL) == (status == STATUS_OK));
    return status;
}

/* Without a secret whoever is not at the right address is a stranger, and no right address is read
 * out of two lists. */
static void check_address(const struct delivery *d, enum status status)
{
    struct request request;
    struct address client, remote;

    FUZZ_REQUIRE(status == STATUS_OK || status == STATUS_FOREIGN);
    FUZZ_REQUIRE(auth_secret_right(status) == (status == STATUS_OK));
    FUZZ_REQUIRE(request_parse(&request, d->env, NULL) != STATUS_MEMORY);
    if (status != STATUS_OK)
        return;
    FUZZ_REQUIRE(request_client(&request, proxies, 1, &client) && address_in(allowed, 1, &client));
    FUZZ_REQUIRE(address_parse(request.remote_addr, &remote));
    FUZZ_REQUIRE(address_in(allowed, 1, &remote) || request.forwarded_count == 1);
}

/* An entry that the sender would have sent himself. */
static void send_right(struct delivery *d, size_t at, const char *start)
{
    struct buf entry;
    char time[24];

    snprintf(time, sizeof time, "%d", NOW_S);
    buf_init(&entry, 512);
    buf_add_text(&entry, start);
    sign(&entry, d->endpoint.scheme, SECRET, "msg_1", time, d->body);
    d->env[at] = str_dup(buf_str(&entry));
    d->count = at + 1;
    buf_free(&entry);
}

/* The sender himself is let in, and no longer where one bit of what he said is another. */
static void check_sender(const struct delivery *given, size_t random)
{
    static char id[] = "HTTP_WEBHOOK_ID=msg_1", time[] = "HTTP_WEBHOOK_TIMESTAMP=1790000000";
    struct delivery d = {.endpoint = given->endpoint, .body = given->body};
    struct principal *principal;
    char *last;

    d.env[0] = id;
    d.env[1] = time;
    send_right(&d, 2,
               d.endpoint.scheme == AUTH_AAI_SIGNATURE ? "HTTP_X_AAI_SIGNATURE=t=1790000000,v1="
               : d.endpoint.scheme == AUTH_STANDARD_WEBHOOKS ? "HTTP_WEBHOOK_SIGNATURE=v1,"
                                                             : "HTTP_X_WEBHOOK_SECRET=");
    FUZZ_REQUIRE(check(&d, NOW_S, &principal) == STATUS_OK);
    principal_free(principal);
    if (auth_needs_body(&d.endpoint))
        FUZZ_REQUIRE(check(&d, NOW_S + 301, &principal) == STATUS_STALE);
    last = d.env[2] + strlen(d.env[2]) - 1 - random % 20;
    *last = (char)(*last == 'x' ? 'y' : 'x');
    FUZZ_REQUIRE(check(&d, NOW_S, &principal) == STATUS_UNAUTHORIZED);
    free(d.env[2]);
}

static bool is_right(struct str encoded, bool plus)
{
    struct buf decoded;
    bool same;

    buf_init(&decoded, FUZZ_BUF_MAX);
    text_percent_decode(&decoded, encoded, plus);
    same = str_is(buf_str(&decoded), SECRET) || str_is(buf_str(&decoded), OLD);
    buf_free(&decoded);
    return same;
}

/* What is left out is a secret in whatever place, and nothing else is. */
static void check_hidden(struct str query)
{
    const struct str values[] = {STR(OLD), STR(SECRET)};
    struct auth_secrets secrets = {values, 2};
    struct auth_hidden *hidden;
    struct str piece, head, value, rest;
    struct buf out;

    FUZZ_REQUIRE(auth_hidden_make(&hidden, &secrets, 1, NULL) == STATUS_OK);
    buf_init(&out, FUZZ_BUF_MAX);
    auth_query_hide(&out, hidden, query);
    FUZZ_REQUIRE(out.failed == STATUS_OK);
    rest = out.len == 0 ? STR_NONE : buf_str(&out);
    while (query.ptr != NULL) {
        (void)str_cut(query, '&', &piece, &query);
        (void)str_cut(piece, '=', &head, &value);
        if (is_right(piece, false) || is_right(piece, true) || is_right(value, false) ||
            is_right(value, true))
            continue;
        (void)str_cut(rest, '&', &head, &rest);
        FUZZ_REQUIRE(str_eq(head, piece));
    }
    FUZZ_REQUIRE(rest.len == 0);
    buf_free(&out);
    auth_hidden_free(hidden);
}

static void check_kept(const struct delivery *d)
{
    struct request request;
    struct buf kept;

    FUZZ_REQUIRE(request_parse(&request, d->env, NULL) != STATUS_MEMORY);
    buf_init(&kept, FUZZ_BUF_MAX);
    auth_query_kept(&kept, &d->endpoint, 1, request.query);
    FUZZ_REQUIRE(kept.failed == STATUS_OK && kept.len <= request.query.len);
    check_hidden(buf_str(&kept));
    buf_free(&kept);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str rest = fuzz_str(data, size);
    struct delivery d = {.count = 0};
    struct principal *principal;
    enum status status;

    d.endpoint = (struct config_endpoint){.name = name, .signature_window_s = 300};
    /* One scheme in four asks for no secret: then the address is the proof. */
    d.endpoint.scheme = (enum auth_scheme)((AUTH_STATIC + fuzz_byte(&rest) % 4) % 4);
    if (d.endpoint.scheme == AUTH_NONE) {
        d.endpoint.allow_from = allowed;
        d.endpoint.allow_from_count = 1;
        d.endpoint.trusted_proxies = proxies;
        d.endpoint.trusted_proxy_count = 1;
    }
    if (d.endpoint.scheme == AUTH_STATIC) {
        d.endpoint.auth_header = header;
        d.endpoint.auth_query = token;
    }
    while (d.count < ENV_MAX && memchr(rest.ptr, '\0', rest.len) != NULL)
        d.env[d.count++] = str_dup(fuzz_field(&rest, '\0'));
    d.body = rest;
    put_signatures(&d);
    status = check(&d, NOW_S, &principal);
    if (d.endpoint.scheme == AUTH_NONE)
        check_address(&d, status);
    else
        FUZZ_REQUIRE(d.right || !auth_secret_right(status));
    FUZZ_REQUIRE(status != STATUS_NO_SECRET || d.endpoint.scheme == AUTH_STANDARD_WEBHOOKS);
    principal_free(principal);
    check_kept(&d);
    if (d.endpoint.scheme != AUTH_NONE)
        check_sender(&d, size);
    for (size_t i = 0; i < d.count; i++)
        free(d.env[i]);
    return 0;
}
