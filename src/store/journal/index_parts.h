/* SPDX-License-Identifier: MIT
 * index_parts - what the files of the index share: one page of slots, and the table that follows a
 * full one.
 */
#ifndef STORE_JOURNAL_INDEX_PARTS_H
#define STORE_JOURNAL_INDEX_PARTS_H

#include <stdbool.h>
#include <stdint.h>

#include "store/journal/index.h"

struct index_slot {
    uint64_t fingerprint, place; /* little-endian; fingerprint 0: empty */
};
struct index_page {
    struct index_slot slots[INDEX_PAGE_SLOTS];
};
_Static_assert(sizeof(struct index_page) == INDEX_PAGE_LEN, "a page is read and written at once");

enum status index_page_read(const struct index *index, unsigned table, uint64_t page,
                            struct index_page *out, struct err *err) STATUS_CHECKED;
enum status index_page_write(const struct index *index, unsigned table, uint64_t page,
                             const struct index_page *in, struct err *err) STATUS_CHECKED;

/* Returns the slot at which probing for a fingerprint starts. */
unsigned index_page_start(uint64_t fingerprint);
/* Returns the slot that holds exactly this (*there), or the empty one for it, or INDEX_PAGE_SLOTS
 * if the page is full. */
unsigned index_page_probe(const struct index_page *page, uint64_t fingerprint, uint64_t place,
                          bool *there);
void index_page_put(struct index_page *page, unsigned slot, uint64_t fingerprint, uint64_t place);

/* Makes and opens the table after the newest one, or takes over one that a killed process left. */
enum status index_grow(struct index *index, struct err *err) STATUS_CHECKED;

#endif
