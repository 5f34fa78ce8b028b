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

/* Proof that a delivery was authenticated for an endpoint. Only auth.c makes one. */
struct principal;

/* The secrets of one endpoint as they were read: each without trailing CR and LF, none empty. */
struct auth_secrets {
    const struct str *values;
    size_t count;
};

/* Whether the endpoint's scheme needs the body before it can decide. */
bool auth_needs_body(const struct config_endpoint *endpoint);

/* STATUS_OK: *out is a principal, to be given back with principal_free.
 * STATUS_UNAUTHORIZED: err says which check failed, for the log only, without any secret or the
 * given value. STATUS_NO_SECRET: the endpoint needs a secret and there is none. STATUS_ADDRESS,
 * STATUS_STALE: the secret is right; *out is a principal all the same (it opens the quarantine,
 * never the journal: see principal_may_record). `body` is looked at only where auth_needs_body. */
enum status auth_check(const struct config_endpoint *endpoint, const struct auth_secrets *secrets,
                       const struct request *request, struct str body, int64_t now_ns,
                       struct principal **out, struct err *err) STATUS_CHECKED;

/* Whether the request shows something that is meant as this endpoint's static secret, right or
 * wrong: its header, or its parameter of the query. */
bool auth_presented(const struct config_endpoint *endpoint, const struct request *request);

/* For a delivery that an operator takes out of the refused box or the quarantine: `via` says so in
 * the record. */
enum status auth_accept(const struct config_endpoint *endpoint, const char *via,
                        struct principal **out, struct err *err) STATUS_CHECKED;

void principal_free(struct principal *p);
const struct config_endpoint *principal_endpoint(const struct principal *p);
/* "header", "query", "none", "aai-signature", "standard-webhooks", ...: for logs. */
const char *principal_scheme(const struct principal *p);
/* NULL, or how it came in when not by its own delivery. */
const char *principal_via(const struct principal *p);
/* Standard Webhooks: the signed webhook-id; else STR_NONE. Borrowed from the request. */
struct str principal_message_id(const struct principal *p);
bool principal_may_record(const struct principal *p);

/* The raw query as it may be kept: without the parameter that carries the token. */
void auth_query_kept(struct buf *out, const struct config_endpoint *endpoint, struct str query);

#endif
