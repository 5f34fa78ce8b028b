/* SPDX-License-Identifier: MIT
 * box_file - how the file of a box entry is made and gets its name.
 *
 * While it is written, a file has no name (O_TMPFILE), so that the kernel frees it if the process
 * dies; in the end it gets its name through /proc/self/fd. A system that lacks one of these needs a
 * temporary name, under which a killed process leaves the file.
 */
#ifndef STORE_BOXES_BOX_FILE_H
#define STORE_BOXES_BOX_FILE_H

#include <signal.h>
#include <stdbool.h>

#include "base/err.h"

#define BOX_FILE_TMP_MAX 64

struct box_file {
    int dir;                    /* of the box; not ours */
    int fd;                     /* -1: there is no file */
    char tmp[BOX_FILE_TMP_MAX]; /* empty: it has no temporary name */
    bool held;
    sigset_t before;
};

/* Begins without a file. */
void box_file_init(struct box_file *f, int dir);

/* Makes a file without a name. STATUS_MISSING: not here (box_file_open_named has to do). On failure
 * there is no file. */
enum status box_file_open(struct box_file *f, struct err *err) STATUS_CHECKED;

/* Holds SIGTERM and makes a file whose temporary name ends in `suffix`. If a file without a name is
 * open, takes its place with the same bytes; on failure that one stays. */
enum status box_file_open_named(struct box_file *f, const char *suffix,
                                struct err *err) STATUS_CHECKED;

/* Blocks SIGTERM in this thread until box_file_release. A web server sends it to a CGI process
 * whose client is gone: it must not come between a name and what counts it. */
void box_file_hold(struct box_file *f);
void box_file_release(struct box_file *f);

/* Gives the file its name. *again: an earlier entry has that name, and was touched instead.
 * STATUS_MISSING: a file without a name cannot get one here after all (box_file_open_named has to
 * do). */
enum status box_file_link(struct box_file *f, const char *name, bool *again,
                          struct err *err) STATUS_CHECKED;

/* Closes the file and removes its temporary name. */
void box_file_close(struct box_file *f);

#endif
