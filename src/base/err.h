/* SPDX-License-Identifier: MIT
 * err - the words for a failed status.
 *
 * A function that can fail takes a `struct err *` as its last parameter, fills it and returns its
 * status. The first failure wins: a later err_set on an err that already holds one changes nothing
 * but still returns its own argument. The text names the object and, if there is one, the remedy.
 * It holds no secret, but may hold raw bytes from outside, which have to be escaped when it is
 * printed (base/log.h).
 */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#include "base/status.h"

#define ERR_TEXT_MAX 480

struct err {
    enum status status;
    char text[ERR_TEXT_MAX];
};

#define ERR_INIT                                                                                   \
    {                                                                                              \
        .status = STATUS_OK, .text = ""                                                            \
    }

void err_clear(struct err *err);
/* Ignores one expected status: if `status` is `expected`, clears err and returns STATUS_OK; else
 * returns `status`. err may be NULL, and held nothing before. */
enum status err_ignore(struct err *err, enum status status, enum status expected) STATUS_CHECKED;

/* Returns `status`. err may be NULL: then only the status is passed on. */
enum status err_set(struct err *err, enum status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* err_set with the words of `why`, which were kept apart until it was clear that they count. Does
 * nothing for STATUS_OK. Returns `status`. */
enum status err_pass(struct err *err, enum status status, const struct err *why);

/* As err_set, with the status that errno means (ENOSPC, EDQUOT: STATUS_NO_SPACE; ENOMEM:
 * STATUS_MEMORY; else STATUS_IO) and ": " strerror(errno) appended. errno must be that of the
 * failed call. */
enum status err_errno(struct err *err, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
