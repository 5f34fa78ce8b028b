/* SPDX-License-Identifier: MIT
 * index - which keys are on record: the tables, their making, lookup and insertion of one slot.
 *
 * A table is a header page and its pages of slots. The low bits of a fingerprint choose the page,
 * its highest bits the slot at which probing starts; probing wraps within the page.
 */
#include "store/journal/index.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/crc32c.h"
#include "base/file.h"
#include "base/id.h"
#include "base/siphash.h"
#include "store/journal/index_parts.h"
#include "store/spool/once.h"

#define TABLE_MAGIC UINT64_C(0x317864696f6e6574) /* "tenoidx1" */
#define TABLE_PAGES_MAX (UINT64_C(1) << 32)
#define LOAD_PERCENT 50 /* of a table that is made for a known number of records */

struct table_header {
    uint64_t magic, generation, pages; /* little-endian, as all that follows */
    uint32_t zero, crc;                /* of all before */
};
_Static_assert(sizeof(struct table_header) == 32, "the header has no padding");

void index_init(struct index *index, const struct spool *spool)
{
    index->spool = spool;
    index->generation = 0;
    index->count = 0;
    for (unsigned i = 0; i < INDEX_TABLES_MAX; i++) {
        index->fds[i] = -1;
        index->pages[i] = 0;
    }
}

void index_close(struct index *index)
{
    for (unsigned i = 0; i < INDEX_TABLES_MAX; i++)
        file_close(&index->fds[i]);
    index->count = 0;
    index->generation = 0;
}

uint64_t index_fingerprint(const struct spool *spool, struct str key)
{
    uint64_t fp = siphash(spool->index_key, key.ptr, key.len);

    return fp == 0 ? 1 : fp; /* 0 marks an empty slot */
}

/* ---- tables */

unsigned index_tables(const struct spool *spool)
{
    char name[SPOOL_NAME_MAX];
    unsigned n = 0;

    for (; n < INDEX_TABLES_MAX; n++) {
        spool_table_name(name, n);
        if (faccessat(spool->idx, name, F_OK, 0) != 0)
            break;
    }
    return n;
}

static bool header_read(int fd, uint64_t *generation, uint64_t *pages)
{
    struct table_header h;
    struct stat sb;
    uint64_t n;

    if (file_pread(fd, &h, sizeof h, 0) != (ssize_t)sizeof h || le64toh(h.magic) != TABLE_MAGIC ||
        le32toh(h.crc) != crc32c(0, &h, sizeof h - sizeof h.crc))
        return false;
    n = le64toh(h.pages);
    if (n == 0 || n > TABLE_PAGES_MAX || (n & (n - 1)) != 0 || h.generation == 0)
        return false;
    if (fstat(fd, &sb) != 0 || (uint64_t)sb.st_size != (n + 1) * INDEX_PAGE_LEN)
        return false;
    *generation = le64toh(h.generation);
    *pages = n;
    return true;
}

static enum status open_table(struct index *index, unsigned table, struct err *err)
{
    char name[SPOOL_NAME_MAX];
    uint64_t generation, pages;
    int fd;

    spool_table_name(name, table);
    fd = file_open(index->spool->idx, name, O_RDWR, 0);
    if (fd < 0 && errno == ENOENT)
        return err_set(err, STATUS_CORRUPT, "the index table %s is missing", name);
    if (fd < 0)
        return err_errno(err, "cannot open the index table %s", name);
    if (!header_read(fd, &generation, &pages) || (table > 0 && generation != index->generation)) {
        file_close(&fd);
        return err_set(err, STATUS_CORRUPT, "the index table %s is damaged or of another index",
                       name);
    }
    index->fds[table] = fd;
    index->pages[table] = pages;
    index->generation = generation;
    index->count = table + 1;
    return STATUS_OK;
}

enum status index_open(struct index *index, unsigned count, struct err *err)
{
    enum status status = STATUS_OK;

    if (count == 0 || count > INDEX_TABLES_MAX)
        status = err_set(err, STATUS_CORRUPT, "the state says that the index has %u tables", count);
    while (status == STATUS_OK && index->count < count)
        status = open_table(index, index->count, err);
    if (status != STATUS_OK)
        index_close(index);
    return status;
}

/* Sparse: an empty slot is a zero, and so is a hole. */
static int make_table(const struct spool *spool, unsigned table, uint64_t generation,
                      uint64_t pages, enum once how)
{
    struct table_header h = {
        .magic = htole64(TABLE_MAGIC), .generation = htole64(generation), .pages = htole64(pages)};
    char name[SPOOL_NAME_MAX];

    h.crc = htole32(crc32c(0, &h, sizeof h - sizeof h.crc));
    spool_table_name(name, table);
    return once_make(spool->idx, SPOOL_TABLE_TMP, name, &h, sizeof h, (pages + 1) * INDEX_PAGE_LEN,
                     how);
}

enum status index_grow(struct index *index, struct err *err)
{
    unsigned table = index->count;
    uint64_t pages = table == 0 ? INDEX_FIRST_PAGES : index->pages[table - 1] * INDEX_GROWTH;

    if (table >= INDEX_TABLES_MAX || pages > TABLE_PAGES_MAX)
        return err_set(err, STATUS_LIMIT, "the index has no room for another table");
    /* A table that exists was made by a process that was killed before it stored the state. */
    if (make_table(index->spool, table, index->generation, pages, ONCE_NEW) != 0) {
        if (errno != EEXIST)
            return err_errno(err, "cannot make the index table %u", table);
        if (file_sync_dir(index->spool->idx) != 0)
            return err_errno(err, "cannot sync the index folder");
    }
    return open_table(index, table, err);
}

enum status index_reset(struct index *index, uint64_t records, struct err *err)
{
    uint64_t pages = INDEX_FIRST_PAGES;
    uint64_t generation;
    enum status status;

    while (pages < TABLE_PAGES_MAX && pages * INDEX_PAGE_SLOTS * LOAD_PERCENT / 100 < records)
        pages *= 2;
    do {
        status = id_random(&generation, sizeof generation, err);
        if (status != STATUS_OK)
            return status;
    } while (generation == 0);
    index_close(index);
    if (make_table(index->spool, 0, generation, pages, ONCE_REPLACE) != 0)
        return err_errno(err, "cannot rebuild the index");
    /* Highest first: tables are found by counting up. One that is left is of another generation, so
     * not used. */
    for (unsigned table = INDEX_TABLES_MAX; table-- > 1;) {
        char name[SPOOL_NAME_MAX];

        spool_table_name(name, table);
        if (unlinkat(index->spool->idx, name, 0) != 0 && errno != ENOENT)
            return err_errno(err, "cannot remove the index table %s", name);
    }
    return index_open(index, 1, err);
}

enum status index_sync(struct index *index, struct err *err)
{
    for (unsigned i = 0; i < index->count; i++)
        if (file_datasync(index->fds[i]) != 0)
            return err_errno(err, "cannot sync the index table %u", i);
    return STATUS_OK;
}

bool index_discard(struct index *index)
{
    char name[SPOOL_NAME_MAX];
    bool gone;

    spool_table_name(name, 0);
    gone = unlinkat(index->spool->idx, name, 0) == 0 || errno == ENOENT;
    index_close(index);
    return gone;
}

/* ---- slots */

static off_t page_offset(uint64_t page)
{
    return (off_t)((page + 1) * INDEX_PAGE_LEN);
}

enum status index_page_read(const struct index *index, unsigned table, uint64_t page,
                            struct index_page *out, struct err *err)
{
    ssize_t got = file_pread(index->fds[table], out, sizeof *out, page_offset(page));

    if (got < 0)
        return err_errno(err, "cannot read the index table %u", table);
    if (got != (ssize_t)sizeof *out)
        return err_set(err, STATUS_CORRUPT, "the index table %u is cut off", table);
    return STATUS_OK;
}

enum status index_page_write(const struct index *index, unsigned table, uint64_t page,
                             const struct index_page *in, struct err *err)
{
    if (file_pwrite(index->fds[table], in, sizeof *in, page_offset(page)) != 0)
        return err_errno(err, "cannot write the index table %u", table);
    return STATUS_OK;
}

unsigned index_page_start(uint64_t fingerprint)
{
    return (unsigned)(fingerprint >> 56) % INDEX_PAGE_SLOTS;
}

unsigned index_page_probe(const struct index_page *page, uint64_t fingerprint, uint64_t place,
                          bool *there)
{
    unsigned slot = index_page_start(fingerprint);

    *there = false;
    for (unsigned n = 0; n < INDEX_PAGE_SLOTS; n++, slot = (slot + 1) % INDEX_PAGE_SLOTS) {
        uint64_t fp = le64toh(page->slots[slot].fingerprint);

        if (fp == 0)
            return slot;
        if (fp == fingerprint && le64toh(page->slots[slot].place) == place) {
            *there = true;
            return slot;
        }
    }
    return INDEX_PAGE_SLOTS;
}

void index_page_put(struct index_page *page, unsigned slot, uint64_t fingerprint, uint64_t place)
{
    page->slots[slot].fingerprint = htole64(fingerprint);
    page->slots[slot].place = htole64(place);
}

static enum status find_in_page(const struct index_page *page, uint64_t fingerprint,
                                index_match match, void *context, bool *found, struct place *place,
                                struct err *err)
{
    unsigned slot = index_page_start(fingerprint);

    for (unsigned n = 0; n < INDEX_PAGE_SLOTS; n++, slot = (slot + 1) % INDEX_PAGE_SLOTS) {
        uint64_t fp = le64toh(page->slots[slot].fingerprint);
        struct place at = place_unpack(le64toh(page->slots[slot].place));
        enum status status;
        bool same = false;

        if (fp == 0)
            break;
        if (fp != fingerprint)
            continue;
        status = match(context, at, &same, err);
        if (status != STATUS_OK)
            return status;
        if (same) {
            *found = true;
            *place = at;
            break;
        }
    }
    return STATUS_OK;
}

enum status index_find(struct index *index, uint64_t fingerprint, index_match match, void *context,
                       bool *found, struct place *place, struct err *err)
{
    struct index_page page;

    *found = false;
    for (unsigned table = index->count; table-- > 0 && !*found;) {
        uint64_t at = fingerprint & (index->pages[table] - 1);
        enum status status = index_page_read(index, table, at, &page, err);

        if (status == STATUS_OK)
            status = find_in_page(&page, fingerprint, match, context, found, place, err);
        if (status != STATUS_OK)
            return status;
    }
    return STATUS_OK;
}

/* Writes only the 16 bytes of the slot: a write that is cut off harms no other slot. */
static enum status put_slot(struct index *index, unsigned table, uint64_t page, unsigned slot,
                            uint64_t fingerprint, uint64_t place, struct err *err)
{
    uint64_t raw[2] = {htole64(fingerprint), htole64(place)};

    if (file_pwrite(index->fds[table], raw, sizeof raw,
                    page_offset(page) + (off_t)(slot * sizeof raw)) != 0)
        return err_errno(err, "cannot write the index table %u", table);
    return STATUS_OK;
}

enum status index_insert(struct index *index, uint64_t fingerprint, struct place place,
                         struct err *err)
{
    uint64_t packed = place_pack(place);

    if (index->count == 0)
        return err_set(err, STATUS_CORRUPT, "the index is not open");
    for (;;) {
        unsigned table = index->count - 1;
        uint64_t at = fingerprint & (index->pages[table] - 1);
        struct index_page page;
        enum status status;
        unsigned slot;
        bool there;

        status = index_page_read(index, table, at, &page, err);
        if (status != STATUS_OK)
            return status;
        slot = index_page_probe(&page, fingerprint, packed, &there);
        if (there)
            return STATUS_OK;
        if (slot < INDEX_PAGE_SLOTS)
            return put_slot(index, table, at, slot, fingerprint, packed, err);
        status = index_grow(index, err);
        if (status != STATUS_OK)
            return status;
    }
}
