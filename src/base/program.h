/* SPDX-License-Identifier: MIT
 * program - where the other programs of ours are, and whether a program may run in our name.
 */
#ifndef BASE_PROGRAM_H
#define BASE_PROGRAM_H

#include <limits.h>
#include <stdbool.h>
#include <sys/types.h>

#include "base/err.h"

/* The real path of the program that runs. false: unknown; path may have changed. */
bool program_self(char path[PATH_MAX]);

/* A program of that name that can be run: beside our own real file, else in LIBEXECDIR. false:
 * there is none; path then holds what was tried last. */
bool program_find(char path[PATH_MAX], const char *name);

/* Cuts `program` off after the directory nearest to the root above it that belongs to `uid`.
 * false: there is none, and `program` is unchanged. */
bool program_above(char *program, uid_t uid);

/* Whether `path` is a regular file that belongs to root or to us, that nobody else can change, and
 * that we can run. STATUS_MISSING: there is no such file; STATUS_CONFIG: one of these is not so.
 * err begins with the path and names the remedy. */
enum status program_check(const char *path, struct err *err) STATUS_CHECKED;

#endif
