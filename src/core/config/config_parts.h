/* SPDX-License-Identifier: MIT
 * config_parts - what a configuration file holds, before anything asks what it means.
 *
 * config_scan reads the text into a tree, config_build turns the tree into a struct config.
 */
#ifndef CORE_CONFIG_CONFIG_PARTS_H
#define CORE_CONFIG_CONFIG_PARTS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/str.h"
#include "core/config/config.h"

/* The rows of config_keys, in their order. */
enum config_index {
    KEY_SPOOL,
    KEY_KEEP,
    KEY_FREE_SPACE_MIN,
    KEY_SEGMENT_MAX,
    KEY_THREADS,
    KEY_DEADLINE,
    KEY_REFUSED_MAX,
    KEY_RUNNER,
    KEY_API_KEY_FILE,
    KEY_API_URL,
    KEY_HOOKS_MAX,
    KEY_URL,
    KEY_AUTH,
    KEY_AUTH_HEADER,
    KEY_AUTH_QUERY,
    KEY_SECRET_FILES,
    KEY_ALLOW_FROM,
    KEY_TRUSTED_PROXIES,
    KEY_BODY_MAX,
    KEY_QUARANTINE_MAX,
    KEY_SIGNATURE_WINDOW,
    KEY_DAILY_EVENTS_MAX,
    KEY_DAILY_BYTES_MAX,
    KEY_HOOK,
    KEY_HOOK_TIMEOUT,
    KEY_HOOK_MEMORY_MAX,
    KEY_HOOK_FILE_MAX,
    KEY_HOOK_PROCESSES_MAX,
    KEY_PARAMS,
    KEY_COUNT
};

struct config_value {
    unsigned line;     /* of the key; 0: not given */
    size_t count;      /* 1 if the key takes one value */
    const char *items; /* `count` strings, one after the other, each with its NUL */
};

struct config_section {
    const char *title; /* the endpoint's name; NULL for the section of the global keys */
    unsigned line;     /* of its title */
    struct config_value values[KEY_COUNT];
};

struct config_tree {
    const char *file;                /* borrowed, for errors */
    char *text;                      /* a copy; its beginning holds the titles and items */
    struct config_section *sections; /* the global keys, then the endpoints */
    size_t count;
};

/* ---- config_tree.c */

/* Returns STATUS_CONFIG with "FILE:LINE: " before the text; line 0 gives "FILE: ". */
enum status config_refuse(const struct config_tree *tree, unsigned line, struct err *err,
                          const char *format, ...) __attribute__((format(printf, 4, 5)));

/* Sets err and returns STATUS_MEMORY. */
enum status config_no_memory(struct err *err);

/* Adds an empty section. */
enum status config_tree_add(struct config_tree *tree, const char *title, unsigned line,
                            struct err *err) STATUS_CHECKED;

/* Returns the line of the key, or of its section if the key is not given. */
unsigned config_line(const struct config_section *section, enum config_index key);

/* Returns the key's first item, or NULL if the key is not given. */
const char *config_text(const struct config_section *section, enum config_index key);

/* Returns the item after this one, which must not be the last. */
const char *config_next(const char *item);

/* Copies all items as a NULL-terminated array, or leaves *out alone if the key is not given. After
 * a failure *out holds what was copied. */
enum status config_copy(const struct config_section *section, enum config_index key, char ***out,
                        struct err *err) STATUS_CHECKED;

void config_tree_free(struct config_tree *tree);

/* ---- config_scan.c, config_build.c, config_auth.c */

/* Reads text of the form that stenohook.conf(5) describes. After a failure too, config_tree_free
 * frees *tree. */
enum status config_scan(struct config_tree *tree, const char *file, struct str text,
                        struct err *err) STATUS_CHECKED;

/* Fills *config, which is all zero, with the meaning of the values. After a failure too,
 * config_free frees it. */
enum status config_build(struct config *config, const struct config_tree *tree,
                         struct err *err) STATUS_CHECKED;

/* Fills what an endpoint's authentication keys set: scheme, auth_header, auth_query,
 * secret_files. */
enum status config_build_auth(struct config_endpoint *endpoint, const struct config_tree *tree,
                              const struct config_section *section, struct err *err) STATUS_CHECKED;

/* ---- config_keys.c */

/* Returns the row of the key, or -1. */
int config_key_find(const char *section, struct str name);

/* Adds what to do about an unknown key: the name that was probably meant, or the section that the
 * key belongs to. */
void config_key_remedy(struct buf *out, const char *section, struct str name);

/* The names of the values of `auth`, by enum auth_scheme; NULL for AUTH_STATIC, which has none. */
extern const char *const config_scheme_names[];

#endif
