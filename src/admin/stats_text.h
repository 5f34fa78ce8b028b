/* SPDX-License-Identifier: MIT
 * stats_text - the numbers of a spool for a person, for a program, and for Prometheus. Pure.
 */
#ifndef ADMIN_STATS_TEXT_H
#define ADMIN_STATS_TEXT_H

#include "admin/stats.h"
#include "base/buf.h"

void stats_text(struct buf *out, const struct stats *stats);
/* One object in one line. */
void stats_json(struct buf *out, const struct stats *stats);
/* The text format 0.0.4: for a file of the node exporter's textfile collector. */
void stats_prometheus(struct buf *out, const struct stats *stats);

#endif
