/* SPDX-License-Identifier: MIT
 * standing - whether the state of hooks (run/) is that of this journal, and which events run
 * without an order.
 *
 * That state is the results log. Each of its files names its journal, and the log is made before
 * that journal has its first segment. So a journal that has records but no such log, or the log of
 * another journal, was restored or put together, and it is unknown which hooks have run. They pause
 * until a person says from when on they run.
 */
#ifndef STORE_QUEUE_STANDING_H
#define STORE_QUEUE_STANDING_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "core/record.h"
#include "store/spool/place.h"
#include "store/spool/spool.h"

/* STATUS_OK: hooks may run. STATUS_PAUSED: they may not, and err says why and what to do.
 * STATUS_MISSING: there is neither a record nor a state yet. `out` may be NULL. Takes no lock, and
 * lists two folders and reads the beginnings of three files, however long the history. */
enum status standing_check(const struct spool *spool, struct record_owner *out,
                           struct err *err) STATUS_CHECKED;

/* Makes the empty state, durably, of a journal that has no segment; a results log that exists
 * stays. `tmp` as in ledger_renew. */
enum status standing_make(const struct spool *spool, const char *tmp, int64_t now_ns,
                          struct err *err) STATUS_CHECKED;

/* Whether the hook of an event that names it runs without an order: not if the event was on record
 * when hooks were resumed and is older than what was chosen then. */
bool standing_takes(const struct record_owner *owner, struct place place, int64_t received_ns);

/* Whether it is time to log again that hooks are paused; then the caller logs it. */
bool standing_should_log(const struct spool *spool, int64_t now_ns);

#endif
