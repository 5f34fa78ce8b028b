/* SPDX-License-Identifier: MIT
 * reader - see store/journal/reader.h.
 */
#include "store/journal/reader.h"

#include <stdlib.h>

#include "base/file.h"
#include "core/record.h"
#include "store/journal/extent.h"
#include "store/journal/verdict.h"
#include "store/spool/lines.h"

struct reader {
    const struct spool *spool;
    struct extent_map map;
    size_t next;      /* index of the next segment to open */
    size_t first;     /* index of the first one */
    uint64_t offset;  /* where to begin in the first one */
    bool open;        /* extent and lines are there */
    bool skip;        /* the beginning was asked for in the middle of a line */
    bool end_checked; /* the end of the journal was looked at */
    struct extent extent;
    struct lines lines;
};

enum status reader_open(struct reader **out, const struct spool *spool, struct place from,
                        struct err *err)
{
    struct reader *r = calloc(1, sizeof *r);
    enum status status;

    if (r == NULL)
        return err_set(err, STATUS_MEMORY, "no memory for a reader");
    r->spool = spool;
    status = extent_map_open(&r->map, spool, err);
    if (status != STATUS_OK) {
        free(r);
        return status;
    }
    r->first = r->next = segment_list_find(&r->map.segments, from.segment);
    if (r->first < r->map.segments.count && r->map.segments.numbers[r->first] == from.segment)
        r->offset = from.offset;
    *out = r;
    return STATUS_OK;
}

static void leave_segment(struct reader *r)
{
    if (!r->open)
        return;
    lines_free(&r->lines);
    extent_close(&r->extent);
    r->open = false;
}

void reader_close(struct reader *reader)
{
    if (reader == NULL)
        return;
    leave_segment(reader);
    extent_map_free(&reader->map);
    free(reader);
}

static void set_rotten(struct reader_item *item, uint32_t segment, uint64_t offset, const char *why)
{
    *item = (struct reader_item){.found = READER_ROTTEN, .place = {segment, offset}, .why = why};
}

/* A segment that has just disappeared was pruned, if it is older than all that exist. */
static enum status check_pruned(const struct reader *r, uint32_t segment, bool *yes,
                                struct err *err)
{
    struct segment_list now;
    enum status status = segment_list_read(r->spool, &now, err);

    if (status != STATUS_OK)
        return status;
    *yes = now.count > 0 && now.numbers[0] > segment;
    segment_list_free(&now);
    return STATUS_OK;
}

static enum status begin_lines(struct reader *r, size_t i, struct err *err)
{
    uint64_t from = i == r->first ? r->offset : 0;
    char before;

    r->skip = false;
    if (from > 0) {
        ssize_t n = file_pread(r->extent.fd, &before, 1, (off_t)(from - 1));

        if (n < 0)
            return err_errno(err, "cannot read segment %u", (unsigned)r->extent.segment);
        r->skip = n == 1 && before != '\n';
    }
    lines_init(&r->lines, r->extent.fd, from, r->extent.size, SEGMENT_LINE_MAX);
    return STATUS_OK;
}

/* Numbers may be left out, so only the header says which segment came before. One that is older
 * than all that exist was pruned. */
static bool lacks_previous(const struct reader *r)
{
    const struct segment_list *list = &r->map.segments;
    uint32_t previous = r->extent.header.previous;
    size_t i;

    if (!r->extent.has_header || previous < list->numbers[0])
        return false;
    i = segment_list_find(list, previous);
    return i == list->count || list->numbers[i] != previous;
}

/* Opens the next segment. *lacking: one is missing, which *item says. */
static enum status enter_segment(struct reader *r, struct reader_item *item, bool *lacking,
                                 struct err *err)
{
    size_t i = r->next++;
    uint32_t segment = r->map.segments.numbers[i];
    enum status status;
    bool gone;

    *lacking = false;
    status = extent_open(&r->extent, r->spool, &r->map, i, NULL);
    if (status == STATUS_MISSING) {
        status = check_pruned(r, segment, &gone, err);
        if (status != STATUS_OK || gone)
            return status;
        set_rotten(item, segment, 0, "the segment is missing");
        *lacking = true;
        return STATUS_OK;
    }
    if (status != STATUS_OK)
        return err_set(err, status, "cannot read segment %u of %s", (unsigned)segment,
                       r->spool->path);
    status = begin_lines(r, i, err);
    if (status != STATUS_OK) {
        extent_close(&r->extent);
        return status;
    }
    r->open = true;
    if (i > r->first && lacks_previous(r)) {
        set_rotten(item, r->extent.header.previous, 0, "the segment is missing");
        *lacking = true;
    }
    return STATUS_OK;
}

/* A line that ends beyond what counts was never acknowledged, but the part that counts must be the
 * beginning of a record. */
static void judge_crossing(struct reader_item *item, const struct line *line, uint64_t valid)
{
    struct str part = line->text;
    const char *why;

    if (line->ended && verdict_line(line->text, item->place, &why) == VERDICT_RECORD) {
        item->found = READER_VOID;
        item->line = line->text;
        return;
    }
    if (part.len > valid - line->offset)
        part.len = (size_t)(valid - line->offset);
    if (verdict_line(part, item->place, &item->why) == VERDICT_ROTTEN) {
        item->found = READER_ROTTEN;
        return;
    }
    item->found = READER_TORN;
    item->why = "a line without its end";
}

static void judge_line(struct reader_item *item, const struct line *line, uint64_t valid)
{
    if (line->offset >= valid) {
        const char *why;
        bool whole = line->ended && verdict_line(line->text, item->place, &why) == VERDICT_RECORD;

        item->found = whole ? READER_VOID : READER_TORN;
        item->why = whole ? NULL : "bytes after what counts";
        if (whole)
            item->line = line->text;
    } else if (line->too_long) {
        item->found = READER_ROTTEN;
        item->why = "longer than any record";
    } else if (!line->ended || line->offset + line->len > valid) {
        judge_crossing(item, line, valid);
    } else {
        switch (verdict_line(line->text, item->place, &item->why)) {
        case VERDICT_RECORD:
            item->found = READER_RECORD;
            item->line = line->text;
            break;
        case VERDICT_TORN:
            item->found = READER_TORN;
            break;
        case VERDICT_ROTTEN:
            item->found = READER_ROTTEN;
            break;
        }
    }
}

static void fill_item(const struct reader *r, struct reader_item *item, const struct line *line)
{
    *item = (struct reader_item){
        .place = {r->extent.segment, line->offset}, .len = line->len, .line = STR("")};
    if (line->offset > 0) {
        judge_line(item, line, r->extent.valid);
        return;
    }
    item->found = r->extent.has_header ? READER_HEADER : READER_ROTTEN;
    if (r->extent.has_header)
        item->line = line->text;
    else
        item->why = "the segment has no sound header";
}

/* After the last line of a segment: are there as many bytes as count? */
static bool segment_short(struct reader *r, struct reader_item *item)
{
    uint64_t size = r->extent.size;
    uint32_t segment = r->extent.segment;
    bool is = size < r->extent.valid || size == 0;

    leave_segment(r);
    if (is)
        set_rotten(item, segment, size,
                   size == 0 ? "the segment is empty" : "the segment is shorter than it was");
    return is;
}

/* After the last segment: is there one that holds the durable place? */
static bool journal_short(struct reader *r, struct reader_item *item)
{
    uint32_t last =
        r->map.segments.count == 0 ? 0 : r->map.segments.numbers[r->map.segments.count - 1];

    if (r->end_checked)
        return false;
    r->end_checked = true;
    if (!r->map.recovered || r->map.durable.segment <= last)
        return false;
    set_rotten(item, r->map.durable.segment, 0, "the segment is missing");
    return true;
}

enum status reader_next(struct reader *reader, struct reader_item *item, bool *more,
                        struct err *err)
{
    *more = true;
    for (;;) {
        enum status status;
        struct line line;
        bool got;

        if (!reader->open) {
            if (reader->next == reader->map.segments.count) {
                *more = journal_short(reader, item);
                return STATUS_OK;
            }
            status = enter_segment(reader, item, &got, err);
            if (status != STATUS_OK || got)
                return status;
            continue;
        }
        status = lines_next(&reader->lines, &line, &got, err);
        if (status != STATUS_OK)
            return status;
        if (!got) {
            if (segment_short(reader, item))
                return STATUS_OK;
            continue;
        }
        if (reader->skip) {
            reader->skip = false;
            continue;
        }
        fill_item(reader, item, &line);
        return STATUS_OK;
    }
}

static enum status no_record(struct place place, struct err *err)
{
    return err_set(err, STATUS_MISSING, "there is no record %u:%llu", (unsigned)place.segment,
                   (unsigned long long)place.offset);
}

static enum status copy_record(const struct line *line, struct place place, struct buf *out,
                               struct err *err)
{
    const char *why;

    switch (verdict_line(line->text, place, &why)) {
    case VERDICT_RECORD:
        buf_add_str(out, line->text);
        return buf_status(out, "the record", err);
    case VERDICT_TORN:
        break;
    case VERDICT_ROTTEN:
        return err_set(err, STATUS_CORRUPT, "the record %u:%llu is damaged: %s",
                       (unsigned)place.segment, (unsigned long long)place.offset, why);
    }
    return no_record(place, err);
}

static enum status get_line(const struct extent *e, struct place place, struct buf *out,
                            struct err *err)
{
    enum status status;
    struct line line;
    struct lines lines;
    char before;
    ssize_t got;
    bool more;

    if (place.offset == 0 || place.offset >= e->valid)
        return no_record(place, err);
    got = file_pread(e->fd, &before, 1, (off_t)(place.offset - 1));
    /* An unreadable record is not missing: if it were, its hook would never run. */
    if (got < 0)
        return err_errno(err, "cannot read the record %u:%llu", (unsigned)place.segment,
                         (unsigned long long)place.offset);
    if (got != 1 || before != '\n')
        return no_record(place, err);
    lines_init(&lines, e->fd, place.offset, e->size < e->valid ? e->size : e->valid,
               SEGMENT_LINE_MAX);
    status = lines_next(&lines, &line, &more, err);
    if (status == STATUS_OK && more && line.ended && !line.too_long)
        status = copy_record(&line, place, out, err);
    else if (status == STATUS_OK)
        status = no_record(place, err);
    lines_free(&lines);
    return status;
}

enum status reader_get(const struct spool *spool, struct place place, struct buf *out,
                       struct err *err)
{
    struct extent_map map;
    struct extent extent;
    enum status status;
    size_t i;

    status = extent_map_open(&map, spool, err);
    if (status != STATUS_OK)
        return status;
    i = segment_list_find(&map.segments, place.segment);
    if (i == map.segments.count || map.segments.numbers[i] != place.segment)
        status = no_record(place, err);
    else
        status = extent_open(&extent, spool, &map, i, err);
    extent_map_free(&map);
    if (status != STATUS_OK)
        return status;
    status = get_line(&extent, place, out, err);
    extent_close(&extent);
    return status;
}
