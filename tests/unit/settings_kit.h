/* SPDX-License-Identifier: MIT
 * settings_kit - files of a configuration in the test's folder, and what is told of them.
 */
#ifndef SETTINGS_KIT_H
#define SETTINGS_KIT_H

#include <stdbool.h>

#include "settings/settings.h"

#define SK_ENDPOINT                                                                                \
    "spool = \"/spool\"\nendpoint \"a\" { auth-header = \"X-S\" secret-files = {\"one\", "         \
    "\"two\"} }\n"
#define SK_OTHER_USER 54321

/* The home of our user from now on, as the password file has it; NULL: as it is. Must stay. */
void sk_home(const char *path);

/* The path of a file in the test's folder; six can be used at the same time. */
const char *sk_in(const char *name);
/* Under a new inode, as editors and `mv` do it. */
void sk_put(const char *name, const char *text);
/* The file "conf" with SK_ENDPOINT, and both of its secrets. */
void sk_put_all(void);

struct sk_told {
    unsigned count;
    char last[800];
    bool usable;
};

/* A settings_warn whose context is a struct sk_told. */
void sk_note(void *context, const char *text);
/* So often, and `words` in what was told last. */
void sk_check_told(const struct sk_told *told, unsigned count, const char *words);
/* The settings of "conf", which must be sound. Clears *told first. */
const struct settings *sk_load(struct sk_told *told);

#endif
