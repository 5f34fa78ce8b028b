/* SPDX-License-Identifier: MIT
 * config_review - what is valid but probably a mistake.
 */
#include <stdarg.h>

#include "base/err.h"
#include "core/config/config.h"
#include "core/url.h"

struct review {
    const struct config_endpoint *endpoint;
    config_warn warn;
    void *context;
};

static void warn_of(const struct review *r, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void warn_of(const struct review *r, const char *format, ...)
{
    char text[ERR_TEXT_MAX];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    r->warn(r->context, text);
}

static void review_header(const struct review *r)
{
    const struct config_endpoint *e = r->endpoint;

    if (e->auth_header != NULL && str_is_nocase(str_of(e->auth_header), "Authorization"))
        warn_of(
            r,
            "endpoint \"%s\": Apache does not pass Authorization on to programs by default; write "
            "\"CGIPassAuth On\" in .htaccess, or choose a header like \"X-Webhook-Secret\"",
            e->name);
    if (e->auth_header == NULL && e->auth_query != NULL)
        warn_of(
            r,
            "endpoint \"%s\": every server on the way logs the secret in the URL; set auth-header "
            "as well if the sender supports it",
            e->name);
}

static void review_open(const struct review *r)
{
    const struct config_endpoint *e = r->endpoint;

    bool limited = e->daily_events_max != 0 || e->daily_bytes_max != 0;

    if (e->scheme == AUTH_NONE && e->allow_from_count == 0)
        warn_of(r,
                "endpoint \"%s\": anybody can deliver (auth = \"none\")%s; set auth-header and "
                "secret-files, or allow-from at least",
                e->name,
                limited ? "" : ", and can fill the disk (daily-events-max, daily-bytes-max)");
    else if (e->scheme == AUTH_NONE && e->trusted_proxy_count != 0)
        warn_of(r,
                "endpoint \"%s\": only the address proves the sender, and it is taken from "
                "X-Forwarded-For; anybody who can reach the server past its proxies can deliver",
                e->name);
    else if (e->scheme == AUTH_NONE)
        warn_of(r,
                "endpoint \"%s\": only the address proves the sender, and others may share it, as "
                "all customers of a service do; set auth-header and secret-files",
                e->name);
    if (e->trusted_proxy_count != 0 && e->allow_from_count == 0)
        warn_of(r, "endpoint \"%s\": trusted-proxies has no effect without allow-from", e->name);
}

/* Its file has a line in front of the body. */
static void review_quarantine(const struct review *r)
{
    const struct config_endpoint *e = r->endpoint;

    if (e->quarantine_max <= e->body_max)
        warn_of(
            r,
            "endpoint \"%s\": the largest body does not fit into quarantine-max: if it cannot be "
            "recorded, it is answered 503 each time",
            e->name);
}

static void review_url(const struct review *r)
{
    const struct config_endpoint *e = r->endpoint;

    if (e->url == NULL || !str_starts(str_of(e->url), "http://"))
        return;
    if (!url_is_loopback(str_of(e->url)))
        warn_of(
            r,
            "endpoint \"%s\": over http:// anybody on the way can read the secret and the events; "
            "use https://",
            e->name);
}

void config_review(const struct config *config, config_warn warn, void *context)
{
    for (size_t i = 0; i < config->endpoint_count; i++) {
        const struct review r = {&config->endpoints[i], warn, context};

        review_header(&r);
        review_open(&r);
        review_url(&r);
        review_quarantine(&r);
    }
}
