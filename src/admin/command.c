/* SPDX-License-Identifier: MIT
 * command - the verbs of the command line.
 */
#include "admin/command.h"

#include <getopt.h>
#include <stdbool.h>
#include <string.h>

#include "admin/print.h"

#define USAGE_MAX 16384

const struct command commands[] = {
    {"init", "[--spool DIR] [--url URL] [--endpoint NAME] [--header NAME] [--user NAME]",
     "make the spool, a secret and a configuration",
     "  --spool DIR      where to keep the records (default: ~/stenohook; as root "
     "/var/lib/stenohook)\n"
     "  --config FILE    the configuration to write (default: ~/.config/stenohook/stenohook.conf;\n"
     "                   as root " SYSCONFDIR "/stenohook/stenohook.conf)\n"
     "  --url URL        the address of the gateway, as the sender is to use it\n"
     "  --endpoint NAME  what the endpoint is called (default: default)\n"
     "  --header NAME    the header that carries the secret (default: X-Webhook-Secret)\n"
     "  --user NAME      as root: the user whom the web server runs the gateway as\n"
     "\n"
     "What is there already is left as it is. Prints what to tell the sender, one \"name value\" a "
     "line.\n",
     cmd_init},
    {"check", "[-v]", "look for mistakes in the configuration, the spool and the host",
     "  -v, --verbose    say also what is in order\n"
     "\n"
     "Prints \"error: ...\" and \"warning: ...\" lines. Exits 1 where there is an error, 3 where "
     "the configuration\n"
     "cannot be used at all.\n",
     cmd_check},
    {"list",
     "[--since T] [--until T] [--kind K] [--status S] [--endpoint E] [-n N] [--format text|json]",
     "list recorded events, newest last",
     "  --since T        events received at T or later: 24h (ago), 2026-11-23, "
     "2026-11-23T07:50:18Z\n"
     "  --until T        events received before T\n"
     "  --kind K         transcript, redacted_audio, streaming, voice_agent, unknown\n"
     "  --status S       completed, error, ...\n"
     "  --endpoint E     events of this endpoint\n"
     "  -n, --last N     the last N that match\n"
     "  --format F       text (default), or json: one object a line, without the body\n"
     "\n"
     "--kind, --status and --endpoint may be repeated, and take lists: --status completed,error\n",
     cmd_list},
    {"show", "[--raw | --format text|json] ID", "show one event by its id or by the transcript's",
     "  ID               an event's id (12:103), or a transcript, session or event id of the "
     "sender, or the\n"
     "                   beginning of one\n"
     "  --raw            the body exactly as it was received, and nothing else\n"
     "  --format F       text (default), or json: the record as it is in the journal\n",
     cmd_show},
    {"verify", "", "read the whole journal and look for damage",
     "Prints one line a finding and a summary. Bytes that are torn (a write that was cut off) or "
     "void (never\n"
     "acknowledged) are harmless. Exits 1 where something is rotten: a record was altered or "
     "lost.\n",
     cmd_verify},
};
const size_t command_count = sizeof commands / sizeof *commands;

const struct command *command_find(const char *name)
{
    for (size_t i = 0; i < command_count; i++)
        if (strcmp(commands[i].name, name) == 0)
            return &commands[i];
    return NULL;
}

static enum status print_usage(struct err *err)
{
    enum status status;
    struct buf b;

    buf_init(&b, USAGE_MAX);
    buf_add_text(&b, "usage: stenohook [--config FILE] COMMAND [ARGUMENT ...]\n"
                     "       stenohook --version | --help | help COMMAND\n"
                     "\n"
                     "Commands:\n");
    for (size_t i = 0; i < command_count; i++)
        buf_printf(&b, "  %-8s %s\n", commands[i].name, commands[i].summary);
    buf_add_text(&b, "\nExit codes: 0 ok, 1 found a problem or nothing, 2 wrong usage, 3 "
                     "configuration, 4 input/output.\n"
                     "The manual: stenohook(1), stenohook.conf(5), stenohook.fcgi(8).\n");
    status = print_buf(&b, "the usage text", err);
    buf_free(&b);
    return status;
}

static enum status print_help(const struct command *c, struct err *err)
{
    enum status status;
    struct buf b;

    buf_init(&b, USAGE_MAX);
    buf_printf(&b, "usage: stenohook [--config FILE] %s%s%s\n\n%s: %s\n\n%s", c->name,
               c->arguments[0] == '\0' ? "" : " ", c->arguments, c->name, c->summary, c->help);
    status = print_buf(&b, "the help text", err);
    buf_free(&b);
    return status;
}

static enum status unknown_command(const char *name, struct err *err)
{
    return err_set(err, STATUS_USAGE, "there is no command '%s': 'stenohook help' lists them",
                   name);
}

static enum status help(int argc, char **argv, struct err *err)
{
    const struct command *c;

    if (argc < 2 || strcmp(argv[1], "--help") == 0)
        return print_usage(err);
    if (argc > 2)
        return err_set(err, STATUS_USAGE, "help takes one command: stenohook help %s", argv[1]);
    c = command_find(argv[1]);
    return c == NULL ? unknown_command(argv[1], err) : print_help(c, err);
}

/* Whether --help stands among a verb's arguments, and takes --config FILE out of them: it may stand
 * there as well as before the verb. */
static enum status common_options(int *argc, char **argv, const char **config, bool *wants_help,
                                  struct err *err)
{
    int kept = 1;
    int i = 1;

    *wants_help = false;
    for (; i < *argc && strcmp(argv[i], "--") != 0; i++) {
        if (strcmp(argv[i], "--help") == 0) {
            *wants_help = true;
        } else if (strncmp(argv[i], "--config=", 9) == 0) {
            *config = argv[i] + 9;
        } else if (strcmp(argv[i], "--config") == 0) {
            if (++i == *argc)
                return err_set(err, STATUS_USAGE, "--config needs the path of a file");
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

static enum status run(int argc, char **argv, const char *config, struct err *err)
{
    const struct command *c = command_find(argv[0]);
    enum status status;
    bool wants_help;

    if (strcmp(argv[0], "help") == 0)
        return help(argc, argv, err);
    if (c == NULL)
        return unknown_command(argv[0], err);
    status = common_options(&argc, argv, &config, &wants_help, err);
    if (status != STATUS_OK)
        return status;
    return wants_help ? print_help(c, err) : c->run(argc, argv, config, err);
}

static enum status program(int argc, char **argv, struct err *err)
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
            return print_usage(err);
        case 'V':
            return print_text("stenohook " PACKAGE_VERSION "\n", err);
        default:
            return status;
        }
    if (optind == argc)
        return err_set(err, STATUS_USAGE, "which command? 'stenohook help' lists them");
    return run(argc - optind, argv + optind, config, err);
}

enum status command_main(int argc, char **argv, struct err *err)
{
    enum status status = program(argc, argv, err);
    enum status ended = print_end(status == STATUS_OK ? err : NULL);

    return status == STATUS_OK ? ended : status;
}
