/* SPDX-License-Identifier: MIT
 * attempt_text - how a run of a hook looks to a person, and to a program. Pure.
 */
#ifndef ADMIN_ATTEMPT_TEXT_H
#define ADMIN_ATTEMPT_TEXT_H

#include "base/buf.h"
#include "core/result.h"

/* A line that says how it ended, then the ends of its output, indented. */
void attempt_text_full(struct buf *out, const struct result *result);
/* One line for those who follow: time, "hook", what became of it, how it ended, [id], how long. */
void attempt_text_line(struct buf *out, const struct result *result);
/* One object a line: that of the results log, without checksum. */
void attempt_json_line(struct buf *out, const struct result *result);

#endif
