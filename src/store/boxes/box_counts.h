/* SPDX-License-Identifier: MIT
 * box_counts - what the refused box holds, and how often refusals were logged: one small file in
 * it, changed under its lock. Private to the box. Wrong counts cost nothing but room: they are
 * taken anew from the folder once a minute.
 */
#ifndef STORE_BOXES_BOX_COUNTS_H
#define STORE_BOXES_BOX_COUNTS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "store/boxes/box.h"
#include "store/spool/spool.h"

enum box_class { BOX_STRANGER, BOX_PUBLISHED, BOX_CLASSES };

/* The folder is read at most so often. */
#define BOX_SWEEP_S 60
/* A file of that age that is still being written belongs to a process that is gone. */
#define BOX_TMP_AGE_S 3600

struct box_counts {
    uint64_t count[BOX_CLASSES];
    uint64_t bytes[BOX_CLASSES];
    int64_t swept_s;
    int64_t minute;
    uint64_t logged;
    uint64_t suppressed;
};

/* The file, locked. */
struct box_counts_file {
    int fd;
    struct box_counts counts;
};

/* Locks and reads; sweeps the folder where that is due, or where the file does not say what it
 * should. STATUS_LIMIT: somebody else has the lock and had it for wait_ns. */
enum status box_counts_open(struct box_counts_file *u, const struct spool *spool, int64_t now_ns,
                            uint64_t wait_ns, struct err *err) STATUS_CHECKED;
/* Writes back and unlocks. */
void box_counts_close(struct box_counts_file *u);

/* Bytes that an entry of the class may still take; 0: none. */
uint64_t box_counts_room(const struct box_counts *counts, enum box_class class,
                         const struct box_limits *limits);

#endif
