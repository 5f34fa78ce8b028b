/* SPDX-License-Identifier: MIT
 * program - finds our other programs, and checks whether a program may be run.
 */
#ifndef BASE_PROGRAM_H
#define BASE_PROGRAM_H

#include <limits.h>
#include <stdbool.h>
#include <sys/types.h>

#include "base/err.h"

/* Returns the real path of this program. false: unknown; path may have changed. */
bool program_self(char path[PATH_MAX]);

/* Finds an executable program of that name: beside our own real file, else in LIBEXECDIR. false:
 * not found; path then holds the last that was tried. */
bool program_find(char path[PATH_MAX], const char *name);

/* Cuts `program` off after the directory nearest to the root above it that belongs to `uid`. false:
 * not found, and `program` is unchanged. */
bool program_above(char *program, uid_t uid);

/* Checks that `path` is a regular file that belongs to root or to us, that no other user can
 * change, and that we can run. STATUS_MISSING: there is no such file; STATUS_CONFIG: it is not so.
 * err begins with the path and names the remedy. */
enum status program_check(const char *path, struct err *err) STATUS_CHECKED;

#endif
