/* SPDX-License-Identifier: MIT
 * extent - see store/journal/extent.h.
 */
#include "store/journal/extent.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "base/file.h"
#include "store/journal/journal.h"
#include "store/journal/verdict.h"
#include "store/spool/lines.h"

enum status extent_map_open(struct extent_map *map, const struct spool *spool, struct err *err)
{
    struct extent_map m = {.recovered = true};
    struct err unknown = ERR_INIT;
    enum status status;

    /* Read first: a segment that is made later is beyond it, an earlier one is in the list. */
    status = journal_durable(spool, &m.durable, &unknown);
    if (status == STATUS_MISSING)
        m.recovered = false;
    else if (status != STATUS_OK)
        return err_pass(err, status, &unknown);
    status = segment_list_read(spool, &m.segments, err);
    if (status == STATUS_OK)
        *map = m;
    return status;
}

void extent_map_free(struct extent_map *map)
{
    segment_list_free(&map->segments);
}

/* Before the recovery that follows a reboot: it will let the last segment end after its last whole
 * record. */
static enum status end_of_records(const struct extent *e, uint64_t *end, struct err *err)
{
    enum status status;
    struct lines lines;
    struct line line;
    bool more;

    *end = 0;
    lines_init(&lines, e->fd, 0, e->size, SEGMENT_LINE_MAX);
    for (;;) {
        struct place place = {.segment = e->segment};
        bool sound;

        status = lines_next(&lines, &line, &more, err);
        if (status != STATUS_OK || !more)
            break;
        place.offset = line.offset;
        sound = line.offset == 0 ? e->has_header
                                 : verdict_line(line.text, place, NULL) == VERDICT_RECORD;
        if (line.ended && sound)
            *end = line.offset + line.len;
    }
    lines_free(&lines);
    return status;
}

static enum status measure_valid(struct extent *e, const struct spool *spool,
                                 const struct extent_map *map, size_t i, struct err *err)
{
    enum status status;

    e->valid = e->size;
    if (i + 1 < map->segments.count) {
        uint64_t limit;

        status = segment_limit(spool, e->segment, &limit, err);
        if (status == STATUS_OK && limit != UINT64_MAX)
            e->valid = limit;
        return status;
    }
    if (!map->recovered)
        return end_of_records(e, &e->valid, err);
    if (map->durable.segment == e->segment)
        e->valid = map->durable.offset;
    else if (map->durable.segment < e->segment)
        /* Made after the durable place was read: nothing in it was acknowledged before. */
        e->valid = 0;
    return STATUS_OK;
}

static enum status fill_extent(struct extent *e, const struct spool *spool,
                               const struct extent_map *map, size_t i, struct err *err)
{
    struct err damage = ERR_INIT;
    enum status status;
    struct stat sb;

    if (fstat(e->fd, &sb) != 0)
        return err_errno(err, "cannot look at segment %u", (unsigned)e->segment);
    e->size = (uint64_t)sb.st_size;
    status = segment_header(spool, e->segment, &e->header, &damage);
    e->has_header = status == STATUS_OK;
    if (status != STATUS_OK && status != STATUS_CORRUPT)
        return err_pass(err, status, &damage);
    return measure_valid(e, spool, map, i, err);
}

enum status extent_open(struct extent *extent, const struct spool *spool,
                        const struct extent_map *map, size_t i, struct err *err)
{
    struct extent e = {.segment = map->segments.numbers[i], .fd = -1};
    enum status status = segment_open(spool, e.segment, O_RDONLY, &e.fd, err);

    if (status != STATUS_OK)
        return status;
    status = fill_extent(&e, spool, map, i, err);
    if (status == STATUS_OK)
        *extent = e;
    else
        file_close(&e.fd);
    return status;
}

void extent_close(struct extent *extent)
{
    file_close(&extent->fd);
}
