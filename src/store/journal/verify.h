/* SPDX-License-Identifier: MIT
 * verify - walks the whole journal and reports what is torn (harmless, never acknowledged) or
 * rotten (damage).
 */
#ifndef STORE_JOURNAL_VERIFY_H
#define STORE_JOURNAL_VERIFY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "store/journal/reader.h"
#include "store/spool/spool.h"

#define VERIFY_KEYS_MAX ((size_t)8 * 1024 * 1024)
#define VERIFY_PROGRESS ((uint64_t)64 * 1024 * 1024)

struct verify_report {
    uint64_t segments, records, bytes;
    uint64_t torn, voided, rotten;
    uint64_t repeated; /* records whose key an earlier record has */
    bool all_compared; /* false: keys beyond VERIFY_KEYS_MAX were not compared */
};

/* Called for each item that is no sound record or header, and with NULL about every VERIFY_PROGRESS
 * bytes. */
typedef void (*verify_each)(void *context, const struct reader_item *item,
                            const struct verify_report *so_far);

/* STATUS_OK even if something is rotten: see the report. */
enum status verify_run(const struct spool *spool, struct verify_report *report, verify_each each,
                       void *context, struct err *err) STATUS_CHECKED;

#endif
