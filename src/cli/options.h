/* SPDX-License-Identifier: MIT
 * options - one verb's options, by getopt_long, with our words for what is wrong.
 */
#ifndef CLI_OPTIONS_H
#define CLI_OPTIONS_H

#include <stdint.h>

#include "base/err.h"

/* One option, told once: getopt's tables, --help (cli/help.h) and the completion of shells are
 * made of it. */
struct options_row {
    int id;              /* the letter of its short form, or from OPTIONS_LONG on */
    const char *name;    /* without the hyphens; NULL behind the last row */
    const char *value;   /* what stands for its value in texts; NULL: it takes none */
    const char *choices; /* the values that there are, with blanks between, or NULL */
    const char *help;    /* lines of at most OPTIONS_HELP_WIDTH */
};

/* Ids of options without a short form: a verb's own, and those that verbs share. */
#define OPTIONS_LONG 256
#define OPTIONS_SHARED 512

#define OPTIONS_HELP_WIDTH 80
/* Rows of one verb. */
#define OPTIONS_MAX 32

/* The id of the next option, its value in optarg; -1 and '?' as options_next. Begin with
 * options_begin. argv[0] is the verb, or two words of which
 * the first is that; operands may stand between options. */
int options_take(const struct options_row *rows, int argc, char **argv, enum status *status,
                 struct err *err);

struct option;

/* Begin with options_begin. options_next returns the option's letter, -1 at the end (optind is then
 * the first operand), or '?' with *status and err set for a usage error. argv[0] is the verb;
 * `letters` begin with "+:" for the options before the verb, else with ":". */
void options_begin(void);
int options_next(int argc, char **argv, const char *letters, const struct option *table,
                 enum status *status, struct err *err);
/* STATUS_USAGE: `verb` lacks its operand, which is called `what`. */
enum status options_missing(const char *verb, const char *what, struct err *err) STATUS_CHECKED;
/* STATUS_USAGE unless there are between `least` and `most` operands. */
enum status options_operands(int argc, char **argv, int least, int most,
                             struct err *err) STATUS_CHECKED;

/* Read the value of one option, which err names. STATUS_USAGE: it is invalid. */
/* An age ("24h", before now_ns), or ISO 8601. */
enum status option_time(const char *text, const char *option, int64_t now_ns, int64_t *out_ns,
                        struct err *err) STATUS_CHECKED;
enum status option_number(const char *text, const char *option, uint64_t least, uint64_t most,
                          uint64_t *out, struct err *err) STATUS_CHECKED;
/* At most a day, written "10s". */
enum status option_duration(const char *text, const char *option, uint64_t *out_ms,
                            struct err *err) STATUS_CHECKED;

#endif
