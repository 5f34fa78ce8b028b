/* SPDX-License-Identifier: MIT
 * box_counts - how much the refused box holds, and how often refusals were logged: a small file in
 * the box, changed under its lock. Wrong counts cost only room: the folder is counted again once a
 * minute.
 */
#ifndef STORE_BOXES_BOX_COUNTS_H
#define STORE_BOXES_BOX_COUNTS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "store/spool/spool.h"

enum box_class { BOX_STRANGER, BOX_PUBLISHED, BOX_CLASSES };

/* Refused entries of strangers; published addresses have a quota of the same size. */
#define BOX_COUNT_MAX 1000
/* Refused entries older than this make room. */
#define BOX_AGE_MAX_S (7 * 24 * 3600)
/* Between two counts of the folder. */
#define BOX_SWEEP_S 60
/* An unfinished file of that age was left by a killed process. */
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

/* Locks and reads; sweeps the boxes if that is due or the file is damaged. STATUS_LIMIT: another
 * process had the lock for wait_ns. */
enum status box_counts_open(struct box_counts_file *file, const struct spool *spool, int64_t now_ns,
                            uint64_t wait_ns, struct err *err) STATUS_CHECKED;
/* Writes back and unlocks. */
void box_counts_close(struct box_counts_file *file);

/* Returns how many bytes an entry of the class may still take, of `bytes_max` in all. */
uint64_t box_counts_room(const struct box_counts *counts, enum box_class class, uint64_t bytes_max);

#endif
