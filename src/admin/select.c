/* SPDX-License-Identifier: MIT
 * select - walks the records that a filter lets through.
 */
#include "admin/select.h"

#include <stdlib.h>

#include "store/journal/segment.h"

static enum status offer_record(const struct filter *filter, const struct reader_item *item,
                                select_each each, void *context, uint64_t *rotten, struct err *err)
{
    struct record record;
    enum status status;

    if (item->found == READER_ROTTEN)
        ++*rotten;
    if (item->found != READER_RECORD)
        return STATUS_OK;
    status = record_parse(&record, item->line, false, NULL);
    if (status == STATUS_CORRUPT) {
        /* The checksum is right, the members are not: not one of ours. */
        ++*rotten;
        return STATUS_OK;
    }
    if (status != STATUS_OK)
        return err_set(err, status, "cannot read the record %u:%llu", (unsigned)item->place.segment,
                       (unsigned long long)item->place.offset);
    if (filter_has(filter, &record))
        status = each(context, &record, item, err);
    record_free(&record);
    return status;
}

enum status select_walk(const struct spool *spool, const struct filter *filter, struct place from,
                        uint32_t last, select_each each, void *context, uint64_t *rotten,
                        struct err *err)
{
    struct reader *reader;
    enum status status;

    status = reader_open(&reader, spool, from, err);
    if (status != STATUS_OK)
        return status;
    while (status == STATUS_OK) {
        struct reader_item item;
        bool more;

        status = reader_next(reader, &item, &more, err);
        if (status != STATUS_OK || !more || (last != 0 && item.place.segment > last))
            break;
        status = offer_record(filter, &item, each, context, rotten, err);
    }
    reader_close(reader);
    return status;
}

/* The places of the matches of one segment; only the last `max` are wanted, and a ring keeps no
 * more. */
struct places {
    struct place *ring;
    size_t max, room;
    uint64_t count; /* of all that came */
    int64_t since_ns;
};

static enum status keep_place(void *context, const struct record *record,
                              const struct reader_item *item, struct err *err)
{
    struct places *p = context;

    if (record->received_ns < p->since_ns)
        p->since_ns = record->received_ns;
    if (p->count == p->room && p->room < p->max) {
        size_t larger = p->room == 0 ? 256 : p->room * 2;
        struct place *moved;

        if (larger > p->max)
            larger = p->max;
        moved = realloc(p->ring, larger * sizeof *moved);
        if (moved == NULL)
            return err_set(err, STATUS_MEMORY, "no memory for the places of %zu records", larger);
        p->ring = moved;
        p->room = larger;
    }
    p->ring[p->count % p->room] = item->place;
    p->count++;
    return STATUS_OK;
}

/* Lowers *left by the matches of one segment; *from is where the oldest wanted one of them begins.
 */
static enum status last_of_segment(const struct spool *spool, const struct filter *filter,
                                   uint32_t segment, uint64_t *left, struct place *from,
                                   int64_t *since_ns, struct err *err)
{
    struct places places = {.max = (size_t)*left, .since_ns = *since_ns};
    enum status status;
    uint64_t rotten = 0;

    status = select_walk(spool, filter, (struct place){segment, 0}, segment, keep_place, &places,
                         &rotten, err);
    if (status == STATUS_OK && places.count >= *left) {
        /* The ring is full: what would be overwritten next is the oldest. */
        *from = places.ring[places.count % places.room];
        *left = 0;
    } else if (status == STATUS_OK) {
        *left -= places.count;
    }
    *since_ns = places.since_ns;
    free(places.ring);
    return status;
}

enum status select_last(const struct spool *spool, const struct filter *filter, uint64_t n,
                        struct place *from, int64_t *since_ns, struct err *err)
{
    struct place found = {0, 0};
    int64_t oldest_ns = INT64_MAX;
    enum status status;
    struct segment_list list;

    status = segment_list_read(spool, &list, err);
    if (status != STATUS_OK)
        return status;
    for (size_t i = list.count; status == STATUS_OK && i > 0 && n > 0; i--)
        status = last_of_segment(spool, filter, list.numbers[i - 1], &n, &found, &oldest_ns, err);
    segment_list_free(&list);
    if (status != STATUS_OK)
        return status;
    *from = found;
    if (since_ns != NULL)
        *since_ns = oldest_ns;
    return status;
}
