/* SPDX-License-Identifier: MIT
 * webroot - whether a path looks like one that a web server hands out. Pure.
 */
#ifndef ADMIN_WEBROOT_H
#define ADMIN_WEBROOT_H

#include <stdbool.h>

/* The gateway is told its DOCUMENT_ROOT; a command line can only go by the names that hosts use. */
bool webroot_likely(const char *path);

#endif
