/* SPDX-License-Identifier: MIT
 * program - finds our other programs, and checks whether a program may be run.
 */
#ifndef BASE_PROGRAM_H
#define BASE_PROGRAM_H

#include <limits.h>
#include <stdbool.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/trust.h"

/* Returns the real path of this program. false: unknown; path may have changed. */
bool program_self(char path[PATH_MAX]);

/* Finds an executable program of that name: beside our own real file, else in LIBEXECDIR. false:
 * not found; path then holds the last that was tried. */
bool program_find(char path[PATH_MAX], const char *name);

/* Cuts `program` off after the directory nearest to the root above it that belongs to `uid`. false:
 * not found, and `program` is unchanged. */
bool program_above(char *program, uid_t uid);

/* Checks that `path` is a regular file that nobody but root and we can change or replace, as
 * base/trust.h says, which explains `foreign`, and that we can run. STATUS_MISSING: there is no
 * such file; STATUS_UNTRUSTED: others can change it, or what leads to it; STATUS_CONFIG: it is not
 * so; STATUS_MEMORY: it cannot be known now. err begins with the path and names the remedy. A
 * program that is executed by its path right after this is the one that was checked, unless root or
 * we changed it. */
enum status program_check(const char *path, trust_tell foreign, void *context,
                          struct err *err) STATUS_CHECKED;

/* The same of argv[0]; and checks of each argument that is an absolute path, as the script of an
 * interpreter is, that nobody else can change, replace or make the file that it names. An argument
 * that names nothing, or no file, is fine. */
enum status program_check_call(char *const *argv, trust_tell foreign, void *context,
                               struct err *err) STATUS_CHECKED;

#endif
