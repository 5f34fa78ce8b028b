/* SPDX-License-Identifier: MIT
 * status - how an operation ended: an answer of HTTP, an exit code and a log level for each.
 *
 * One table maps a status to its HTTP answer, its exit code and its log level, so that the rule
 * "our own trouble is never the sender's fault" (a 4xx is final for the sender) stands in a single
 * place.
 */
#ifndef BASE_STATUS_H
#define BASE_STATUS_H

#include <stdbool.h>

enum status {
    STATUS_OK,

    /* Final for the sender: a retry cannot help. */
    STATUS_UNAUTHORIZED,     /* wrong, missing or doubled secret: 401 */
    STATUS_ADDRESS,          /* right secret, address not in allow-from: 403 */
    STATUS_FOREIGN,          /* the address, which alone would prove, is not in allow-from: 403 */
    STATUS_UNKNOWN_ENDPOINT, /* 404, only said when the configuration is whole */
    STATUS_METHOD,           /* neither POST nor an authenticated GET or HEAD: 405 */
    STATUS_TOO_LARGE,        /* body beyond the endpoint's body-max: 413 */
    STATUS_MALFORMED,        /* JSON broken in the middle, or not JSON: 400 */

    /* The sender should come again: 503. */
    STATUS_TRUNCATED, /* body or JSON ended too early */
    STATUS_STALE,     /* right signature, time outside its window: perhaps our clock */

    /* Our own trouble: 503. */
    STATUS_BUSY,      /* too many bodies of strangers are waited for */
    STATUS_CONFIG,    /* no or a broken configuration */
    STATUS_NO_SECRET, /* no readable secret at all */
    STATUS_BUDGET,    /* as much is recorded today as anybody may have recorded */
    STATUS_OWNER,     /* the spool belongs to another user */
    STATUS_UNTRUSTED, /* others can change a file that we depend on, or what leads to it */
    STATUS_NO_SPACE,  /* below the free-space reserve, ENOSPC, EDQUOT */
    STATUS_DEADLINE,  /* the request's time is up (a held lock, a slow disk) */
    STATUS_IO,        /* any other failed system call */
    STATUS_POISONED,  /* a sync of this segment failed earlier */
    STATUS_MEMORY,    /* no memory */
    STATUS_LIMIT,     /* something outgrew a named limit of ours */
    STATUS_CORRUPT,   /* a file of ours does not say what it should */
    STATUS_PAUSED,    /* the state of hooks is unknown: none runs until an operator says from which
                         event on */

    /* Command line only. */
    STATUS_USAGE,   /* called wrongly: exit 2 */
    STATUS_MISSING, /* nothing matches: exit 1 */

    STATUS_COUNT
};

/* Returning a status and not looking at it is a mistake that the compiler reports. */
#define STATUS_CHECKED __attribute__((warn_unused_result))

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_INFO };

/* Stable short name, e.g. "no-space". Never NULL. */
const char *status_name(enum status status);

/* HTTP status code for an answer: 200, 400, 401, 403, 404, 405, 413 or 503. */
int status_http(enum status status);

/* Exit code: 0 ok, 1 found a problem or nothing, 2 usage, 3 configuration, 4 input/output. */
int status_exit(enum status status);

enum log_level status_level(enum status status);

#endif
