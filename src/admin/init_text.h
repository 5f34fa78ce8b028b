/* SPDX-License-Identifier: MIT
 * init_text - the configuration that init writes. Pure.
 */
#ifndef ADMIN_INIT_TEXT_H
#define ADMIN_INIT_TEXT_H

#include "base/buf.h"

#define INIT_TEXT_MAX ((size_t)256 * 1024)

struct init_text {
    const char *spool;
    const char *endpoint;
    const char *url; /* or NULL: the line is left as an example */
    const char *header;
    const char *secret_file;
};

/* The text of a stenohook.conf, comments included. Values are quoted as the configuration wants
 * them. */
void init_text(struct buf *out, const struct init_text *text);

#endif
