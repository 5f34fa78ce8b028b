/* SPDX-License-Identifier: MIT
 * request - what the web server says of a request: RFC 3875 variables, borrowed and bounded.
 */
#ifndef CORE_REQUEST_H
#define CORE_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"
#include "core/address.h"

enum request_method { METHOD_POST, METHOD_GET, METHOD_HEAD, METHOD_OTHER };

/* All strings point into `env`, which must outlive it. */
struct request {
    char *const
        *env; /* NULL-terminated "NAME=VALUE"; the same name may come twice (lighttpd, nginx) */
    enum request_method method;
    struct str method_text;
    struct str path;         /* PATH_INFO, or SCRIPT_NAME if that is missing or empty */
    struct str query;        /* QUERY_STRING as received; empty if absent */
    struct str content_type; /* absent or empty (nginx): STR_NONE */
    struct str user_agent;   /* absent or empty: STR_NONE */
    struct str remote_addr;
    struct str forwarded;     /* X-Forwarded-For; absent or empty: STR_NONE */
    unsigned forwarded_count; /* how many variables say it */
    struct str document_root;
    bool has_length; /* CONTENT_LENGTH is there and not empty (nginx sends an empty one) */
    uint64_t length; /* its value */
};

/* STATUS_OK, or STATUS_MALFORMED if CONTENT_LENGTH is not a number; *r is filled either way (then
 * without a length). */
enum status request_parse(struct request *r, char *const *env, struct err *err) STATUS_CHECKED;

/* The value of a variable: the first of that name. *count (may be NULL) is how many there are. */
struct str request_var(const struct request *r, const char *name, unsigned *count);

/* The value of a header, named as in the configuration ("X-Webhook-Secret" looks for
 * HTTP_X_WEBHOOK_SECRET; "Authorization" also for REDIRECT_HTTP_AUTHORIZATION). *count as above: a
 * security header must be there once. */
struct str request_header(const struct request *r, const char *header, unsigned *count);

/* Finds who delivered: address_client of REMOTE_ADDR and X-Forwarded-For. If a proxy handed the
 * request over, more than one X-Forwarded-For is no address: servers join equal names, so these are
 * two spellings (lighttpd makes one variable of X-Forwarded-For, X_Forwarded_For and
 * X.Forwarded.For), of which the proxy wrote only one. */
bool request_client(const struct request *r, const struct address_net *proxies, size_t count,
                    struct address *out);

/* What names the endpoint. *has_info: PATH_INFO is there; all of it after its first slash is the
 * name ("/calls": "calls"; "/x/calls": "x/calls", which no endpoint is called). Without it
 * (mod_proxy_fcgi with ProxyPass, nginx), the last segment of SCRIPT_NAME, which may be the
 * program's; empty if it ends in a slash. */
struct str request_endpoint_name(const struct request *r, bool *has_info);

#endif
