/* SPDX-License-Identifier: MIT
 * members - makes a JSON object member by member, and prints it as Python's json.dumps does: {"a":
 * "b", "c": 1}.
 */
#ifndef REMOTE_MEMBERS_H
#define REMOTE_MEMBERS_H

#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

#define MEMBERS_MAX 64
/* Of one value, printed. */
#define MEMBERS_VALUE_MAX ((size_t)64 * 1024)

struct members {
    struct {
        char *name;
        char *value; /* JSON */
    } at[MEMBERS_MAX];
    size_t count;
};

void members_init(struct members *m);
void members_free(struct members *m); /* wipes the values */

/* Adds a member, or replaces its value. `value` is a text, or JSON as it is to be printed.
 * STATUS_USAGE: more than MEMBERS_MAX, larger than MEMBERS_VALUE_MAX, or a text that is not UTF-8.
 */
enum status members_text(struct members *m, struct str name, struct str value,
                         struct err *err) STATUS_CHECKED;
enum status members_json(struct members *m, struct str name, struct str value,
                         struct err *err) STATUS_CHECKED;
/* Adds "name=value": a value that is JSON (true, 3, {"a": 1}, "3") as JSON, any other as a text. */
enum status members_param(struct members *m, struct str param, struct err *err) STATUS_CHECKED;

void members_print(const struct members *m, struct buf *out);

#endif
