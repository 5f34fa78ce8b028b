/* SPDX-License-Identifier: MIT
 * json - values of JSON texts, for those who need more than core/scan.h yields. The only file that
 * sees json-c, which gets nothing that the strict scanner has not accepted.
 *
 * What is returned as `const struct json *` or struct str belongs to the document and lives as long
 * as that. Every getter takes NULL for a member that is not there.
 */
#ifndef REMOTE_JSON_H
#define REMOTE_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

/* A member of more raw bytes is refused: for arrays and objects json-c takes up to a hundred times
 * as much memory. */
#define JSON_MEMBER_MAX ((size_t)1024 * 1024)
#define JSON_STRING_MAX ((size_t)32 * 1024 * 1024)
#define JSON_NAMES_MAX 16
#define JSON_DEPTH_MAX 32

struct json;

/* Reads an object's members of these names (NULL-terminated, at most JSON_NAMES_MAX) and passes
 * over all others, however large. `what` is named in err. STATUS_TRUNCATED: the text ends too
 * early. STATUS_MALFORMED: it is no JSON, no object, a name stands in it twice, or a member is
 * larger or deeper than the limits. STATUS_MEMORY. */
enum status json_read(struct json **out, struct str text, const char *const *names,
                      const char *what, struct err *err) STATUS_CHECKED;
void json_free(struct json *document); /* NULL is fine */

/* NULL: there is no such member, or `object` is not an object. */
const struct json *json_member(const struct json *object, const char *name);
bool json_is_array(const struct json *value);
bool json_is_object(const struct json *value);
/* 0, NULL: no array, or no such item. */
size_t json_count(const struct json *array);
const struct json *json_item(const struct json *array, size_t index);

/* false, *out untouched: it is of another type, or out of range. The string may hold any byte, NUL
 * included, and is terminated. */
bool json_get_string(const struct json *value, struct str *out);
bool json_get_u64(const struct json *value, uint64_t *out);

#endif
