/* SPDX-License-Identifier: MIT
 * account - decides what becomes of an attempt, writes it down, and logs it.
 */
#ifndef RUN_ACCOUNT_H
#define RUN_ACCOUNT_H

#include <stdint.h>

#include "base/log.h"
#include "store/queue/queue.h"

/* Suspensions, and warnings, that are remembered, so that each is logged once and not at every
 * probe or hook. */
#define ACCOUNT_TOLD 64

struct account {
    struct queue *queue;
    const struct log *log;
    uint64_t told[ACCOUNT_TOLD];   /* by endpoint: a checksum of name and reason */
    uint32_t warned[ACCOUNT_TOLD]; /* checksums of what was warned of */
};

void account_init(struct account *account, struct queue *queue, const struct log *log);
/* `result` says endpoint (a C string), end, code, times and tails, and where the end is
 * RESULT_NOT_RUN the state as well; the rest is filled here. The claim is given back in any case. A
 * failure has been logged. */
enum status account_settle(struct account *account, struct claim *claim, struct result *result,
                           int64_t wall_ns) STATUS_CHECKED;
/* Logs a warning about hooks, once. */
void account_warn(struct account *account, const char *text);
void account_suspend(struct account *account, struct claim *claim, const char *why,
                     int64_t wall_ns);

#endif
