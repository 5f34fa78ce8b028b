/* SPDX-License-Identifier: MIT
 * box_counts - how much the refused box holds, and whose each entry is: a file in the box, changed
 * under its lock. Wrong counts cost only room: the folder is read again once a minute.
 */
#ifndef STORE_BOXES_BOX_COUNTS_H
#define STORE_BOXES_BOX_COUNTS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "store/boxes/box_table.h"
#include "store/spool/spool.h"

/* Refused entries older than this make room. */
#define BOX_AGE_MAX_S (7 * 24 * 3600)
/* Between two counts of the folder. */
#define BOX_SWEEP_S 60
/* A file with a temporary name was left by a killed process if it has not changed for so long: a
 * request lives for 9 seconds at most. */
#define BOX_TMP_AGE_S 60

struct box_counts {
    uint64_t count[BOX_CLASSES]; /* of the table's rows */
    uint64_t bytes[BOX_CLASSES];
    /* Files with a temporary name. They take room too. */
    uint64_t unfinished[BOX_CLASSES];
    uint64_t unfinished_bytes[BOX_CLASSES];
    int64_t swept_s;
};

/* The file, locked. */
struct box_counts_file {
    int fd;
    struct box_counts counts;
    struct box_table *table;
    size_t from, to; /* rows to write back */
};

/* Locks and reads; sweeps the boxes if that is due or the file is damaged. STATUS_LIMIT: another
 * process had the lock for wait_ns. STATUS_MEMORY. */
enum status box_counts_open(struct box_counts_file *file, const struct spool *spool, int64_t now_ns,
                            uint64_t wait_ns, struct err *err) STATUS_CHECKED;
/* Writes back, unlocks and frees. */
void box_counts_close(struct box_counts_file *file);

/* Returns how many bytes an entry of the class may still take, of `bytes_max` in all. */
uint64_t box_counts_room(const struct box_counts *counts, enum box_class class, uint64_t bytes_max);

/* Adds the row of an entry, and removes the entries that make room for it. STATUS_LIMIT: there is
 * no room. */
enum status box_counts_add(struct box_counts_file *file, const struct spool *spool,
                           const struct box_row *row, const struct box_room *room,
                           struct err *err) STATUS_CHECKED;
/* Takes the row that was added last back: its entry was there or could not be made. */
void box_counts_take_back(struct box_counts_file *file);

/* What was counted as unfinished before its file was made. bytes is 0: nothing. */
struct box_charge {
    enum box_class class;
    uint64_t bytes;
    int64_t swept_s;
};
/* Counts one more unfinished file, which may come to `bytes`. */
struct box_charge box_counts_charge(struct box_counts *counts, enum box_class class,
                                    uint64_t bytes);
/* Takes the charge back, once; nothing if the folder was counted since: the next count will not
 * find the file. */
void box_counts_discharge(struct box_counts *counts, struct box_charge *charge);

#endif
