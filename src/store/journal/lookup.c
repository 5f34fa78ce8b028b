/* SPDX-License-Identifier: MIT
 * lookup - see store/journal/lookup.h.
 */
#include "store/journal/lookup.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "store/journal/segment.h"
#include "store/journal/verdict.h"

#define FIRST_READ 8192

struct lookup {
    struct journal *j;
    struct str key;
    uint64_t line_len; /* of the match, with its newline */
};

/* `{"key":"KEY","id":"`: the first bytes distinguish another key of the same fingerprint. */
static bool begins_with_key(struct str line, struct str key)
{
    static const char before[] = RECORD_KEY_OPEN, after[] = "\"" RECORD_ID_OPEN;
    size_t head = sizeof before - 1, tail = sizeof after - 1;

    return line.len >= head + key.len + tail && memcmp(line.ptr, before, head) == 0 &&
           memcmp(line.ptr + head, key.ptr, key.len) == 0 &&
           memcmp(line.ptr + head + key.len, after, tail) == 0;
}

/* Appends to j->line, which begins at `offset`. *got 0: there is no more within the limit. If a
 * sector cannot be read the event is recorded a second time rather than refused for good. */
static enum status read_on(struct lookup *l, int fd, uint64_t offset, uint64_t limit, size_t want,
                           size_t *got, struct err *err)
{
    struct buf *line = &l->j->line;
    uint64_t from = offset + line->len;
    ssize_t n;
    char *room;

    *got = 0;
    if (from >= limit)
        return STATUS_OK;
    if (limit - from < want)
        want = (size_t)(limit - from);
    room = buf_room(line, want);
    if (room == NULL)
        return buf_status(line, "a line of the journal", err);
    n = file_pread(fd, room, want, (off_t)from);
    if (n < 0 && errno != EIO)
        return err_errno(err, "cannot read the journal");
    if (n > 0) {
        buf_grew(line, (size_t)n);
        *got = (size_t)n;
    }
    return STATUS_OK;
}

/* Reads into j->line the byte before the record and the record up to its newline. *len 0: there is
 * no record of the key. */
static enum status read_line(struct lookup *l, int fd, uint64_t offset, uint64_t limit, size_t *len,
                             struct err *err)
{
    struct buf *line = &l->j->line;
    size_t want = FIRST_READ, searched = 1, got;

    *len = 0;
    buf_reset(line, FIRST_READ * 8);
    for (;;) {
        const char *end;
        enum status status = read_on(l, fd, offset - 1, limit, want, &got, err);

        if (status != STATUS_OK || got == 0)
            return status;
        if (searched == 1 && (line->ptr[0] != '\n' ||
                              !begins_with_key((struct str){line->ptr + 1, line->len - 1}, l->key)))
            return STATUS_OK;
        end = memchr(line->ptr + searched, '\n', line->len - searched);
        if (end != NULL) {
            *len = (size_t)(end - line->ptr) - 1;
            return STATUS_OK;
        }
        searched = line->len;
        want = line->len;
    }
}

static enum status verify_line(struct lookup *l, int fd, struct place place, uint64_t limit,
                               bool *same, struct err *err)
{
    struct str line;
    size_t len;
    enum status status = read_line(l, fd, place.offset, limit, &len, err);

    if (status != STATUS_OK || len == 0)
        return status;
    line = (struct str){l->j->line.ptr + 1, len};
    *same = verdict_line(line, place, NULL) == VERDICT_RECORD && str_eq(record_key(line), l->key);
    l->line_len = len + 1;
    return STATUS_OK;
}

static enum status verify_sealed(struct lookup *l, struct place place, bool *same, struct err *err)
{
    enum status status;
    uint64_t limit;
    int fd = -1;

    status = segment_open(l->j->spool, place.segment, O_RDONLY, &fd, NULL);
    if (status == STATUS_MISSING)
        return STATUS_OK; /* pruned */
    if (status != STATUS_OK)
        return err_set(err, status, "cannot open a segment of the journal");
    status = segment_limit(l->j->spool, place.segment, &limit, err);
    if (status == STATUS_OK)
        status = verify_line(l, fd, place, limit, same, err);
    file_close(&fd);
    return status;
}

static enum status match_slot(void *context, struct place place, bool *same, struct err *err)
{
    struct lookup *l = context;
    const struct journal *j = l->j;
    uint64_t limit = j->segment_len;

    if (place.segment == 0 || place.segment > j->segment || place.offset == 0)
        return STATUS_OK; /* of an append that was cut off */
    if (place.segment < j->segment)
        return verify_sealed(l, place, same, err);
    if (j->word.poisoned == j->segment)
        limit = j->word.durable.offset;
    return verify_line(l, j->segment_fd, place, limit, same, err);
}

enum status lookup_find(struct journal *j, struct str key, uint64_t fingerprint, bool *found,
                        struct place *place, struct place *end, struct err *err)
{
    struct lookup l = {.j = j, .key = key};
    enum status status = index_find(&j->index, fingerprint, match_slot, &l, found, place, err);

    if (status == STATUS_OK && *found)
        *end = (struct place){place->segment, place->offset + l.line_len};
    return status;
}
