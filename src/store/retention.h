/* SPDX-License-Identifier: MIT
 * retention - removes from a spool what is too old for anybody to ask for.
 *
 *   journal     segments older than `keep` whose hooks have run (journal_prune)
 *   results,    files whose lines are all older than the oldest event on record: they speak of
 *   commands    events that are gone. Never one that a start of a runner reads.
 *   quarantine  entries that came last before `keep`
 *   refused     entries that came last before BOX_AGE_MAX_S; gateways remove them too, as they come
 *               upon them
 *
 * Works beside gateways and a runner. Where `keep` is never, only the refused box is gone through.
 */
#ifndef STORE_RETENTION_H
#define STORE_RETENTION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "store/journal/journal.h"
#include "store/spool/spool.h"

struct retention_report {
    struct spool_amount journal, results, commands, quarantine, refused;
    struct spool_amount held; /* segments older than `keep` that wait for hooks */
};

/* Removes, or with `dry` only counts; *out then says what would be removed now. On failure what was
 * removed stays removed. STATUS_DEADLINE: another process had the index for all that time. */
enum status retention_run(const struct spool *spool, const struct journal_options *options,
                          bool dry, int64_t now_ns, uint64_t deadline_ns,
                          struct retention_report *out, struct err *err) STATUS_CHECKED;

#endif
