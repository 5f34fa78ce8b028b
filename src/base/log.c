/* SPDX-License-Identifier: MIT
 * log - see base/log.h.
 */
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/text.h"

#define LOG_ROTATED_MAX 64

static const char *level_name(enum log_level level)
{
    switch (level) {
    case LOG_LEVEL_ERROR:
        return "error";
    case LOG_LEVEL_WARNING:
        return "warning";
    case LOG_LEVEL_INFO:
        break;
    }
    return "info";
}

/* Two processes may both find the file too large; then the younger .1 is short. A log may lose that
 * much. */
static void rotate_file(const struct log *log, int fd)
{
    char rotated[LOG_ROTATED_MAX];
    struct stat s;

    if (fstat(fd, &s) < 0 || s.st_size < LOG_FILE_MAX)
        return;
    (void)snprintf(rotated, sizeof rotated, "%s.1", log->name);
    (void)renameat(log->dir, log->name, log->dir, rotated);
}

static void append_line(const struct log *log, struct str line)
{
    int fd;

    if (log->dir < 0)
        return;
    fd = file_open(log->dir, log->name, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW, 0600);
    if (fd < 0)
        return;
    (void)file_write_once(fd, line.ptr, line.len);
    rotate_file(log, fd);
    file_close(&fd);
}

static void write_line(const struct log *log, enum log_level level, struct str text)
{
    char when[CLOCK_ISO_MAX];
    struct buf line;
    int saved = errno;

    buf_init(&line, LOG_LINE_MAX);
    clock_iso(clock_wall_ns(), when);
    buf_printf(&line, "%s %s[%ld] %s: ", when, log->program, (long)getpid(), level_name(level));
    text_log(&line, text, LOG_LINE_MAX - line.len - 1);
    buf_add_char(&line, '\n');
    if (line.failed == STATUS_OK) {
        append_line(log, buf_str(&line));
        if (log->sink != NULL)
            log->sink(log->context, line.ptr, line.len);
    }
    buf_free(&line);
    errno = saved;
}

void log_line(const struct log *log, enum log_level level, const char *format, ...)
{
    char text[LOG_LINE_MAX * 2];
    va_list args;

    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    write_line(log, level, str_of(text));
}
