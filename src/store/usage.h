/* SPDX-License-Identifier: MIT
 * usage - what the refused box holds, and how often refusals were logged: one small file in it,
 * changed under its lock. Private to the box. Wrong counts cost nothing but room: they are taken
 * anew from the folder once a minute.
 */
#ifndef STORE_USAGE_H
#define STORE_USAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "store/box.h"
#include "store/spool.h"

enum usage_class { USAGE_STRANGER, USAGE_PUBLISHED, USAGE_CLASSES };

#define USAGE_FILE "usage"
#define USAGE_TMP_PREFIX ".tmp-"
#define USAGE_STRANGER_SUFFIX ".box"
#define USAGE_PUBLISHED_SUFFIX ".published.box"
/* The folder is read at most so often. */
#define USAGE_SWEEP_S 60
/* A file of that age that is still being written belongs to a process that is gone. */
#define USAGE_TMP_AGE_S 3600

struct usage_counts {
    uint64_t count[USAGE_CLASSES];
    uint64_t bytes[USAGE_CLASSES];
    int64_t swept_s;
    int64_t minute;
    uint64_t logged;
    uint64_t suppressed;
};

/* The file, locked. */
struct usage {
    int fd;
    struct usage_counts counts;
};

/* Locks and reads; sweeps the folder where that is due, or where the file does not say what it
 * should. STATUS_LIMIT: somebody else has the lock and had it for wait_ns. */
enum status usage_open(struct usage *u, const struct spool *spool, int64_t now_ns, uint64_t wait_ns,
                       struct err *err) STATUS_CHECKED;
/* Writes back and unlocks. */
void usage_close(struct usage *u);

/* Bytes that an entry of the class may still take; 0: none. */
uint64_t usage_room(const struct usage_counts *counts, enum usage_class class,
                    const struct box_limits *limits);

#endif
