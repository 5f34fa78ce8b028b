/* SPDX-License-Identifier: MIT
 * finding - see admin/finding.h.
 */
#include "admin/finding.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/text.h"
#include "cli/print.h"

#define TEXT_BYTES 4096

static void print_finding(struct findings *f, const char *kind, const char *format, va_list args)
{
    struct buf text, line;

    if (f->status != STATUS_OK)
        return;
    buf_init(&text, TEXT_BYTES);
    buf_vprintf(&text, format, args);
    buf_init(&line, TEXT_BYTES);
    buf_add_text(&line, kind);
    text_log(&line, buf_str(&text), TEXT_BYTES - 64);
    buf_add_char(&line, '\n');
    f->status = print_buf(&line, "a finding", f->err);
    buf_free(&line);
    buf_free(&text);
}

void finding_error(struct findings *f, const char *format, ...)
{
    va_list args;

    f->errors++;
    va_start(args, format);
    print_finding(f, "error: ", format, args);
    va_end(args);
}

void finding_warning(struct findings *f, const char *format, ...)
{
    va_list args;

    f->warnings++;
    va_start(args, format);
    print_finding(f, "warning: ", format, args);
    va_end(args);
}

void finding_note(struct findings *f, const char *format, ...)
{
    char text[TEXT_BYTES];
    va_list args;

    if (f->status != STATUS_OK)
        return;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    print_hint("note: %s", text);
}

void finding_good(struct findings *f, const char *format, ...)
{
    va_list args;

    if (!f->verbose)
        return;
    va_start(args, format);
    print_finding(f, "ok: ", format, args);
    va_end(args);
}
