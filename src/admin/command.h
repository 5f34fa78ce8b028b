/* SPDX-License-Identifier: MIT
 * command - the verbs of the command line.
 */
#ifndef ADMIN_COMMAND_H
#define ADMIN_COMMAND_H

#include "base/command.h"
#include "base/options.h"
#include "store/room.h"

extern const struct command_program admin_program;

enum status cmd_init(int argc, char **argv, const char *config_path,
                     struct err *err) STATUS_CHECKED;
enum status cmd_check(int argc, char **argv, const char *config_path,
                      struct err *err) STATUS_CHECKED;
enum status cmd_list(int argc, char **argv, const char *config_path,
                     struct err *err) STATUS_CHECKED;
enum status cmd_show(int argc, char **argv, const char *config_path,
                     struct err *err) STATUS_CHECKED;
enum status cmd_verify(int argc, char **argv, const char *config_path,
                       struct err *err) STATUS_CHECKED;

#endif
