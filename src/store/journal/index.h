/* SPDX-License-Identifier: MIT
 * index - which keys are on record: insert-only hash tables, derived from the journal and rebuilt
 * from it.
 *
 * A slot is 16 bytes {fingerprint, place}, never moved, never overwritten; 0 is empty. A
 * fingerprint decides nothing: the caller verifies the journal line itself, so a wrong or stale
 * slot costs a read, never an event. A lookup reads one page of 4096 bytes of each table, newest
 * table first. A table is full when the page of a new slot is; then a table four times as large
 * follows. Functions that change or read tables are called under the append lock, except index_sync
 * and those of the reach.
 */
#ifndef STORE_JOURNAL_INDEX_H
#define STORE_JOURNAL_INDEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"
#include "store/spool/place.h"
#include "store/spool/spool.h"

#define INDEX_TABLES_MAX 16
#define INDEX_PAGE_LEN 4096
#define INDEX_PAGE_SLOTS 256  /* of 16 bytes */
#define INDEX_FIRST_PAGES 256 /* of the first table: 64 Ki slots, 1 MiB */
#define INDEX_GROWTH 4 /* each further table has that many times the pages of the one before it */

struct index {
    const struct spool *spool;
    uint64_t generation; /* random, the same in all tables; index_reset changes it; 0: not open */
    int fds[INDEX_TABLES_MAX];
    uint64_t pages[INDEX_TABLES_MAX]; /* a power of two */
    unsigned count;
};

void index_init(struct index *index, const struct spool *spool);
void index_close(struct index *index);

/* Returns how many tables there are, numbered from 0 without a gap. */
unsigned index_tables(const struct spool *spool);

/* Opens the tables up to `count`; open ones stay open. STATUS_CORRUPT: one is missing, invalid or
 * of another generation than the first; then none is open, and the index must be reset. */
enum status index_open(struct index *index, unsigned count, struct err *err) STATUS_CHECKED;

uint64_t index_fingerprint(const struct spool *spool, struct str key);

/* Calls `match` for each slot with that fingerprint until it sets *same; *place is then its place.
 */
typedef enum status (*index_match)(void *context, struct place place, bool *same, struct err *err);
enum status index_find(struct index *index, uint64_t fingerprint, index_match match, void *context,
                       bool *found, struct place *place, struct err *err) STATUS_CHECKED;

/* Inserts a slot. If the newest table is full, makes another: index->count grows, and the caller
 * stores it in the state. */
enum status index_insert(struct index *index, uint64_t fingerprint, struct place place,
                         struct err *err) STATUS_CHECKED;

/* Inserts many slots, sorted by page, so that each page is read and written once. Those that are in
 * a table already are skipped. Reorders the array; may add tables. */
struct index_entry {
    uint64_t fingerprint;
    struct place place;
};
enum status index_insert_many(struct index *index, struct index_entry *entries, size_t count,
                              struct err *err) STATUS_CHECKED;

/* Starts over, in a new generation, with one empty table that has room for about `records`. */
enum status index_reset(struct index *index, uint64_t records, struct err *err) STATUS_CHECKED;

enum status index_sync(struct index *index, struct err *err) STATUS_CHECKED;
/* Removes the first table: without it there is no index, so recovery makes a new one. False: it is
 * still there. */
bool index_discard(struct index *index);

/* The durable checkpoint: the records of all segments first..last are in synced tables. */
struct index_reach {
    uint64_t generation; /* of the tables */
    uint32_t tables;
    uint32_t first; /* first > last: none */
    uint32_t last;
};
bool index_reach_read(const struct spool *spool, struct index_reach *out);
/* Replaces it durably. The tables were synced before. */
enum status index_reach_write(const struct spool *spool, const struct index_reach *reach,
                              struct err *err) STATUS_CHECKED;

#endif
