/* SPDX-License-Identifier: MIT
 * print - see cli/print.h.
 */
#include "cli/print.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "cli/progress.h"

/* A few paths and a sentence. */
#define LINE_MAX_BYTES 4096

static enum status fail_write(struct err *err)
{
    return err_errno(err, "cannot write to standard output");
}

enum status print_buf(struct buf *b, const char *what, struct err *err)
{
    enum status status = buf_status(b, what, err);

    progress_clear(STDOUT_FILENO);
    if (status == STATUS_OK && b->len > 0 && fwrite(b->ptr, 1, b->len, stdout) != b->len)
        status = fail_write(err);
    buf_reset(b, 1024 * 1024);
    return status;
}

enum status print_json(struct buf *b, const char *what, struct err *err)
{
    enum status status = buf_status(b, what, err);
    struct buf shown;

    if (status != STATUS_OK)
        return status;
    buf_init(&shown, SIZE_MAX / 4);
    text_json_shown(&shown, buf_str(b));
    status = print_buf(&shown, what, err);
    buf_free(&shown);
    buf_reset(b, 1024 * 1024);
    return status;
}

enum status print_text(const char *text, struct err *err)
{
    progress_clear(STDOUT_FILENO);
    return fputs(text, stdout) == EOF ? fail_write(err) : STATUS_OK;
}

enum status print_end(struct err *err)
{
    progress_clear(STDERR_FILENO);
    return fflush(stdout) != 0 || ferror(stdout) ? fail_write(err) : STATUS_OK;
}

bool print_colours(void)
{
    const char *none = getenv("NO_COLOR");
    const char *term = getenv("TERM");

    return (none == NULL || *none == '\0') && term != NULL && strcmp(term, "dumb") != 0 &&
           isatty(STDOUT_FILENO) == 1;
}

static void print_line(const char *prefix, struct str text)
{
    struct buf line;

    buf_init(&line, LINE_MAX_BYTES);
    if (prefix != NULL)
        buf_printf(&line, "%s: ", prefix);
    text_log(&line, text, LINE_MAX_BYTES - 64);
    buf_add_char(&line, '\n');
    progress_clear(STDERR_FILENO);
    fwrite(line.ptr, 1, line.len, stderr);
    buf_free(&line);
}

static void print_formatted(const char *prefix, const char *format, va_list args)
{
    struct buf text;

    buf_init(&text, LINE_MAX_BYTES);
    buf_vprintf(&text, format, args);
    print_line(prefix, buf_str(&text));
    buf_free(&text);
}

void print_warning(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    print_formatted("warning", format, args);
    va_end(args);
}

void print_hint(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    print_formatted(NULL, format, args);
    va_end(args);
}

void print_error(const char *program, const struct err *err)
{
    print_line(program, str_of(err->text));
}

const char *print_plural(uint64_t count)
{
    return count == 1 ? "" : "s";
}

void print_duration(char out[PRINT_DURATION_MAX], uint64_t seconds)
{
    static const struct {
        const char *name;
        uint64_t seconds;
    } units[] = {{"day", 86400}, {"hour", 3600}, {"minute", 60}, {"second", 1}};
    size_t i = 0;
    uint64_t n;

    while (units[i].seconds > 1 && seconds < 2 * units[i].seconds)
        i++;
    n = seconds / units[i].seconds;
    snprintf(out, PRINT_DURATION_MAX, "%" PRIu64 " %s%s", n, units[i].name, print_plural(n));
}

void print_column(struct buf *out, struct str value, size_t width)
{
    size_t before = out->len;

    if (value.ptr == NULL || value.len == 0)
        buf_add_char(out, '-');
    else
        text_log(out, value, PRINT_FIELD_MAX);
    while (out->failed == STATUS_OK && out->len - before < width)
        buf_add_char(out, ' ');
}

void print_field(struct buf *out, const char *name, struct str value)
{
    if (value.ptr == NULL || value.len == 0)
        return;
    buf_printf(out, "%-14s ", name);
    text_log(out, value, out->max);
    buf_add_char(out, '\n');
}
