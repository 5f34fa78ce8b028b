/* SPDX-License-Identifier: MIT
 * options - one verb's options, by getopt_long, with our words for what is wrong.
 */
#ifndef BASE_OPTIONS_H
#define BASE_OPTIONS_H

#include "base/err.h"

struct option;

/* Begin with options_begin. options_next returns the option's letter, -1 at the end (optind is then
 * the first operand), or '?' with *status and err set for a usage error. argv[0] is the verb;
 * `letters` begin with "+:" for the options before the verb, else with ":". */
void options_begin(void);
int options_next(int argc, char **argv, const char *letters, const struct option *table,
                 enum status *status, struct err *err);
/* STATUS_USAGE unless there are between `least` and `most` operands. */
enum status options_operands(int argc, char **argv, int least, int most,
                             struct err *err) STATUS_CHECKED;

#endif
