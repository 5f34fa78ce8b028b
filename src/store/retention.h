/* SPDX-License-Identifier: MIT
 * retention - removes from a spool what is older than the configuration keeps.
 *
 *   journal     segments older than `keep` whose hooks have run (journal_prune)
 *   results,    files whose lines are all older than the oldest event on record: they are about
 *   commands    events that are gone. Never a file that a starting runner reads.
 *   quarantine  entries last received before `keep`
 *   refused     entries last received before BOX_AGE_MAX_S; gateways remove those that they find
 *
 * Gateways and a runner may go on. If `keep` is never, only the refused box is pruned.
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

/* Removes, or with `dry` counts what would be removed. On failure what was removed stays removed.
 * STATUS_DEADLINE: another process held the index for all that time. */
enum status retention_run(const struct spool *spool, const struct journal_options *options,
                          bool dry, int64_t now_ns, uint64_t deadline_ns,
                          struct retention_report *out, struct err *err) STATUS_CHECKED;

#endif
