/* SPDX-License-Identifier: MIT
 * lighttpd_config - prints the configuration of the sandbox's lighttpd. Pure.
 */
#ifndef SANDBOX_LIGHTTPD_CONFIG_H
#define SANDBOX_LIGHTTPD_CONFIG_H

#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

#define LIGHTTPD_CONFIG_MAX ((size_t)32 * 1024)

struct lighttpd_config {
    const char *program; /* stenohook-sandbox.fcgi */
    const char *folder;  /* its state */
    const char *run;     /* socket, log, request bodies */
    uint16_t port;
};

/* Prints what examples/sandbox/lighttpd.conf says, with these values. STATUS_USAGE: a path has
 * characters that lighttpd would interpret. */
enum status lighttpd_config_print(struct buf *out, const struct lighttpd_config *config,
                                  struct err *err) STATUS_CHECKED;

#endif
