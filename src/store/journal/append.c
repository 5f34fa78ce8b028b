/* SPDX-License-Identifier: MIT
 * append - see store/journal/append.h.
 */
#include "store/journal/append.h"

#include <stdlib.h>

#include "base/file.h"
#include "store/journal/commit.h"
#include "store/journal/enter.h"
#include "store/journal/lookup.h"
#include "store/journal/rotate.h"
#include "store/journal/segment.h"

#define SEAL_ROOM 64 /* bytes that sealing may add to a line: id, checksum, newlines */

struct receipt {
    char id[RECORD_ID_MAX];
    bool duplicate;
};

/* What the sync of a batch came to. */
struct batch_sync {
    struct place end; /* all before it is to be synced; {0, 0}: nothing is */
    bool durable;     /* it is synced */
    enum status status;
    struct err err;
};

struct append {
    struct str key;
    struct record_line *line;
    int64_t now_ns;
    uint64_t deadline_ns;
    struct place place, end; /* of the record, found or written */
    bool found;
    bool to_sync; /* the record counts when the batch is synced */
    bool durable;
    enum status status;
    struct err err;
    struct receipt receipt; /* filled when `durable` */
    struct batch_sync sync; /* of the batch that this append leads */
};

enum status append_make(struct append **out, struct err *err)
{
    struct append *a = calloc(1, sizeof *a);

    if (a == NULL)
        return err_set(err, STATUS_MEMORY, "no memory for an append");
    *out = a;
    return STATUS_OK;
}

void append_free(struct append *a)
{
    free(a);
}

void append_begin(struct append *a, struct str key, struct record_line *line, int64_t now_ns,
                  uint64_t deadline_ns)
{
    *a = (struct append){.key = key, .line = line, .now_ns = now_ns, .deadline_ns = deadline_ns};
}

uint64_t append_deadline(const struct append *a)
{
    return a->deadline_ns;
}

/* ---- write */

static enum status check_space(const struct journal *j, uint64_t len, struct err *err)
{
    return reserve_check(j->spool->log, &j->options.reserve, 1, len, err);
}

/* A torn line stays where it is: the next record begins with a newline of its own. */
static enum status ends_torn(const struct journal *j, bool *torn, struct err *err)
{
    char last = '\n';
    ssize_t got = 1;

    if (!j->ends_clean && j->segment_len > 0)
        got = file_pread(j->segment_fd, &last, 1, (off_t)(j->segment_len - 1));
    if (got < 0)
        return err_errno(err, "cannot read the end of the live segment");
    if (got == 0)
        return err_set(err, STATUS_CORRUPT, "the live segment was cut off");
    *torn = last != '\n';
    return STATUS_OK;
}

/* Before the line is written: a line on disk must have its slot, also after a kill between both. A
 * slot without a line fails its verification. */
static enum status put_slot(struct journal *j, uint64_t fingerprint, struct place place,
                            struct err *err)
{
    enum status status = index_insert(&j->index, fingerprint, place, err);

    if (status == STATUS_OK && j->index.count != j->state.tables) {
        j->state.tables = j->index.count;
        status = live_store_state(j, err);
    }
    return status;
}

static enum status write_line(struct journal *j, struct str bytes, struct err *err)
{
    ssize_t put = file_write_once(j->segment_fd, bytes.ptr, bytes.len);

    j->ends_clean = put >= 0 && (size_t)put == bytes.len;
    if (put < 0)
        return err_errno(err, "cannot write to the journal");
    j->segment_len += (uint64_t)put;
    if ((size_t)put < bytes.len)
        return err_set(err, STATUS_NO_SPACE,
                       "only %zd of %zu bytes could be written to the journal", put, bytes.len);
    return STATUS_OK;
}

static enum status record_new(struct journal *j, uint64_t fingerprint, struct record_line *line,
                              struct place *place, struct place *end, struct err *err)
{
    enum status status;
    bool torn = false;
    struct str bytes;

    status = ends_torn(j, &torn, err);
    if (status != STATUS_OK)
        return status;
    *place = (struct place){j->segment, j->segment_len + (torn ? 1 : 0)};
    bytes = record_seal(line, place->segment, place->offset, torn);
    if (bytes.ptr == NULL)
        return err_set(err, STATUS_MEMORY, "no memory to complete a record");
    if (bytes.len > SEGMENT_LINE_MAX || j->segment_len + bytes.len > PLACE_OFFSET_MAX)
        return err_set(err, STATUS_LIMIT, "a record of %zu bytes is too large for the journal",
                       bytes.len);
    status = put_slot(j, fingerprint, *place, err);
    if (status == STATUS_OK)
        status = write_line(j, bytes, err);
    *end = (struct place){j->segment, j->segment_len};
    return status;
}

/* A rotation before this append, in the same batch, may have failed to open the segment it made. */
static enum status open_again(struct journal *j, struct err *err)
{
    return j->segment_fd >= 0 && j->segment == j->state.segment ? STATUS_OK
                                                                : live_open_segment(j, err);
}

/* Under the append lock. */
static enum status find_or_record(struct journal *j, struct append *a, uint64_t deadline_ns)
{
    uint64_t fingerprint = index_fingerprint(j->spool, a->key);
    uint64_t len = a->line->bytes.len + SEAL_ROOM;
    enum status status = open_again(j, &a->err);

    j->now_ns = a->now_ns;
    if (status == STATUS_OK)
        status = lookup_find(j, a->key, fingerprint, &a->found, &a->place, &a->end, &a->err);
    if (status == STATUS_OK && !a->found) {
        status = check_space(j, len, &a->err);
        if (status == STATUS_OK && rotate_due(j, len, a->now_ns))
            status = rotate_run(j, a->now_ns, deadline_ns, &a->err);
        if (status == STATUS_OK)
            status = record_new(j, fingerprint, a->line, &a->place, &a->end, &a->err);
    }
    if (status == STATUS_OK) {
        /* What counts of a sealed segment was synced before it was sealed. */
        a->durable = a->found && a->end.segment != j->segment;
        a->to_sync = !a->durable;
    }
    return status;
}

static void write_all(struct journal *j, struct append *const *batch, size_t count,
                      uint64_t deadline_ns)
{
    struct err err = ERR_INIT;
    enum status status = enter_begin(j, batch[0]->now_ns, deadline_ns, &err);
    bool entered = status == STATUS_OK;

    for (size_t i = 0; i < count; i++) {
        struct append *a = batch[i];

        a->status = status == STATUS_OK ? find_or_record(j, a, deadline_ns)
                                        : err_pass(&a->err, status, &err);
        /* With the spool in doubt nothing more is appended before a recovery. */
        if (a->status == STATUS_CORRUPT && status == STATUS_OK)
            status = err_pass(&err, STATUS_CORRUPT, &a->err);
    }
    if (entered)
        enter_end(j, status);
}

void append_write(struct journal *j, struct append *const *batch, size_t count)
{
    struct batch_sync *sync = &j->append->sync;
    uint64_t deadline_ns = j->append->deadline_ns;

    write_all(j, batch, count, deadline_ns);
    for (size_t i = 0; i < count; i++) {
        struct append *a = batch[i];

        if (!a->to_sync)
            continue;
        if (a->end.segment < j->segment) {
            /* A rotation within the batch has sealed this segment: its sync may have failed. */
            a->to_sync = false;
            a->status = commit_wait(j, a->end, deadline_ns, &a->err);
            a->durable = a->status == STATUS_OK;
        } else if (place_pack(a->end) > place_pack(sync->end)) {
            sync->end = a->end;
        }
    }
}

/* ---- sync, receipt */

void append_sync(struct journal *j)
{
    struct append *leader = j->append;
    struct batch_sync *sync = &leader->sync;

    if (sync->end.segment == 0)
        return;
    sync->status = commit_wait(j, sync->end, leader->deadline_ns, &sync->err);
    sync->durable = sync->status == STATUS_OK;
}

void append_end(struct append *a, const struct append *leader)
{
    const struct batch_sync *sync = &leader->sync;

    if (!a->to_sync)
        return;
    a->durable =
        sync->durable && a->end.segment == sync->end.segment && a->end.offset <= sync->end.offset;
    if (!sync->durable)
        a->status = err_pass(&a->err, sync->status, &sync->err);
}

void append_give_up(struct append *a)
{
    a->durable = false;
    a->status =
        err_set(&a->err, STATUS_DEADLINE, "no time left to wait for the sync of the journal");
}

enum status append_outcome(struct append *a, const struct receipt **out, struct err *err)
{
    if (a->status != STATUS_OK)
        return err_pass(err, a->status, &a->err);
    if (!a->durable)
        return err_set(err, STATUS_IO, "the record was not synced");
    record_id_print(a->receipt.id, a->place.segment, a->place.offset);
    a->receipt.duplicate = a->found;
    *out = &a->receipt;
    return STATUS_OK;
}

const char *receipt_id(const struct receipt *receipt)
{
    return receipt->id;
}

bool receipt_duplicate(const struct receipt *receipt)
{
    return receipt->duplicate;
}
