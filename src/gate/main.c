/* SPDX-License-Identifier: MIT
 * stenohook.fcgi - the gateway: receives webhooks as a CGI or as a FastCGI program, whichever way
 * it was started.
 *
 * The arguments are never looked at: Apache makes them of a query string without "=", so they are
 * the sender's.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cgi/cgi.h"
#include "gate/accept.h"

/* A segment that was opened as descriptor 1 would get our replies. */
static void hold_standard_descriptors(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDWR) < 0)
            exit(EXIT_FAILURE);
}

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

    hold_standard_descriptors();
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
