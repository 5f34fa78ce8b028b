/* SPDX-License-Identifier: MIT
 * program - whether a program may be run in our name.
 */
#ifndef STORE_PROGRAM_H
#define STORE_PROGRAM_H

#include "base/err.h"

/* A regular file that belongs to root or to us, that nobody else can change, and that we can run.
 * STATUS_MISSING: there is none; STATUS_CONFIG: it will not do. err begins with the path and says
 * the remedy. */
enum status program_check(const char *path, struct err *err) STATUS_CHECKED;

#endif
