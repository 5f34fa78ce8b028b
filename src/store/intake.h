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

/* The journal's limits as the configuration has them. */
struct journal_options intake_options(const struct config *config);

/* Prints the event's record and appends it. Promises, times and failures are those of
 * journal_append; STATUS_LIMIT and STATUS_MEMORY also where the line cannot be made. */
enum status intake_append(struct journal *journal, const struct event *event, int64_t now_ns,
                          uint64_t deadline_ns, const struct receipt **out,
                          struct err *err) STATUS_CHECKED;

#endif
