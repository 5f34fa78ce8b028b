/* SPDX-License-Identifier: MIT
 * finding - what check reports, one line each on stdout.
 */
#ifndef ADMIN_FINDING_H
#define ADMIN_FINDING_H

#include <stdbool.h>

#include "base/err.h"

struct findings {
    bool verbose;
    unsigned errors, warnings;
    bool unproved; /* nothing is known to be wrong, but not all that was asked for could be seen */
    enum status status; /* the first failure to write; nothing is printed after it */
    struct err *err;
};

/* Each is one sentence that names the object and the remedy. */
void finding_error(struct findings *f, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void finding_warning(struct findings *f, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* A hint, no finding: goes to stderr. */
void finding_note(struct findings *f, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Ignored unless verbose. */
void finding_good(struct findings *f, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
