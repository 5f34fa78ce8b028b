/* SPDX-License-Identifier: MIT
 * auth - who may deliver. Each scheme is an entry of one table (core/auth/auth.c) and a file of its
 * own.
 */
#ifndef CORE_AUTH_AUTH_H
#define CORE_AUTH_AUTH_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "core/config/config.h"
#include "core/request.h"

/* Proof that a delivery to an endpoint may be recorded. Three functions make one, each called from
 * one place only (tests/lint/walls); principal_free frees it. */
struct principal;

/* The secrets of one endpoint as they were read: each without trailing CR and LF, none empty. */
struct auth_secrets {
    const struct str *values;
    size_t count;
};

/* A key of fewer bytes can be guessed. */
#define AUTH_KEY_MIN 16
/* How many bytes of key a secret is to the endpoint's scheme: of base64, the decoded ones. */
size_t auth_key_size(const struct config_endpoint *endpoint, struct str secret);

/* Whether the endpoint's scheme needs the body before it can decide. */
bool auth_needs_body(const struct config_endpoint *endpoint);

/* The request's own proof, for the gateway. `body` is read only if auth_needs_body. STATUS_OK: *out
 * is a principal. STATUS_ADDRESS, STATUS_STALE: the secret is right, but the delivery may only be
 * quarantined. STATUS_UNAUTHORIZED; STATUS_FOREIGN: there is no secret to be right, and the address
 * is foreign; STATUS_NO_SECRET: the endpoint has no usable secret; STATUS_MEMORY. err says which
 * check failed, for the log only, without any secret or the given value. */
enum status auth_check(const struct config_endpoint *endpoint, const struct auth_secrets *secrets,
                       const struct request *request, struct str body, int64_t now_ns,
                       struct principal **out, struct err *err) STATUS_CHECKED;
/* Whether the endpoint asks for a proof at all, a secret or an address: else anybody can deliver.
 */
bool auth_proves(const struct config_endpoint *endpoint);
/* Whether this status of auth_check means that the sender is no stranger: the secret is right, or
 * none is asked for and the address is not foreign. */
bool auth_secret_right(enum status status);
/* The operator's word for a delivery in a box, for `stenohook rejected accept`. */
enum status auth_by_operator(const struct config_endpoint *endpoint, struct principal **out,
                             struct err *err) STATUS_CHECKED;
/* The API's word for a transcript whose webhook never came, for `stenohook reconcile`. */
enum status auth_by_api(const struct config_endpoint *endpoint, struct principal **out,
                        struct err *err) STATUS_CHECKED;

void principal_free(struct principal *p); /* NULL is fine */
const struct config_endpoint *principal_endpoint(const struct principal *p);
/* How the record says that the delivery came in: NULL by its own request, else "rejected" or
 * "reconciled". */
const char *principal_via(const struct principal *p);
/* Standard Webhooks: the signed webhook-id; else STR_NONE. Borrowed from the request. */
struct str principal_message_id(const struct principal *p);

/* Whether the request shows something that is meant as this endpoint's static secret, right or
 * wrong: its header, or its parameter of the query. */
bool auth_presented(const struct config_endpoint *endpoint, const struct request *request);

/* The raw query as it may be kept: without the parameters that carry the tokens of these endpoints.
 */
void auth_query_kept(struct buf *out, const struct config_endpoint *endpoints, size_t count,
                     struct str query);

/* ---- auth_hide.c: for what boxes keep, where somebody mistook the place of a secret */

/* The secrets of all endpoints, to be compared with in constant time. auth_hidden_free frees it;
 * it borrows nothing. STATUS_MEMORY. */
struct auth_hidden;
enum status auth_hidden_make(struct auth_hidden **out, const struct auth_secrets *secrets,
                             size_t endpoints, struct err *err) STATUS_CHECKED;
void auth_hidden_free(struct auth_hidden *h); /* NULL is fine */
/* Whether a value, as it is, is one of them. */
bool auth_is_secret(const struct auth_hidden *h, struct str value);
/* The raw query without each parameter whose value, or which as a whole, is one of them when it is
 * decoded (`+` as itself or as a blank), whatever its name. */
void auth_query_hide(struct buf *out, struct auth_hidden *h, struct str query);

#endif
