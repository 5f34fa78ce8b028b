/* SPDX-License-Identifier: MIT
 * documented - the members of a transcript that AssemblyAI documents. Pure.
 */
#ifndef SANDBOX_DOCUMENTED_H
#define SANDBOX_DOCUMENTED_H

#include "sandbox/object.h"

/* The type that a submission must give a member. */
enum documented_type {
    DOCUMENTED_OURS, /* any: the answer ignores what was submitted */
    DOCUMENTED_BOOL,
    DOCUMENTED_NUMBER,
    DOCUMENTED_STRING,
    DOCUMENTED_ARRAY,
    DOCUMENTED_OBJECT
};

struct documented {
    const char *name;
    enum documented_type type;
    const char *value; /* JSON of the answer unless something was submitted; NULL: no member then */
};

/* In the order of an answer. */
extern const struct documented documented[];
extern const size_t documented_count;

const struct documented *documented_find(struct str name); /* NULL: not documented */

/* STATUS_MALFORMED: a documented member has another type. */
enum status documented_check(const struct object *asked, struct err *err) STATUS_CHECKED;

#endif
