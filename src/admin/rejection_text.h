/* SPDX-License-Identifier: MIT
 * rejection_text - how a rejected delivery looks to a person, and to a program. Pure.
 */
#ifndef ADMIN_REJECTION_TEXT_H
#define ADMIN_REJECTION_TEXT_H

#include "base/buf.h"
#include "core/payload.h"
#include "store/boxes/rejected.h"

/* One line: time, box, reason, endpoint, kind, status, subject, [name], bytes. `about` is what the
 * body is about. */
void rejection_text_line(struct buf *out, const struct rejected *entry,
                         const struct payload *about);
/* One object a line. */
void rejection_json_line(struct buf *out, const struct rejected *entry,
                         const struct payload *about);
/* A paragraph: one member a line. */
void rejection_text_head(struct buf *out, const struct rejected *entry,
                         const struct payload *about);

#endif
