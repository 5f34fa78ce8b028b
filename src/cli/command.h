/* SPDX-License-Identifier: MIT
 * command - runs a program of verbs.
 *
 * Data goes to stdout, all else to stderr. Exit codes: 0 ok, 1 found a problem or nothing matched,
 * 2 usage, 3 configuration, 4 input/output.
 */
#ifndef CLI_COMMAND_H
#define CLI_COMMAND_H

#include "cli/command_table.h"

/* Does all that a `main` does and returns the exit code. Refuses to run as a CGI program; makes
 * files private, ignores SIGPIPE. */
int command_main(const struct command_program *program, int argc, char **argv);

/* Finds the verb, runs it, flushes stdout. A failed status with an empty err has been reported. */
enum status command_run(const struct command_program *program, int argc, char **argv,
                        struct err *err) STATUS_CHECKED;

#endif
