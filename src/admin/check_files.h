/* SPDX-License-Identifier: MIT
 * check_files - whether files and folders are as safe and as usable as they must be. Called as the
 * owner of the spool, as whom the gateway runs.
 */
#ifndef ADMIN_CHECK_FILES_H
#define ADMIN_CHECK_FILES_H

#include "admin/finding.h"

/* Checks a program that we run: others must not be able to change it. `what` names it. */
void check_program(struct findings *f, const char *what, const char *path);
/* Checks a hook as the runner does each time that it starts it. */
void check_hook(struct findings *f, char *const *argv);
/* Checks that the spool is ours, private, and not among the files that the web server serves. */
void check_spool_folder(struct findings *f, const char *path);
/* Warns if a private file seems to lie among the files that a web server serves. */
void check_place(struct findings *f, const char *what, const char *path);

#endif
