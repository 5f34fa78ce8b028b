/* SPDX-License-Identifier: MIT
 * config_build - what the values of a configuration file mean, and whether they can.
 */
#include <stdlib.h>
#include <string.h>

#include "base/num.h"
#include "core/config/config_parts.h"
#include "core/url.h"

#define PARAM_BYTES "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-."

struct build {
    const struct config_tree *tree;
    const struct config_section *section;
    struct err *err;
};

static enum status no_memory(const struct build *b)
{
    return err_set(b->err, STATUS_MEMORY, "no memory for the configuration");
}

static const char *text_of(const struct build *b, enum config_index key)
{
    const struct config_value *value = &b->section->values[key];

    return value->line == 0 ? NULL : value->items[0];
}

static unsigned line_of(const struct build *b, enum config_index key)
{
    unsigned line = b->section->values[key].line;

    return line == 0 ? b->section->line : line;
}

/* ---- one value */

static bool parse_scalar(const char *type, struct str text, uint64_t *out)
{
    if (strcmp(type, "size") == 0)
        return num_size(text, out);
    if (strcmp(type, "duration") == 0)
        return num_duration(text, out);
    return num_u64(text, out);
}

/* A size, a duration or a number, by its row of the table. */
static enum status scalar(const struct build *b, enum config_index index, uint64_t *out)
{
    const struct config_key *key = &config_keys[index];
    const char *text = text_of(b, index);
    uint64_t value = 0;
    uint64_t least = 0;
    uint64_t most = 0;

    if (!parse_scalar(key->type, str_of(text == NULL ? key->initial : text), &value))
        return config_refuse(b->tree, line_of(b, index), b->err,
                             "%s: \"%s\" is not a %s; write it like \"%s\"", key->name, text,
                             key->type, key->initial);
    (void)parse_scalar(key->type, str_of(key->least), &least);
    (void)parse_scalar(key->type, str_of(key->most), &most);
    if ((value < least || value > most) && !(value == 0 && key->or_zero))
        return config_refuse(b->tree, line_of(b, index), b->err,
                             "%s: \"%s\" is out of range; use %s to %s%s", key->name, text,
                             key->least, key->most, key->or_zero ? ", or 0 for none" : "");
    *out = value;
    return STATUS_OK;
}

/* A string that is not empty, or NULL where it is not given. */
static enum status string(const struct build *b, enum config_index index, char **out)
{
    const char *text = text_of(b, index);

    if (text == NULL)
        return STATUS_OK;
    if (*text == '\0')
        return config_refuse(b->tree, line_of(b, index), b->err,
                             "%s: is empty; write a value or leave the key out",
                             config_keys[index].name);
    *out = str_dup(str_of(text));
    return *out == NULL ? no_memory(b) : STATUS_OK;
}

static enum status absolute(const struct build *b, enum config_index index, char **out)
{
    enum status st = string(b, index, out);

    if (st == STATUS_OK && *out != NULL && **out != '/')
        return config_refuse(b->tree, line_of(b, index), b->err,
                             "%s: \"%s\" must be an absolute path; begin it with /",
                             config_keys[index].name, *out);
    return st;
}

static enum status list(const struct build *b, enum config_index index, char ***out)
{
    const struct config_value *value = &b->section->values[index];
    char **copy;

    if (value->line == 0)
        return STATUS_OK;
    copy = calloc(value->count + 1, sizeof *copy);
    if (copy == NULL)
        return no_memory(b);
    *out = copy;
    for (size_t i = 0; i < value->count; i++)
        if ((copy[i] = str_dup(str_of(value->items[i]))) == NULL)
            return no_memory(b);
    return STATUS_OK;
}

static enum status networks(const struct build *b, enum config_index index,
                            struct address_net **out, size_t *count)
{
    const struct config_value *value = &b->section->values[index];

    if (value->line == 0)
        return STATUS_OK;
    *out = calloc(value->count, sizeof **out);
    if (*out == NULL)
        return no_memory(b);
    for (size_t i = 0; i < value->count; i++)
        if (!address_net_parse(str_of(value->items[i]), &(*out)[i]))
            return config_refuse(b->tree, value->line, b->err,
                                 "%s: \"%s\" is no address or network; write it like \"192.0.2.7\" "
                                 "or \"192.0.2.0/24\" (no bits set behind the prefix)",
                                 config_keys[index].name, value->items[i]);
    *count = value->count;
    return STATUS_OK;
}

/* ---- an endpoint */

static enum status build_url(const struct build *b, struct config_endpoint *e)
{
    enum status st = string(b, KEY_URL, &e->url);
    struct err wrong = ERR_INIT;

    if (st != STATUS_OK || e->url == NULL)
        return st;
    if (url_check(str_of(e->url), "it", &wrong) != STATUS_OK)
        return config_refuse(b->tree, line_of(b, KEY_URL), b->err,
                             "url: \"%.200s\" is no web address: %s; write it like "
                             "\"https://example.com/cgi-bin/stenohook.cgi/%s\"",
                             e->url, wrong.text, e->name);
    return STATUS_OK;
}

static enum status build_hook(const struct build *b, struct config_endpoint *e)
{
    enum status st = list(b, KEY_HOOK, &e->hook);

    if (st == STATUS_OK && e->hook != NULL && e->hook[0][0] != '/')
        return config_refuse(b->tree, line_of(b, KEY_HOOK), b->err,
                             "hook: \"%s\" must be the absolute path of a program; arguments are "
                             "entries of their own: {\"/path/program\", \"--option\"}",
                             e->hook[0]);
    return st;
}

/* The hook gets STENOHOOK_PARAM_NAME: letters become upper case, all but letters and digits `_`. */
static char variable_byte(char c)
{
    if (c >= 'a' && c <= 'z')
        return (char)(c - 'a' + 'A');
    return c == '-' || c == '.' ? '_' : c;
}

static bool same_variable(const char *a, const char *b)
{
    while (*a != '\0' && variable_byte(*a) == variable_byte(*b)) {
        a++;
        b++;
    }
    return variable_byte(*a) == variable_byte(*b);
}

static enum status check_param(const struct build *b, const struct config_endpoint *e, size_t i)
{
    const char *name = e->params[i];
    unsigned line = line_of(b, KEY_PARAMS);

    if (!str_only(str_of(name), PARAM_BYTES) || strlen(name) > CONFIG_NAME_MAX)
        return config_refuse(b->tree, line, b->err,
                             "params: \"%s\" cannot be a variable's name; use 1 to %d letters, "
                             "digits, \"-\", \"_\" and \".\"",
                             name, CONFIG_NAME_MAX);
    if (e->auth_query != NULL && strcmp(e->auth_query, name) == 0)
        return config_refuse(
            b->tree, line, b->err,
            "params: \"%s\" is auth-query, which holds the secret; no hook gets it", name);
    for (size_t k = 0; k < i; k++)
        if (same_variable(e->params[k], name))
            return config_refuse(b->tree, line, b->err,
                                 "params: \"%s\" and \"%s\" would be the same variable; leave one "
                                 "out",
                                 e->params[k], name);
    return STATUS_OK;
}

static enum status build_params(const struct build *b, struct config_endpoint *e)
{
    enum status st = list(b, KEY_PARAMS, &e->params);

    for (size_t i = 0; st == STATUS_OK && e->params != NULL && e->params[i] != NULL; i++)
        st = check_param(b, e, i);
    return st;
}

static enum status build_limits(const struct build *b, struct config_endpoint *e)
{
    bool body_signed = e->scheme == AUTH_AAI_SIGNATURE || e->scheme == AUTH_STANDARD_WEBHOOKS;
    enum status st = scalar(b, KEY_BODY_MAX, &e->body_max);

    if (st == STATUS_OK && body_signed && text_of(b, KEY_BODY_MAX) == NULL)
        e->body_max = CONFIG_BODY_MAX_SIGNED;
    if (st == STATUS_OK)
        st = scalar(b, KEY_SIGNATURE_WINDOW, &e->signature_window_s);
    if (st == STATUS_OK)
        st = scalar(b, KEY_HOOK_TIMEOUT, &e->hook_timeout_s);
    if (st == STATUS_OK)
        st = scalar(b, KEY_HOOK_MEMORY_MAX, &e->hook_memory_max);
    return st;
}

static enum status build_endpoint(const struct build *b, struct config_endpoint *e)
{
    enum status st = config_build_auth(e, b->tree, b->section, b->err);

    e->line = b->section->line;
    e->name = str_dup(str_of(b->section->title));
    if (st == STATUS_OK && e->name == NULL)
        st = no_memory(b);
    if (st == STATUS_OK)
        st = build_url(b, e);
    if (st == STATUS_OK)
        st = networks(b, KEY_ALLOW_FROM, &e->allow_from, &e->allow_from_count);
    if (st == STATUS_OK)
        st = networks(b, KEY_TRUSTED_PROXIES, &e->trusted_proxies, &e->trusted_proxy_count);
    if (st == STATUS_OK)
        st = build_limits(b, e);
    if (st == STATUS_OK)
        st = build_hook(b, e);
    if (st == STATUS_OK)
        st = build_params(b, e);
    return st;
}

/* ---- the whole */

static enum status build_api(const struct build *b, struct config *config)
{
    enum status st = absolute(b, KEY_API_KEY_FILE, &config->api_key_file);
    struct err wrong = ERR_INIT;

    if (st == STATUS_OK)
        st = string(b, KEY_API_URL, &config->api_url);
    if (st == STATUS_OK && config->api_url == NULL &&
        (config->api_url = str_dup(str_of(config_keys[KEY_API_URL].initial))) == NULL)
        return no_memory(b);
    if (st == STATUS_OK && url_check_base(str_of(config->api_url), "it", &wrong) != STATUS_OK)
        return config_refuse(b->tree, line_of(b, KEY_API_URL), b->err,
                             "api-url: \"%.200s\" cannot be used: %s; write \"%s\", or for the "
                             "European Union \"https://api.eu.assemblyai.com\"",
                             config->api_url, wrong.text, config_keys[KEY_API_URL].initial);
    return st;
}

static enum status build_global(const struct build *b, struct config *config)
{
    uint64_t threads = 0, hooks = 0;
    uint64_t deadline_s = 0;
    enum status st = absolute(b, KEY_SPOOL, &config->spool);

    if (st == STATUS_OK && config->spool == NULL)
        st = config_refuse(b->tree, 0, b->err,
                           "spool: is missing; write spool = \"/home/u/stenohook\" above the "
                           "endpoints, a folder outside of the web server's documents");
    if (st == STATUS_OK)
        st = scalar(b, KEY_KEEP, &config->keep_s);
    if (st == STATUS_OK)
        st = scalar(b, KEY_FREE_SPACE_MIN, &config->free_space_min);
    if (st == STATUS_OK)
        st = scalar(b, KEY_SEGMENT_MAX, &config->segment_max);
    if (st == STATUS_OK)
        st = scalar(b, KEY_THREADS, &threads);
    if (st == STATUS_OK)
        st = scalar(b, KEY_DEADLINE, &deadline_s);
    if (st == STATUS_OK)
        st = scalar(b, KEY_REFUSED_MAX, &config->refused_max);
    if (st == STATUS_OK)
        st = absolute(b, KEY_RUNNER, &config->runner);
    if (st == STATUS_OK)
        st = build_api(b, config);
    if (st == STATUS_OK)
        st = scalar(b, KEY_HOOKS_MAX, &hooks);
    config->threads = (unsigned)threads;
    config->hooks_max = (unsigned)hooks;
    config->deadline_ms = deadline_s * 1000;
    return st;
}

static enum status build_endpoints(const struct build *global, struct config *config)
{
    const struct config_tree *tree = global->tree;
    enum status st = STATUS_OK;

    if (tree->count < 2)
        return config_refuse(tree, 0, global->err,
                             "no endpoint; write: endpoint \"default\" { auth-header = "
                             "\"X-Webhook-Secret\" secret-files = {\"/home/u/secret\"} }");
    config->endpoints = calloc(tree->count - 1, sizeof *config->endpoints);
    if (config->endpoints == NULL)
        return no_memory(global);
    config->endpoint_count = tree->count - 1;
    for (size_t i = 0; st == STATUS_OK && i < config->endpoint_count; i++) {
        struct build b = {tree, &tree->sections[i + 1], global->err};

        st = build_endpoint(&b, &config->endpoints[i]);
    }
    return st;
}

enum status config_build(struct config **out, const struct config_tree *tree, struct err *err)
{
    struct build b = {tree, &tree->sections[0], err};
    struct config *config = calloc(1, sizeof *config);
    enum status st;

    if (config == NULL)
        return no_memory(&b);
    st = build_global(&b, config);
    if (st == STATUS_OK)
        st = build_endpoints(&b, config);
    if (st == STATUS_OK)
        *out = config;
    else
        config_free(config);
    return st;
}
