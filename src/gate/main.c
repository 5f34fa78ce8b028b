/* SPDX-License-Identifier: MIT
 * stenohook.fcgi - the gateway: receives webhooks as a CGI or as a FastCGI program, whichever way
 * it was started.
 *
 * The arguments are never looked at: Apache makes them of a query string without "=", so they are
 * the sender's.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "cgi/cgi.h"
#include "gate/accept.h"

int main(void)
{
    struct cgi_handler handler = {
        .begin = gate_thread_begin,
        .serve = gate_serve,
        .after = gate_after,
        .end = gate_thread_end,
    };
    struct err err = ERR_INIT;
    struct gate *gate;
    bool fastcgi;
    int code;

    if (!file_hold(STDERR_FILENO))
        return EXIT_FAILURE;
    umask(077);
    fastcgi = cgi_is_fastcgi();
    if (gate_make(&gate, fastcgi, &err) != STATUS_OK) {
        fprintf(stderr, "stenohook.fcgi: %s\n", err.text);
        return EXIT_FAILURE;
    }
    handler.context = gate;
    code = fastcgi ? fcgi_serve(&handler, gate_threads(gate)) : cgi_serve(&handler);
    gate_free(gate);
    return code;
}
