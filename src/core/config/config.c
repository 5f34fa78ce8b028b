/* SPDX-License-Identifier: MIT
 * config - reads a configuration file, and finds endpoints in what was read.
 */
#include "core/config/config.h"

#include <stdlib.h>

#include "core/config/config_parts.h"

static void strings_free(char **strings)
{
    for (char **s = strings; s != NULL && *s != NULL; s++)
        free(*s);
    free(strings);
}

/* ---- the configuration */

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

enum status config_parse(struct config **out, const char *file, struct str text, struct err *err)
{
    struct config_tree tree;
    struct config *config = NULL;
    enum status st = config_scan(&tree, file, text, err);

    if (st == STATUS_OK && (config = calloc(1, sizeof *config)) == NULL)
        st = config_no_memory(err);
    if (st == STATUS_OK)
        st = config_build(config, &tree, err);
    if (st == STATUS_OK)
        *out = config;
    else
        config_free(config);
    config_tree_free(&tree);
    return st;
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
