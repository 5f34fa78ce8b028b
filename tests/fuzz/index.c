/* SPDX-License-Identifier: MIT
 * index - the files of the index and the hints. By the first byte: 'T' a table's header, 'R' the
 * reach, 'S' the state, 'C' the commit word, 'P' a page full of what follows, again and again; else
 * a page with what follows in front. A page is looked at with the fingerprints that are in it, and
 * with the 8 bytes before it.
 */
#include "store/journal/index.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/crc32c.h"
#include "base/file.h"
#include "kit.h"
#include "store/journal/hints.h"
#include "store/journal/index_parts.h"

#define HEADER_LEN 32
#define PAGES_MAX 4 /* of a table that is made for a header */

static int memory_file(void)
{
    static int fd = -1;

    if (fd < 0)
        fd = memfd_create("fuzz", MFD_CLOEXEC);
    FUZZ_REQUIRE(fd >= 0 && ftruncate(fd, 0) == 0);
    return fd;
}

/* ---- pages */

struct search {
    const struct index_page *page;
    uint64_t fingerprint;
    unsigned looked_at; /* slots, from the one where probing starts */
    unsigned calls, stop_at;
};

/* What is offered is a place, and the next one in the page under that fingerprint. */
static enum status offered(void *context, struct place place, bool *same, struct err *err)
{
    struct search *s = context;
    const struct index_slot *slot;

    (void)err;
    FUZZ_REQUIRE(place.segment <= PLACE_SEGMENT_MAX && place.offset <= PLACE_OFFSET_MAX);
    do {
        FUZZ_REQUIRE(s->looked_at < INDEX_PAGE_SLOTS);
        slot =
            &s->page->slots[(index_page_start(s->fingerprint) + s->looked_at++) % INDEX_PAGE_SLOTS];
        FUZZ_REQUIRE(slot->fingerprint != 0);
    } while (slot->fingerprint != s->fingerprint);
    FUZZ_REQUIRE(slot->place == place_pack(place));
    *same = ++s->calls == s->stop_at;
    return STATUS_OK;
}

static unsigned find_all(struct index *index, const struct index_page *page, uint64_t fingerprint,
                         unsigned stop_at)
{
    struct search search = {.page = page, .fingerprint = fingerprint, .stop_at = stop_at};
    struct place place = {0, 0};
    bool found;

    FUZZ_REQUIRE(index_find(index, fingerprint, offered, &search, &found, &place, NULL) ==
                 STATUS_OK);
    FUZZ_REQUIRE(search.calls <= INDEX_PAGE_SLOTS &&
                 found == (stop_at != 0 && search.calls == stop_at));
    return search.calls;
}

/* One more slot comes in where there is room, and changes no other. */
static void check_insert(struct index *index, struct index_page *page, uint64_t fingerprint)
{
    struct place place = place_unpack(fingerprint * 31 + 7);
    struct index_entry entry = {fingerprint, place};
    struct index_page after;
    bool there;
    unsigned slot = index_page_probe(page, fingerprint, place_pack(place), &there);
    unsigned changed = 0;

    FUZZ_REQUIRE(slot <= INDEX_PAGE_SLOTS && (!there || slot < INDEX_PAGE_SLOTS));
    if (slot == INDEX_PAGE_SLOTS)
        return;
    if (fingerprint % 2 == 0)
        FUZZ_REQUIRE(index_insert(index, fingerprint, place, NULL) == STATUS_OK);
    else
        FUZZ_REQUIRE(index_insert_many(index, &entry, 1, NULL) == STATUS_OK);
    FUZZ_REQUIRE(index->count == 1);
    FUZZ_REQUIRE(index_page_read(index, 0, 0, &after, NULL) == STATUS_OK);
    for (unsigned i = 0; i < INDEX_PAGE_SLOTS; i++)
        changed += memcmp(&page->slots[i], &after.slots[i], sizeof after.slots[i]) != 0;
    FUZZ_REQUIRE(changed == (there ? 0 : 1));
    (void)index_page_probe(&after, fingerprint, place_pack(place), &there);
    FUZZ_REQUIRE(there && find_all(index, &after, fingerprint, 0) > 0);
}

static void check_page(struct str rest, bool again)
{
    uint64_t wanted = fuzz_u64(&rest) | 1;
    struct index_page page;
    struct index index;
    char *bytes = (char *)&page;

    memset(&page, 0, sizeof page);
    for (size_t i = 0; rest.len > 0 && i < sizeof page && (again || i < rest.len); i++)
        bytes[i] = rest.ptr[i % rest.len];
    index_init(&index, NULL);
    index.fds[0] = memory_file();
    index.pages[0] = 1;
    index.count = 1;
    FUZZ_REQUIRE(ftruncate(index.fds[0], (off_t)2 * INDEX_PAGE_LEN) == 0);
    FUZZ_REQUIRE(index_page_write(&index, 0, 0, &page, NULL) == STATUS_OK);
    for (unsigned i = 0; i < INDEX_PAGE_SLOTS && page.slots[i].fingerprint != 0; i = 4 * i + 1)
        (void)find_all(&index, &page, page.slots[i].fingerprint, i % 3);
    (void)find_all(&index, &page, wanted, 1);
    check_insert(&index, &page, wanted);
    FUZZ_REQUIRE(ftruncate(index.fds[0], 2 * INDEX_PAGE_LEN - 1) == 0);
    FUZZ_REQUIRE(index_page_read(&index, 0, 0, &page, NULL) == STATUS_CORRUPT);
}

/* ---- small files that end in a checksum of all before */

static struct str sealed(struct str rest, char *bytes, size_t len, bool seal)
{
    uint32_t crc;

    memset(bytes, 0, len);
    memcpy(bytes, rest.ptr, rest.len < len ? rest.len : len);
    crc = crc32c_table(0, bytes, len - sizeof crc);
    if (seal)
        memcpy(bytes + len - sizeof crc, &crc, sizeof crc);
    return (struct str){bytes, len};
}

static void check_table(struct str rest, bool seal)
{
    const struct spool *spool = fuzz_spool();
    char bytes[HEADER_LEN];
    struct index index;
    uint64_t pages;
    enum status status;

    memcpy(&pages, sealed(rest, bytes, sizeof bytes, seal).ptr + 16, sizeof pages);
    fuzz_put(spool->idx, "00.idx", (struct str){bytes, sizeof bytes});
    index_init(&index, spool);
    FUZZ_REQUIRE(index_open(&index, 1, NULL) == STATUS_CORRUPT && index.count == 0);
    if (pages <= PAGES_MAX) {
        int fd = file_open(spool->idx, "00.idx", 2, 0);

        FUZZ_REQUIRE(ftruncate(fd, (off_t)((pages + 1) * INDEX_PAGE_LEN)) == 0);
        file_close(&fd);
    }
    status = index_open(&index, 1, NULL);
    FUZZ_REQUIRE(status == STATUS_OK || status == STATUS_CORRUPT);
    if (status == STATUS_OK)
        FUZZ_REQUIRE(index.count == 1 && index.generation != 0 && index.pages[0] == pages &&
                     pages > 0 && (pages & (pages - 1)) == 0);
    index_close(&index);
}

static void check_reach(struct str rest, bool seal)
{
    const struct spool *spool = fuzz_spool();
    char bytes[HEADER_LEN];
    struct index_reach reach, again;

    fuzz_put(spool->idx, SPOOL_REACH, sealed(rest, bytes, sizeof bytes, seal));
    if (!index_reach_read(spool, &reach))
        return;
    FUZZ_REQUIRE(index_reach_write(spool, &reach, NULL) == STATUS_OK);
    FUZZ_REQUIRE(index_reach_read(spool, &again) && again.generation == reach.generation);
    FUZZ_REQUIRE(again.tables == reach.tables && again.last == reach.last);
}

static void check_state(struct str rest, bool seal)
{
    char bytes[120];
    struct journal_state state, again;
    int fd = memory_file();

    (void)sealed(rest, bytes, sizeof bytes, seal);
    FUZZ_REQUIRE(file_pwrite(fd, bytes, sizeof bytes, 0) == 0);
    if (!journal_state_read(fd, &state))
        return;
    FUZZ_REQUIRE(memchr(state.boot, '\0', sizeof state.boot) != NULL);
    FUZZ_REQUIRE(journal_state_write(fd, &state, NULL) == STATUS_OK &&
                 journal_state_read(fd, &again));
    FUZZ_REQUIRE(again.segment == state.segment && strcmp(again.boot, state.boot) == 0);
    FUZZ_REQUIRE(journal_state_forget(fd, NULL) == STATUS_OK && !journal_state_read(fd, &again));
}

static void check_commit(struct str rest)
{
    struct commit_word word, again;
    uint64_t raw[4] = {0, 0, 0, 0};
    int fd = memory_file();

    for (unsigned i = 0; i < 4; i++)
        raw[i] = fuzz_u64(&rest) ^ (i % 2 == 0 ? 0 : ~raw[i - 1]);
    FUZZ_REQUIRE(file_pwrite(fd, raw, sizeof raw, 0) == 0);
    if (!commit_word_read(fd, &word))
        return;
    FUZZ_REQUIRE(raw[0] == ~raw[1] && raw[2] == ~raw[3]);
    FUZZ_REQUIRE(word.durable.segment > 0 && word.durable.segment <= PLACE_SEGMENT_MAX);
    FUZZ_REQUIRE(word.durable.offset <= PLACE_OFFSET_MAX && word.poisoned <= PLACE_SEGMENT_MAX);
    FUZZ_REQUIRE(commit_word_write(fd, &word, NULL) == STATUS_OK && commit_word_read(fd, &again));
    FUZZ_REQUIRE(place_pack(again.durable) == place_pack(word.durable));
    FUZZ_REQUIRE(again.poisoned == word.poisoned);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str rest = fuzz_str(data, size);
    uint8_t what = fuzz_byte(&rest);

    for (int seal = 0; seal < 2; seal++) {
        if (what == 'T')
            check_table(rest, seal != 0);
        else if (what == 'R')
            check_reach(rest, seal != 0);
        else if (what == 'S')
            check_state(rest, seal != 0);
    }
    if (what == 'C')
        check_commit(rest);
    else if (what != 'T' && what != 'R' && what != 'S')
        check_page(rest, what == 'P');
    return 0;
}
