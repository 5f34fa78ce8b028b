/* SPDX-License-Identifier: MIT
 * config_parts - what stands in a configuration file, before anybody asks what it means. Shared by
 * the config_*.c only.
 *
 * Three steps: config_scan looks at the characters and notes where each key stands; config_read
 * (config.c) lets libConfuse read the values; config_build turns them into a struct config.
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
    KEY_SIGNATURE_WINDOW,
    KEY_HOOK,
    KEY_HOOK_TIMEOUT,
    KEY_HOOK_MEMORY_MAX,
    KEY_PARAMS,
    KEY_COUNT
};

struct config_value {
    unsigned line; /* where the key stands; 0: it is not given */
    char **items;  /* NULL-terminated; one where the key takes one value. Each is the tree's own. */
    size_t count;
};

struct config_section {
    char *title;   /* the endpoint's name; NULL for the section of the global keys */
    unsigned line; /* where it begins */
    struct config_value values[KEY_COUNT];
};

struct config_tree {
    const char *file; /* borrowed, for errors */
    char *text;       /* a terminated copy without comments, in which lines end in LF */
    struct config_section
        *sections; /* the first holds the global keys, each further one is an endpoint */
    size_t count;
    bool given[KEY_COUNT]; /* whether the key stands in any section */
};

/* Checks that `text` has the form that stenohook.conf(5) describes, and fills all of *tree but the
 * items of the values.
 *
 * libConfuse never sees a file that has not passed: it silently takes the last of two keys, puts
 * environment variables in (a CGI's environment holds what the sender wrote), writes behind its
 * buffer after comments of certain lengths, and stays inside a string that was not closed. What is
 * left in *tree after a failure is given back by config_tree_free. */
enum status config_scan(struct config_tree *tree, const char *file, struct str text,
                        struct err *err) STATUS_CHECKED;

/* Turns the values into the configuration. On failure *out is untouched. */
enum status config_build(struct config **out, const struct config_tree *tree,
                         struct err *err) STATUS_CHECKED;

/* The rules that tie an endpoint's authentication keys together; fills scheme, auth_header,
 * auth_query, secret_files. */
enum status config_build_auth(struct config_endpoint *endpoint, const struct config_tree *tree,
                              const struct config_section *section, struct err *err) STATUS_CHECKED;

void config_tree_free(struct config_tree *tree);

/* STATUS_CONFIG with "FILE:LINE: " before the text; line 0 gives "FILE: ". */
enum status config_refuse(const struct config_tree *tree, unsigned line, struct err *err,
                          const char *format, ...) __attribute__((format(printf, 4, 5)));

/* The row of that name in that section, or -1. */
int config_key_find(const char *section, struct str name);

/* What to do about an unknown key: names the one that was probably meant, or where a key of another
 * section belongs. */
void config_key_remedy(struct buf *out, const char *section, struct str name);

/* The names of the values of `auth`, by enum auth_scheme; AUTH_STATIC, which is not written, has
 * NULL. */
extern const char *const config_scheme_names[];

#endif
