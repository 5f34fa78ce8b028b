/* SPDX-License-Identifier: MIT
 * command - see cli/command.h.
 */
#include "cli/command.h"

#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/typo.h"
#include "cli/help.h"
#include "cli/options.h"
#include "cli/print.h"

static const struct command *find_command(const struct command_program *p, const char *name)
{
    for (size_t i = 0; i < p->count; i++)
        if (strcmp(p->commands[i].name, name) == 0)
            return &p->commands[i];
    return NULL;
}

/* c NULL: of the program. */
static enum status print_help(const struct command_program *p, const struct command *c,
                              struct err *err)
{
    enum status status;
    struct buf b;

    buf_init(&b, HELP_MAX);
    if (c == NULL)
        help_program(&b, p);
    else
        help_command(&b, p, c);
    status = print_buf(&b, "the help text", err);
    buf_free(&b);
    return status;
}

/* Returns the verb that was probably meant, or NULL. */
static const char *guess_command(const struct command_program *p, const char *name)
{
    unsigned best = typo_near(str_of(name)) + 1;
    const char *found = NULL;

    for (size_t i = 0; i < p->count; i++) {
        unsigned d = typo_distance(str_of(name), p->commands[i].name);

        if (d < best) {
            best = d;
            found = p->commands[i].name;
        }
    }
    return found;
}

static enum status refuse_command(const struct command_program *p, const char *name,
                                  struct err *err)
{
    const char *meant = guess_command(p, name);

    if (meant != NULL)
        return err_set(err, STATUS_USAGE,
                       "unknown command '%s': did you mean '%s'? '%s help' lists all", name, meant,
                       p->name);
    return err_set(err, STATUS_USAGE, "unknown command '%s': '%s help' lists all", name, p->name);
}

static enum status run_help(const struct command_program *p, int argc, char **argv, struct err *err)
{
    char option[] = "--help";
    const struct command *c;

    if (argc < 2 || strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)
        return print_help(p, NULL, err);
    if (argc > 2)
        return err_set(err, STATUS_USAGE, "unexpected argument '%s': help takes one command",
                       argv[2]);
    c = find_command(p, argv[1]);
    if (c != NULL && c->raw)
        return c->run(2, (char *[]){argv[1], option, NULL}, NULL, err);
    return c == NULL ? refuse_command(p, argv[1], err) : print_help(p, c, err);
}

static enum status run_command(const struct command_program *p, int argc, char **argv,
                               const char *config, struct err *err)
{
    const struct command *c = find_command(p, argv[0]);
    bool wants_help = false;

    if (strcmp(argv[0], "help") == 0)
        return run_help(p, argc, argv, err);
    if (c == NULL)
        return refuse_command(p, argv[0], err);
    if (!c->raw)
        options_find_common(c->options, argc, argv, &config, &wants_help);
    return wants_help ? print_help(p, c, err) : c->run(argc, argv, config, err);
}

static enum status print_version(const struct command_program *p, struct err *err)
{
    enum status status = print_text(p->name, err);

    return status == STATUS_OK ? print_text(" " PACKAGE_VERSION "\n", err) : status;
}

static enum status run_program(const struct command_program *p, int argc, char **argv,
                               struct err *err)
{
    static const struct options_row rows[] = {{'V', "version", NULL, NULL, ""}, {0}};
    const char *config = NULL;
    enum status status;
    int c;

    options_set_program(p->name);
    options_begin();
    while ((c = options_take_leading(rows, argc, argv, &status, err)) != -1)
        switch (c) {
        case OPTIONS_CONFIG:
            config = optarg;
            break;
        case OPTIONS_HELP:
            return print_help(p, NULL, err);
        case 'V':
            return print_version(p, err);
        default:
            return status;
        }
    if (optind == argc)
        return err_set(err, STATUS_USAGE, "missing command: '%s help' lists all", p->name);
    return run_command(p, argc - optind, argv + optind, config, err);
}

enum status command_run(const struct command_program *p, int argc, char **argv, struct err *err)
{
    enum status status = run_program(p, argc, argv, err);
    enum status ended = print_end(status == STATUS_OK ? err : NULL);

    return status == STATUS_OK ? ended : status;
}

int command_main(const struct command_program *p, int argc, char **argv)
{
    struct err err = ERR_INIT;
    enum status status;

    if (!file_hold(STDERR_FILENO))
        return status_exit(STATUS_IO);
    /* A web server that is pointed at this program must not offer its visitors a command line: a
     * query string without "=" becomes the arguments of a CGI program (RFC 3875 section 4.4). */
    if (getenv("REQUEST_METHOD") != NULL || getenv("GATEWAY_INTERFACE") != NULL) {
        fprintf(stderr,
                "%s: this is the command line, not the gateway: point the web server at "
                "stenohook.fcgi\n",
                p->name);
        return status_exit(STATUS_USAGE);
    }
    /* If the reader has gone, writing fails. */
    signal(SIGPIPE, SIG_IGN);
    umask(077);
    status = command_run(p, argc, argv, &err);
    if (status != STATUS_OK && err.text[0] != '\0')
        print_error(p->name, &err);
    return status_exit(status);
}
