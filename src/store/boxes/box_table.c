/* SPDX-License-Identifier: MIT
 * box_table - see store/boxes/box_table.h.
 */
#include "store/boxes/box_table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"

/* Places for networks: twice as many as there can be. */
#define CROWDS ((size_t)2 * BOX_CLASSES * BOX_COUNT_MAX)
#define HASH_FACTOR UINT64_C(0x9e3779b97f4a7c15)

struct box_room box_share(const struct box_room *room)
{
    struct box_room share = {room->files / BOX_SHARES, room->bytes / BOX_SHARES};
    uint64_t least = room->bytes < BOX_SHARE_MIN ? room->bytes : BOX_SHARE_MIN;

    if (share.bytes < least)
        share.bytes = least;
    return share;
}

struct spool_amount box_table_sum(const struct box_table *table, enum box_class class)
{
    struct spool_amount sum = {0};

    for (size_t i = 0; i < table->count; i++)
        if (table->rows[i].class == class) {
            sum.files++;
            sum.bytes += table->rows[i].bytes;
        }
    return sum;
}

/* ---- whose place it takes */

/* The entries among which a new one must find its place, and those of them that may go. */
struct contest {
    bool own;                               /* only those of its network */
    struct spool_amount all, may_go, first; /* first: those that go before the others */
};

static bool takes_part(const struct box_row *row, const struct box_row *new, bool own)
{
    return row->class == BOX_STRANGER && (!own || row->network == new->network);
}

static void add(struct spool_amount *sum, const struct box_row *row)
{
    sum->files++;
    sum->bytes += row->bytes;
}

static struct contest count_contest(const struct box_table *table, const struct box_row *new,
                                    bool own)
{
    struct contest c = {.own = own};

    for (size_t i = 0; i < table->count; i++) {
        const struct box_row *row = &table->rows[i];

        if (!takes_part(row, new, own))
            continue;
        add(&c.all, row);
        if (row->known <= new->known)
            add(&c.may_go, row);
        if (row->known == 0)
            add(&c.first, row);
    }
    return c;
}

static bool fits(const struct spool_amount *there, const struct box_row *new,
                 const struct box_room *room)
{
    return there->files < room->files && new->bytes <= room->bytes &&
           there->bytes <= room->bytes - new->bytes;
}

/* How many of the entries that go first each network has: a hash table with open addressing. */
struct crowd {
    uint64_t network;
    uint64_t count; /* 0: a free place */
};

static struct crowd *find_crowd(struct crowd crowds[CROWDS], uint64_t network, uint64_t key)
{
    size_t i = (size_t)((network ^ key) * HASH_FACTOR >> 32) % CROWDS;

    while (crowds[i].count > 0 && crowds[i].network != network)
        i = (i + 1) % CROWDS;
    crowds[i].network = network;
    return &crowds[i];
}

static bool goes_first(const struct box_row *row, const struct box_row *new,
                       const struct contest *c)
{
    bool known = c->first.files == 0;

    return takes_part(row, new, c->own) && (row->known != 0) == known;
}

/* Chance chooses among the entries of the networks that have the most of them. */
static size_t choose(const struct box_table *table, const struct box_row *new,
                     const struct contest *c, uint64_t random)
{
    struct crowd crowds[CROWDS] = {0};
    uint64_t most = 0, of_most = 0, left;

    for (size_t i = 0; i < table->count; i++)
        if (goes_first(&table->rows[i], new, c)) {
            uint64_t count = ++find_crowd(crowds, table->rows[i].network, random)->count;

            of_most = count > most ? 0 : of_most;
            most = count > most ? count : most;
            of_most += count == most;
        }
    /* `of_most` networks have the most. */
    left = (random >> 32) % (of_most * most);
    for (size_t i = 0;; i++) {
        const struct box_row *row = &table->rows[i];

        if (goes_first(row, new, c) && find_crowd(crowds, row->network, random)->count == most &&
            left-- == 0)
            return i;
    }
}

static enum box_verdict judge_contest(const struct box_table *table, const struct box_row *new,
                                      const struct contest *c, const struct box_room *room,
                                      uint64_t random, size_t *victim)
{
    const struct spool_amount stay = {c->all.files - c->may_go.files,
                                      c->all.bytes - c->may_go.bytes};

    if (fits(&c->all, new, room))
        return BOX_FITS;
    if (c->may_go.files == 0 || !fits(&stay, new, room))
        return BOX_FULL;
    *victim = choose(table, new, c, random);
    return BOX_REPLACES;
}

enum box_verdict box_table_judge(const struct box_table *table, const struct box_row *row,
                                 const struct box_room *room, uint64_t random, size_t *victim)
{
    struct box_room share = box_share(room);
    struct contest own, all;
    enum box_verdict verdict;

    if (row->class == BOX_PUBLISHED) {
        struct spool_amount sum = box_table_sum(table, BOX_PUBLISHED);

        return fits(&sum, row, room) ? BOX_FITS : BOX_FULL;
    }
    own = count_contest(table, row, true);
    verdict = judge_contest(table, row, &own, &share, random, victim);
    if (verdict != BOX_FITS)
        return verdict;
    all = count_contest(table, row, false);
    return judge_contest(table, row, &all, room, random, victim);
}

/* ---- rows */

bool box_table_add(struct box_table *table, const struct box_row *row)
{
    if (table->count == sizeof table->rows / sizeof *table->rows)
        return false;
    table->rows[table->count++] = *row;
    return true;
}

void box_table_remove(struct box_table *table, size_t index)
{
    table->rows[index] = table->rows[--table->count];
}

static int digit(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool box_row_parse(struct box_row *row, const char *name)
{
    struct box_row parsed = {0};
    const char *suffix = name + SPOOL_BOX_DIGITS;

    for (size_t i = 0; i < SPOOL_BOX_DIGITS; i++) {
        int value = digit(name[i]);

        if (value < 0)
            return false;
        parsed.digest[i / 2] = (uint8_t)(parsed.digest[i / 2] << 4 | value);
    }
    if (strcmp(suffix, SPOOL_BOX_PUBLISHED_SUFFIX) == 0)
        parsed.class = BOX_PUBLISHED;
    else if (strcmp(suffix, SPOOL_BOX_SUFFIX) != 0)
        return false;
    *row = parsed;
    return true;
}

void box_row_name(const struct box_row *row, char name[SPOOL_BOX_NAME_MAX])
{
    for (size_t i = 0; i < BOX_DIGEST_LEN; i++)
        snprintf(name + 2 * i, 3, "%02x", row->digest[i]);
    snprintf(name + SPOOL_BOX_DIGITS, SPOOL_BOX_NAME_MAX - SPOOL_BOX_DIGITS, "%s",
             row->class == BOX_PUBLISHED ? SPOOL_BOX_PUBLISHED_SUFFIX : SPOOL_BOX_SUFFIX);
}

/* ---- what a reading of the folder finds */

static int by_name(const void *a, const void *b)
{
    const struct box_row *x = a, *y = b;
    int order = memcmp(x->digest, y->digest, sizeof x->digest);

    return order != 0 ? order : (int)x->class - (int)y->class;
}

void box_table_begin(struct box_table *table)
{
    for (size_t i = 0; i < table->count; i++)
        table->rows[i].seen = 0;
    qsort(table->rows, table->count, sizeof *table->rows, by_name);
}

void box_table_see(struct box_table *table, size_t sorted, const struct box_row *row)
{
    struct box_row *found = bsearch(row, table->rows, sorted, sizeof *table->rows, by_name);
    struct box_row new = *row;

    if (found != NULL) {
        found->bytes = row->bytes;
        found->seen = 1;
        return;
    }
    new.network = 0;
    new.known = new.seen = 1;
    (void)box_table_add(table, &new);
}

void box_table_end(struct box_table *table)
{
    size_t kept = 0;

    for (size_t i = 0; i < table->count; i++)
        if (table->rows[i].seen != 0)
            table->rows[kept++] = table->rows[i];
    table->count = kept;
}
