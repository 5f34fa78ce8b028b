/* SPDX-License-Identifier: MIT
 * str - a borrowed run of bytes. Not terminated, may hold NUL. ptr NULL means absent, which differs
 * from empty.
 */
#ifndef BASE_STR_H
#define BASE_STR_H

#include <stdbool.h>
#include <stddef.h>

struct str {
    const char *ptr;
    size_t len;
};

#define STR_NONE ((struct str){NULL, 0})
#define STR(literal) ((struct str){"" literal, sizeof(literal) - 1})

/* NULL gives STR_NONE. */
struct str str_of(const char *text);

bool str_is(struct str s, const char *text);
bool str_eq(struct str a, struct str b);
/* ASCII letters compare without case. */
bool str_is_nocase(struct str s, const char *text);
bool str_starts(struct str s, const char *prefix);
bool str_ends(struct str s, const char *suffix);

/* Without leading and trailing blanks and tabs. */
struct str str_trim(struct str s);

/* Cuts at the first `separator`: *head is what stands before it, *rest what follows. Returns false,
 * with *head = s and *rest = STR_NONE, if there is none. */
bool str_cut(struct str s, char separator, struct str *head, struct str *rest);

/* Each byte is in `set`, and there is at least one. */
bool str_only(struct str s, const char *set);

/* A terminated copy that the caller frees; NULL when memory is short. */
char *str_dup(struct str s);

#endif
