/* SPDX-License-Identifier: MIT
 * stenohook-sandbox.fcgi - a stand-in for AssemblyAI's API, for trying things out: a FastCGI
 * program behind a web server that listens on loopback.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cgi/cgi.h"
#include "sandbox/send.h"
#include "sandbox/web.h"

#define NAME "stenohook-sandbox.fcgi"

int main(void)
{
    static struct sandbox sandbox;
    const struct cgi_handler handler = {
        .context = &sandbox, .begin = web_begin, .serve = web_serve, .end = web_end};
    struct err err = ERR_INIT;
    enum status status;

    umask(077);
    /* As a CGI program it would end with the request, and no webhook would ever be sent. */
    if (!cgi_is_fastcgi()) {
        fprintf(stderr, NAME ": start me as a FastCGI program: 'stenohook sandbox' does\n");
        return EXIT_FAILURE;
    }
    status = sandbox_setup(&sandbox, getenv, &err);
    if (status == STATUS_OK)
        status = send_start(&sandbox, &err);
    if (status != STATUS_OK) {
        fprintf(stderr, NAME ": %s\n", err.text);
        return status_exit(status);
    }
    /* The threads that send are still at work: nothing is given back under their feet. */
    _exit(fcgi_serve(&handler, (unsigned)sandbox.threads));
}
