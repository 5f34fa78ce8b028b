/* SPDX-License-Identifier: MIT
 * help - what --help says, made from the tables of verbs and options. Pure.
 */
#ifndef CLI_HELP_H
#define CLI_HELP_H

#include "base/buf.h"
#include "cli/command_table.h"

#define HELP_MAX 16384

/* Adds all verbs, one a line. */
void help_program(struct buf *out, const struct command_program *program);
/* Adds one verb with its options. */
void help_command(struct buf *out, const struct command_program *program,
                  const struct command *command);

#endif
