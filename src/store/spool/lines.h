/* SPDX-License-Identifier: MIT
 * lines - walks the lines of a file through one growing window, whatever the file holds.
 */
#ifndef STORE_SPOOL_LINES_H
#define STORE_SPOOL_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

struct line {
    struct str text; /* without the newline; valid until the next call; empty where too_long */
    uint64_t offset; /* where it begins */
    uint64_t len;    /* bytes, the newline included */
    bool ended;      /* by a newline; false only for the last one */
    bool too_long;
};

struct lines {
    int fd; /* borrowed */
    uint64_t end;
    uint64_t at;  /* offset of the next line */
    size_t start; /* where it stands in the window */
    size_t max;
    struct buf window;
    uint64_t deadline_ns; /* of each read; set by the caller after lines_init, which sets none */
    bool unreadable;      /* lines_next failed because the disk cannot read on */
};

/* Walks the lines of fd from `from`, where a line begins, up to `end` or the end of the file. A
 * line longer than `max` is skipped. */
void lines_init(struct lines *lines, int fd, uint64_t from, uint64_t end, size_t max);
void lines_free(struct lines *lines);

/* *more false: there is no line left. STATUS_IO, STATUS_MEMORY, STATUS_DEADLINE. */
enum status lines_next(struct lines *lines, struct line *line, bool *more,
                       struct err *err) STATUS_CHECKED;

#endif
