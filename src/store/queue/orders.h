/* SPDX-License-Identifier: MIT
 * orders - what operators ask for of recorded events: written by the command line, carried out by
 * the runner. The journal does not change.
 */
#ifndef STORE_QUEUE_ORDERS_H
#define STORE_QUEUE_ORDERS_H

#include <stdint.h>

#include "base/err.h"
#include "base/str.h"
#include "core/record.h"
#include "store/spool/spool.h"

enum order_kind {
    ORDER_AGAIN, /* run the hook of this event now, and count its attempts anew: replay, retry */
    ORDER_DROP   /* do not run the hook of this event (any more) */
};

struct orders; /* open and locked for writing */

/* Waits for the lock until deadline_ns (monotonic): STATUS_DEADLINE. */
enum status orders_open(struct orders **out, const struct spool *spool, int64_t now_ns,
                        uint64_t deadline_ns, struct err *err) STATUS_CHECKED;
enum status orders_add(struct orders *orders, enum order_kind kind, struct str id, int64_t now_ns,
                       struct err *err) STATUS_CHECKED;
/* Makes all that was added durable and releases the lock; the caller then wakes the runner
 * (store/queue/wake.h). */
enum status orders_close(struct orders *orders, struct err *err) STATUS_CHECKED;

/* Parses a line of the ledger. STATUS_CORRUPT: it is no order, or of a later version. */
enum status orders_parse(struct str line, enum order_kind *kind, char id[RECORD_ID_MAX],
                         struct err *err) STATUS_CHECKED;

#endif
