/* SPDX-License-Identifier: MIT
 * intake - the last step of every way into the journal: principal and event -> record -> receipt.
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

/* Prints the record of an event of that principal and appends it. Promises, times and failures are
 * those of journal_append; also STATUS_UNAUTHORIZED: the event is another principal's; STATUS_LIMIT
 * and STATUS_MEMORY: the record cannot be printed; STATUS_BUDGET: anybody can deliver to the
 * endpoint, and the event is more than its budget of the day allows (store/budget.h). An event that
 * is on record already uses none of it, nor does the word of an operator or of the API. */
enum status intake_append(struct journal *journal, const struct principal *principal,
                          const struct event *event, int64_t now_ns, uint64_t deadline_ns,
                          const struct receipt **out, struct err *err) STATUS_CHECKED;

/* ---- for the command line, which no sender waits for */

/* Opens the journal and waits until its index is whole: a lost index that is still being rebuilt
 * does not know of older events. */
enum status intake_late_open(struct journal **out, const struct spool *spool,
                             const struct config *config, struct err *err) STATUS_CHECKED;
/* journal_find and intake_append, now, and for long enough to outwait a gateway under load. */
enum status intake_late_find(struct journal *journal, struct str key, bool *found,
                             struct err *err) STATUS_CHECKED;
enum status intake_late_append(struct journal *journal, const struct principal *principal,
                               const struct event *event, const struct receipt **out,
                               struct err *err) STATUS_CHECKED;

#endif
