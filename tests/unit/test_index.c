/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "journal_kit.h"
#include "store/journal/hints.h"
#include "store/journal/index.h"
#include "unit.h"

static struct spool spool;
static struct index idx;

static bool start(void)
{
    struct err err = ERR_INIT;

    if (!kit_spool(&spool))
        return false;
    index_init(&idx, &spool);
    UNIT_STATUS(STATUS_OK, index_reset(&idx, 0, &err), &err);
    return err.status == STATUS_OK;
}

static void stop(void)
{
    index_close(&idx);
    spool_close(&spool);
}

/* Fingerprints that share page and starting slot differ in the bits between. */
static uint64_t crowded(uint64_t n)
{
    return UINT64_C(0x4200000000000007) | (n + 1) << 24;
}

static enum status match_offset(void *context, struct place place, bool *same, struct err *err)
{
    (void)err;
    *same = place.offset == *(const uint64_t *)context;
    return STATUS_OK;
}

static bool find(uint64_t fingerprint, uint64_t offset)
{
    struct err err = ERR_INIT;
    struct place place;
    bool found = false;

    UNIT_STATUS(STATUS_OK,
                index_find(&idx, fingerprint, match_offset, &offset, &found, &place, &err), &err);
    return found && place.offset == offset;
}

static void insert(uint64_t fingerprint, struct place place)
{
    struct err err = ERR_INIT;

    UNIT_STATUS(STATUS_OK, index_insert(&idx, fingerprint, place, &err), &err);
}

UNIT_TEST(places_pack_and_unpack_up_to_their_bounds)
{
    const struct place largest = {PLACE_SEGMENT_MAX, PLACE_OFFSET_MAX};
    struct place back = place_unpack(place_pack(largest));

    UNIT_INT(PLACE_SEGMENT_MAX, back.segment);
    UNIT_HEX(PLACE_OFFSET_MAX, back.offset);
    UNIT_HEX(UINT64_MAX, place_pack(largest));
    back = place_unpack(place_pack((struct place){1, 0}));
    UNIT_INT(1, back.segment);
    UNIT_HEX(0, back.offset);
    UNIT_TRUE(place_pack((struct place){2, 0}) > place_pack((struct place){1, PLACE_OFFSET_MAX}));
}

UNIT_TEST(an_inserted_slot_is_found_and_another_is_not)
{
    UNIT_REQUIRE(start());
    UNIT_FALSE(find(7, 100));
    insert(7, (struct place){1, 100});
    UNIT_TRUE(find(7, 100));
    UNIT_FALSE(find(8, 100));
    UNIT_FALSE(find(7, 101));
    stop();
}

UNIT_TEST(slots_of_one_fingerprint_are_all_shown)
{
    UNIT_REQUIRE(start());
    for (uint64_t n = 1; n <= 5; n++)
        insert(crowded(0), (struct place){1, n});
    for (uint64_t n = 1; n <= 5; n++)
        UNIT_TRUE(find(crowded(0), n));
    stop();
}

UNIT_TEST(a_page_takes_as_many_slots_as_it_has_and_the_next_goes_to_a_new_table)
{
    UNIT_REQUIRE(start());
    for (uint64_t n = 0; n < INDEX_PAGE_SLOTS; n++)
        insert(crowded(n), (struct place){1, n + 1});
    UNIT_INT(1, idx.count);
    insert(crowded(INDEX_PAGE_SLOTS), (struct place){1, INDEX_PAGE_SLOTS + 1});
    UNIT_INT(2, idx.count);
    UNIT_HEX(INDEX_FIRST_PAGES * INDEX_GROWTH, idx.pages[1]);
    for (uint64_t n = 0; n <= INDEX_PAGE_SLOTS; n++)
        UNIT_TRUE(find(crowded(n), n + 1));
    UNIT_INT(2, index_tables(&spool));
    stop();
}

UNIT_TEST(a_slot_that_is_there_is_not_inserted_again)
{
    UNIT_REQUIRE(start());
    for (unsigned n = 0; n < 2 * INDEX_PAGE_SLOTS; n++)
        insert(crowded(0), (struct place){1, 5});
    UNIT_INT(1, idx.count);
    stop();
}

UNIT_TEST(many_at_once_are_the_same_as_one_by_one)
{
    const size_t count = 100000; /* more than the first table has slots */
    struct index_entry *entries = calloc(count, sizeof *entries);
    struct err err = ERR_INIT;
    size_t lost = 0;

    UNIT_REQUIRE(entries != NULL && start());
    for (unsigned round = 0; round < 2; round++) {
        for (size_t n = 0; n < count; n++)
            entries[n] = (struct index_entry){(n + 1) * UINT64_C(0x9e3779b97f4a7c15), {3, n + 1}};
        UNIT_STATUS(STATUS_OK, index_insert_many(&idx, entries, count, &err), &err);
        UNIT_INT(2, idx.count);
    }
    for (size_t n = 0; n < count; n++) {
        struct place place;
        uint64_t offset = n + 1;
        bool found = false;

        if (index_find(&idx, (n + 1) * UINT64_C(0x9e3779b97f4a7c15), match_offset, &offset, &found,
                       &place, &err) != STATUS_OK ||
            !found)
            lost++;
    }
    UNIT_INT(0, lost);
    free(entries);
    stop();
}

UNIT_TEST(the_tables_are_there_again_when_opened_again)
{
    struct err err = ERR_INIT;

    UNIT_REQUIRE(start());
    for (uint64_t n = 0; n <= INDEX_PAGE_SLOTS; n++)
        insert(crowded(n), (struct place){9, n + 1});
    index_close(&idx);
    UNIT_STATUS(STATUS_OK, index_open(&idx, 2, &err), &err);
    UNIT_TRUE(find(crowded(0), 1));
    UNIT_TRUE(find(crowded(INDEX_PAGE_SLOTS), INDEX_PAGE_SLOTS + 1));
    stop();
}

UNIT_TEST(a_table_that_a_killed_process_left_is_taken_over)
{
    struct err err = ERR_INIT;

    UNIT_REQUIRE(start());
    for (uint64_t n = 0; n <= INDEX_PAGE_SLOTS; n++)
        insert(crowded(n), (struct place){1, n + 1});
    index_close(&idx);
    UNIT_STATUS(STATUS_OK, index_open(&idx, 1, &err), &err); /* the state knew of one only */
    insert(crowded(500), (struct place){1, 500});
    UNIT_INT(2, idx.count);
    UNIT_TRUE(find(crowded(500), 500));
    UNIT_TRUE(find(crowded(INDEX_PAGE_SLOTS), INDEX_PAGE_SLOTS + 1));
    stop();
}

UNIT_TEST(a_missing_damaged_or_foreign_table_is_told)
{
    struct err err = ERR_INIT;
    int fd;

    UNIT_REQUIRE(start());
    UNIT_STATUS(STATUS_CORRUPT, index_open(&idx, 2, NULL), NULL);
    UNIT_STATUS(STATUS_CORRUPT, index_open(&idx, 0, NULL), NULL);
    UNIT_STATUS(STATUS_CORRUPT, index_open(&idx, INDEX_TABLES_MAX + 1, NULL), NULL);

    /* a second table of the index before the last reset */
    UNIT_STATUS(STATUS_OK, index_open(&idx, 1, &err), &err);
    for (uint64_t n = 0; n <= INDEX_PAGE_SLOTS; n++)
        insert(crowded(n), (struct place){1, n + 1});
    UNIT_INT(0, renameat(spool.idx, "01.idx", spool.idx, "kept"));
    UNIT_STATUS(STATUS_OK, index_reset(&idx, 0, &err), &err);
    UNIT_INT(0, renameat(spool.idx, "kept", spool.idx, "01.idx"));
    UNIT_STATUS(STATUS_CORRUPT, index_open(&idx, 2, NULL), NULL);
    UNIT_INT(0, idx.count);

    /* cut off */
    fd = file_open(spool.idx, "00.idx", O_RDWR, 0);
    UNIT_INT(0, ftruncate(fd, 5 * INDEX_PAGE_LEN));
    UNIT_STATUS(STATUS_CORRUPT, index_open(&idx, 1, NULL), NULL);
    file_close(&fd);
    stop();
}

UNIT_TEST(a_reset_index_has_room_for_what_is_expected_and_is_empty)
{
    struct err err = ERR_INIT;
    uint64_t generation;

    UNIT_REQUIRE(start());
    for (uint64_t n = 0; n <= INDEX_PAGE_SLOTS; n++)
        insert(crowded(n), (struct place){1, n + 1});
    generation = idx.generation;
    UNIT_STATUS(STATUS_OK, index_reset(&idx, 1000000, &err), &err);
    UNIT_TRUE(idx.generation != generation);
    UNIT_INT(1, idx.count);
    UNIT_INT(1, index_tables(&spool));
    UNIT_TRUE(idx.pages[0] * INDEX_PAGE_SLOTS >= 2000000);
    UNIT_FALSE(find(crowded(0), 1));
    stop();
}

UNIT_TEST(an_index_that_nothing_is_in_takes_little_space)
{
    struct stat sb;

    UNIT_REQUIRE(start());
    UNIT_INT(0, fstat(idx.fds[0], &sb));
    UNIT_INT((INDEX_FIRST_PAGES + 1) * INDEX_PAGE_LEN, sb.st_size);
    UNIT_TRUE(sb.st_blocks * 512 <= 64 * 1024);
    stop();
}

UNIT_TEST(a_fingerprint_is_never_the_mark_of_an_empty_slot_and_depends_on_the_key)
{
    UNIT_REQUIRE(start());
    UNIT_TRUE(index_fingerprint(&spool, STR("a")) != index_fingerprint(&spool, STR("b")));
    UNIT_TRUE(index_fingerprint(&spool, STR("")) != 0);
    UNIT_HEX(index_fingerprint(&spool, STR("a")), index_fingerprint(&spool, STR("a")));
    stop();
}

UNIT_TEST(the_reach_is_read_back_and_a_damaged_one_is_none)
{
    const struct index_reach reach = {.generation = 77, .tables = 2, .first = 3, .last = 9};
    struct index_reach back = {0};
    struct err err = ERR_INIT;

    UNIT_REQUIRE(start());
    UNIT_FALSE(index_reach_read(&spool, &back));
    UNIT_STATUS(STATUS_OK, index_reach_write(&spool, &reach, &err), &err);
    UNIT_TRUE(index_reach_read(&spool, &back));
    UNIT_TRUE(back.generation == 77 && back.tables == 2 && back.first == 3 && back.last == 9);
    UNIT_INT(0, file_replace(spool.idx, "t", SPOOL_REACH, "0123456789012345678901234567890123", 32,
                             0600));
    UNIT_FALSE(index_reach_read(&spool, &back));
    stop();
}

UNIT_TEST(hints_are_read_back_and_damaged_ones_are_told)
{
    const struct commit_word word = {.durable = {5, 1234}, .poisoned = 5};
    struct journal_state state = {
        .boot = "b", .segment = 4, .rotating = 5, .tables = 2, .generation = 9, .index_first = 3};
    struct commit_word word_back;
    struct journal_state state_back;
    char path[160];
    int fd;

    snprintf(path, sizeof path, "%s/hint", unit_folder());
    fd = open(path, O_RDWR | O_CREAT, 0600);
    UNIT_REQUIRE(fd >= 0);
    UNIT_FALSE(commit_word_read(fd, &word_back));
    UNIT_STATUS(STATUS_OK, commit_word_write(fd, &word, NULL), NULL);
    UNIT_TRUE(commit_word_read(fd, &word_back));
    UNIT_TRUE(word_back.durable.segment == 5 && word_back.durable.offset == 1234 &&
              word_back.poisoned == 5);
    UNIT_INT(1, pwrite(fd, "\377", 1, 3));
    UNIT_FALSE(commit_word_read(fd, &word_back));

    UNIT_FALSE(journal_state_read(fd, &state_back));
    UNIT_STATUS(STATUS_OK, journal_state_write(fd, &state, NULL), NULL);
    UNIT_TRUE(journal_state_read(fd, &state_back));
    UNIT_TRUE(state_back.segment == 4 && state_back.rotating == 5 && state_back.generation == 9);
    UNIT_TEXT("b", state_back.boot);
    UNIT_STATUS(STATUS_OK, journal_state_forget(fd, NULL), NULL);
    UNIT_FALSE(journal_state_read(fd, &state_back));
    close(fd);
}
