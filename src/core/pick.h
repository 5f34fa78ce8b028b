/* SPDX-License-Identifier: MIT
 * pick - finds the members of a JSON object by their names.
 *
 * A name may be written with escapes, and is the same name then. Members of other names are
 * skipped: a later version may add some.
 */
#ifndef CORE_PICK_H
#define CORE_PICK_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"
#include "core/scan.h"

struct pick_wish {
    struct str name;
    unsigned types; /* PICK_TYPE of each that is right */
    bool needed;
};

#define PICK_TYPE(type) (1U << (type))
#define PICK_STRING PICK_TYPE(SCAN_STRING)
#define PICK_NUMBER PICK_TYPE(SCAN_NUMBER)
/* The initializer of a wish. */
#define PICK(name, types, needed)                                                                  \
    {                                                                                              \
        {"" name, sizeof(name) - 1}, types, needed                                                 \
    }

struct picked {
    struct str value; /* raw, of a string what stands between its quotes; ptr NULL if absent */
    enum scan_type type;
    unsigned times; /* that the name stands there; value and type are those of the last */
};

/* Fills out[i] with the member of wishes[i], whatever its type. */
struct scan_result pick_scan(struct str json, const struct pick_wish *wishes, size_t count,
                             struct picked *out);

/* As pick_scan. false: it is not JSON, a name stands there twice, or a member is of another type or
 * missing though needed. */
bool pick_members(struct str json, const struct pick_wish *wishes, size_t count,
                  struct picked *out);

#endif
