/* SPDX-License-Identifier: MIT
 * segment - see store/journal/segment.h.
 */
#include "store/journal/segment.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/file.h"
#include "store/spool/lines.h"
#include "store/spool/once.h"
#include "store/spool/place.h"

#define LIST_FIRST 64

/* ---- which there are */

static int compare_numbers(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

    return (x > y) - (x < y);
}

static enum status list_add(struct segment_list *list, size_t *cap, uint32_t segment,
                            struct err *err)
{
    if (list->count == *cap) {
        size_t larger = *cap == 0 ? LIST_FIRST : *cap * 2;
        uint32_t *numbers = reallocarray(list->numbers, larger, sizeof *numbers);

        if (numbers == NULL)
            return err_set(err, STATUS_MEMORY, "no memory for the list of segments");
        list->numbers = numbers;
        *cap = larger;
    }
    list->numbers[list->count++] = segment;
    return STATUS_OK;
}

/* An error of readdir must not pass for the end: a short list would name a lower last segment. */
static enum status list_fill(struct segment_list *list, DIR *dir, struct err *err)
{
    size_t cap = 0;

    for (;;) {
        const struct dirent *entry;
        enum status status;
        uint32_t segment;

        errno = 0;
        entry = readdir(dir);
        if (entry == NULL)
            return errno == 0 ? STATUS_OK : err_errno(err, "cannot list the journal");
        if (!spool_segment_parse(entry->d_name, &segment))
            continue;
        status = list_add(list, &cap, segment, err);
        if (status != STATUS_OK)
            return status;
    }
}

/* Closes `fd` in any case. */
static enum status list_read(int fd, struct segment_list *out, struct err *err)
{
    DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    struct segment_list list = {NULL, 0};
    enum status status;

    if (dir == NULL) {
        status = err_errno(err, "cannot list the journal");
        file_close(&fd);
        return status;
    }
    status = list_fill(&list, dir, err);
    (void)closedir(dir);
    if (status != STATUS_OK) {
        segment_list_free(&list);
        return status;
    }
    if (list.count > 1)
        qsort(list.numbers, list.count, sizeof *list.numbers, compare_numbers);
    *out = list;
    return STATUS_OK;
}

enum status segment_list_read(const struct spool *spool, struct segment_list *out, struct err *err)
{
    /* A descriptor of its own: the position in the folder belongs to the open file. */
    return list_read(file_open(spool->log, ".", O_RDONLY | O_DIRECTORY, 0), out, err);
}

enum status segment_list_folder(int dir, const char *folder, struct segment_list *out,
                                struct err *err)
{
    int fd = file_open(dir, folder, O_RDONLY | O_DIRECTORY, 0);

    if (fd < 0 && errno == ENOENT) {
        *out = (struct segment_list){NULL, 0};
        return STATUS_OK;
    }
    return list_read(fd, out, err);
}

void segment_list_free(struct segment_list *list)
{
    free(list->numbers);
    list->numbers = NULL;
    list->count = 0;
}

size_t segment_list_find(const struct segment_list *list, uint32_t segment)
{
    size_t low = 0, high = list->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (list->numbers[middle] < segment)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

uint32_t segment_list_below(const struct segment_list *list, uint32_t segment)
{
    size_t i = segment_list_find(list, segment);

    return i == 0 ? 0 : list->numbers[i - 1];
}

/* ---- one of them */

enum status segment_open(const struct spool *spool, uint32_t segment, int flags, int *fd,
                         struct err *err)
{
    char name[SPOOL_NAME_MAX];
    int opened;

    spool_segment_name(name, segment);
    opened = file_open(spool->log, name, flags, 0);
    if (opened < 0 && errno == ENOENT)
        return err_set(err, STATUS_MISSING, "the segment %s is missing", name);
    if (opened < 0)
        return err_errno(err, "cannot open the segment %s", name);
    *fd = opened;
    return STATUS_OK;
}

enum status segment_header(const struct spool *spool, uint32_t segment, struct record_header *out,
                           struct err *err)
{
    char head[SEGMENT_HEADER_MAX];
    struct str line, rest;
    enum status status;
    ssize_t got;
    int fd = -1;

    status = segment_open(spool, segment, O_RDONLY, &fd, err);
    if (status != STATUS_OK)
        return status;
    got = file_pread(fd, head, sizeof head, 0);
    if (got < 0)
        status = err_errno(err, "cannot read the segment %08" PRIu32, segment);
    file_close(&fd);
    if (status != STATUS_OK)
        return status;
    if (!str_cut((struct str){head, (size_t)got}, '\n', &line, &rest) ||
        !record_header_parse(line, out) || out->segment != segment)
        return err_set(err, STATUS_CORRUPT, "the segment %08" PRIu32 " has no sound header",
                       segment);
    return STATUS_OK;
}

enum status segment_make(const struct spool *spool, const struct record_header *header,
                         uint64_t *len, bool *taken, struct err *err)
{
    char name[SPOOL_NAME_MAX];
    enum status status;
    struct buf line;

    if (header->segment > PLACE_SEGMENT_MAX)
        return err_set(err, STATUS_LIMIT, "the journal has used up its segment numbers");
    buf_init(&line, SEGMENT_HEADER_MAX);
    record_header_print(&line, header);
    if (line.len == 0 || line.ptr[line.len - 1] != '\n')
        buf_add_char(&line, '\n');
    status = buf_status(&line, "a segment's header", err);
    spool_segment_name(name, header->segment);
    *taken = false;
    if (status == STATUS_OK &&
        once_make(spool->log, SPOOL_SEGMENT_TMP, name, line.ptr, line.len, 0, ONCE_NEW) != 0) {
        if (errno == EEXIST)
            *taken = true;
        else
            status = err_errno(err, "cannot make the segment %s", name);
    }
    *len = line.len;
    buf_free(&line);
    return status;
}

/* ---- how much of it counts */

/* Reads the header of the segment that was begun when this one was sealed. Files without a sound
 * header are skipped. STATUS_MISSING: there is no such segment. */
static enum status find_successor(const struct spool *spool, uint32_t segment,
                                  struct record_header *out, struct err *err)
{
    struct segment_list list;
    enum status status;

    status = segment_header(spool, segment + 1, out, NULL);
    if (status == STATUS_OK && out->previous == segment)
        return STATUS_OK;
    status = segment_list_read(spool, &list, err);
    if (status != STATUS_OK)
        return status;
    status = STATUS_MISSING;
    for (size_t i = segment_list_find(&list, segment + 1); i < list.count; i++) {
        status = segment_header(spool, list.numbers[i], out, NULL);
        if (status != STATUS_CORRUPT && status != STATUS_MISSING)
            break;
    }
    segment_list_free(&list);
    if (status == STATUS_CORRUPT || (status == STATUS_OK && out->previous != segment))
        return STATUS_MISSING;
    return status;
}

enum status segment_limit(const struct spool *spool, uint32_t segment, uint64_t *limit,
                          struct err *err)
{
    struct record_header header;
    enum status status = find_successor(spool, segment, &header, err);

    if (status == STATUS_OK)
        *limit = header.previous_valid;
    else if (status == STATUS_MISSING)
        *limit = UINT64_MAX;
    else
        return err_set(err, status, "cannot tell how much of the segment %08" PRIu32 " counts",
                       segment);
    return STATUS_OK;
}

/* ---- its lines */

enum status segment_walk(int fd, uint64_t limit, uint64_t deadline_ns, segment_each each,
                         void *context, bool *whole, struct err *err)
{
    struct err why = ERR_INIT;
    enum status status;
    struct lines lines;
    struct line line;
    bool more;

    lines_init(&lines, fd, 0, limit, SEGMENT_LINE_MAX);
    lines.deadline_ns = deadline_ns;
    while ((status = lines_next(&lines, &line, &more, &why)) == STATUS_OK && more) {
        if (line.ended && !line.too_long)
            status = each(context, line.offset, line.text, &why);
        if (status != STATUS_OK)
            break;
    }
    *whole = !lines.unreadable;
    lines_free(&lines);
    return lines.unreadable ? STATUS_OK : err_pass(err, status, &why);
}
