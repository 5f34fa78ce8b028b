/* SPDX-License-Identifier: MIT
 * scan - strict one-pass JSON (RFC 8259): validates the bytes and yields the top-level members. No
 * allocation, no recursion; depth is bounded by SCAN_DEPTH_MAX. Invalid UTF-8 is reported only
 * inside strings, where it does not make the text invalid (it is recorded as it came).
 */
#ifndef CORE_SCAN_H
#define CORE_SCAN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/str.h"

#define SCAN_DEPTH_MAX 512

enum scan_verdict {
    SCAN_OK,
    SCAN_ENDS_EARLY, /* a prefix of valid JSON: cut off on the way */
    SCAN_BROKEN,     /* no continuation would make it valid */
    SCAN_TOO_DEEP    /* deeper than SCAN_DEPTH_MAX; the rest was not looked at */
};

enum scan_type {
    SCAN_STRING,
    SCAN_NUMBER,
    SCAN_TRUE,
    SCAN_FALSE,
    SCAN_NULL,
    SCAN_OBJECT,
    SCAN_ARRAY
};

struct scan_member {
    struct str name;  /* raw, between the quotes: escapes are not undone */
    struct str value; /* raw bytes: with quotes, braces or brackets */
    enum scan_type type;
};

struct scan_result {
    enum scan_verdict verdict;
    size_t offset;       /* where it ended, or the first byte that cannot be */
    enum scan_type type; /* of the whole value, if SCAN_OK */
    bool utf8_ok;        /* the whole input is well-formed UTF-8 */
};

/* Called for each member of the top-level object, in order, as soon as it was read. */
typedef void (*scan_each)(void *context, const struct scan_member *member);

/* `each` may be NULL. The caller must ignore members that were reported before an error. */
struct scan_result scan_json(struct str json, scan_each each, void *context);

/* STATUS_OK for SCAN_OK; STATUS_TRUNCATED, STATUS_MALFORMED: the text, which err names by `what`,
 * is not JSON. */
enum status scan_status(const struct scan_result *result, const char *what,
                        struct err *err) STATUS_CHECKED;
/* As scan_status, and STATUS_MALFORMED if it is JSON but no object. */
enum status scan_object_status(const struct scan_result *result, const char *what,
                               struct err *err) STATUS_CHECKED;

#endif
