/* SPDX-License-Identifier: MIT
 * stenohook-sandbox.fcgi - a stand-in for AssemblyAI's API, for trying things out. With a listening
 * socket as descriptor 0 it is the FastCGI server, else the command line of `stenohook sandbox`.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cgi/cgi.h"
#include "cli/command.h"
#include "cli/programs.h"
#include "sandbox/cmd_sandbox.h"
#include "sandbox/sender.h"
#include "sandbox/web.h"

static const struct command commands[] = {
    {VERB_SANDBOX, .run = cmd_sandbox, .options = cmd_sandbox_options},
};

static const struct command_program program = {
    .name = PROGRAM_SANDBOX,
    .manuals = "stenohook-sandbox(8)",
    .commands = commands,
    .count = sizeof commands / sizeof *commands,
};

static int serve(void)
{
    static struct sandbox sandbox;
    const struct cgi_handler handler = {
        .context = &sandbox, .begin = web_begin, .serve = web_serve, .end = web_end};
    struct err err = ERR_INIT;
    enum status status;

    umask(077);
    status = sandbox_check_user(&err);
    if (status == STATUS_OK)
        status = sandbox_setup(&sandbox, getenv, &err);
    if (status == STATUS_OK)
        status = sender_start(&sandbox, &err);
    if (status != STATUS_OK) {
        fprintf(stderr, PROGRAM_SANDBOX ": %s\n", err.text);
        return status_exit(status);
    }
    /* The threads that send still run: nothing may be freed under them. */
    _exit(fcgi_serve(&handler, (unsigned)sandbox.threads));
}

int main(int argc, char **argv)
{
    if (cgi_is_fastcgi())
        return serve();
    /* A CGI program ends with its request, and would never send a webhook. */
    if (getenv("REQUEST_METHOD") != NULL || getenv("GATEWAY_INTERFACE") != NULL) {
        fprintf(stderr, PROGRAM_SANDBOX
                ": start me as a FastCGI program, not as CGI: 'stenohook sandbox' does\n");
        return EXIT_FAILURE;
    }
    return command_main(&program, argc, argv);
}
