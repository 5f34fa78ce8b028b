/* SPDX-License-Identifier: MIT
 * reply - the bytes of an answer. The only way to say 2xx to a delivery is to show its receipt.
 */
#ifndef GATE_REPLY_H
#define GATE_REPLY_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/status.h"
#include "store/journal/journal.h"

#define REPLY_MAX 4096

/* 200 {"status":"accepted","id":"...","duplicate":false} */
void reply_accepted(struct buf *out, const struct receipt *receipt);
/* The answer of a failed status (never STATUS_OK): says no more than the sender may know. 503
 * carries Retry-After: 10, 405 Allow. */
void reply_failed(struct buf *out, enum status status);
/* The 405 for a person who opened the address in a browser: a page that says what it is for. */
void reply_page(struct buf *out);
/* What a report says. The parts are JSON that is made already, STR_NONE or empty for none. */
struct reply_report {
    enum status problem;  /* STATUS_OK (200), or why no delivery would be recorded (503) */
    struct str sentences; /* what a person should look after: texts with commas between */
    struct str hooks;     /* figures: an object */
};
/* The health report. 200 {"status":"ok"} or, where there are sentences, {"status":"attention",
 * "problems":[...]}; 503 {"status":"error","problem":"no-space",...}. `head` leaves the body away.
 */
void reply_health(struct buf *out, const struct reply_report *report, bool head);

#endif
