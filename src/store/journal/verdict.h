/* SPDX-License-Identifier: MIT
 * verdict - what a line of a segment is. Pure.
 *
 * A killed writer leaves the beginning of a record, and the next writer puts a newline after it. So
 * a line is torn, which is harmless, only if it looks like the beginning of a record. All else is
 * damage: an altered record must not pass for a torn one.
 */
#ifndef STORE_JOURNAL_VERDICT_H
#define STORE_JOURNAL_VERDICT_H

#include "base/str.h"
#include "store/spool/place.h"

enum verdict { VERDICT_RECORD, VERDICT_TORN, VERDICT_ROTTEN };

/* `line` is without its newline and begins at `place`. *why (may be NULL) says what is wrong; it is
 * NULL for a record. */
enum verdict verdict_line(struct str line, struct place place, const char **why);

#endif
