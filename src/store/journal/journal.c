/* SPDX-License-Identifier: MIT
 * journal - the append protocol: one key, one line, one receipt.
 */
#include "store/journal/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/file.h"
#include "store/journal/journal_parts.h"

#define SEAL_ROOM 64    /* bytes that sealing may add to a line: id, checksum, newlines */
#define DURABLE_TRIES 5 /* to meet the hints when nobody writes them */
#define DURABLE_SLEEP_NS 200000

const char *receipt_id(const struct receipt *receipt)
{
    return receipt->id;
}

bool receipt_duplicate(const struct receipt *receipt)
{
    return receipt->duplicate;
}

/* ---- open, close */

static enum status open_hint(const struct journal *j, const char *name, int *fd, struct err *err)
{
    *fd = file_open(j->spool->dir, name, O_RDWR | O_CREAT, 0600);
    if (*fd < 0)
        return err_errno(err, "cannot open %s/%s", j->spool->path, name);
    return STATUS_OK;
}

enum status journal_open(struct journal **out, const struct spool *spool,
                         struct journal_group *group, const struct journal_options *options,
                         struct err *err)
{
    struct journal *j = calloc(1, sizeof *j);
    enum status status;

    if (j == NULL)
        return err_set(err, STATUS_MEMORY, "no memory for the journal");
    j->spool = spool;
    j->group = group;
    j->options = *options;
    j->append_lock = j->commit = j->state_fd = j->segment_fd = -1;
    index_init(&j->index, spool);
    buf_init(&j->line, SEGMENT_LINE_MAX);
    clock_boot_id(j->boot);
    status = open_hint(j, SPOOL_APPEND_LOCK, &j->append_lock, err);
    if (status == STATUS_OK && group != NULL)
        status = group_sit(group, &j->seat, err);
    if (status == STATUS_OK)
        status = open_hint(j, SPOOL_COMMIT, &j->commit, err);
    if (status == STATUS_OK)
        status = open_hint(j, SPOOL_STATE, &j->state_fd, err);
    if (status == STATUS_OK)
        *out = j;
    else
        journal_close(j);
    return status;
}

void journal_close(struct journal *j)
{
    if (j == NULL)
        return;
    group_rise(j->group, j->seat);
    file_close(&j->append_lock);
    file_close(&j->commit);
    file_close(&j->state_fd);
    file_close(&j->segment_fd);
    index_close(&j->index);
    buf_free(&j->line);
    free(j);
}

/* ---- append */

static enum status check_space(const struct journal *j, uint64_t len, struct err *err)
{
    uint64_t free_bytes;

    if (j->options.free_space_min == 0)
        return STATUS_OK;
    if (file_free_space(j->spool->log, &free_bytes) != 0)
        return err_errno(err, "cannot tell how much space is free");
    if (free_bytes < len || free_bytes - len < j->options.free_space_min)
        return err_set(err, STATUS_NO_SPACE,
                       "only %" PRIu64 " bytes are free, and %" PRIu64 " are kept in reserve",
                       free_bytes, j->options.free_space_min);
    return STATUS_OK;
}

/* A torn line stays where it is: the next record begins behind a newline of its own. */
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

/* Before the line is written: whoever finds the line must find the slot, also after a kill between
 * both. A slot without a line fails its verification. */
static enum status index_first(struct journal *j, uint64_t fingerprint, struct place place,
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
    status = index_first(j, fingerprint, *place, err);
    if (status == STATUS_OK)
        status = write_line(j, bytes, err);
    *end = (struct place){j->segment, j->segment_len};
    return status;
}

/* Under the append lock: finds the record of that key, or makes it. */
static enum status find_or_record(struct journal *j, struct append *a, uint64_t deadline_ns,
                                  struct place *end)
{
    uint64_t fingerprint = index_fingerprint(j->spool, a->key);
    uint64_t len = a->line->bytes.len + SEAL_ROOM;
    struct place place = {0, 0};
    enum status status;
    bool found;

    j->now_ns = a->now_ns;
    status = lookup_find(j, a->key, fingerprint, &found, &place, end, &a->err);
    if (status == STATUS_OK && !found) {
        status = check_space(j, len, &a->err);
        if (status == STATUS_OK && live_full(j, len, a->now_ns))
            status = live_rotate(j, a->now_ns, deadline_ns, &a->err);
        if (status == STATUS_OK)
            status = record_new(j, fingerprint, a->line, &place, end, &a->err);
    }
    if (status == STATUS_OK) {
        /* What counts of a sealed segment was synced before it was sealed. */
        a->to_sync = !found || end->segment == j->segment;
        a->receipt->duplicate = found;
        record_id_print(a->receipt->id, place.segment, place.offset);
    }
    return status;
}

/* A rotation within the batch has sealed the segment that some of it stands in: its sync may have
 * failed. */
static void settle_left(struct journal *j, struct append *a, struct place end, uint64_t deadline_ns)
{
    a->to_sync = false;
    a->status = commit_wait(j, end, deadline_ns, &a->err);
}

struct place append_all(struct journal *j, struct append *const *appends, size_t count,
                        uint64_t deadline_ns)
{
    struct place last = {0, 0};
    struct place ends[GROUP_BATCH_MAX];
    struct err err = ERR_INIT;
    enum status status = live_enter(j, appends[0]->now_ns, deadline_ns, &err);
    bool entered = status == STATUS_OK;

    for (size_t i = 0; i < count; i++) {
        struct append *a = appends[i];

        a->status = status == STATUS_OK ? find_or_record(j, a, deadline_ns, &ends[i])
                                        : err_pass(&a->err, status, &err);
        /* With the spool in doubt nothing more is appended before a recovery. */
        if (a->status == STATUS_CORRUPT && status == STATUS_OK)
            status = err_pass(&err, STATUS_CORRUPT, &a->err);
    }
    if (entered)
        live_leave(j, status);
    for (size_t i = 0; i < count; i++) {
        if (!appends[i]->to_sync)
            continue;
        if (ends[i].segment < j->segment)
            settle_left(j, appends[i], ends[i], deadline_ns);
        else if (place_pack(ends[i]) > place_pack(last))
            last = ends[i];
    }
    return last;
}

void append_end(struct append *a, enum status synced, const struct err *why)
{
    if (a->to_sync && synced != STATUS_OK)
        a->status = err_pass(&a->err, synced, why);
}

static void append_alone(struct journal *j, struct append *a)
{
    struct err why = ERR_INIT;
    struct place end = append_all(j, &a, 1, a->deadline_ns);

    if (end.segment != 0)
        append_end(a, commit_wait(j, end, a->deadline_ns, &why), &why);
}

enum status journal_append(struct journal *j, struct str key, struct record_line *line,
                           int64_t now_ns, uint64_t deadline_ns, const struct receipt **out,
                           struct err *err)
{
    struct append a = {.key = key,
                       .line = line,
                       .receipt = &j->receipt,
                       .now_ns = now_ns,
                       .deadline_ns = deadline_ns};

    if (j->group == NULL)
        append_alone(j, &a);
    else
        group_append(j, &a);
    if (a.status != STATUS_OK)
        return err_pass(err, a.status, &a.err);
    *out = &j->receipt;
    return STATUS_OK;
}

/* ---- find */

enum status journal_find(struct journal *j, struct str key, int64_t now_ns, uint64_t deadline_ns,
                         bool *found, struct err *err)
{
    uint64_t fingerprint = index_fingerprint(j->spool, key);
    enum status status = live_enter(j, now_ns, deadline_ns, err);
    struct place place, end = {0, 0};
    bool there = false;

    if (status != STATUS_OK)
        return status;
    j->now_ns = now_ns;
    status = lookup_find(j, key, fingerprint, &there, &place, &end, err);
    live_leave(j, status);
    /* A line whose sync is under way, or has failed, was promised to nobody. */
    if (status == STATUS_OK && there && end.segment == j->segment)
        status = commit_wait(j, end, deadline_ns, err);
    if (status == STATUS_OK)
        *found = there;
    return status;
}

/* ---- durable */

enum status journal_durable(const struct spool *spool, struct place *out, struct err *err)
{
    char boot[CLOCK_BOOT_MAX];
    struct commit_word word;
    struct state state;
    bool known = false;
    int state_fd = file_open(spool->dir, SPOOL_STATE, O_RDONLY, 0);
    int commit_fd = file_open(spool->dir, SPOOL_COMMIT, O_RDONLY, 0);

    clock_boot_id(boot);
    /* No lock is held: a hint that is being written may look damaged for a moment. */
    for (unsigned n = 0; n < DURABLE_TRIES && !known && state_fd >= 0 && commit_fd >= 0; n++) {
        if (n > 0)
            clock_sleep_ns(DURABLE_SLEEP_NS);
        known = state_read(state_fd, &state) && commit_read(commit_fd, &word);
    }
    file_close(&state_fd);
    file_close(&commit_fd);
    if (!known || !clock_boot_same(state.boot, boot))
        return err_set(err, STATUS_MISSING,
                       "the journal was not recovered since the machine was started");
    *out = word.durable;
    return STATUS_OK;
}
