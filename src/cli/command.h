/* SPDX-License-Identifier: MIT
 * command - a program of verbs: one table from which dispatch, usage and --help are made.
 *
 * Data goes to stdout, all else to stderr. Exit codes: 0 ok, 1 found a problem or nothing matched,
 * 2 usage, 3 configuration, 4 input/output.
 */
#ifndef CLI_COMMAND_H
#define CLI_COMMAND_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "cli/options.h"

struct command {
    const char *name;
    const char *arguments; /* "[OPTION ...] ID" */
    const char *summary;   /* one line */
    const char *help;      /* what --help says behind the options: whole lines */
    enum status (*run)(int argc, char **argv, const char *config_path,
                       struct err *err); /* argv[0] is the verb */
    const struct options_row *options; /* what --help and the completion of shells say of them; may
                                          be NULL */
    const char
        *words; /* the operands that there are to choose from, with blanks between, or NULL */
    bool raw;   /* `run` gets --help and a --config behind the verb as they are: it starts another
                   program */
};

struct command_program {
    const char *name;
    const char *manuals; /* "stenohook(1), stenohook.conf(5)" */
    const struct command *commands;
    size_t count;
};

/* All that a `main` does: the exit code. Refuses to run as a CGI program; private files, no
 * SIGPIPE. */
int command_main(const struct command_program *program, int argc, char **argv);

/* Finds the verb, runs it, flushes stdout. An empty err with a failed status: all was said. */
enum status command_run(const struct command_program *program, int argc, char **argv,
                        struct err *err) STATUS_CHECKED;

/* NULL: no such verb. */
const struct command *command_find(const struct command_program *program, const char *name);

#endif
