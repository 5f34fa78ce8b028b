/* SPDX-License-Identifier: MIT
 * verify - see store/journal/verify.h.
 */
#include "store/journal/verify.h"

#include <stdlib.h>
#include <string.h>

#include "base/siphash.h"
#include "core/record.h"

#define SEEN_FIRST ((size_t)1024)

/* Fingerprints of the keys so far: open addressing, at most half full; 0 is free. Two keys with one
 * fingerprint would only make the count of repeats wrong by one. */
struct seen {
    uint64_t *slots;
    size_t room; /* a power of two, or 0 */
    size_t count;
};

static uint64_t *slot_of(uint64_t *slots, size_t room, uint64_t fingerprint)
{
    size_t i = (size_t)fingerprint & (room - 1);

    while (slots[i] != 0 && slots[i] != fingerprint)
        i = (i + 1) & (room - 1);
    return &slots[i];
}

static enum status seen_grow(struct seen *seen, struct err *err)
{
    size_t room = seen->room == 0 ? SEEN_FIRST : seen->room * 2;
    uint64_t *slots = calloc(room, sizeof *slots);

    if (slots == NULL)
        return err_set(err, STATUS_MEMORY, "no memory to compare the keys of all records");
    for (size_t i = 0; i < seen->room; i++)
        if (seen->slots[i] != 0)
            *slot_of(slots, room, seen->slots[i]) = seen->slots[i];
    free(seen->slots);
    seen->slots = slots;
    seen->room = room;
    return STATUS_OK;
}

/* Beyond VERIFY_KEYS_MAX keys only those that are in the set are recognised. */
static enum status seen_add(struct seen *seen, uint64_t fingerprint, struct verify_report *report,
                            struct err *err)
{
    if (fingerprint == 0)
        fingerprint = 1;
    if (seen->room > 0 && *slot_of(seen->slots, seen->room, fingerprint) == fingerprint) {
        report->repeated++;
        return STATUS_OK;
    }
    if (seen->count == VERIFY_KEYS_MAX) {
        report->all_compared = false;
        return STATUS_OK;
    }
    if ((seen->count + 1) * 2 > seen->room) {
        enum status status = seen_grow(seen, err);

        if (status != STATUS_OK)
            return status;
    }
    *slot_of(seen->slots, seen->room, fingerprint) = fingerprint;
    seen->count++;
    return STATUS_OK;
}

static enum status count_item(struct verify_report *report, const struct spool *spool,
                              struct seen *seen, const struct reader_item *item, struct err *err)
{
    struct str key;

    report->bytes += item->len;
    switch (item->found) {
    case READER_HEADER:
        report->segments++;
        break;
    case READER_TORN:
        report->torn++;
        break;
    case READER_VOID:
        report->voided++;
        break;
    case READER_ROTTEN:
        report->rotten++;
        break;
    case READER_RECORD:
        report->records++;
        key = record_key(item->line);
        return seen_add(seen, siphash(spool->index_key, key.ptr, key.len), report, err);
    }
    return STATUS_OK;
}

enum status verify_run(const struct spool *spool, struct verify_report *report, verify_each each,
                       void *context, struct err *err)
{
    struct verify_report r = {.all_compared = true};
    uint64_t next_progress = VERIFY_PROGRESS;
    struct seen seen = {0};
    struct reader *reader;
    enum status status;

    status = reader_open(&reader, spool, (struct place){0, 0}, err);
    if (status != STATUS_OK)
        return status;
    for (;;) {
        struct reader_item item;
        bool more;

        status = reader_next(reader, &item, &more, err);
        if (status != STATUS_OK || !more)
            break;
        status = count_item(&r, spool, &seen, &item, err);
        if (status != STATUS_OK)
            break;
        if (each != NULL && item.found != READER_RECORD && item.found != READER_HEADER)
            each(context, &item, &r);
        if (each != NULL && r.bytes >= next_progress) {
            each(context, NULL, &r);
            next_progress = r.bytes + VERIFY_PROGRESS;
        }
    }
    reader_close(reader);
    free(seen.slots);
    if (status == STATUS_OK)
        *report = r;
    return status;
}
