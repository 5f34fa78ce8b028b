/* SPDX-License-Identifier: MIT
 * config_tree - the sections of a configuration file and their values.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/config/config_parts.h"

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

enum status config_no_memory(struct err *err)
{
    return err_set(err, STATUS_MEMORY, "no memory for the configuration");
}

enum status config_tree_add(struct config_tree *tree, const char *title, unsigned line,
                            struct err *err)
{
    size_t size = (tree->count + 1) * sizeof *tree->sections;
    struct config_section *grown = realloc(tree->sections, size);

    if (grown == NULL)
        return config_no_memory(err);
    tree->sections = grown;
    grown[tree->count++] = (struct config_section){.title = title, .line = line};
    return STATUS_OK;
}

unsigned config_line(const struct config_section *section, enum config_index key)
{
    unsigned line = section->values[key].line;

    return line == 0 ? section->line : line;
}

const char *config_text(const struct config_section *section, enum config_index key)
{
    return section->values[key].line == 0 ? NULL : section->values[key].items;
}

const char *config_next(const char *item)
{
    return item + strlen(item) + 1;
}

enum status config_copy(const struct config_section *section, enum config_index key, char ***out,
                        struct err *err)
{
    const struct config_value *value = &section->values[key];
    const char *item = value->items;

    if (value->line == 0)
        return STATUS_OK;
    *out = calloc(value->count + 1, sizeof **out);
    if (*out == NULL)
        return config_no_memory(err);
    for (size_t i = 0; i < value->count; i++) {
        if (i > 0)
            item = config_next(item);
        (*out)[i] = str_dup(str_of(item));
        if ((*out)[i] == NULL)
            return config_no_memory(err);
    }
    return STATUS_OK;
}

void config_tree_free(struct config_tree *tree)
{
    free(tree->sections);
    free(tree->text);
    *tree = (struct config_tree){.file = tree->file};
}
