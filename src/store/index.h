/* SPDX-License-Identifier: MIT
 * index - which keys are on record: insert-only hash tables, derived from the journal and rebuilt from it.
 *
 * A slot is 16 bytes {fingerprint, place}, never moved, never overwritten; 0 is empty. A fingerprint decides nothing: the
 * caller verifies the journal line itself, so a wrong or stale slot costs a read, never an event. A slot is looked for in
 * one page of 4096 bytes of each table, newest table first; a table is full when the page for a new slot is, and a table
 * four times as large follows. All functions are called under the append lock.
 */
#ifndef STORE_INDEX_H
#define STORE_INDEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"
#include "store/hints.h"
#include "store/spool.h"

#define INDEX_TABLES_MAX 16

struct index {
    const struct spool *spool;
    int fds[INDEX_TABLES_MAX];
    uint64_t pages[INDEX_TABLES_MAX];
    unsigned count;
};

void index_init(struct index *index, const struct spool *spool);
void index_close(struct index *index);

/* Opens tables up to `count`. STATUS_CORRUPT: one is missing or is no table: rebuild. */
enum status index_open(struct index *index, unsigned count, struct err *err) STATUS_CHECKED;

uint64_t index_fingerprint(const struct spool *spool, struct str key);

/* Calls `match` for each slot with that fingerprint until it says true; then *found is true and *place its place. */
typedef enum status (*index_match)(void *context, struct place place, bool *same, struct err *err);
enum status index_find(struct index *index, uint64_t fingerprint, index_match match, void *context, bool *found,
                       struct place *place, struct err *err) STATUS_CHECKED;

/* Inserts; makes a new table where the newest is full (index->count grows: the caller writes it to the state). */
enum status index_insert(struct index *index, uint64_t fingerprint, struct place place, struct err *err) STATUS_CHECKED;

/* Many at once, sorted by page internally (each page is read and written once). Slots that are there already are left
 * alone. The array is reordered. */
struct index_entry {
    uint64_t fingerprint;
    struct place place;
};
enum status index_insert_many(struct index *index, struct index_entry *entries, size_t count, struct err *err)
    STATUS_CHECKED;

/* Starts over with one empty table that has room for about `records`. */
enum status index_reset(struct index *index, uint64_t records, struct err *err) STATUS_CHECKED;

enum status index_sync(struct index *index, struct err *err) STATUS_CHECKED;

/* The durable checkpoint: the records of all segments first..last are in synced tables. */
struct index_reach {
    uint32_t tables;
    uint32_t first; /* first > last: none */
    uint32_t last;
};
bool index_reach_read(const struct spool *spool, struct index_reach *out);
/* Replaces it durably; the tables were synced before. */
enum status index_reach_write(const struct spool *spool, const struct index_reach *reach, struct err *err)
    STATUS_CHECKED;

#endif
