/* SPDX-License-Identifier: MIT
 * usage - what --help says, made from the tables of verbs and options. Pure.
 */
#ifndef BASE_USAGE_H
#define BASE_USAGE_H

#include "base/buf.h"
#include "base/command.h"

#define USAGE_MAX 16384

/* All verbs, one a line. */
void usage_program(struct buf *out, const struct command_program *program);
/* One verb with its options. */
void usage_command(struct buf *out, const struct command_program *program,
                   const struct command *command);

#endif
