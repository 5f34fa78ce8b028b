/* SPDX-License-Identifier: MIT
 * config_build - what the values of a configuration file mean.
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

/* ---- one value */

static bool parse_scalar(const char *type, struct str text, uint64_t *out)
{
    if (strcmp(type, "size") == 0)
        return num_size(text, out);
    if (strcmp(type, "duration") == 0)
        return num_duration(text, out);
    return num_u64(text, out);
}

/* Reads a size, a duration or a number, as the row of the key says. */
static enum status read_scalar(const struct build *b, enum config_index index, uint64_t *out)
{
    const struct config_key *key = &config_keys[index];
    const char *text = config_text(b->section, index);
    uint64_t value = 0;
    uint64_t least = 0;
    uint64_t most = 0;

    if (!parse_scalar(key->type, str_of(text == NULL ? key->initial : text), &value))
        return config_refuse(b->tree, config_line(b->section, index), b->err,
                             "%s: \"%s\" is not a %s; write it like \"%s\"", key->name, text,
                             key->type, key->initial);
    (void)parse_scalar(key->type, str_of(key->least), &least);
    (void)parse_scalar(key->type, str_of(key->most), &most);
    if ((value < least || value > most) && !(value == 0 && key->or_zero))
        return config_refuse(b->tree, config_line(b->section, index), b->err,
                             "%s: \"%s\" is out of range; use %s to %s%s", key->name, text,
                             key->least, key->most, key->or_zero ? ", or 0 for none" : "");
    *out = value;
    return STATUS_OK;
}

/* Copies a string that must not be empty. Leaves *out alone if the key is not given. */
static enum status copy_string(const struct build *b, enum config_index index, char **out)
{
    const char *text = config_text(b->section, index);

    if (text == NULL)
        return STATUS_OK;
    if (*text == '\0')
        return config_refuse(b->tree, config_line(b->section, index), b->err,
                             "%s: empty; write a value or leave the key out",
                             config_keys[index].name);
    *out = str_dup(str_of(text));
    return *out == NULL ? config_no_memory(b->err) : STATUS_OK;
}

static enum status copy_path(const struct build *b, enum config_index index, char **out)
{
    enum status st = copy_string(b, index, out);

    if (st == STATUS_OK && *out != NULL && **out != '/')
        return config_refuse(b->tree, config_line(b->section, index), b->err,
                             "%s: \"%s\" is not an absolute path; begin it with /",
                             config_keys[index].name, *out);
    return st;
}

static enum status read_networks(const struct build *b, enum config_index index,
                                 struct address_net **out, size_t *count)
{
    const struct config_value *value = &b->section->values[index];
    const char *item = value->items;

    if (value->line == 0)
        return STATUS_OK;
    *out = calloc(value->count, sizeof **out);
    if (*out == NULL)
        return config_no_memory(b->err);
    for (size_t i = 0; i < value->count; i++) {
        if (i > 0)
            item = config_next(item);
        if (!address_net_parse(str_of(item), &(*out)[i]))
            return config_refuse(b->tree, value->line, b->err,
                                 "%s: \"%s\" is not an address or network; write it like "
                                 "\"192.0.2.7\" or \"192.0.2.0/24\" (no bits set after the prefix)",
                                 config_keys[index].name, item);
    }
    *count = value->count;
    return STATUS_OK;
}

/* ---- an endpoint */

static enum status build_url(const struct build *b, struct config_endpoint *e)
{
    enum status st = copy_string(b, KEY_URL, &e->url);
    struct err wrong = ERR_INIT;

    if (st != STATUS_OK || e->url == NULL)
        return st;
    if (url_check(str_of(e->url), "it", &wrong) != STATUS_OK)
        return config_refuse(b->tree, config_line(b->section, KEY_URL), b->err,
                             "url: \"%.200s\" is not a web address: %s; write it like "
                             "\"https://example.com/cgi-bin/stenohook.cgi/%s\"",
                             e->url, wrong.text, e->name);
    return STATUS_OK;
}

static enum status build_hook(const struct build *b, struct config_endpoint *e)
{
    enum status st = config_copy(b->section, KEY_HOOK, &e->hook, b->err);

    if (st == STATUS_OK && e->hook != NULL && e->hook[0][0] != '/')
        return config_refuse(
            b->tree, config_line(b->section, KEY_HOOK), b->err,
            "hook: \"%s\" is not the absolute path of a program; write each argument "
            "as an entry: {\"/path/program\", \"--option\"}",
            e->hook[0]);
    return st;
}

/* The hook's variable is STENOHOOK_PARAM_NAME: in it letters are upper case, and all else but
 * digits becomes `_`. */
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
    unsigned line = config_line(b->section, KEY_PARAMS);

    if (!str_only(str_of(name), PARAM_BYTES) || strlen(name) > CONFIG_NAME_MAX)
        return config_refuse(b->tree, line, b->err,
                             "params: \"%s\" cannot become a variable's name; use 1 to %d letters, "
                             "digits, \"-\", \"_\" and \".\"",
                             name, CONFIG_NAME_MAX);
    if (e->auth_query != NULL && strcmp(e->auth_query, name) == 0)
        return config_refuse(b->tree, line, b->err,
                             "params: \"%s\" is auth-query; remove it, as no hook gets the secret",
                             name);
    for (size_t k = 0; k < i; k++)
        if (same_variable(e->params[k], name))
            return config_refuse(b->tree, line, b->err,
                                 "params: \"%s\" and \"%s\" become the same variable; remove one",
                                 e->params[k], name);
    return STATUS_OK;
}

static enum status build_params(const struct build *b, struct config_endpoint *e)
{
    enum status st = config_copy(b->section, KEY_PARAMS, &e->params, b->err);

    for (size_t i = 0; st == STATUS_OK && e->params != NULL && e->params[i] != NULL; i++)
        st = check_param(b, e, i);
    return st;
}

static enum status build_limits(const struct build *b, struct config_endpoint *e)
{
    bool body_signed = e->scheme == AUTH_AAI_SIGNATURE || e->scheme == AUTH_STANDARD_WEBHOOKS;
    enum status st = read_scalar(b, KEY_BODY_MAX, &e->body_max);

    if (st == STATUS_OK && body_signed && config_text(b->section, KEY_BODY_MAX) == NULL)
        e->body_max = CONFIG_BODY_MAX_SIGNED;
    if (st == STATUS_OK)
        st = read_scalar(b, KEY_QUARANTINE_MAX, &e->quarantine_max);
    if (st == STATUS_OK)
        st = read_scalar(b, KEY_SIGNATURE_WINDOW, &e->signature_window_s);
    if (st == STATUS_OK)
        st = read_scalar(b, KEY_DAILY_EVENTS_MAX, &e->daily_events_max);
    if (st == STATUS_OK)
        st = read_scalar(b, KEY_DAILY_BYTES_MAX, &e->daily_bytes_max);
    if (st == STATUS_OK)
        st = read_scalar(b, KEY_HOOK_TIMEOUT, &e->hook_timeout_s);
    if (st == STATUS_OK)
        st = read_scalar(b, KEY_HOOK_MEMORY_MAX, &e->hook_memory_max);
    if (st == STATUS_OK)
        st = read_scalar(b, KEY_HOOK_FILE_MAX, &e->hook_file_max);
    if (st == STATUS_OK)
        st = read_scalar(b, KEY_HOOK_PROCESSES_MAX, &e->hook_processes_max);
    return st;
}

static enum status build_endpoint(const struct build *b, struct config_endpoint *e)
{
    enum status st = config_build_auth(e, b->tree, b->section, b->err);

    e->line = b->section->line;
    e->name = str_dup(str_of(b->section->title));
    if (st == STATUS_OK && e->name == NULL)
        st = config_no_memory(b->err);
    if (st == STATUS_OK)
        st = build_url(b, e);
    if (st == STATUS_OK)
        st = read_networks(b, KEY_ALLOW_FROM, &e->allow_from, &e->allow_from_count);
    if (st == STATUS_OK)
        st = read_networks(b, KEY_TRUSTED_PROXIES, &e->trusted_proxies, &e->trusted_proxy_count);
    if (st == STATUS_OK)
        st = build_limits(b, e);
    if (st == STATUS_OK)
        st = build_hook(b, e);
    if (st == STATUS_OK)
        st = build_params(b, e);
    return st;
}

/* ---- the file */

static enum status build_api(const struct build *b, struct config *config)
{
    enum status st = copy_path(b, KEY_API_KEY_FILE, &config->api_key_file);
    struct err wrong = ERR_INIT;

    if (st == STATUS_OK)
        st = copy_string(b, KEY_API_URL, &config->api_url);
    if (st == STATUS_OK && config->api_url == NULL &&
        (config->api_url = str_dup(str_of(config_keys[KEY_API_URL].initial))) == NULL)
        return config_no_memory(b->err);
    if (st == STATUS_OK && url_check_base(str_of(config->api_url), "it", &wrong) != STATUS_OK)
        return config_refuse(b->tree, config_line(b->section, KEY_API_URL), b->err,
                             "api-url: \"%.200s\" is not usable: %s; write \"%s\", or in the "
                             "European Union \"https://api.eu.assemblyai.com\"",
                             config->api_url, wrong.text, config_keys[KEY_API_URL].initial);
    return st;
}

static enum status build_global(const struct build *b, struct config *config)
{
    uint64_t threads = 0, hooks = 0;
    uint64_t deadline_s = 0;
    enum status st = copy_path(b, KEY_SPOOL, &config->spool);

    if (st == STATUS_OK && config->spool == NULL)
        st =
            config_refuse(b->tree, 0, b->err,
                          "spool: missing; write spool = \"/home/u/stenohook\" above the endpoints "
                          "(a folder outside the web server's documents)");
    if (st == STATUS_OK)
        st = read_scalar(b, KEY_KEEP, &config->keep_s);
    if (st == STATUS_OK)
        st = read_scalar(b, KEY_FREE_SPACE_MIN, &config->free_space_min);
    if (config_text(b->section, KEY_FREE_SPACE_MIN) == NULL)
        config->free_space_percent = CONFIG_FREE_SPACE_PERCENT;
    if (st == STATUS_OK)
        st = read_scalar(b, KEY_SEGMENT_MAX, &config->segment_max);
    if (st == STATUS_OK)
        st = read_scalar(b, KEY_THREADS, &threads);
    if (st == STATUS_OK)
        st = read_scalar(b, KEY_DEADLINE, &deadline_s);
    if (st == STATUS_OK)
        st = read_scalar(b, KEY_REFUSED_MAX, &config->refused_max);
    if (st == STATUS_OK)
        st = copy_path(b, KEY_RUNNER, &config->runner);
    if (st == STATUS_OK)
        st = build_api(b, config);
    if (st == STATUS_OK)
        st = read_scalar(b, KEY_HOOKS_MAX, &hooks);
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
        return config_no_memory(global->err);
    config->endpoint_count = tree->count - 1;
    for (size_t i = 0; st == STATUS_OK && i < config->endpoint_count; i++) {
        struct build b = {tree, &tree->sections[i + 1], global->err};

        st = build_endpoint(&b, &config->endpoints[i]);
    }
    return st;
}

enum status config_build(struct config *config, const struct config_tree *tree, struct err *err)
{
    struct build b = {tree, &tree->sections[0], err};
    enum status st = build_global(&b, config);

    return st == STATUS_OK ? build_endpoints(&b, config) : st;
}
