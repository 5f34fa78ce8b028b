/* SPDX-License-Identifier: MIT
 * reply - the bytes of an answer. Only a receipt makes the 2xx of a delivery.
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
/* Answers a failure (never STATUS_OK), and says no more than the sender may know. 503 carries
 * Retry-After: 10, 405 Allow. */
void reply_failed(struct buf *out, enum status status);
/* The 405 for a person who opened the address in a browser: a page that says what it is for. */
void reply_page(struct buf *out);
/* Adds what a person should look after to the sentences of a report, or skips it if they would grow
 * beyond REPLY_SENTENCES_MAX. */
#define REPLY_SENTENCES_MAX 2048
void reply_add_sentence(struct buf *sentences, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* What a report says; STR_NONE or empty parts are left out. */
struct reply_report {
    enum status problem;  /* STATUS_OK (200), or why no delivery would be recorded (503) */
    struct str sentences; /* JSON texts with commas between */
    struct str hooks;     /* figures: a JSON object */
};
/* The health report. 200 {"status":"ok"} or, with sentences, {"status":"attention",
 * "problems":[...]}; 503 {"status":"error","problem":"no-space",...}. `head`: without the body. */
void reply_health(struct buf *out, const struct reply_report *report, bool head);

#endif
