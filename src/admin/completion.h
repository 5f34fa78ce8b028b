/* SPDX-License-Identifier: MIT
 * completion - the scripts in completion/, which Makefile.am makes into completion.c.
 */
#ifndef ADMIN_COMPLETION_H
#define ADMIN_COMPLETION_H

#include <stddef.h>

/* Lines; NULL after the last one. */
extern const char *const completion_bash[];
extern const char *const completion_zsh[];

#endif
