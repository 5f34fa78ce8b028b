/* SPDX-License-Identifier: MIT
 * storm_check - compares what the writers of a storm were promised with what the journal holds.
 */
#ifndef STORM_CHECK_H
#define STORM_CHECK_H

#include <stdbool.h>
#include <stddef.h>

#include "store/spool/spool.h"

#define STORM_KEY_END " -" /* of every key */

struct storm_found {
    size_t acked; /* receipts */
    size_t lost;  /* acknowledged keys that are not on record at the place that the receipt named */
    size_t twice; /* records whose key an earlier one has */
};

/* Reads acked.* in `dir` and the segments, with a scanner of its own: it shares no code with the
 * journal but the shape of a record. */
bool storm_check(int dir, const struct spool *spool, struct storm_found *found);

#endif
