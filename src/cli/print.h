/* SPDX-License-Identifier: MIT
 * print - writes data to stdout, all else to stderr, where bytes from outside are escaped.
 */
#ifndef CLI_PRINT_H
#define CLI_PRINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

/* The longest text from outside that a line shows. */
#define PRINT_FIELD_MAX 160

/* Writes the buffer to stdout and empties it. STATUS_IO: stdout is closed or full, and nothing more
 * can be printed. */
enum status print_buf(struct buf *b, const char *what, struct err *err) STATUS_CHECKED;
/* The same for JSON: escapes in it what a terminal would obey (text_json_shown). */
enum status print_json(struct buf *b, const char *what, struct err *err) STATUS_CHECKED;
enum status print_text(const char *text, struct err *err) STATUS_CHECKED;
/* Flushes stdout. STATUS_IO: something that was printed is lost. Every verb ends with it. */
enum status print_end(struct err *err) STATUS_CHECKED;

/* Returns whether stdout is a terminal that shows colours, and NO_COLOR is not set. */
bool print_colours(void);

/* Print one escaped line on stderr: "warning: ...", the text alone, "PROGRAM: ...". */
void print_warning(const char *format, ...) __attribute__((format(printf, 1, 2)));
void print_hint(const char *format, ...) __attribute__((format(printf, 1, 2)));
void print_error(const char *program, const struct err *err);

/* Returns what "%zu event%s" ends with: "", if there is exactly one, else "s". */
const char *print_plural(uint64_t count);

/* Prints a duration in its largest unit of which it has at least two: "59 seconds", "30 days". */
#define PRINT_DURATION_MAX 40
void print_duration(char out[PRINT_DURATION_MAX], uint64_t seconds);

/* Adds a value as a column of text: escaped, "-" if it is empty or absent, padded to `width`. */
void print_column(struct buf *out, struct str value, size_t width);

/* Adds a line with a name and an escaped value; nothing if the value is empty or absent. */
void print_field(struct buf *out, const char *name, struct str value);

#endif
