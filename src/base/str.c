/* SPDX-License-Identifier: MIT
 * str - see base/str.h.
 */
#include "base/str.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct str str_of(const char *text)
{
    return text == NULL ? STR_NONE : (struct str){text, strlen(text)};
}

bool str_eq(struct str a, struct str b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

bool str_is(struct str s, const char *text)
{
    return str_eq(s, str_of(text));
}

bool str_is_nocase(struct str s, const char *text)
{
    size_t len = strlen(text);

    return s.len == len && (len == 0 || strncasecmp(s.ptr, text, len) == 0);
}

bool str_starts(struct str s, const char *prefix)
{
    size_t len = strlen(prefix);

    return s.len >= len && (len == 0 || memcmp(s.ptr, prefix, len) == 0);
}

bool str_ends(struct str s, const char *suffix)
{
    size_t len = strlen(suffix);

    return s.len >= len && (len == 0 || memcmp(s.ptr + s.len - len, suffix, len) == 0);
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

struct str str_trim(struct str s)
{
    while (s.len > 0 && is_blank(s.ptr[0])) {
        s.ptr++;
        s.len--;
    }
    while (s.len > 0 && is_blank(s.ptr[s.len - 1]))
        s.len--;
    return s;
}

bool str_cut(struct str s, char separator, struct str *head, struct str *rest)
{
    const char *at = s.len == 0 ? NULL : memchr(s.ptr, separator, s.len);

    if (at == NULL) {
        *head = s;
        *rest = STR_NONE;
        return false;
    }
    *head = (struct str){s.ptr, (size_t)(at - s.ptr)};
    *rest = (struct str){at + 1, s.len - head->len - 1};
    return true;
}

bool str_only(struct str s, const char *set)
{
    for (size_t i = 0; i < s.len; i++)
        if (s.ptr[i] == '\0' || strchr(set, s.ptr[i]) == NULL)
            return false;
    return s.len > 0;
}

char *str_dup(struct str s)
{
    char *copy = malloc(s.len + 1);

    if (copy == NULL)
        return NULL;
    if (s.len > 0)
        memcpy(copy, s.ptr, s.len);
    copy[s.len] = '\0';
    return copy;
}
