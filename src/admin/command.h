/* SPDX-License-Identifier: MIT
 * command - the verbs of the command line: one table from which dispatch, usage and --help are
 * made.
 *
 * Data goes to stdout, all else to stderr. Exit codes: 0 ok, 1 found a problem or nothing matched,
 * 2 usage, 3 configuration, 4 input/output.
 */
#ifndef ADMIN_COMMAND_H
#define ADMIN_COMMAND_H

#include <stddef.h>

#include "base/err.h"
#include "store/settings.h"
#include "store/spool.h"

struct command {
    const char *name;
    const char *arguments; /* "[--raw] ID" */
    const char *summary;   /* one line */
    const char *help;      /* options, one a line, for --help */
    enum status (*run)(int argc, char **argv, const char *config_path,
                       struct err *err); /* argv[0] is the verb */
};

extern const struct command commands[];
extern const size_t command_count;

/* The whole program: finds the verb, runs it, flushes stdout. An empty err with a failed status:
 * all was said. */
enum status command_main(int argc, char **argv, struct err *err) STATUS_CHECKED;

/* NULL: no such verb. */
const struct command *command_find(const char *name);

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

/* One verb's options, by getopt_long. Begin with options_begin; options_next returns the option's
 * letter, -1 at the end (optind is then the first operand), or '?' with *status and err set for a
 * usage error. */
struct option;
void options_begin(void);
int options_next(int argc, char **argv, const char *letters, const struct option *table,
                 enum status *status, struct err *err);
/* STATUS_USAGE unless there are between `least` and `most` operands. */
enum status options_operands(int argc, char **argv, int least, int most,
                             struct err *err) STATUS_CHECKED;

/* Finds and reads the configuration. Root becomes its owner first, where that is another user. What
 * is wrong with secrets is for check to say. */
enum status command_settings(const struct settings **out, const char *config_path,
                             struct err *err) STATUS_CHECKED;

/* What every verb but init and check begins with: finds and reads the configuration, becomes the
 * spool's owner, opens it. */
struct command_room {
    const struct settings *settings;
    struct spool spool;
};
enum status command_enter(struct command_room *room, const char *config_path,
                          struct err *err) STATUS_CHECKED;
void command_leave(struct command_room *room);

#endif
