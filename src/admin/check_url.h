/* SPDX-License-Identifier: MIT
 * check_url - whether a webhook gets from outside to the record.
 */
#ifndef ADMIN_CHECK_URL_H
#define ADMIN_CHECK_URL_H

#include "admin/finding.h"

/* Has stenohook-remote try it, which speaks HTTP, and which prints its findings itself. `endpoint`
 * and `url` may be NULL: each endpoint that has a url, at that. */
void check_url(struct findings *f, const char *config_path, const char *endpoint, const char *url);

#endif
