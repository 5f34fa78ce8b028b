/* SPDX-License-Identifier: MIT
 * config_auth - the keys that say how a sender proves itself, each alone and together.
 */
#include <stdlib.h>
#include <string.h>

#include "core/config/config_parts.h"

#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define HEADER_BYTES LETTERS "0123456789-"
#define QUERY_BYTES LETTERS "0123456789_-."

const char *const config_scheme_names[] = {
    [AUTH_NONE] = "none",
    [AUTH_STATIC] = NULL,
    [AUTH_AAI_SIGNATURE] = "aai-signature",
    [AUTH_STANDARD_WEBHOOKS] = "standard-webhooks",
};
#define SCHEME_COUNT (sizeof config_scheme_names / sizeof *config_scheme_names)

struct auth {
    struct config_endpoint *endpoint;
    const struct config_tree *tree;
    const struct config_section *section;
    struct err *err;
};

#define REFUSE(a, key, ...)                                                                        \
    config_refuse((a)->tree, config_line((a)->section, key), (a)->err, __VA_ARGS__)

static bool given(const struct auth *a, enum config_index key)
{
    return a->section->values[key].line != 0;
}

/* ---- the header's name */

/* Headers that servers, proxies or the sender set, or do not pass on. */
static const char *const taken_headers[] = {
    "Accept",
    "Accept-Encoding",
    "Accept-Language",
    "Cache-Control",
    "Connection",
    "Content-Length",
    "Content-Type",
    "Content-Encoding",
    "Cookie",
    "Date",
    "Expect",
    "Forwarded",
    "From",
    "Host",
    "Keep-Alive",
    "Origin",
    "Pragma",
    "Proxy",
    "Range",
    "Referer",
    "TE",
    "Trailer",
    "Transfer-Encoding",
    "Upgrade",
    "User-Agent",
    "Via",
    "X-Forwarded-For",
    "X-Forwarded-Host",
    "X-Forwarded-Proto",
    "X-Forwarded-Server",
    "X-Real-IP",
    "Proxy-Authorization",
};

/* A common mistake. */
static bool is_parameter_name(const char *name)
{
    static const char *const names[] = {"webhook_auth_header_value", "webhook_auth_header_name",
                                        "webhook-auth-header-value", "webhook-auth-header-name"};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (str_is_nocase(str_of(name), names[i]))
            return true;
    return false;
}

static enum status check_header(const struct auth *a, const char *name)
{
    struct str s = str_of(name);

    if (s.len == 0)
        return REFUSE(a, KEY_AUTH_HEADER,
                      "auth-header: empty; write the header's name, like \"X-Webhook-Secret\"");
    if (is_parameter_name(name))
        return REFUSE(
            a, KEY_AUTH_HEADER,
            "auth-header: \"%s\" is the API's parameter, not the header; write what you give "
            "as webhook_auth_header_name, like \"X-Webhook-Secret\"",
            name);
    if (!str_only(s, HEADER_BYTES))
        return REFUSE(
            a, KEY_AUTH_HEADER,
            "auth-header: \"%s\" would be dropped by Apache and confused with another header "
            "by lighttpd; use only letters, digits and \"-\"",
            name);
    if (strchr(LETTERS, *name) == NULL || s.len > CONFIG_HEADER_NAME_MAX)
        return REFUSE(a, KEY_AUTH_HEADER,
                      "auth-header: \"%s\" is not usable; begin with a letter and use at most %d "
                      "characters",
                      name, CONFIG_HEADER_NAME_MAX);
    for (size_t i = 0; i < sizeof taken_headers / sizeof *taken_headers; i++)
        if (str_is_nocase(s, taken_headers[i]))
            return REFUSE(a, KEY_AUTH_HEADER,
                          "auth-header: \"%s\" has another meaning in HTTP; choose a name like "
                          "\"X-Webhook-Secret\"",
                          name);
    return STATUS_OK;
}

static enum status check_query(const struct auth *a, const char *name)
{
    if (!str_only(str_of(name), QUERY_BYTES) || strlen(name) > CONFIG_NAME_MAX)
        return REFUSE(a, KEY_AUTH_QUERY,
                      "auth-query: \"%s\" is not usable; use 1 to %d letters, digits, \"-\", "
                      "\"_\" and \".\", like \"token\"",
                      name, CONFIG_NAME_MAX);
    return STATUS_OK;
}

/* ---- together */

static enum status find_scheme(const struct auth *a, enum auth_scheme *out)
{
    const char *name = config_text(a->section, KEY_AUTH);

    if (name == NULL) {
        *out = AUTH_STATIC;
        return STATUS_OK;
    }
    for (size_t i = 0; i < SCHEME_COUNT; i++)
        if (config_scheme_names[i] != NULL && strcmp(config_scheme_names[i], name) == 0) {
            *out = (enum auth_scheme)i;
            return STATUS_OK;
        }
    return REFUSE(a, KEY_AUTH,
                  "auth: \"%s\" is not a scheme; use \"aai-signature\", \"standard-webhooks\" or "
                  "\"none\", or leave the key out and set auth-header or auth-query",
                  name);
}

static enum status check_static(const struct auth *a)
{
    enum status st = STATUS_OK;

    if (!given(a, KEY_AUTH_HEADER) && !given(a, KEY_AUTH_QUERY))
        return REFUSE(
            a, KEY_SECRET_FILES,
            "endpoint \"%s\": no authentication; set auth-header = \"X-Webhook-Secret\" and "
            "secret-files, or auth = \"none\"",
            a->section->title);
    if (!given(a, KEY_SECRET_FILES))
        return config_refuse(a->tree, a->section->line, a->err,
                             "endpoint \"%s\": secret-files: missing; write secret-files = "
                             "{\"/home/u/.config/stenohook/secret\"}",
                             a->section->title);
    if (given(a, KEY_AUTH_HEADER))
        st = check_header(a, config_text(a->section, KEY_AUTH_HEADER));
    if (st == STATUS_OK && given(a, KEY_AUTH_QUERY))
        st = check_query(a, config_text(a->section, KEY_AUTH_QUERY));
    return st;
}

/* A key that the scheme ignores would promise a protection that does not exist. */
static enum status check_unused(const struct auth *a, enum auth_scheme scheme)
{
    const char *name = scheme == AUTH_STATIC ? "a static secret" : config_scheme_names[scheme];

    for (enum config_index key = KEY_AUTH_HEADER; key <= KEY_AUTH_QUERY; key++)
        if (scheme != AUTH_STATIC && given(a, key))
            return REFUSE(a, key, "%s: has no effect with auth = \"%s\"; remove one of them",
                          config_keys[key].name, name);
    if (scheme == AUTH_NONE && given(a, KEY_SECRET_FILES))
        return REFUSE(a, KEY_SECRET_FILES,
                      "secret-files: has no effect with auth = \"none\"; remove one of them");
    if ((scheme == AUTH_NONE || scheme == AUTH_STATIC) && given(a, KEY_SIGNATURE_WINDOW))
        return REFUSE(a, KEY_SIGNATURE_WINDOW,
                      "signature-window: has no effect with %s, which signs nothing; remove it",
                      scheme == AUTH_NONE ? "auth = \"none\"" : name);
    return STATUS_OK;
}

static enum status check_signed(const struct auth *a, enum auth_scheme scheme)
{
    if (given(a, KEY_SECRET_FILES))
        return STATUS_OK;
    return config_refuse(a->tree, a->section->line, a->err,
                         "endpoint \"%s\": secret-files: missing; auth = \"%s\" needs the secret "
                         "that the sender signs with",
                         a->section->title, config_scheme_names[scheme]);
}

/* ---- copies */

static enum status copy_name(const struct auth *a, enum config_index key, char **out)
{
    if (!given(a, key))
        return STATUS_OK;
    *out = str_dup(str_of(config_text(a->section, key)));
    return *out == NULL ? config_no_memory(a->err) : STATUS_OK;
}

static enum status copy_files(const struct auth *a)
{
    struct config_endpoint *e = a->endpoint;
    enum status st = config_copy(a->section, KEY_SECRET_FILES, &e->secret_files, a->err);

    if (st != STATUS_OK)
        return st;
    e->secret_file_count = a->section->values[KEY_SECRET_FILES].count;
    for (size_t i = 0; i < e->secret_file_count; i++)
        if (*e->secret_files[i] == '\0')
            return REFUSE(a, KEY_SECRET_FILES, "secret-files: empty path; write or remove it");
    return STATUS_OK;
}

enum status config_build_auth(struct config_endpoint *endpoint, const struct config_tree *tree,
                              const struct config_section *section, struct err *err)
{
    struct auth a = {endpoint, tree, section, err};
    enum status st = find_scheme(&a, &endpoint->scheme);

    if (st == STATUS_OK)
        st = check_unused(&a, endpoint->scheme);
    if (st == STATUS_OK && endpoint->scheme == AUTH_STATIC)
        st = check_static(&a);
    if (st == STATUS_OK && endpoint->scheme != AUTH_STATIC && endpoint->scheme != AUTH_NONE)
        st = check_signed(&a, endpoint->scheme);
    if (st == STATUS_OK)
        st = copy_name(&a, KEY_AUTH_HEADER, &endpoint->auth_header);
    if (st == STATUS_OK)
        st = copy_name(&a, KEY_AUTH_QUERY, &endpoint->auth_query);
    if (st == STATUS_OK)
        st = copy_files(&a);
    return st;
}
