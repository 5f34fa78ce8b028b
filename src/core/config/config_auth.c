/* SPDX-License-Identifier: MIT
 * config_auth - the keys that say who may deliver: each alone, and together.
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

#define REFUSE(a, key, ...) config_refuse((a)->tree, where(a, key), (a)->err, __VA_ARGS__)

static unsigned where(const struct auth *a, enum config_index key)
{
    unsigned line = a->section->values[key].line;

    return line == 0 ? a->section->line : line;
}

static bool given(const struct auth *a, enum config_index key)
{
    return a->section->values[key].line != 0;
}

/* NULL where it is not given. */
static const char *value(const struct auth *a, enum config_index key)
{
    return given(a, key) ? a->section->values[key].items[0] : NULL;
}

/* ---- the header's name */

/* Headers that servers, proxies or the sender fill in with something else, or do not pass on. */
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

/* People take the name of the API's parameter for the name of the header. */
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
                      "auth-header: is empty; write the header's name, like \"X-Webhook-Secret\"");
    if (is_parameter_name(name))
        return REFUSE(a, KEY_AUTH_HEADER,
                      "auth-header: \"%s\" is the name of the API's parameter, not of the header; "
                      "write here what you give as webhook_auth_header_name, like "
                      "\"X-Webhook-Secret\"",
                      name);
    if (!str_only(s, HEADER_BYTES))
        return REFUSE(a, KEY_AUTH_HEADER,
                      "auth-header: \"%s\" would be dropped by Apache and taken for another one by "
                      "lighttpd; use letters, digits and \"-\" only",
                      name);
    if (strchr(LETTERS, *name) == NULL || s.len > CONFIG_HEADER_NAME_MAX)
        return REFUSE(a, KEY_AUTH_HEADER,
                      "auth-header: \"%s\" cannot be used; begin with a letter and take at most %d "
                      "characters",
                      name, CONFIG_HEADER_NAME_MAX);
    for (size_t i = 0; i < sizeof taken_headers / sizeof *taken_headers; i++)
        if (str_is_nocase(s, taken_headers[i]))
            return REFUSE(
                a, KEY_AUTH_HEADER,
                "auth-header: \"%s\" has a meaning of its own in HTTP; choose a name like "
                "\"X-Webhook-Secret\"",
                name);
    return STATUS_OK;
}

static enum status check_query(const struct auth *a, const char *name)
{
    if (!str_only(str_of(name), QUERY_BYTES) || strlen(name) > CONFIG_NAME_MAX)
        return REFUSE(a, KEY_AUTH_QUERY,
                      "auth-query: \"%s\" cannot be used; take 1 to %d letters, digits, \"-\", "
                      "\"_\" and \".\", like \"token\"",
                      name, CONFIG_NAME_MAX);
    return STATUS_OK;
}

/* ---- together */

static enum status find_scheme(const struct auth *a, enum auth_scheme *out)
{
    const char *name = value(a, KEY_AUTH);

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
                  "auth: \"%s\" is no scheme; use \"aai-signature\", \"standard-webhooks\" or "
                  "\"none\", or leave it out for a static secret in auth-header or auth-query",
                  name);
}

static enum status check_static(const struct auth *a)
{
    enum status st = STATUS_OK;

    if (!given(a, KEY_AUTH_HEADER) && !given(a, KEY_AUTH_QUERY))
        return REFUSE(a, KEY_SECRET_FILES,
                      "endpoint \"%s\": nothing says how a sender proves itself; write auth-header "
                      "= \"X-Webhook-Secret\" and secret-files, or auth = \"none\"",
                      a->section->title);
    if (!given(a, KEY_SECRET_FILES))
        return config_refuse(a->tree, a->section->line, a->err,
                             "endpoint \"%s\": secret-files: is missing; write secret-files = "
                             "{\"/home/u/.config/stenohook/secret\"}",
                             a->section->title);
    if (given(a, KEY_AUTH_HEADER))
        st = check_header(a, value(a, KEY_AUTH_HEADER));
    if (st == STATUS_OK && given(a, KEY_AUTH_QUERY))
        st = check_query(a, value(a, KEY_AUTH_QUERY));
    return st;
}

/* A key that the scheme does not look at would make its reader believe in a protection that is not
 * there. */
static enum status check_unused(const struct auth *a, enum auth_scheme scheme)
{
    const char *name = scheme == AUTH_STATIC ? "a static secret" : config_scheme_names[scheme];

    for (enum config_index key = KEY_AUTH_HEADER; key <= KEY_AUTH_QUERY; key++)
        if (scheme != AUTH_STATIC && given(a, key))
            return REFUSE(a, key, "%s: has no use with auth = \"%s\"; take one of them out",
                          config_keys[key].name, name);
    if (scheme == AUTH_NONE && given(a, KEY_SECRET_FILES))
        return REFUSE(a, KEY_SECRET_FILES,
                      "secret-files: has no use with auth = \"none\"; take one of them out");
    if ((scheme == AUTH_NONE || scheme == AUTH_STATIC) && given(a, KEY_SIGNATURE_WINDOW))
        return REFUSE(a, KEY_SIGNATURE_WINDOW,
                      "signature-window: has no use with %s, which signs nothing; take it out",
                      scheme == AUTH_NONE ? "auth = \"none\"" : name);
    return STATUS_OK;
}

static enum status check_signed(const struct auth *a, enum auth_scheme scheme)
{
    if (given(a, KEY_SECRET_FILES))
        return STATUS_OK;
    return config_refuse(a->tree, a->section->line, a->err,
                         "endpoint \"%s\": secret-files: is missing; auth = \"%s\" needs the "
                         "secret that the sender signs with",
                         a->section->title, config_scheme_names[scheme]);
}

/* ---- copies */

static enum status copy(const struct auth *a, enum config_index key, char **out)
{
    if (!given(a, key))
        return STATUS_OK;
    *out = str_dup(str_of(value(a, key)));
    if (*out == NULL)
        return err_set(a->err, STATUS_MEMORY, "no memory for the configuration");
    return STATUS_OK;
}

static enum status copy_files(const struct auth *a)
{
    const struct config_value *files = &a->section->values[KEY_SECRET_FILES];
    struct config_endpoint *e = a->endpoint;

    e->secret_files = calloc(files->count + 1, sizeof *e->secret_files);
    if (e->secret_files == NULL)
        return err_set(a->err, STATUS_MEMORY, "no memory for the configuration");
    for (; e->secret_file_count < files->count; e->secret_file_count++) {
        const char *path = files->items[e->secret_file_count];

        if (*path == '\0')
            return REFUSE(a, KEY_SECRET_FILES, "secret-files: a file's name is empty");
        e->secret_files[e->secret_file_count] = str_dup(str_of(path));
        if (e->secret_files[e->secret_file_count] == NULL)
            return err_set(a->err, STATUS_MEMORY, "no memory for the configuration");
    }
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
        st = copy(&a, KEY_AUTH_HEADER, &endpoint->auth_header);
    if (st == STATUS_OK)
        st = copy(&a, KEY_AUTH_QUERY, &endpoint->auth_query);
    if (st == STATUS_OK)
        st = copy_files(&a);
    return st;
}
