/* SPDX-License-Identifier: MIT
 * extent - which segments there are, and how much of each counts.
 */
#include "store/extent.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "store/journal.h"
#include "store/lines.h"
#include "store/reader.h"
#include "store/verdict.h"

/* More than any header line has. */
#define HEADER_MAX 512

static int ascending(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a;
    uint32_t y = *(const uint32_t *)b;

    return (x > y) - (x < y);
}

static enum status remember(uint32_t **list, size_t *count, size_t *room, uint32_t segment,
                            struct err *err)
{
    if (*count == *room) {
        size_t larger = *room == 0 ? 64 : *room * 2;
        uint32_t *moved = realloc(*list, larger * sizeof *moved);

        if (moved == NULL)
            return err_set(err, STATUS_MEMORY, "no memory for the list of segments");
        *list = moved;
        *room = larger;
    }
    (*list)[(*count)++] = segment;
    return STATUS_OK;
}

/* A failing readdir must not look like the end of the directory: the last segments would seem not
 * to exist. */
static enum status read_names(DIR *dir, uint32_t **list, size_t *count, struct err *err)
{
    size_t room = 0;

    for (;;) {
        enum status status;
        struct dirent *entry;
        uint32_t segment;

        errno = 0;
        entry = readdir(dir);
        if (entry == NULL)
            break;
        if (!spool_segment_parse(entry->d_name, &segment))
            continue;
        status = remember(list, count, &room, segment, err);
        if (status != STATUS_OK)
            return status;
    }
    return errno == 0 ? STATUS_OK : err_errno(err, "cannot list the journal's segments");
}

enum status reader_segments(const struct spool *spool, uint32_t **out, size_t *count,
                            struct err *err)
{
    uint32_t *list = NULL;
    enum status status;
    size_t n = 0;
    DIR *dir;
    int fd;

    /* An open file description of its own: the position in the directory belongs to this walk. */
    fd = file_open(spool->log, ".", O_RDONLY | O_DIRECTORY, 0);
    if (fd < 0)
        return err_errno(err, "cannot open %s/log", spool->path);
    dir = fdopendir(fd);
    if (dir == NULL) {
        status = err_errno(err, "cannot list %s/log", spool->path);
        file_close(&fd);
        return status;
    }
    status = read_names(dir, &list, &n, err);
    closedir(dir);
    if (status != STATUS_OK) {
        free(list);
        return status;
    }
    if (n > 0)
        qsort(list, n, sizeof *list, ascending);
    *out = list;
    *count = n;
    return STATUS_OK;
}

enum status extent_map_open(struct extent_map *map, const struct spool *spool, struct err *err)
{
    struct extent_map m = {.recovered = true};
    enum status status;

    /* The durable place first: a segment that is made after this is beyond it, one before is in the
     * list. */
    status = journal_durable(spool, &m.durable, NULL);
    if (status == STATUS_MISSING)
        m.recovered = false;
    else if (status != STATUS_OK)
        return err_set(err, status, "cannot read up to where the journal of %s is durable",
                       spool->path);
    status = reader_segments(spool, &m.segments, &m.count, err);
    if (status == STATUS_OK)
        *map = m;
    return status;
}

void extent_map_free(struct extent_map *map)
{
    free(map->segments);
    *map = (struct extent_map){0};
}

size_t extent_map_find(const struct extent_map *map, uint32_t segment)
{
    size_t low = 0, high = map->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (map->segments[middle] < segment)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static int open_segment(const struct spool *spool, uint32_t segment)
{
    char name[SPOOL_NAME_MAX];

    spool_segment_name(name, segment);
    return file_open(spool->log, name, O_RDONLY, 0);
}

static enum status read_header(int fd, uint32_t segment, bool *good, struct record_header *header,
                               struct err *err)
{
    char bytes[HEADER_MAX];
    ssize_t n = file_pread(fd, bytes, sizeof bytes, 0);
    const char *newline;

    *good = false;
    if (n < 0)
        return err_errno(err, "cannot read segment %u", (unsigned)segment);
    newline = n == 0 ? NULL : memchr(bytes, '\n', (size_t)n);
    if (newline != NULL)
        *good = record_header_parse((struct str){bytes, (size_t)(newline - bytes)}, header) &&
                header->segment == segment;
    return STATUS_OK;
}

/* What the next segment says about this one; *told false where it says nothing. */
static enum status told_by_next(const struct spool *spool, const struct extent_map *map, size_t i,
                                bool *told, uint64_t *valid, struct err *err)
{
    struct record_header header;
    enum status status;
    int fd;

    *told = false;
    fd = open_segment(spool, map->segments[i + 1]);
    if (fd < 0)
        return errno == ENOENT
                   ? STATUS_OK
                   : err_errno(err, "cannot open segment %u", (unsigned)map->segments[i + 1]);
    status = read_header(fd, map->segments[i + 1], told, &header, err);
    file_close(&fd);
    if (*told && header.previous == map->segments[i])
        *valid = header.previous_valid;
    else
        *told = false;
    return status;
}

/* After a reboot that nobody has recovered from, recovery would let the last segment end behind its
 * last whole record. */
static enum status end_of_records(const struct extent *e, uint64_t *end, struct err *err)
{
    struct lines lines;
    struct line line;
    enum status status;
    bool more;

    *end = 0;
    lines_init(&lines, e->fd, 0, e->size, LINES_MAX);
    for (;;) {
        struct place place = {.segment = e->segment};
        const char *why;

        status = lines_next(&lines, &line, &more, err);
        if (status != STATUS_OK || !more)
            break;
        place.offset = line.offset;
        if (line.ended && ((line.offset == 0 && e->has_header) ||
                           verdict_line(line.text, place, &why) == VERDICT_RECORD))
            *end = line.offset + line.len;
    }
    lines_free(&lines);
    return status;
}

static enum status measure(struct extent *e, const struct spool *spool,
                           const struct extent_map *map, size_t i, struct err *err)
{
    enum status status;
    bool told = false;

    if (i + 1 < map->count) {
        status = told_by_next(spool, map, i, &told, &e->valid, err);
        if (status != STATUS_OK || told)
            return status;
        e->valid = e->size;
    } else if (!map->recovered) {
        return end_of_records(e, &e->valid, err);
    } else if (map->durable.segment == e->segment) {
        e->valid = map->durable.offset;
    } else {
        /* Made after the durable place was read: nothing in it was promised before that moment. */
        e->valid = map->durable.segment < e->segment ? 0 : e->size;
    }
    return STATUS_OK;
}

enum status extent_open(struct extent *extent, const struct spool *spool,
                        const struct extent_map *map, size_t i, struct err *err)
{
    struct extent e = {.segment = map->segments[i]};
    enum status status;
    struct stat sb;

    e.fd = open_segment(spool, e.segment);
    if (e.fd < 0 && errno == ENOENT)
        return err_set(err, STATUS_MISSING, "segment %u is gone", (unsigned)e.segment);
    if (e.fd < 0)
        return err_errno(err, "cannot open segment %u", (unsigned)e.segment);
    status = STATUS_OK;
    if (fstat(e.fd, &sb) != 0)
        status = err_errno(err, "cannot look at segment %u", (unsigned)e.segment);
    else
        e.size = (uint64_t)sb.st_size;
    if (status == STATUS_OK)
        status = read_header(e.fd, e.segment, &e.has_header, &e.header, err);
    if (status == STATUS_OK)
        status = measure(&e, spool, map, i, err);
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
