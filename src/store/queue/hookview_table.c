/* SPDX-License-Identifier: MIT
 * hookview_table - what is known of each event: a hash table by its place.
 */
#include <stdlib.h>

#include "store/queue/hookview_parts.h"

#define TABLE_FIRST 256 /* slots; a power of two */

static size_t find_slot(const struct hookview_known *table, size_t room, uint64_t place)
{
    /* Fibonacci hashing: places of one segment differ in their low bits only. */
    size_t i = (size_t)(place * UINT64_C(0x9e3779b97f4a7c15) >> 20) & (room - 1);

    while (table[i].place != 0 && table[i].place != place)
        i = (i + 1) & (room - 1);
    return i;
}

static enum status grow_table(struct hookview *v, struct err *err)
{
    size_t room = v->room == 0 ? TABLE_FIRST : v->room * 2;
    struct hookview_known *table = calloc(room, sizeof *table);

    if (table == NULL)
        return err_set(err, STATUS_MEMORY, "no memory for what became of %zu hooks", v->count);
    for (size_t i = 0; i < v->room; i++)
        if (v->table[i].place != 0)
            table[find_slot(table, room, v->table[i].place)] = v->table[i];
    free(v->table);
    v->table = table;
    v->room = room;
    return STATUS_OK;
}

enum status hookview_add(struct hookview *v, struct place place, struct hook_info **out,
                         struct err *err)
{
    uint64_t packed = place_pack(place);
    struct hookview_known *known;

    if (4 * (v->count + 1) > 3 * v->room) {
        enum status status = grow_table(v, err);

        if (status != STATUS_OK)
            return status;
    }
    known = &v->table[find_slot(v->table, v->room, packed)];
    if (known->place == 0) {
        *known = (struct hookview_known){packed, {.state = HOOK_WAITING, .end = RESULT_NOT_RUN}};
        v->count++;
    }
    *out = &known->info;
    return STATUS_OK;
}

const struct hook_info *hookview_find(const struct hookview *v, struct place place)
{
    uint64_t packed = place_pack(place);
    const struct hookview_known *known;

    if (v->room == 0)
        return NULL;
    known = &v->table[find_slot(v->table, v->room, packed)];
    return known->place == packed ? &known->info : NULL;
}
