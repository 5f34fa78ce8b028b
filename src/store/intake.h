/* SPDX-License-Identifier: MIT
 * intake - the last step of every way into the journal: event -> record -> receipt.
 */
#ifndef STORE_INTAKE_H
#define STORE_INTAKE_H

#include <stdint.h>

#include "base/err.h"
#include "core/config/config.h"
#include "core/event.h"
#include "store/journal/journal.h"

/* journal_options.begin: makes the results log, so that a journal that has segments and no such log
 * was restored. */
enum status intake_begin(const struct spool *spool, int64_t now_ns, struct err *err) STATUS_CHECKED;

/* The journal's limits as the configuration has them, and what hooks need of the journal. */
struct journal_options intake_options(const struct config *config);

/* Prints the event's record and appends it. Promises, times and failures are those of
 * journal_append; STATUS_LIMIT and STATUS_MEMORY also if the line cannot be made. */
enum status intake_append(struct journal *journal, const struct event *event, int64_t now_ns,
                          uint64_t deadline_ns, const struct receipt **out,
                          struct err *err) STATUS_CHECKED;

#endif
