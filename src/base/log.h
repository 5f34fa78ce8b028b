/* SPDX-License-Identifier: MIT
 * log - one line an event: timed, escaped, at most LOG_LINE_MAX bytes, written at once.
 *
 * A line goes to each sink that is set: a file (opened for each line, mode 0600, O_APPEND, so that
 * rotation needs no signal; when larger than LOG_FILE_MAX it is renamed to NAME.1 first), and a
 * function (the web server's error stream, or stderr). Threads may log at the same time. Logging
 * never fails the work: errors of a sink are dropped. Callers never pass secrets.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stddef.h>

#include "base/err.h"

#define LOG_LINE_MAX 400
#define LOG_FILE_MAX (1024 * 1024)

typedef void (*log_sink)(void *context, const char *line, size_t len);

struct log {
    int dir;          /* directory of the file sink, or -1; borrowed */
    const char *name; /* file name in it; borrowed */
    log_sink sink;    /* or NULL; gets the line with its newline */
    void *context;
    const char *program; /* stands in each line; borrowed */
};

/* "2026-11-23T07:50:18.966Z stenohook.fcgi[123] error: ...\n"; all bytes of the formatted text are
 * escaped. */
void log_line(const struct log *log, enum log_level level, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
