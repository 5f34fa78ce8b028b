/* SPDX-License-Identifier: MIT
 * curl_text - a command for sh that delivers a recorded event again. Pure.
 */
#ifndef ADMIN_CURL_TEXT_H
#define ADMIN_CURL_TEXT_H

#include "base/buf.h"
#include "base/err.h"
#include "core/config/config.h"
#include "core/record.h"

/* The body comes from `stenohook show --raw`, so that every byte is right; the secret is read from
 * its file when the command runs, and stands in no command's arguments. It makes one request
 * whatever the query holds, and runs in any folder: `config_path` is absolute. STATUS_CONFIG: the
 * endpoint says no url, or signs its deliveries, which curl cannot. */
enum status curl_text(struct buf *out, const struct record *record,
                      const struct config_endpoint *endpoint, const char *config_path,
                      struct err *err) STATUS_CHECKED;

#endif
