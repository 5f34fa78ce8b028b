/* SPDX-License-Identifier: MIT
 * standing - whether what is known of hooks (run/) speaks of this journal, and what runs of its
 * own.
 *
 * The results log is the state of the runner. Each of its files names the journal of whose events
 * it speaks, and it is made before that journal has its first segment. So a journal with records
 * and no such log, or with that of another journal, was restored, or put together: then nobody
 * knows which hooks have run. They pause until a person says from where on they run.
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
 * STATUS_MISSING: there is neither a record nor a state yet. Anything else: it cannot be told.
 * `out` may be NULL. Without a lock; it reads the list of two folders and the beginnings of three
 * files, however long the history. */
enum status standing_check(const struct spool *spool, struct record_owner *out,
                           struct err *err) STATUS_CHECKED;

/* Makes the empty state, durably, of a journal that has no segment; where there is any results log
 * already, that stays. `tmp` as in ledger_renew. */
enum status standing_make(const struct spool *spool, const char *tmp, int64_t now_ns,
                          struct err *err) STATUS_CHECKED;

/* Whether the hook of an event that names it runs of its own: not of one that was on record when
 * hooks were resumed, and is older than what was chosen then. */
bool standing_takes(const struct record_owner *owner, struct place place, int64_t received_ns);

/* Whether it is time to say again that hooks are paused; then it is said once. */
bool standing_should_log(const struct spool *spool, int64_t now_ns);

#endif
