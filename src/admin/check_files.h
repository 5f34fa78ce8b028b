/* SPDX-License-Identifier: MIT
 * check_files - whether files and folders are as safe and as usable as they must be. Called as the
 * owner of the spool: what he cannot read or run, the gateway cannot either.
 */
#ifndef ADMIN_CHECK_FILES_H
#define ADMIN_CHECK_FILES_H

#include "admin/finding.h"

/* A program that runs in our name: a file that we can run and that nobody else can change. `what`
 * names it. */
void check_program(struct findings *f, const char *what, const char *path);
/* The folder of the journal: ours, for nobody else, not where the web server hands out files. */
void check_spool_folder(struct findings *f, const char *path);
/* A warning where a file that should be private lies where a web server hands files out. */
void check_place(struct findings *f, const char *what, const char *path);

#endif
