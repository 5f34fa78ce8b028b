/* SPDX-License-Identifier: MIT
 * options - the options of verbs, by getopt_long, with error texts of our own.
 */
#ifndef CLI_OPTIONS_H
#define CLI_OPTIONS_H

#include <stdbool.h>

#include "base/err.h"

/* One option: getopt's tables and --help (cli/help.h) are made of it. */
struct options_row {
    int id;              /* the letter of its short form, or from OPTIONS_LONG on */
    const char *name;    /* without the hyphens; NULL after the last row */
    const char *value;   /* what stands for its value in texts; NULL: it takes none */
    const char *choices; /* the only values that are valid, separated by blanks; NULL: any */
    const char *help;    /* lines of at most OPTIONS_HELP_WIDTH */
};

/* Ids of options without a short form: a verb's own, and those that verbs share. */
#define OPTIONS_LONG 256
#define OPTIONS_SHARED 512

/* The options of all verbs. */
#define OPTIONS_HELP 'h'
#define OPTIONS_CONFIG 1024

#define OPTIONS_HELP_WIDTH 80
/* Rows of one verb. */
#define OPTIONS_MAX 32

/* Names the program of whose help errors speak. */
void options_set_program(const char *name);
/* Begins a new reading of options. */
void options_begin(void);
/* Returns the id of the next option, with its value in optarg; -1 at the end, when optind is the
 * first operand; or '?', with *status and err set, if it is wrong. Operands may stand between
 * options. argv[0] is the verb, or two words of which the first is the verb. Skips the options that
 * all verbs have. */
int options_take(const struct options_row *rows, int argc, char **argv, enum status *status,
                 struct err *err);
/* Does the same for the options before the verb, without skipping. */
int options_take_leading(const struct options_row *rows, int argc, char **argv, enum status *status,
                         struct err *err);
/* Finds --config and --help among the arguments of a verb, and ignores all else. */
void options_find_common(const struct options_row *rows, int argc, char **argv, const char **config,
                         bool *wants_help);

/* STATUS_USAGE: `verb` lacks its operand, which is called `what`. */
enum status options_missing(const char *verb, const char *what, struct err *err) STATUS_CHECKED;
/* STATUS_USAGE unless there are between `least` and `most` operands. */
enum status options_operands(int argc, char **argv, int least, int most,
                             struct err *err) STATUS_CHECKED;

#endif
