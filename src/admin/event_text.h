/* SPDX-License-Identifier: MIT
 * event_text - how a record looks to a person, and to a program. Pure.
 */
#ifndef ADMIN_EVENT_TEXT_H
#define ADMIN_EVENT_TEXT_H

#include "base/buf.h"
#include "base/err.h"
#include "base/options.h"
#include "core/record.h"

/* The option, as a row of a verb's table. */
#define EVENT_FORMAT_OPTION (OPTIONS_SHARED + 16)
/* clang-format off */
#define EVENT_FORMAT_ROW(help) {EVENT_FORMAT_OPTION, "format", "F", "text json", help}
/* clang-format on */

enum event_format { EVENT_FORMAT_TEXT, EVENT_FORMAT_JSON };

/* STATUS_USAGE where it is neither "text" nor "json". */
enum status event_format_parse(enum event_format *out, const char *text,
                               struct err *err) STATUS_CHECKED;

/* One line: time, kind, status, subject, [id], bytes. The record was read with its body. */
void event_text_line(struct buf *out, const struct record *record);
/* One object a line: the members of the record but body and checksum, and "bytes", the body's
 * length. */
void event_json_line(struct buf *out, struct str line, const struct record *record);
/* A paragraph: one member a line, a blank line, the body. */
void event_text_full(struct buf *out, const struct record *record);

#endif
