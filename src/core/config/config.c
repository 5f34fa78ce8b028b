/* SPDX-License-Identifier: MIT
 * config - reads the values of a configuration file by libConfuse, and owns what comes of them.
 */
#include "core/config/config.h"

#include <confuse.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/config/config_parts.h"

/* ---- the tree */

enum status config_refuse(const struct config_tree *tree, unsigned line, struct err *err,
                          const char *format, ...)
{
    char text[ERR_TEXT_MAX];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (line == 0)
        return err_set(err, STATUS_CONFIG, "%s: %s", tree->file, text);
    return err_set(err, STATUS_CONFIG, "%s:%u: %s", tree->file, line, text);
}

static void strings_free(char **strings)
{
    for (char **s = strings; s != NULL && *s != NULL; s++)
        free(*s);
    free(strings);
}

void config_tree_free(struct config_tree *tree)
{
    for (size_t i = 0; i < tree->count; i++) {
        free(tree->sections[i].title);
        for (int k = 0; k < KEY_COUNT; k++)
            strings_free(tree->sections[i].values[k].items);
    }
    free(tree->sections);
    free(tree->text);
    *tree = (struct config_tree){.file = tree->file};
}

/* ---- libConfuse */

/* Its error function gets no context of ours; only one file is read at a time. */
static struct config_tree *reading;
static struct err *reading_err;

static void told(cfg_t *cfg, const char *format, va_list args)
{
    char text[ERR_TEXT_MAX];

    vsnprintf(text, sizeof text, format, args);
    (void)config_refuse(reading, (unsigned)cfg->line, reading_err, "%s", text);
}

/* The rows of one section as libConfuse wants them; `out` has room for all and two more. What
 * stands nowhere is left out: each row costs, in each process that is a request. */
static size_t options(const struct config_tree *tree, const char *section, cfg_opt_t *out)
{
    size_t n = 0;

    for (int i = 0; i < KEY_COUNT; i++) {
        const struct config_key *key = &config_keys[i];

        if (!tree->given[i] || strcmp(key->section, section) != 0)
            continue;
        if (strcmp(key->type, "list") == 0)
            out[n++] = (cfg_opt_t)CFG_STR_LIST(key->name, NULL, CFGF_NODEFAULT);
        else
            out[n++] = (cfg_opt_t)CFG_STR(key->name, NULL, CFGF_NODEFAULT);
    }
    return n;
}

static enum status copy_value(struct config_value *value, cfg_opt_t *option, struct err *err)
{
    unsigned count = cfg_opt_size(option);

    value->items = calloc((size_t)count + 1, sizeof *value->items);
    if (value->items == NULL)
        return err_set(err, STATUS_MEMORY, "no memory for the configuration");
    for (; value->count < count; value->count++) {
        const char *item = cfg_opt_getnstr(option, (unsigned)value->count);

        value->items[value->count] = str_dup(str_of(item == NULL ? "" : item));
        if (value->items[value->count] == NULL)
            return err_set(err, STATUS_MEMORY, "no memory for the configuration");
    }
    return STATUS_OK;
}

/* What libConfuse has read must be what config_scan has seen. */
static enum status copy_section(const struct config_tree *tree, struct config_section *section,
                                cfg_t *cfg, struct err *err)
{
    const char *kind = section->title == NULL ? "" : "endpoint";

    for (int i = 0; i < KEY_COUNT; i++) {
        struct config_value *value = &section->values[i];
        cfg_opt_t *option;
        enum status st;

        if (!tree->given[i] || strcmp(config_keys[i].section, kind) != 0)
            continue;
        option = cfg_getopt(cfg, config_keys[i].name);
        if ((cfg_opt_size(option) != 0) != (value->line != 0))
            return config_refuse(tree, section->line, err, "%s: cannot be read",
                                 config_keys[i].name);
        if (value->line == 0)
            continue;
        st = copy_value(value, option, err);
        if (st != STATUS_OK)
            return st;
    }
    return STATUS_OK;
}

static enum status copy_tree(struct config_tree *tree, cfg_t *cfg, struct err *err)
{
    enum status st = copy_section(tree, &tree->sections[0], cfg, err);

    if (cfg_size(cfg, "endpoint") != tree->count - 1)
        return config_refuse(tree, 0, err, "the endpoints cannot be read");
    for (size_t i = 1; st == STATUS_OK && i < tree->count; i++)
        st = copy_section(tree, &tree->sections[i], cfg_getnsec(cfg, "endpoint", (unsigned)i - 1),
                          err);
    return st;
}

/* Fills in the items of a scanned tree. */
static enum status config_read(struct config_tree *tree, struct err *err)
{
    cfg_opt_t endpoint[KEY_COUNT + 1] = {CFG_END()};
    cfg_opt_t file[KEY_COUNT + 2] = {CFG_END()};
    size_t n;
    cfg_t *cfg;
    enum status st;

    endpoint[options(tree, "endpoint", endpoint)] = (cfg_opt_t)CFG_END();
    n = options(tree, "", file);
    file[n] =
        (cfg_opt_t)CFG_SEC("endpoint", endpoint, CFGF_MULTI | CFGF_TITLE | CFGF_NO_TITLE_DUPES);
    file[n + 1] = (cfg_opt_t)CFG_END();
    cfg = cfg_init(file, CFGF_NONE);
    if (cfg == NULL)
        return err_set(err, STATUS_MEMORY, "no memory for the configuration");
    reading = tree;
    reading_err = err;
    cfg_set_error_function(cfg, told);
    if (cfg_parse_buf(cfg, tree->text) == CFG_SUCCESS)
        st = copy_tree(tree, cfg, err);
    else
        st = config_refuse(tree, 0, err, "cannot be read");
    cfg_free(cfg);
    reading = NULL;
    reading_err = NULL;
    return st;
}

/* ---- the configuration */

enum status config_parse(struct config **out, const char *file, struct str text, struct err *err)
{
    struct config_tree tree;
    enum status st = config_scan(&tree, file, text, err);

    if (st == STATUS_OK)
        st = config_read(&tree, err);
    if (st == STATUS_OK)
        st = config_build(out, &tree, err);
    config_tree_free(&tree);
    return st;
}

static void endpoint_free(struct config_endpoint *e)
{
    free(e->name);
    free(e->url);
    free(e->auth_header);
    free(e->auth_query);
    strings_free(e->secret_files);
    free(e->allow_from);
    free(e->trusted_proxies);
    strings_free(e->hook);
    strings_free(e->params);
}

void config_free(struct config *config)
{
    if (config == NULL)
        return;
    for (size_t i = 0; i < config->endpoint_count; i++)
        endpoint_free(&config->endpoints[i]);
    free(config->endpoints);
    free(config->spool);
    free(config->runner);
    free(config->api_key_file);
    free(config->api_url);
    free(config);
}

bool config_has_hook(const struct config *config)
{
    for (size_t i = 0; i < config->endpoint_count; i++)
        if (config->endpoints[i].hook != NULL)
            return true;
    return false;
}

const struct config_endpoint *config_endpoint_named(const struct config *config, struct str name)
{
    for (size_t i = 0; i < config->endpoint_count; i++)
        if (str_is(name, config->endpoints[i].name))
            return &config->endpoints[i];
    return NULL;
}

const struct config_endpoint *config_endpoint(const struct config *config, struct str name,
                                              bool named)
{
    const struct config_endpoint *found =
        name.len == 0 ? NULL : config_endpoint_named(config, name);

    if (found != NULL || (name.len != 0 && named))
        return found;
    found = config_endpoint_named(config, STR("default"));
    if (found == NULL && config->endpoint_count == 1)
        found = &config->endpoints[0];
    return found;
}
