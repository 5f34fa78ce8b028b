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

/* A parameter, still encoded: as it stands, and its parts. */
struct query_piece {
    struct str whole, name, value;
};
/* Whether that is its (decoded) name. */
bool query_named(const struct query_piece *piece, struct str name);

/* `query` without the parameters that `drop` says yes to, the rest byte for byte in order. */
void query_filter(struct buf *out, struct str query,
                  bool (*drop)(void *context, const struct query_piece *piece), void *context);

/* {"a":"1","b":["2","3"]}: decoded, in order of first appearance; bytes that are not UTF-8 become
 * U+FFFD. At most QUERY_PARAMS_MAX parameters are printed: the raw query, which is recorded beside
 * it, has them all. */
#define QUERY_PARAMS_MAX 256
void query_json(struct buf *out, struct str query);

#endif
