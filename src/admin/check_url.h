/* SPDX-License-Identifier: MIT
 * check_url - whether a webhook from outside is recorded.
 */
#ifndef ADMIN_CHECK_URL_H
#define ADMIN_CHECK_URL_H

#include "admin/finding.h"

/* Runs 'stenohook-remote trial', which prints its findings. `endpoint` and `url` may be NULL: then
 * it tries each endpoint at its url. */
void check_url(struct findings *f, const char *config_path, const char *endpoint, const char *url);

#endif
