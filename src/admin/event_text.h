/* SPDX-License-Identifier: MIT
 * event_text - how a record looks to a person, and to a program. Pure, but for event_format_print.
 */
#ifndef ADMIN_EVENT_TEXT_H
#define ADMIN_EVENT_TEXT_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"
#include "cli/options.h"
#include "core/record.h"
#include "store/queue/hookview.h"

/* The option, as a row of a verb's table. */
#define EVENT_FORMAT_OPTION (OPTIONS_SHARED + 16)
/* clang-format off */
#define EVENT_FORMAT_ROW(help) {EVENT_FORMAT_OPTION, "format", "F", "text json", help}
/* clang-format on */

enum event_format { EVENT_FORMAT_TEXT, EVENT_FORMAT_JSON };

/* The value of that option. */
enum event_format event_format_named(const char *text);
/* Prints what was made in that format and empties the buffer: print_buf or print_json. */
enum status event_format_print(enum event_format format, struct buf *b, const char *what,
                               struct err *err) STATUS_CHECKED;

/* Returns the word for a state that people see: that of the files, but "retrying" for "again". */
const char *event_hook_word(enum hook_state state);

/* One line: time, kind, status, hook, subject, [id], bytes, and how it came in if not by a
 * delivery: such an event stands where it was recorded, which may be long after its time. The
 * record was read with its body. */
void event_text_line(struct buf *out, const struct record *record, const struct hook_info *hook,
                     bool colours);
/* One object a line: "type", the members of the record but the checksum, the body only if it is
 * wanted, "bytes", the body's length, and what is known of its hook. */
void event_json_line(struct buf *out, struct str line, const struct record *record,
                     const struct hook_info *hook, bool body);
/* A paragraph: one member a line. */
void event_text_head(struct buf *out, const struct record *record, const struct hook_info *hook);
/* Adds a body with each line indented, and what could command a terminal escaped. */
void event_text_body(struct buf *out, struct str body, const char *indent);
/* How a run ended: "exit 1", "signal 9", "timeout", ... */
void event_text_end(struct buf *out, enum result_end end, int code);

#endif
