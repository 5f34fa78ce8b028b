/* SPDX-License-Identifier: MIT
 * auth - the table of schemes, the address, and the only maker of principals.
 */
#include "core/auth/auth.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "core/address.h"
#include "core/auth/auth_parts.h"
#include "core/query.h"

/* Of an address that is none, in an error. */
#define SHOWN_MAX 64

struct principal {
    const struct config_endpoint *endpoint;
    const char *scheme;
    char *via; /* or NULL */
    struct str message_id;
    bool may_record;
};

static enum status check_nothing(const struct auth_attempt *a, struct auth_finding *out,
                                 struct err *err)
{
    (void)a;
    (void)err;
    out->proof = "none";
    return STATUS_OK;
}

static const struct auth_scheme_entry schemes[] = {
    [AUTH_NONE] = {"none", .needs_body = false, .needs_secret = false, check_nothing},
    [AUTH_STATIC] = {"static", .needs_body = false, .needs_secret = true, auth_static_check},
    [AUTH_AAI_SIGNATURE] = {"aai-signature", .needs_body = true, .needs_secret = true,
                            auth_aai_check},
    [AUTH_STANDARD_WEBHOOKS] = {"standard-webhooks", .needs_body = true, .needs_secret = true,
                                auth_standard_check},
};

/* ---- for checks */

struct str auth_header_once(const struct request *request, const char *header, struct err *err)
{
    unsigned count;
    struct str value = request_header(request, header, &count);

    if (count == 1 && value.len > 0)
        return value;
    if (count == 0)
        (void)err_set(err, STATUS_UNAUTHORIZED, "%s missing", header);
    else if (count == 1)
        (void)err_set(err, STATUS_UNAUTHORIZED, "%s empty", header);
    else
        (void)err_set(err, STATUS_UNAUTHORIZED, "%s given %s", header,
                      count == 2 ? "twice" : "more than twice");
    return STR_NONE;
}

enum status auth_window_check(const struct auth_attempt *a, uint64_t signed_s, struct err *err)
{
    uint64_t now_s = a->now_ns < 0 ? 0 : (uint64_t)(a->now_ns / NS_PER_S);
    bool past = signed_s <= now_s;
    uint64_t distance = past ? now_s - signed_s : signed_s - now_s;

    if (distance <= a->endpoint->signature_window_s)
        return STATUS_OK;
    return err_set(err, STATUS_STALE,
                   "signature right, but made %" PRIu64 " s %s, and signature-window is %" PRIu64
                   " s; is the clock of this machine right?",
                   distance, past ? "ago" : "ahead", a->endpoint->signature_window_s);
}

/* ---- principals */

static struct principal *make(const struct config_endpoint *endpoint, const char *scheme,
                              struct err *err)
{
    struct principal *p = calloc(1, sizeof *p);

    if (p == NULL) {
        (void)err_set(err, STATUS_MEMORY, "no memory for a principal");
        return NULL;
    }
    p->endpoint = endpoint;
    p->scheme = scheme;
    return p;
}

static bool address_allowed(const struct config_endpoint *e, const struct request *request,
                            struct err *err)
{
    struct address client;
    char text[ADDRESS_TEXT_MAX];
    size_t len = request->remote_addr.len;

    if (e->allow_from_count == 0)
        return true;
    if (!address_client(request->remote_addr, request->forwarded, e->trusted_proxies,
                        e->trusted_proxy_count, &client)) {
        (void)err_set(err, STATUS_ADDRESS,
                      "secret right, but REMOTE_ADDR (\"%.*s\") or X-Forwarded-For is no address, "
                      "and allow-from is set",
                      (int)(len > SHOWN_MAX ? SHOWN_MAX : len),
                      len == 0 ? "" : request->remote_addr.ptr);
        return false;
    }
    if (address_in(e->allow_from, e->allow_from_count, &client))
        return true;
    address_print(&client, text);
    (void)err_set(err, STATUS_ADDRESS, "secret right, but %s is not in allow-from", text);
    return false;
}

bool auth_needs_body(const struct config_endpoint *endpoint)
{
    return schemes[endpoint->scheme].needs_body;
}

enum status auth_check(const struct config_endpoint *endpoint, const struct auth_secrets *secrets,
                       const struct request *request, struct str body, int64_t now_ns,
                       struct principal **out, struct err *err)
{
    const struct auth_scheme_entry *scheme = &schemes[endpoint->scheme];
    struct auth_attempt attempt = {endpoint, secrets, request, body, now_ns};
    struct auth_finding finding = {scheme->name, STR_NONE};
    struct err failed = ERR_INIT;
    struct principal *p;
    enum status st;

    if (scheme->needs_secret && (secrets == NULL || secrets->count == 0))
        return err_set(err, STATUS_NO_SECRET,
                       "endpoint \"%s\": none of its secret-files holds a secret that can be read; "
                       "stenohook check says why",
                       endpoint->name);
    st = scheme->check(&attempt, &finding, &failed);
    if (st != STATUS_OK && st != STATUS_STALE)
        return err_pass(err, st, &failed);
    p = make(endpoint, finding.proof, err);
    if (p == NULL)
        return STATUS_MEMORY;
    /* If both fail, the address is reported: a retry can pass a clock, but never an address. */
    if (!address_allowed(endpoint, request, err))
        st = STATUS_ADDRESS;
    else
        (void)err_pass(err, st, &failed);
    p->message_id = finding.message_id;
    p->may_record = st == STATUS_OK;
    *out = p;
    return st;
}

bool auth_presented(const struct config_endpoint *endpoint, const struct request *request)
{
    unsigned headers = 0;

    if (endpoint->auth_header != NULL)
        (void)request_header(request, endpoint->auth_header, &headers);
    return headers > 0 ||
           (endpoint->auth_query != NULL &&
            query_find(request->query, str_of(endpoint->auth_query), &(struct str){NULL, 0}) > 0);
}

enum status auth_accept(const struct config_endpoint *endpoint, const char *via,
                        struct principal **out, struct err *err)
{
    struct principal *p = make(endpoint, "operator", err);

    if (p == NULL)
        return STATUS_MEMORY;
    p->via = str_dup(str_of(via));
    if (p->via == NULL) {
        principal_free(p);
        return err_set(err, STATUS_MEMORY, "no memory for a principal");
    }
    p->may_record = true;
    *out = p;
    return STATUS_OK;
}

void principal_free(struct principal *p)
{
    if (p == NULL)
        return;
    free(p->via);
    free(p);
}

const struct config_endpoint *principal_endpoint(const struct principal *p)
{
    return p->endpoint;
}

const char *principal_scheme(const struct principal *p)
{
    return p->scheme;
}

const char *principal_via(const struct principal *p)
{
    return p->via;
}

struct str principal_message_id(const struct principal *p)
{
    return p->message_id;
}

bool principal_may_record(const struct principal *p)
{
    return p->may_record;
}

/* ---- what may be kept */

void auth_query_kept(struct buf *out, const struct config_endpoint *endpoint, struct str query)
{
    if (endpoint == NULL || endpoint->auth_query == NULL)
        buf_add_str(out, query);
    else
        query_without(out, query, str_of(endpoint->auth_query));
}
