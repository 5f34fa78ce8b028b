/* SPDX-License-Identifier: MIT
 * boxes_text - how a rejected delivery looks to a person, and to a program. Pure.
 */
#ifndef ADMIN_BOXES_TEXT_H
#define ADMIN_BOXES_TEXT_H

#include "base/buf.h"
#include "core/payload.h"
#include "store/boxes/rejected.h"

/* One line: time, box, reason, endpoint, kind, status, subject, [name], bytes. `about` is what the
 * body is about. */
void boxes_text_line(struct buf *out, const struct rejected *entry, const struct payload *about);
/* One object a line. */
void boxes_json_line(struct buf *out, const struct rejected *entry, const struct payload *about);
/* A paragraph: one member a line. */
void boxes_text_head(struct buf *out, const struct rejected *entry, const struct payload *about);

#endif
