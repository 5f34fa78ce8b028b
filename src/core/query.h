/* SPDX-License-Identifier: MIT
 * query - parameters of a query string (WHATWG URL, application/x-www-form-urlencoded).
 */
#ifndef CORE_QUERY_H
#define CORE_QUERY_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/str.h"

/* Walks "a=1&b=2": takes the next parameter off *rest, still encoded. Skips empty pieces; a piece
 * without `=` has the value "". false at the end. */
bool query_next(struct str *rest, struct str *name, struct str *value);

/* How many parameters have that name (compared decoded); *first is the first one's value, still
 * encoded, or STR_NONE. */
size_t query_find(struct str query, struct str name, struct str *first);

/* `query` without the parameters of that (decoded) name, the rest byte for byte in order. */
void query_without(struct buf *out, struct str query, struct str name);

/* {"a":"1","b":["2","3"]}: decoded, in order of first appearance; bytes that are not UTF-8 become
 * U+FFFD. At most QUERY_PARAMS_MAX parameters are printed: the raw query, which is recorded beside
 * it, has them all. */
#define QUERY_PARAMS_MAX 256
void query_json(struct buf *out, struct str query);

#endif
