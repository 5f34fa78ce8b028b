/* SPDX-License-Identifier: MIT
 * print - what a command line says: data to stdout, all else to stderr. Bytes from outside are
 * escaped on the way.
 */
#ifndef CLI_PRINT_H
#define CLI_PRINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

/* The longest text from outside that a line of text shows. */
#define PRINT_FIELD_MAX 160

/* Writes the buffer to stdout and empties it. STATUS_IO: stdout is closed or full; nothing more can
 * be said there. */
enum status print_buf(struct buf *b, const char *what, struct err *err) STATUS_CHECKED;
enum status print_text(const char *text, struct err *err) STATUS_CHECKED;
/* What was written really went out. Every verb ends with it. */
enum status print_end(struct err *err) STATUS_CHECKED;

/* Whether stdout is a terminal that shows colours and whose user did not ask for none (NO_COLOR).
 */
bool print_colours(void);

/* One escaped line on stderr: "warning: ...", or as it is. */
void print_warning(const char *format, ...) __attribute__((format(printf, 1, 2)));
void print_hint(const char *format, ...) __attribute__((format(printf, 1, 2)));
void print_error(const struct err *err);

/* What "%zu event%s" ends with: "s", but for exactly one. */
const char *print_plural(uint64_t count);

/* A length of time in its largest unit that has at least two: "59 seconds", "30 days". */
#define PRINT_DURATION_MAX 40
void print_duration(char out[PRINT_DURATION_MAX], uint64_t seconds);

/* A value as a column of text: escaped, "-" where it is empty or absent, followed by blanks up to
 * `width`. */
void print_column(struct buf *out, struct str value, size_t width);

#endif
