/* SPDX-License-Identifier: MIT
 * program - where the other programs of ours are.
 */
#ifndef BASE_PROGRAM_H
#define BASE_PROGRAM_H

#include <limits.h>
#include <stdbool.h>

/* The real path of the program that runs. false: unknown; path may have changed. */
bool program_self(char path[PATH_MAX]);

/* A program of that name that can be run: beside our own real file, else in LIBEXECDIR. false:
 * there is none; path then holds what was tried last. */
bool program_find(char path[PATH_MAX], const char *name);

#endif
