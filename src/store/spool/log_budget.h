/* SPDX-License-Identifier: MIT
 * log_budget - which lines of the spool's log may be written now.
 *
 * Strangers can cause lines as fast as they can send, and so can a sender that is broken. Each kind
 * of line has a budget of its own for each status, so that no flood hides a line of another kind or
 * with another reason. A minute in which lines were left out is closed by one line with their
 * counts, which the first line of a later minute brings along.
 *
 * The counts are a file of the spool, shared by all processes. It is not synced: after a power
 * failure the budgets are whole again.
 */
#ifndef STORE_SPOOL_LOG_BUDGET_H
#define STORE_SPOOL_LOG_BUDGET_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "store/spool/spool.h"

enum log_kind {
    LOG_OF_STRANGERS, /* a request that did not prove itself */
    LOG_OF_SENDERS,   /* a request with the secret */
    LOG_OF_NOTES,     /* warnings about files, which each CGI process finds again */
    LOG_OF_HOOKS,     /* no runner could be started */
    LOG_KINDS
};

/* Lines of one kind and status. At full speed strangers cause some seven statuses: 60 lines of 200
 * bytes an hour for each of them take a day to fill the log and the one before it. */
#define LOG_BUDGET_MINUTE 10
#define LOG_BUDGET_HOUR 60

/* Of the line that closes a minute, with its NUL. */
#define LOG_BUDGET_CLOSING_MAX 320

/* Whether to write a line now. `closing` is "" or the line that closes an earlier minute, which is
 * to be written in any case. Never blocks strangers: while another process counts, they are not
 * logged. If the counts cannot be read or written, lines of strangers are left out, and all others
 * are written. */
bool log_budget_take(const struct spool *spool, enum log_kind kind, enum status status,
                     int64_t now_ns, char closing[LOG_BUDGET_CLOSING_MAX]);

#endif
