/* SPDX-License-Identifier: MIT
 * object - a JSON object with all its members, also those that nobody has heard of. Pure.
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

/* Borrows from the text. Names are as they were written: one with escapes matches nothing. */
struct object {
    struct scan_member at[OBJECT_MEMBERS_MAX];
    size_t count;
};

/* STATUS_MALFORMED, STATUS_TRUNCATED (`what` is named): no JSON, no object, not UTF-8, a name that
 * stands there twice, more than OBJECT_MEMBERS_MAX members. */
enum status object_read(struct object *o, struct str text, const char *what,
                        struct err *err) STATUS_CHECKED;

/* NULL: there is none of that name. */
const struct scan_member *object_find(const struct object *o, const char *name);
/* The member is there, and true. */
bool object_true(const struct object *o, const char *name);
/* false, *out untouched: it is not there, or no whole number of at most 18 digits. */
bool object_number(const struct object *o, const char *name, uint64_t *out);
/* Appends what the string means. false: it is not there, or null, or no string, or holds a NUL; out
 * may then hold a part. */
bool object_text(const struct object *o, const char *name, struct buf *out);

#endif
