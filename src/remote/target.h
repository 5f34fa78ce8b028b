/* SPDX-License-Identifier: MIT
 * target - the address and the secret of an endpoint, for a sender.
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
    struct str secret; /* the first readable one; STR_NONE if the scheme has none */
};

/* Finds an endpoint; `name` NULL: the one called "default", or the only one. STATUS_USAGE: there is
 * none. STATUS_NO_SECRET: it needs a secret, and none can be read. */
enum status target_find(struct target *out, const struct settings *settings, const char *name,
                        struct err *err) STATUS_CHECKED;

/* Appends `url` and the parameters ("name=value", escaped here). */
enum status target_url(struct buf *out, const char *url, const char *const *params, size_t count,
                       struct err *err) STATUS_CHECKED;

/* Adds the secret to the URL if the endpoint has auth-query. The URL must not be shown then. */
enum status target_add_token(struct buf *url, const struct config_endpoint *endpoint,
                             struct str secret, struct err *err) STATUS_CHECKED;

#endif
