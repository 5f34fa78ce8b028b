/* SPDX-License-Identifier: MIT
 * cmd_sandbox - runs the sandbox behind a lighttpd of its own.
 */
#ifndef SANDBOX_CMD_SANDBOX_H
#define SANDBOX_CMD_SANDBOX_H

#include "cli/options.h"

extern const struct options_row cmd_sandbox_options[];
enum status cmd_sandbox(int argc, char **argv, const char *config_path,
                        struct err *err) STATUS_CHECKED;

#endif
