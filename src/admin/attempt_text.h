/* SPDX-License-Identifier: MIT
 * attempt_text - how a run of a hook looks to a person, and to a program. Pure.
 */
#ifndef ADMIN_ATTEMPT_TEXT_H
#define ADMIN_ATTEMPT_TEXT_H

#include <stdbool.h>

#include "base/buf.h"
#include "core/result.h"

/* A line that says how it ended, then the ends of its output, indented. */
void attempt_text_full(struct buf *out, const struct result *result);
/* Returns whether an operator must have asked for `next`, an attempt after `before` of the same
 * event: automatic ones never follow success or the last failure, and count on. */
bool attempt_asked_for(const struct result *before, const struct result *next);
/* Adds one line: time, "hook", how it ended, its state, [id], how long it took. */
void attempt_text_line(struct buf *out, const struct result *result);
/* One object a line, in the words of event_json_line: "type", "hook" for the state, "attempt" for
 * its number, "end" and "code". */
void attempt_json_line(struct buf *out, const struct result *result);

#endif
