/* SPDX-License-Identifier: MIT
 * box_table - what the refused box holds, entry by entry, and which entry makes room for another.
 * Pure.
 *
 * Strangers decide what comes and how much. So that none of them takes the room of all others:
 *
 * - A network (IPv4: /24, IPv6: /48) has a share: a tenth of the entries and of the bytes. If its
 *   share is used up, a new entry replaces one of its own.
 * - If the box is full, a new entry replaces one of the network that has the most.
 * - An entry whose body is of a kind that the sender documents is replaced only by another such
 *   entry, and only if there is no other one.
 * - Which of a network's entries it is, is left to chance: what came before a flood, and what comes
 *   in it, may both stay.
 *
 * Entries from published addresses have room of their own, and replace nothing.
 */
#ifndef STORE_BOXES_BOX_TABLE_H
#define STORE_BOXES_BOX_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "store/spool/spool.h"

enum box_class { BOX_STRANGER, BOX_PUBLISHED, BOX_CLASSES };

/* Refused entries of strangers; published addresses have a quota of the same size. */
#define BOX_COUNT_MAX 1000
/* A network has one part of so many. */
#define BOX_SHARES 10
/* A share is not smaller than the largest entry of a stranger, unless the box is. */
#define BOX_SHARE_MIN ((uint64_t)128 * 1024)

#define BOX_DIGEST_LEN (SPOOL_BOX_DIGITS / 2)

struct box_row {
    uint8_t digest[BOX_DIGEST_LEN]; /* the name's */
    uint32_t bytes;
    uint64_t network; /* address_network; 0: not known */
    uint8_t class;    /* enum box_class */
    uint8_t known;    /* 1: the body is of a known kind */
    uint8_t seen;     /* while the folder is read */
    uint8_t unused[5];
};

struct box_table {
    uint64_t count;
    struct box_row rows[BOX_CLASSES * BOX_COUNT_MAX];
};

/* What entries of one class may take. */
struct box_room {
    uint64_t files, bytes;
};

/* A share of that. */
struct box_room box_share(const struct box_room *room);

/* What the entries of a class take. */
struct spool_amount box_table_sum(const struct box_table *table, enum box_class class);

enum box_verdict {
    BOX_FITS,
    BOX_REPLACES, /* *victim goes first; ask again then */
    BOX_FULL
};
/* Whether one more entry fits into `room`. `random` chooses among the entries that may go. */
enum box_verdict box_table_judge(const struct box_table *table, const struct box_row *row,
                                 const struct box_room *room, uint64_t random, size_t *victim);

/* Adds a row; false: the table is full. */
bool box_table_add(struct box_table *table, const struct box_row *row);
/* Removes a row, whose place the last one takes. */
void box_table_remove(struct box_table *table, size_t index);

/* Makes the digest and the class of a file's name; false: it is not the name of an entry. */
bool box_row_parse(struct box_row *row, const char *name);
/* Makes the name of a row's file. */
void box_row_name(const struct box_row *row, char name[SPOOL_BOX_NAME_MAX]);

/* ---- what a reading of the folder finds */

/* Forgets what was seen, and sorts the rows for box_table_see. */
void box_table_begin(struct box_table *table);
/* An entry is there; `sorted` is how many rows there were at the beginning. If it has no row, adds
 * one, of no network and of a known kind, since nothing is known of it. */
void box_table_see(struct box_table *table, size_t sorted, const struct box_row *row);
/* Removes the rows of entries that were not seen. */
void box_table_end(struct box_table *table);

#endif
