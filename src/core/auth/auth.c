/* SPDX-License-Identifier: MIT
 * auth - the table of schemes, the address, and the only maker of principals.
 */
#include "core/auth/auth.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "core/address.h"
#include "core/auth/auth_parts.h"
#include "core/query.h"

/* Characters of an invalid address that an error shows. */
#define SHOWN_MAX 64

struct principal {
    const struct config_endpoint *endpoint;
    const char *via; /* or NULL */
    struct str message_id;
};

static enum status check_nothing(const struct auth_attempt *a, struct str *message_id,
                                 struct err *err)
{
    (void)a;
    (void)message_id;
    (void)err;
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

/* ---- principals */

static enum status make_principal(const struct config_endpoint *endpoint, const char *via,
                                  struct str message_id, struct principal **out, struct err *err)
{
    struct principal *p = calloc(1, sizeof *p);

    if (p == NULL)
        return err_set(err, STATUS_MEMORY, "no memory for a principal");
    *p = (struct principal){endpoint, via, message_id};
    *out = p;
    return STATUS_OK;
}

/* Where no secret is asked for, a foreign address is a stranger's. */
static enum status check_address(const struct config_endpoint *e, const struct request *request,
                                 struct err *err)
{
    bool needs_secret = schemes[e->scheme].needs_secret;
    enum status foreign = needs_secret ? STATUS_ADDRESS : STATUS_FOREIGN;
    const char *but = needs_secret ? "secret right, but " : "";
    struct address client;
    char text[ADDRESS_TEXT_MAX];
    size_t len = request->remote_addr.len;

    if (e->allow_from_count == 0)
        return STATUS_OK;
    if (!request_client(request, e->trusted_proxies, e->trusted_proxy_count, &client))
        return err_set(err, foreign,
                       "%sREMOTE_ADDR (\"%.*s\") or X-Forwarded-For%s is not an address, and "
                       "allow-from is set",
                       but, (int)(len > SHOWN_MAX ? SHOWN_MAX : len),
                       len == 0 ? "" : request->remote_addr.ptr,
                       request->forwarded_count > 1 ? " (given in more than one spelling)" : "");
    if (address_in(e->allow_from, e->allow_from_count, &client))
        return STATUS_OK;
    address_print(&client, text);
    return err_set(err, foreign, "%s%s is not in allow-from", but, text);
}

bool auth_proves(const struct config_endpoint *endpoint)
{
    return schemes[endpoint->scheme].needs_secret || endpoint->allow_from_count > 0;
}

size_t auth_key_size(const struct config_endpoint *endpoint, struct str secret)
{
    return endpoint->scheme == AUTH_STANDARD_WEBHOOKS ? auth_standard_key_size(secret) : secret.len;
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
    struct err failed = ERR_INIT;
    struct str message_id = STR_NONE;
    enum status status, address;

    if (scheme->needs_secret && (secrets == NULL || secrets->count == 0))
        return err_set(err, STATUS_NO_SECRET,
                       "endpoint \"%s\": none of its secret-files holds a secret that can be read; "
                       "stenohook check says why",
                       endpoint->name);
    status = scheme->check(&attempt, &message_id, &failed);
    /* If both fail, report the address: a retry can fix a clock, not an address. */
    if (auth_secret_right(status) && (address = check_address(endpoint, request, err)) != STATUS_OK)
        return address;
    if (status != STATUS_OK)
        return err_pass(err, status, &failed);
    return make_principal(endpoint, NULL, message_id, out, err);
}

bool auth_secret_right(enum status status)
{
    return status == STATUS_OK || status == STATUS_STALE || status == STATUS_ADDRESS;
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

enum status auth_by_operator(const struct config_endpoint *endpoint, struct principal **out,
                             struct err *err)
{
    return make_principal(endpoint, "rejected", STR_NONE, out, err);
}

enum status auth_by_api(const struct config_endpoint *endpoint, struct principal **out,
                        struct err *err)
{
    return make_principal(endpoint, "reconciled", STR_NONE, out, err);
}

void principal_free(struct principal *p)
{
    free(p);
}

const struct config_endpoint *principal_endpoint(const struct principal *p)
{
    return p->endpoint;
}

const char *principal_via(const struct principal *p)
{
    return p->via;
}

struct str principal_message_id(const struct principal *p)
{
    return p->message_id;
}

/* ---- what may be kept */

struct endpoints {
    const struct config_endpoint *list;
    size_t count;
};

static bool carries_token(void *context, const struct query_piece *piece)
{
    const struct endpoints *e = context;

    for (size_t i = 0; i < e->count; i++)
        if (e->list[i].auth_query != NULL && query_named(piece, str_of(e->list[i].auth_query)))
            return true;
    return false;
}

void auth_query_kept(struct buf *out, const struct config_endpoint *endpoints, size_t count,
                     struct str query)
{
    struct endpoints e = {endpoints, count};

    query_filter(out, query, carries_token, &e);
}
