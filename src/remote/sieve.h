/* SPDX-License-Identifier: MIT
 * sieve - of a JSON object that comes in pieces, keeps the members that are wanted, so that a text
 * of any size takes the memory of those. Pure.
 *
 * The output is a small object for remote/json.h, which validates it: a text that is not an object,
 * or that ends too early, stays invalid in the output. Of the members that are skipped, only quotes
 * and brackets are looked at.
 */
#ifndef REMOTE_SIEVE_H
#define REMOTE_SIEVE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

/* Of one value, as it stands in the text. A larger one becomes `false`, which is not absent. */
#define SIEVE_VALUE_MAX ((size_t)16 * 1024)
/* Of a name. A longer one is not wanted. */
#define SIEVE_NAME_MAX 64
/* What is kept of a text that is not a JSON object. */
#define SIEVE_BROKEN_MAX 256

enum sieve_at { SIEVE_BEGIN, SIEVE_NAME, SIEVE_COLON, SIEVE_VALUE, SIEVE_END, SIEVE_BROKEN };

struct sieve {
    const char *const *wanted; /* names, ends with NULL; borrowed */
    enum sieve_at at;
    bool in_string, escaped; /* of a name or within a value */
    bool keeps;              /* the value is a wanted one */
    bool any;                /* a member was kept */
    size_t depth;            /* open brackets of the value */
    size_t name_len;
    char name[SIEVE_NAME_MAX]; /* as it is written between its quotes */
    size_t value_begin;        /* in the output */
    size_t broken;             /* bytes kept since it was */
};

void sieve_init(struct sieve *sieve, const char *const *wanted);
/* The next bytes; what is kept of them is appended to `out`, always the same buffer. */
void sieve_push(struct sieve *sieve, struct buf *out, const char *bytes, size_t len);

#endif
