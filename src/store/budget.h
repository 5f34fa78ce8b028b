/* SPDX-License-Identifier: MIT
 * budget - how much of the journal an endpoint may fill on one day (UTC) if anybody can deliver to
 * it: a small file for each such endpoint, changed under its lock.
 */
#ifndef STORE_BUDGET_H
#define STORE_BUDGET_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "core/config/config.h"
#include "store/spool/spool.h"

/* How long a request waits for another one's change, which takes microseconds. */
#define BUDGET_WAIT_MS 500

struct daily_budget {
    int64_t day; /* since 1970 */
    uint64_t events, bytes;
    uint64_t refused; /* requests that the budget was too small for */
};

/* Whether the endpoint has a budget: nothing is proved of its senders, and a limit is set. */
bool budget_applies(const struct config_endpoint *endpoint);
/* Whether nothing more goes. */
bool budget_spent(const struct daily_budget *used, const struct config_endpoint *endpoint);

/* Takes one event of so many bytes off the budget of the day of now_ns. STATUS_BUDGET: it does not
 * go. STATUS_DEADLINE: the lock is held, for BUDGET_WAIT_MS or until deadline_ns (monotonic clock).
 * STATUS_IO, STATUS_NO_SPACE: the file cannot be changed. After a failure nothing is taken. A file
 * that is damaged, like none, says that nothing was taken. */
enum status budget_take(const struct spool *spool, const struct config_endpoint *endpoint,
                        uint64_t bytes, int64_t now_ns, uint64_t deadline_ns,
                        struct err *err) STATUS_CHECKED;
/* Counts a request that the budget was too small for, if it can. */
void budget_count_refused(const struct spool *spool, const struct config_endpoint *endpoint,
                          int64_t now_ns, uint64_t deadline_ns);
/* Gives back what was taken, unless the day is over. If it cannot, the budget is the smaller for
 * today. */
void budget_return(const struct spool *spool, const struct config_endpoint *endpoint,
                   uint64_t bytes, int64_t now_ns, uint64_t deadline_ns);

/* What is used of the day of now_ns, without the lock. A file that cannot be read: nothing. */
void budget_read(const struct spool *spool, const struct config_endpoint *endpoint, int64_t now_ns,
                 struct daily_budget *out);

#endif
