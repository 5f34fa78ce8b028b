/* SPDX-License-Identifier: MIT
 * config_answer - a configuration's text and what is read from it, as lines of plain ASCII. Used by
 * tests/tools/config_answers, which records answers, and by the test that compares with them.
 */
#ifndef CONFIG_ANSWER_H
#define CONFIG_ANSWER_H

#include "base/buf.h"

/* Decodes \n, \r, \t, \\, \xHH and \(COUNT:TEXT), which repeats TEXT. Returns false if `line` is
 * malformed. */
bool ca_decode(struct buf *out, struct str line);
/* Adds what config_parse makes of the text of a file called "f": its error after "! ", or a line of
 * all global values and one for each endpoint. What is very long is cut and gets a checksum. */
void ca_answer(struct buf *out, struct str text);

#endif
