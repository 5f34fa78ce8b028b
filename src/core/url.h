/* SPDX-License-Identifier: MIT
 * url - web addresses (RFC 3986) that we ask or hand on. Pure.
 */
#ifndef CORE_URL_H
#define CORE_URL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

#define URL_MAX 8192

/* An absolute http or https URL with a host, of at most URL_MAX bytes, printable ASCII only,
 * without user and password. STATUS_USAGE names what is wrong; `what` names the URL. */
enum status url_check(struct str url, const char *what, struct err *err) STATUS_CHECKED;

/* As url_check, and fit for paths that carry a secret: https, or http to this very machine; no
 * query, no fragment. A slash at its end does no harm. */
enum status url_check_base(struct str url, const char *what, struct err *err) STATUS_CHECKED;

/* The host is this very machine by its address or by the name localhost. */
bool url_is_loopback(struct str url);

/* Scheme, host, port and path are the same, whatever the query and the fragment. `ours` is one that
 * url_check accepts; `other` may be anything. */
bool url_same_place(struct str ours, struct str other);

/* What stands between the first "?" and the fragment; STR_NONE if there is no "?". */
struct str url_query(struct str url);

/* The query as a client of HTTP sends it: what may not stand in one is escaped, what is escaped
 * stays. STATUS_MALFORMED: it holds a control character. */
enum status url_send_query(struct buf *out, struct str query, struct err *err) STATUS_CHECKED;

/* Everything but letters, digits and "-._~" becomes %XX: a name or a value of a query. */
void url_escape(struct buf *out, struct str s);

/* One more parameter, both sides escaped. */
void url_add_pair(struct buf *url, struct str name, struct str value);

/* "name=value" as it was given to us becomes one more parameter, both escaped. STATUS_USAGE: there
 * is no "=", or no name before it. */
enum status url_add_param(struct buf *url, struct str param, struct err *err) STATUS_CHECKED;

#endif
