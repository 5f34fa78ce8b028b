/* SPDX-License-Identifier: MIT
 * err - see base/err.h.
 */
#include "base/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void err_clear(struct err *err)
{
    err->status = STATUS_OK;
    err->text[0] = '\0';
}

enum status err_ignore(struct err *err, enum status status, enum status expected)
{
    if (status != expected)
        return status;
    if (err != NULL)
        err_clear(err);
    return STATUS_OK;
}

static void set_text(struct err *err, enum status status, const char *format, va_list args)
{
    err->status = status;
    /* What does not fit is cut: the words that matter come first. */
    (void)vsnprintf(err->text, sizeof err->text, format, args);
}

enum status err_set(struct err *err, enum status status, const char *format, ...)
{
    va_list args;

    if (err == NULL || err->status != STATUS_OK)
        return status;
    va_start(args, format);
    set_text(err, status, format, args);
    va_end(args);
    return status;
}

enum status err_pass(struct err *err, enum status status, const struct err *why)
{
    return status == STATUS_OK ? status : err_set(err, status, "%s", why->text);
}

static enum status status_of_errno(int code)
{
    switch (code) {
    case ENOSPC:
    case EDQUOT:
        return STATUS_NO_SPACE;
    case ENOMEM:
        return STATUS_MEMORY;
    default:
        return STATUS_IO;
    }
}

enum status err_errno(struct err *err, const char *format, ...)
{
    int code = errno;
    enum status status = status_of_errno(code);
    char reason[128];
    size_t used;
    va_list args;

    if (err == NULL || err->status != STATUS_OK)
        return status;
    va_start(args, format);
    set_text(err, status, format, args);
    va_end(args);
    used = strlen(err->text);
    (void)snprintf(err->text + used, sizeof err->text - used, ": %s",
                   strerror_r(code, reason, sizeof reason));
    return status;
}
