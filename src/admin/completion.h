/* SPDX-License-Identifier: MIT
 * completion - scripts by which shells complete a program's verbs, options and values, made from
 * its tables. Pure.
 */
#ifndef ADMIN_COMPLETION_H
#define ADMIN_COMPLETION_H

#include "base/buf.h"
#include "cli/command.h"

#define COMPLETION_MAX ((size_t)256 * 1024)

/* For bash; needs nothing of the bash-completion package. */
void completion_bash(struct buf *out, const struct command_program *program);
/* For zsh: a file of its fpath. */
void completion_zsh(struct buf *out, const struct command_program *program);

#endif
