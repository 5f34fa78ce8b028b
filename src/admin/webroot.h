/* SPDX-License-Identifier: MIT
 * webroot - whether a path looks like one that a web server hands out. Pure.
 */
#ifndef ADMIN_WEBROOT_H
#define ADMIN_WEBROOT_H

#include <stdbool.h>

/* Guesses by the names that hosts use: only the gateway knows its DOCUMENT_ROOT. */
bool webroot_likely(const char *path);

#endif
