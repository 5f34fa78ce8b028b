/* SPDX-License-Identifier: MIT
 * target - an endpoint of the configuration as a sender sees it: its address and its secret.
 */
#ifndef REMOTE_TARGET_H
#define REMOTE_TARGET_H

#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "core/config/config.h"
#include "settings/settings.h"

/* Borrowed from the settings. */
struct target {
    const struct config_endpoint *endpoint;
    struct str secret; /* the first one that can be read; STR_NONE where the scheme has none */
};

/* `name` NULL: the endpoint called "default", or the only one. STATUS_USAGE: there is no such
 * endpoint. STATUS_NO_SECRET: its scheme needs one, and none can be read. */
enum status target_find(struct target *out, const struct settings *settings, const char *name,
                        struct err *err) STATUS_CHECKED;

/* `url` with the parameters ("name=value", escaped here) behind it. */
enum status target_url(struct buf *out, const char *url, const char *const *params, size_t count,
                       struct err *err) STATUS_CHECKED;

/* Puts the secret into the URL where the endpoint looks for it there too: from then on the URL is
 * not to be shown. */
enum status target_add_token(struct buf *url, const struct config_endpoint *endpoint,
                             struct str secret, struct err *err) STATUS_CHECKED;

#endif
