/* SPDX-License-Identifier: MIT
 * reply - the bytes of an answer. The only way to say 2xx to a delivery is to show its receipt.
 */
#ifndef GATE_REPLY_H
#define GATE_REPLY_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/status.h"
#include "store/journal.h"

#define REPLY_MAX 2048

/* 200 {"status":"accepted","id":"...","duplicate":false} */
void reply_accepted(struct buf *out, const struct receipt *receipt);
/* The answer of a failed status (never STATUS_OK): says no more than the sender may know. 503
 * carries Retry-After: 10, 405 Allow. */
void reply_failed(struct buf *out, enum status status);
/* The health report for an authenticated GET; `head` leaves the body away. `problem` is STATUS_OK
 * (200) or what is wrong (503). */
void reply_health(struct buf *out, enum status problem, bool head);

#endif
