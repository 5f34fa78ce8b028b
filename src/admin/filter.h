/* SPDX-License-Identifier: MIT
 * filter - which records a verb is asked for.
 */
#ifndef ADMIN_FILTER_H
#define ADMIN_FILTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"
#include "core/record.h"

#define FILTER_VALUES_MAX 32

/* Values are borrowed. No value: everything matches. */
struct filter_list {
    struct str values[FILTER_VALUES_MAX];
    size_t count;
};

struct filter {
    bool has_since, has_until;
    int64_t since_ns, until_ns;
    struct filter_list kinds, statuses, endpoints;
};

/* "24h" (before now), or ISO 8601. STATUS_USAGE: neither. */
enum status filter_time(int64_t *out, const char *option, const char *text, int64_t now_ns,
                        struct err *err) STATUS_CHECKED;
/* Adds the values of a list with commas. STATUS_USAGE: an empty value, or too many. */
enum status filter_add(struct filter_list *list, const char *option, const char *text,
                       struct err *err) STATUS_CHECKED;
/* As filter_add, each value a kind of event. */
enum status filter_add_kinds(struct filter_list *list, const char *text,
                             struct err *err) STATUS_CHECKED;

bool filter_has(const struct filter *filter, const struct record *record);

#endif
