/* SPDX-License-Identifier: MIT
 * result - how one attempt of a hook ended, as a line of the results log, in both directions. Pure.
 * stenohook-spool(5) is the format's specification.
 *
 *   {"id":"1:103","endpoint":"calls","try":2,"state":"again","end":"exit","code":1,
 *    "started_at":"...","ms":12,"next_at":"...","stdout":"...","stderr":"...","crc":"..."}
 */
#ifndef CORE_RESULT_H
#define CORE_RESULT_H

#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "core/record.h"

/* Bytes that are kept of the end of each of stdout and stderr. */
#define RESULT_TAIL_MAX 4096
/* The longest line: two tails with every byte escaped, and the rest. */
#define RESULT_LINE_MAX ((size_t)64 * 1024)

/* What becomes of the event. */
enum result_state {
    RESULT_DONE,
    RESULT_AGAIN,  /* at next_ns */
    RESULT_DEAD,   /* a dead letter: not retried automatically */
    RESULT_DROPPED /* an operator dropped it (store/queue/orders.h) */
};

/* How the hook ended. */
enum result_end {
    RESULT_EXIT,    /* code: exit status */
    RESULT_SIGNAL,  /* code: number of the signal */
    RESULT_TIMEOUT, /* stopped at its timeout; code: 0 */
    RESULT_LOST,    /* its end is unknown: the runner ended first; code: 0 */
    RESULT_NOT_RUN  /* not started: dropped, or the record is gone; code: 0 */
};

struct result {
    struct str id;       /* of the event */
    struct str endpoint; /* its name */
    uint32_t attempt;    /* counted from 1, anew after a replay; 0 if not run */
    enum result_state state;
    enum result_end end;
    int code;
    int64_t started_ns; /* wall clock */
    uint64_t took_ms;
    int64_t next_ns; /* RESULT_AGAIN only */
    struct str
        out_tail; /* stdout; any bytes: what is no UTF-8 is replaced on the way to the line */
    struct str err_tail; /* stderr */
};

const char *result_state_name(enum result_state state); /* "done", "again", "dead", "dropped" */
const char *
result_end_name(enum result_end end); /* "exit", "signal", "timeout", "lost", "not-run" */

/* Appends the line without checksum, closing brace and newline: store/queue/ledger.h adds those. */
void result_print(struct buf *out, const struct result *result);

/* `line` is without its newline; its checksum was looked at before. Strings are decoded into
 * `text`, which the caller inits and frees; they are valid as long as it is not changed.
 * STATUS_CORRUPT: it is no result. */
enum status result_parse(struct result *out, struct buf *text, struct str line,
                         struct err *err) STATUS_CHECKED;

#endif
