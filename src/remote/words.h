/* SPDX-License-Identifier: MIT
 * words - the values of an option that may be repeated. Borrowed from argv.
 */
#ifndef REMOTE_WORDS_H
#define REMOTE_WORDS_H

#include <stddef.h>

#include "base/err.h"

#define WORDS_MAX 64

struct words {
    const char *at[WORDS_MAX];
    size_t count;
};

/* STATUS_USAGE: more than WORDS_MAX; names the option. */
enum status words_add(struct words *words, const char *word, const char *option,
                      struct err *err) STATUS_CHECKED;

#endif
