/* SPDX-License-Identifier: MIT
 * check_files - whether files and folders are as safe and as usable as they must be. Called as the
 * owner of the spool, as whom the gateway runs.
 */
#ifndef ADMIN_CHECK_FILES_H
#define ADMIN_CHECK_FILES_H

#include "admin/finding.h"
#include "store/spool/spool.h"

/* Checks a program that we run: others must not be able to change it. `what` names it. */
void check_program(struct findings *f, const char *what, const char *path);
/* Checks a hook as the runner does each time that it starts it. */
void check_hook(struct findings *f, char *const *argv);
/* Checks that others cannot read the spool, and that it is not among the files that the web server
 * serves. */
void check_spool_folder(struct findings *f, const struct spool *spool);
/* Warns if a private file seems to lie among the files that a web server serves. */
void check_place(struct findings *f, const char *what, const char *path);

#endif
