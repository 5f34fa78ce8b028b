/* SPDX-License-Identifier: MIT
 * index - which keys are on record: insert-only hash tables, derived from the journal and rebuilt
 * from it.
 *
 * A slot is 16 bytes {fingerprint, place}, never moved, never overwritten; 0 is empty. A
 * fingerprint decides nothing: the caller verifies the journal line itself, so a wrong or stale
 * slot costs a read, never an event. A slot is looked for in one page of 4096 bytes of each table,
 * newest table first; a table is full when the page for a new slot is, and a table four times as
 * large follows. What changes or reads tables is called under the append lock; index_sync and the
 * reach are not.
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
    uint64_t generation; /* random, the same in all tables of one index: index_reset takes another;
                            0: none is open */
    int fds[INDEX_TABLES_MAX];
    uint64_t pages[INDEX_TABLES_MAX]; /* a power of two */
    unsigned count;
};

void index_init(struct index *index, const struct spool *spool);
void index_close(struct index *index);

/* How many tables lie in the spool, numbered from 0 without a gap. */
unsigned index_tables(const struct spool *spool);

/* Opens the tables up to `count`; those that are open already stay so. STATUS_CORRUPT: one is
 * missing, is no table, or is of another generation than the first: nothing is open then; rebuild.
 */
enum status index_open(struct index *index, unsigned count, struct err *err) STATUS_CHECKED;

uint64_t index_fingerprint(const struct spool *spool, struct str key);

/* Calls `match` for each slot with that fingerprint until it says true; then *found is true and
 * *place its place. */
typedef enum status (*index_match)(void *context, struct place place, bool *same, struct err *err);
enum status index_find(struct index *index, uint64_t fingerprint, index_match match, void *context,
                       bool *found, struct place *place, struct err *err) STATUS_CHECKED;

/* Inserts; makes a new table where the newest is full (index->count grows: the caller writes it to
 * the state). */
enum status index_insert(struct index *index, uint64_t fingerprint, struct place place,
                         struct err *err) STATUS_CHECKED;

/* Many at once, sorted by page internally (each page is read and written once). Slots that are
 * there already, in any table, are left alone. The array is reordered. Tables may be added. */
struct index_entry {
    uint64_t fingerprint;
    struct place place;
};
enum status index_insert_many(struct index *index, struct index_entry *entries, size_t count,
                              struct err *err) STATUS_CHECKED;

/* Starts over, in a new generation, with one empty table that has room for about `records`. */
enum status index_reset(struct index *index, uint64_t records, struct err *err) STATUS_CHECKED;

enum status index_sync(struct index *index, struct err *err) STATUS_CHECKED;
/* Under the append lock: what is there is not to be trusted any more. Without its first table there
 * is no index, so recovery makes one anew. */
void index_discard(struct index *index);

/* The durable checkpoint: the records of all segments first..last are in synced tables. */
struct index_reach {
    uint64_t generation; /* of the tables that it speaks of */
    uint32_t tables;
    uint32_t first; /* first > last: none */
    uint32_t last;
};
bool index_reach_read(const struct spool *spool, struct index_reach *out);
/* Replaces it durably; the tables were synced before. */
enum status index_reach_write(const struct spool *spool, const struct index_reach *reach,
                              struct err *err) STATUS_CHECKED;

#endif
