/* SPDX-License-Identifier: MIT
 * index_bulk - many slots at once, for replay and rebuild; and the durable reach.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/crc32c.h"
#include "base/file.h"
#include "store/journal/index.h"
#include "store/journal/index_parts.h"

#define REACH_MAGIC UINT64_C(0x3168636165726773) /* "sgreach1" */

/* ---- many slots */

static int by_page(const void *a, const void *b, void *context)
{
    uint64_t mask = *(const uint64_t *)context;
    uint64_t x = ((const struct index_entry *)a)->fingerprint & mask;
    uint64_t y = ((const struct index_entry *)b)->fingerprint & mask;

    return (x > y) - (x < y);
}

static void sort_by_page(const struct index *index, unsigned table, struct index_entry *entries,
                         size_t count)
{
    uint64_t mask = index->pages[table] - 1;

    qsort_r(entries, count, sizeof *entries, by_page, &mask);
}

/* Returns how many entries from the first on belong in its page. */
static size_t same_page(const struct index_entry *entries, size_t count, uint64_t mask)
{
    size_t n = 1;

    while (n < count && ((entries[n].fingerprint ^ entries[0].fingerprint) & mask) == 0)
        n++;
    return n;
}

/* Drops the entries that an older, full table holds; the others move to the front. */
static enum status drop_present(struct index *index, unsigned table, struct index_entry *entries,
                                size_t *count, struct err *err)
{
    uint64_t mask = index->pages[table] - 1;
    struct index_page page;
    size_t kept = 0;

    sort_by_page(index, table, entries, *count);
    for (size_t i = 0, n; i < *count; i += n) {
        enum status status =
            index_page_read(index, table, entries[i].fingerprint & mask, &page, err);

        if (status != STATUS_OK)
            return status;
        n = same_page(entries + i, *count - i, mask);
        for (size_t k = i; k < i + n; k++) {
            bool there;

            (void)index_page_probe(&page, entries[k].fingerprint, place_pack(entries[k].place),
                                   &there);
            if (!there)
                entries[kept++] = entries[k];
        }
    }
    *count = kept;
    return STATUS_OK;
}

/* Puts `count` entries of one page into it; *done is how many fitted. */
static enum status fill_page(struct index *index, unsigned table, const struct index_entry *entries,
                             size_t count, size_t *done, struct err *err)
{
    uint64_t at = entries[0].fingerprint & (index->pages[table] - 1);
    enum status status;
    struct index_page page;
    bool changed = false;
    size_t n = 0;

    status = index_page_read(index, table, at, &page, err);
    if (status != STATUS_OK)
        return status;
    for (; n < count; n++) {
        uint64_t place = place_pack(entries[n].place);
        bool there;
        unsigned slot = index_page_probe(&page, entries[n].fingerprint, place, &there);

        if (slot == INDEX_PAGE_SLOTS)
            break;
        if (there)
            continue;
        index_page_put(&page, slot, entries[n].fingerprint, place);
        changed = true;
    }
    *done = n;
    return changed ? index_page_write(index, table, at, &page, err) : STATUS_OK;
}

/* Fills the newest table; *left entries at the front did not fit. */
static enum status fill_newest(struct index *index, struct index_entry *entries, size_t count,
                               size_t *left, struct err *err)
{
    unsigned table = index->count - 1;
    uint64_t mask = index->pages[table] - 1;
    size_t kept = 0;

    sort_by_page(index, table, entries, count);
    for (size_t i = 0, n, done; i < count; i += n) {
        enum status status;

        n = same_page(entries + i, count - i, mask);
        status = fill_page(index, table, entries + i, n, &done, err);
        if (status != STATUS_OK)
            return status;
        for (size_t k = i + done; k < i + n; k++)
            entries[kept++] = entries[k];
    }
    *left = kept;
    return STATUS_OK;
}

enum status index_insert_many(struct index *index, struct index_entry *entries, size_t count,
                              struct err *err)
{
    enum status status = STATUS_OK;

    if (index->count == 0)
        return err_set(err, STATUS_CORRUPT, "the index is not open");
    for (unsigned table = 0; table + 1 < index->count && status == STATUS_OK; table++)
        status = drop_present(index, table, entries, &count, err);
    while (status == STATUS_OK && count > 0) {
        status = fill_newest(index, entries, count, &count, err);
        if (status == STATUS_OK && count > 0)
            status = index_grow(index, err);
    }
    return status;
}

/* ---- reach */

struct reach_raw {
    uint64_t magic, generation;
    uint32_t tables, first, last, crc;
};
_Static_assert(sizeof(struct reach_raw) == 32, "the reach has no padding");

bool index_reach_read(const struct spool *spool, struct index_reach *out)
{
    struct reach_raw raw;
    int fd = file_open(spool->idx, SPOOL_REACH, O_RDONLY, 0);
    bool ok;

    if (fd < 0)
        return false;
    ok = file_pread(fd, &raw, sizeof raw, 0) == (ssize_t)sizeof raw && raw.magic == REACH_MAGIC &&
         raw.crc == crc32c(0, &raw, sizeof raw - sizeof raw.crc);
    file_close(&fd);
    if (!ok)
        return false;
    out->generation = raw.generation;
    out->tables = raw.tables;
    out->first = raw.first;
    out->last = raw.last;
    return true;
}

enum status index_reach_write(const struct spool *spool, const struct index_reach *reach,
                              struct err *err)
{
    struct reach_raw raw = {.magic = REACH_MAGIC,
                            .generation = reach->generation,
                            .tables = reach->tables,
                            .first = reach->first,
                            .last = reach->last};

    raw.crc = crc32c(0, &raw, sizeof raw - sizeof raw.crc);
    if (file_replace(spool->idx, SPOOL_REACH_TMP, SPOOL_REACH, &raw, sizeof raw, 0600) != 0)
        return err_errno(err, "cannot write the reach of the index");
    return STATUS_OK;
}
