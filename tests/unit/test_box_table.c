/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/id.h"
#include "store/boxes/box_table.h"
#include "unit.h"

#define OWN 1 /* the network of the one who is looked at */

static struct box_table table;
static const struct box_room whole = {BOX_COUNT_MAX, 64 << 20};
static uint64_t seed = 88172645463325252U;
static unsigned next_name;

static uint64_t chance(void)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return seed;
}

static struct box_row row_of(uint64_t network, bool known, uint32_t bytes)
{
    struct box_row row = {.bytes = bytes, .network = network, .known = known};

    next_name++;
    memcpy(row.digest, &next_name, sizeof next_name);
    return row;
}

/* As the box does it. */
static bool offer(const struct box_row *row, const struct box_room *room)
{
    size_t victim = 0;

    for (;;)
        switch (box_table_judge(&table, row, room, chance(), &victim)) {
        case BOX_FITS:
            return box_table_add(&table, row);
        case BOX_FULL:
            return false;
        case BOX_REPLACES:
            box_table_remove(&table, victim);
        }
}

/* So many entries come from each of `networks` networks, after 1000. */
static void flood(unsigned networks, unsigned each, bool known, uint32_t bytes)
{
    for (unsigned i = 0; i < networks * each; i++) {
        struct box_row row = row_of(1000 + i % networks, known, bytes);

        (void)offer(&row, &whole);
    }
}

static bool holds(const struct box_row *row)
{
    for (size_t i = 0; i < table.count; i++)
        if (memcmp(table.rows[i].digest, row->digest, sizeof row->digest) == 0)
            return true;
    return false;
}

static unsigned of_network(uint64_t network)
{
    unsigned n = 0;

    for (size_t i = 0; i < table.count; i++)
        n += table.rows[i].network == network;
    return n;
}

UNIT_TEST(one_network_at_full_speed_takes_its_share_and_nobody_elses)
{
    struct box_row before = row_of(OWN, false, 300), after = row_of(OWN, false, 300);

    table.count = 0;
    UNIT_TRUE(offer(&before, &whole));
    flood(1, 5000, true, 300);
    UNIT_INT(BOX_COUNT_MAX / BOX_SHARES, of_network(1000));
    UNIT_TRUE(offer(&after, &whole));
    UNIT_TRUE(holds(&before) && holds(&after));
}

UNIT_TEST(one_network_with_large_bodies_takes_its_share_of_the_bytes)
{
    table.count = 0;
    flood(1, 5000, false, 100000);
    UNIT_INT(whole.bytes / BOX_SHARES / 100000, table.count);
}

UNIT_TEST(many_networks_without_a_known_kind_never_replace_one_of_a_known_kind)
{
    struct box_row before = row_of(OWN, true, 300), after = row_of(OWN, true, 300);

    table.count = 0;
    UNIT_TRUE(offer(&before, &whole));
    flood(500, 20, false, 300);
    UNIT_INT(BOX_COUNT_MAX, table.count);
    UNIT_TRUE(offer(&after, &whole));
    flood(500, 20, false, 300);
    UNIT_TRUE(holds(&before) && holds(&after));
    UNIT_INT(BOX_COUNT_MAX, table.count);
}

UNIT_TEST(behind_one_address_a_known_kind_replaces_what_the_flood_left)
{
    struct box_row real = row_of(1000, true, 300);

    table.count = 0;
    flood(1, 5000, false, 300);
    UNIT_TRUE(offer(&real, &whole));
    flood(1, 5000, false, 300);
    UNIT_TRUE(holds(&real));
}

UNIT_TEST(among_bodies_of_known_kinds_the_network_with_the_most_makes_room)
{
    struct box_row before = row_of(OWN, true, 300), after = row_of(OWN + 1, true, 300);

    table.count = 0;
    UNIT_TRUE(offer(&before, &whole));
    flood(200, 20, true, 300);
    UNIT_TRUE(offer(&after, &whole));
    flood(200, 20, true, 300);
    UNIT_TRUE(holds(&before) && holds(&after));
}

UNIT_TEST(among_more_networks_than_entries_chance_decides_who_stays)
{
    unsigned stayed = 0;

    for (unsigned round = 0; round < 40; round++) {
        struct box_row real = row_of(OWN, true, 300);

        table.count = 0;
        flood(5000, 1, true, 300);
        UNIT_TRUE(offer(&real, &whole));
        for (unsigned i = 0; i < BOX_COUNT_MAX; i++) {
            struct box_row row = row_of(10000 + i, true, 300);

            (void)offer(&row, &whole);
        }
        stayed += holds(&real);
    }
    /* e^-1 of 40 is 15, and 3 is its deviation. */
    UNIT_TRUE(stayed > 2 && stayed < 28);
}

UNIT_TEST(in_a_box_of_known_kinds_an_unknown_one_is_not_kept)
{
    struct box_row unknown = row_of(OWN, false, 300);

    table.count = 0;
    flood(500, 3, true, 300);
    UNIT_FALSE(offer(&unknown, &whole));
    UNIT_INT(BOX_COUNT_MAX, table.count);
}

UNIT_TEST(a_large_entry_replaces_as_many_as_it_needs_or_none)
{
    const struct box_room room = {100, 1000000};
    struct box_row small, large = row_of(OWN, false, 100000), huge = row_of(OWN, false, 200000);

    table.count = 0;
    for (unsigned i = 0; i < 10; i++) {
        small = row_of(OWN + 1 + i, i == 0, 100000);
        UNIT_TRUE(offer(&small, &room));
    }
    UNIT_TRUE(offer(&large, &room));
    UNIT_INT(10, table.count);
    /* It fits into no share. */
    UNIT_FALSE(offer(&huge, &room));
    UNIT_INT(10, table.count);
}

UNIT_TEST(a_share_is_a_tenth_but_not_less_than_one_large_entry)
{
    struct box_room room = {1000, 64 << 20};

    UNIT_INT(100, box_share(&room).files);
    UNIT_INT((64 << 20) / 10, box_share(&room).bytes);
    room.bytes = 10 * BOX_SHARE_MIN - 1;
    UNIT_INT(BOX_SHARE_MIN, box_share(&room).bytes);
    room.bytes = BOX_SHARE_MIN - 1;
    UNIT_INT(BOX_SHARE_MIN - 1, box_share(&room).bytes);
}

UNIT_TEST(published_addresses_have_room_of_their_own_and_replace_nothing)
{
    const struct box_room room = {20, 1000};
    struct box_row row = row_of(OWN, false, 400);

    table.count = 0;
    UNIT_TRUE(offer(&row, &room));
    row = row_of(OWN, true, 400);
    row.class = BOX_PUBLISHED;
    UNIT_TRUE(offer(&row, &room));
    row.digest[0]++;
    UNIT_TRUE(offer(&row, &room));
    row.digest[0]++;
    UNIT_FALSE(offer(&row, &room));
    UNIT_INT(1, box_table_sum(&table, BOX_STRANGER).files);
    UNIT_INT(800, box_table_sum(&table, BOX_PUBLISHED).bytes);
}

UNIT_TEST(a_name_becomes_a_row_and_a_row_its_name)
{
    static const char digits[] = "0123456789abcdef0123456789abcdef01234567";
    char name[SPOOL_BOX_NAME_MAX + 8], made[SPOOL_BOX_NAME_MAX];
    struct box_row row;

    snprintf(name, sizeof name, "%s.published.box", digits);
    UNIT_TRUE(box_row_parse(&row, name) && row.class == BOX_PUBLISHED);
    box_row_name(&row, made);
    UNIT_TRUE(strcmp(made, name) == 0);
    snprintf(name, sizeof name, "%s.box", digits);
    UNIT_TRUE(box_row_parse(&row, name) && row.class == BOX_STRANGER);
    box_row_name(&row, made);
    UNIT_TRUE(strcmp(made, name) == 0);
    name[0] = 'A';
    UNIT_FALSE(box_row_parse(&row, name));
    UNIT_FALSE(box_row_parse(&row, "usage"));
    UNIT_FALSE(box_row_parse(&row, ""));
    UNIT_FALSE(box_row_parse(&row, digits));
}

UNIT_TEST(a_reading_of_the_folder_keeps_what_is_known_and_corrects_the_rest)
{
    struct box_row rows[3];
    size_t sorted;

    table.count = 0;
    for (unsigned i = 0; i < 3; i++) {
        rows[i] = row_of(7, false, 100);
        UNIT_TRUE(box_table_add(&table, &rows[i]));
    }
    box_table_begin(&table);
    sorted = table.count;
    rows[0].bytes = 150;
    box_table_see(&table, sorted, &rows[0]);
    rows[1].class = BOX_PUBLISHED; /* another file: the suffix differs */
    box_table_see(&table, sorted, &rows[1]);
    box_table_end(&table);
    UNIT_INT(2, table.count);
    UNIT_INT(150, box_table_sum(&table, BOX_STRANGER).bytes);
    UNIT_INT(1, of_network(7));
    UNIT_INT(1, of_network(0));
    UNIT_INT(1, box_table_sum(&table, BOX_PUBLISHED).files);
}

UNIT_TEST(whatever_a_table_says_a_judgement_ends_and_names_a_row)
{
    for (unsigned round = 0; round < 300; round++) {
        const struct box_room room = {chance() % 1200,
                                      chance() % 3 == 0 ? UINT64_MAX : chance() >> 20};
        struct box_row row;
        size_t victim = SIZE_MAX;

        for (size_t i = 0; i < sizeof table; i += sizeof seed) {
            uint64_t value = chance();

            memcpy((char *)&table + i, &value, sizeof value);
        }
        memcpy(&row, &table.rows[5], sizeof row);
        table.count = chance() % (sizeof table.rows / sizeof *table.rows + 1);
        if (box_table_judge(&table, &row, &room, chance(), &victim) == BOX_REPLACES)
            UNIT_TRUE(victim < table.count);
    }
}
