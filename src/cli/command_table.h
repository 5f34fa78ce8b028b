/* SPDX-License-Identifier: MIT
 * command_table - the verbs of a program, from which dispatch and --help are made.
 */
#ifndef CLI_COMMAND_TABLE_H
#define CLI_COMMAND_TABLE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "cli/options.h"

struct command {
    const char *name;
    const char *arguments; /* "[OPTION ...] ID" */
    const char *summary;   /* one line */
    const char *help;      /* whole lines, which --help prints after the options */
    enum status (*run)(int argc, char **argv, const char *config_path,
                       struct err *err); /* argv[0] is the verb */
    const struct options_row *options;   /* may be NULL */
    bool raw; /* `run` starts another program, which gets --help and --config as they are */
};

struct command_program {
    const char *name;
    const char *manuals; /* "stenohook(1), stenohook.conf(5)" */
    const struct command *commands;
    size_t count;
};

#endif
