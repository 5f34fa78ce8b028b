/* SPDX-License-Identifier: MIT
 * target - see remote/target.h.
 */
#include "remote/target.h"

#include <string.h>

#include "core/url.h"

enum status target_find(struct target *out, const struct settings *settings, const char *name,
                        struct err *err)
{
    const struct config *config = settings->config;
    const struct config_endpoint *e = config_endpoint(config, str_of(name), name != NULL);
    const struct auth_secrets *secrets;

    if (e == NULL && name != NULL)
        return err_set(err, STATUS_USAGE, "%s has no endpoint '%s'", settings->path, name);
    if (e == NULL)
        return err_set(err, STATUS_USAGE, "%s has %zu endpoints: name one with --endpoint",
                       settings->path, config->endpoint_count);
    secrets = &settings->secrets[e - config->endpoints];
    if (e->scheme != AUTH_NONE && secrets->count == 0)
        return err_set(err, STATUS_NO_SECRET,
                       "endpoint \"%s\": no secret can be read: see 'stenohook check'", e->name);
    out->endpoint = e;
    out->secret = secrets->count == 0 ? STR_NONE : secrets->values[0];
    return STATUS_OK;
}

enum status target_url(struct buf *out, const char *url, const char *const *params, size_t count,
                       struct err *err)
{
    enum status status = url_check(str_of(url), "the address", err);

    if (status != STATUS_OK)
        return status;
    /* A fragment is never sent. */
    if (strchr(url, '#') != NULL)
        return err_set(err, STATUS_USAGE,
                       "the address has a fragment: leave out what begins with #");
    buf_add_text(out, url);
    for (size_t i = 0; i < count && status == STATUS_OK; i++)
        status = url_add_param(out, str_of(params[i]), err);
    return status == STATUS_OK ? buf_status(out, "the address", err) : status;
}

enum status target_add_token(struct buf *url, const struct config_endpoint *endpoint,
                             struct str secret, struct err *err)
{
    if (endpoint == NULL || endpoint->auth_query == NULL)
        return STATUS_OK;
    url_add_pair(url, str_of(endpoint->auth_query), secret);
    return buf_status(url, "the address", err);
}
