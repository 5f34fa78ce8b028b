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

const struct command *command_find(const struct command_program *p, const char *name)
{
    for (size_t i = 0; i < p->count; i++)
        if (strcmp(p->commands[i].name, name) == 0)
            return &p->commands[i];
    return NULL;
}

static enum status print_usage(const struct command_program *p, struct err *err)
{
    enum status status;
    struct buf b;

    buf_init(&b, HELP_MAX);
    help_program(&b, p);
    status = print_buf(&b, "the usage text", err);
    buf_free(&b);
    return status;
}

static enum status print_help(const struct command_program *p, const struct command *c,
                              struct err *err)
{
    enum status status;
    struct buf b;

    buf_init(&b, HELP_MAX);
    help_command(&b, p, c);
    status = print_buf(&b, "the help text", err);
    buf_free(&b);
    return status;
}

/* The verb that was meant, or NULL. */
static const char *nearest(const struct command_program *p, const char *name)
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

static enum status unknown_command(const struct command_program *p, const char *name,
                                   struct err *err)
{
    const char *meant = nearest(p, name);

    if (meant != NULL)
        return err_set(err, STATUS_USAGE,
                       "unknown command '%s': did you mean '%s'? 'stenohook help' lists all", name,
                       meant);
    return err_set(err, STATUS_USAGE, "unknown command '%s': 'stenohook help' lists all", name);
}

static enum status help(const struct command_program *p, int argc, char **argv, struct err *err)
{
    char option[] = "--help";
    const struct command *c;

    if (argc < 2 || strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)
        return print_usage(p, err);
    if (argc > 2)
        return err_set(err, STATUS_USAGE, "unexpected argument '%s': help takes one command",
                       argv[2]);
    c = command_find(p, argv[1]);
    if (c != NULL && c->raw)
        return c->run(2, (char *[]){argv[1], option, NULL}, NULL, err);
    return c == NULL ? unknown_command(p, argv[1], err) : print_help(p, c, err);
}

/* Whether --help or -h stands among a verb's arguments, and takes --config FILE out of them: it may
 * stand there as well as before the verb. */
static enum status common_options(int *argc, char **argv, const char **config, bool *wants_help,
                                  struct err *err)
{
    int kept = 1;
    int i = 1;

    *wants_help = false;
    for (; i < *argc && strcmp(argv[i], "--") != 0; i++) {
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
            *wants_help = true;
        } else if (strncmp(argv[i], "--config=", 9) == 0) {
            *config = argv[i] + 9;
        } else if (strcmp(argv[i], "--config") == 0) {
            if (++i == *argc)
                return err_set(err, STATUS_USAGE,
                               "option '--config' needs a value: the path of a file");
            *config = argv[i];
        } else {
            argv[kept++] = argv[i];
        }
    }
    while (i < *argc)
        argv[kept++] = argv[i++];
    argv[kept] = NULL;
    *argc = kept;
    return STATUS_OK;
}

static enum status run(const struct command_program *p, int argc, char **argv, const char *config,
                       struct err *err)
{
    const struct command *c = command_find(p, argv[0]);
    enum status status;
    bool wants_help;

    if (strcmp(argv[0], "help") == 0)
        return help(p, argc, argv, err);
    if (c == NULL)
        return unknown_command(p, argv[0], err);
    if (c->raw)
        return c->run(argc, argv, config, err);
    status = common_options(&argc, argv, &config, &wants_help, err);
    if (status != STATUS_OK)
        return status;
    return wants_help ? print_help(p, c, err) : c->run(argc, argv, config, err);
}

static enum status print_version(const struct command_program *p, struct err *err)
{
    enum status status = print_text(p->name, err);

    return status == STATUS_OK ? print_text(" " PACKAGE_VERSION "\n", err) : status;
}

static enum status program(const struct command_program *p, int argc, char **argv, struct err *err)
{
    static const struct option table[] = {
        {"config", required_argument, NULL, 'c'},
        {"help", no_argument, NULL, 'h'},
        {"version", no_argument, NULL, 'V'},
        {NULL, 0, NULL, 0},
    };
    const char *config = NULL;
    enum status status;
    int c;

    options_begin();
    /* "+": the options end where the verb begins. */
    while ((c = options_next(argc, argv, "+:hV", table, &status, err)) != -1)
        switch (c) {
        case 'c':
            config = optarg;
            break;
        case 'h':
            return print_usage(p, err);
        case 'V':
            return print_version(p, err);
        default:
            return status;
        }
    if (optind == argc)
        return err_set(err, STATUS_USAGE, "missing command: 'stenohook help' lists all");
    return run(p, argc - optind, argv + optind, config, err);
}

enum status command_run(const struct command_program *p, int argc, char **argv, struct err *err)
{
    enum status status = program(p, argc, argv, err);
    enum status ended = print_end(status == STATUS_OK ? err : NULL);

    return status == STATUS_OK ? ended : status;
}

int command_main(const struct command_program *p, int argc, char **argv)
{
    struct err err = ERR_INIT;
    enum status status;

    if (!file_hold(STDERR_FILENO))
        return status_exit(STATUS_IO);
    /* A web server that was pointed at this program must not hand its visitors a command line: a
     * query string without
     * "=" becomes the arguments of a CGI program (RFC 3875 section 4.4). */
    if (getenv("REQUEST_METHOD") != NULL || getenv("GATEWAY_INTERFACE") != NULL) {
        fprintf(stderr,
                "%s: this is the command line, not the gateway: point the web server at "
                "stenohook.fcgi\n",
                p->name);
        return status_exit(STATUS_USAGE);
    }
    /* A reader that has seen enough is told as a failed write. */
    signal(SIGPIPE, SIG_IGN);
    umask(077);
    status = command_run(p, argc, argv, &err);
    if (status != STATUS_OK && err.text[0] != '\0')
        print_error(&err);
    return status_exit(status);
}
