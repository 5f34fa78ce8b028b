/* SPDX-License-Identifier: MIT
 * object - a JSON object with all its members. Pure.
 */
#ifndef SANDBOX_OBJECT_H
#define SANDBOX_OBJECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "core/scan.h"

#define OBJECT_MEMBERS_MAX 256

/* Borrows from the text. Names are not decoded: one with escapes matches nothing. */
struct object {
    struct scan_member at[OBJECT_MEMBERS_MAX];
    size_t count;
};

/* STATUS_MALFORMED, STATUS_TRUNCATED: not a JSON object in UTF-8, a name twice, or more than
 * OBJECT_MEMBERS_MAX members. err names `what`. */
enum status object_read(struct object *o, struct str text, const char *what,
                        struct err *err) STATUS_CHECKED;

/* NULL: no such member. */
const struct scan_member *object_find(const struct object *o, const char *name);
/* Whether the member is true. */
bool object_true(const struct object *o, const char *name);
/* false, *out untouched: missing, or not a whole number of at most 18 digits. */
bool object_number(const struct object *o, const char *name, uint64_t *out);
/* Appends the decoded string. false: missing, not a string, or with a NUL; out may then have a
 * part. */
bool object_text(const struct object *o, const char *name, struct buf *out);

#endif
