/* SPDX-License-Identifier: MIT
 * verdict - what a line of a segment is. Pure.
 *
 * A writer that was killed leaves the beginning of a record and nothing else; the next writer puts
 * a newline behind it. So a line is torn, which is harmless since nobody was promised it, only
 * where it is the beginning of a line of ours as far as that can be seen. All else is damage: a
 * record that was altered must not pass for a torn one.
 */
#ifndef STORE_JOURNAL_VERDICT_H
#define STORE_JOURNAL_VERDICT_H

#include "base/str.h"
#include "store/spool/place.h"

enum verdict { VERDICT_RECORD, VERDICT_TORN, VERDICT_ROTTEN };

/* `line` without its newline; `place` is where it begins. *why says what is wrong, NULL for a
 * record. */
enum verdict verdict_line(struct str line, struct place place, const char **why);

#endif
