/* SPDX-License-Identifier: MIT
 * select - walks the records that a filter lets through.
 */
#ifndef ADMIN_SELECT_H
#define ADMIN_SELECT_H

#include <stdbool.h>
#include <stdint.h>

#include "admin/filter.h"
#include "base/err.h"
#include "core/record.h"
#include "store/journal/reader.h"
#include "store/spool/spool.h"

/* Called for each record, oldest first. `record` has no body; `line` is the journal's. Anything but
 * STATUS_OK ends the walk. */
typedef enum status (*select_each)(void *context, const struct record *record,
                                   const struct reader_item *item, struct err *err);

/* Walks from `from` on, up to the end of segment `last` (0: of the journal). Damage on the way is
 * passed over and counted in *rotten. */
enum status select_walk(const struct spool *spool, const struct filter *filter, struct place from,
                        uint32_t last, select_each each, void *context, uint64_t *rotten,
                        struct err *err) STATUS_CHECKED;

/* Finds the first of the last `n` records that match; {0,0}: there are no more than `n`. Reads
 * backwards by segment, so that the newest records of a long journal are found at once. *since_ns
 * (may be NULL): none of them was received before that. */
enum status select_last(const struct spool *spool, const struct filter *filter, uint64_t n,
                        struct place *from, int64_t *since_ns, struct err *err) STATUS_CHECKED;

#endif
