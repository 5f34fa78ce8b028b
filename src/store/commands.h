/* SPDX-License-Identifier: MIT
 * commands - what an operator wants done with recorded events. Written by the command line, carried
 * out by the runner. Nothing is ever written to the journal for it.
 */
#ifndef STORE_COMMANDS_H
#define STORE_COMMANDS_H

#include <stdint.h>

#include "base/err.h"
#include "base/str.h"
#include "core/record.h"
#include "store/spool.h"

enum command_kind {
    COMMAND_AGAIN, /* run the hook of this event now, with all its attempts before it: replay, retry
                    */
    COMMAND_DROP   /* the hook of this event need not run (any more) */
};

struct commands; /* open and locked for writing */

/* Waits for the lock until deadline_ns (monotonic). */
enum status commands_open(struct commands **out, const struct spool *spool, int64_t now_ns,
                          uint64_t deadline_ns, struct err *err) STATUS_CHECKED;
enum status commands_add(struct commands *commands, enum command_kind kind, struct str id,
                         int64_t now_ns, struct err *err) STATUS_CHECKED;
/* Makes all that was added durable and gives the lock back; the caller then wakes the runner
 * (store/wake.h). */
enum status commands_close(struct commands *commands, struct err *err) STATUS_CHECKED;

/* A line of the ledger. STATUS_CORRUPT: it is none. */
enum status commands_parse(struct str line, enum command_kind *kind, char id[RECORD_ID_MAX],
                           struct err *err) STATUS_CHECKED;

#endif
