/* SPDX-License-Identifier: MIT
 * verbs - the verbs of the command line. A verb's options stand in the file that takes them.
 */
#ifndef ADMIN_VERBS_VERBS_H
#define ADMIN_VERBS_VERBS_H

#include "admin/filter.h"
#include "cli/command.h"
#include "cli/options.h"
#include "cli/session.h"

extern const struct command_program admin_program;

#define COMMAND_DECLARE(verb)                                                                      \
    extern const struct options_row cmd_##verb##_options[];                                        \
    enum status cmd_##verb(int argc, char **argv, const char *config_path, struct err *err)        \
        STATUS_CHECKED

COMMAND_DECLARE(check);
COMMAND_DECLARE(completion);
COMMAND_DECLARE(drop);
COMMAND_DECLARE(init);
COMMAND_DECLARE(list);
COMMAND_DECLARE(prune);
COMMAND_DECLARE(rejected);
COMMAND_DECLARE(replay);
COMMAND_DECLARE(resume);
COMMAND_DECLARE(retry);
COMMAND_DECLARE(show);
COMMAND_DECLARE(stats);
COMMAND_DECLARE(tail);
COMMAND_DECLARE(verify);

/* Of all verbs that are programs of their own. */
enum status cmd_program(int argc, char **argv, const char *config_path,
                        struct err *err) STATUS_CHECKED;

#endif
