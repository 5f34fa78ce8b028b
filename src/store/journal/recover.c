/* SPDX-License-Identifier: MIT
 * recover - see store/journal/recover.h.
 */
#include "store/journal/recover.h"

#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/file.h"
#include "store/journal/reindex.h"
#include "store/journal/rotate.h"
#include "store/journal/segment.h"

#define RECORD_LEN_TYPICAL 512 /* to guess how many records a journal holds */
/* The sender's retries all come within that time. */
#define RETRIED_FOR_NS (15 * 60 * NS_PER_S)

struct recovery {
    struct journal *j;
    int64_t now_ns;
    uint64_t deadline_ns;
    struct segment_list list;
    struct journal_state before; /* as the state was */
    bool before_known, same_boot;
    struct commit_word word;
    bool word_known;
};

static uint32_t last_of(const struct segment_list *list)
{
    return list->count == 0 ? 0 : list->numbers[list->count - 1];
}

/* ---- index */

static uint64_t guess_records(const struct recovery *r)
{
    uint64_t bytes = 0;

    for (size_t i = 0; i < r->list.count; i++) {
        char name[SPOOL_NAME_MAX];
        struct stat sb;

        spool_segment_name(name, r->list.numbers[i]);
        if (fstatat(r->j->spool->log, name, &sb, 0) == 0)
            bytes += (uint64_t)sb.st_size;
    }
    return bytes / RECORD_LEN_TYPICAL;
}

/* A state of this boot that names another index says that this one could not be made durable, nor
 * removed (rebuild.c). */
static bool is_given_up(const struct recovery *r)
{
    return r->same_boot && r->before.generation != r->j->index.generation;
}

static enum status open_index(const struct recovery *r, struct err *err)
{
    struct index *index = &r->j->index;
    struct err damage = ERR_INIT;
    enum status status;

    index_close(index);
    status = index_open(index, index_tables(r->j->spool), &damage);
    if (status == STATUS_CORRUPT || (status == STATUS_OK && is_given_up(r)))
        return index_reset(index, guess_records(r), err);
    return err_pass(err, status, &damage);
}

/* Returns the first segment that must be in the index before an append: it may hold a record that a
 * sender still retries. A segment holds what came between its own making and that of the next. */
static uint32_t first_needed(const struct recovery *r)
{
    int64_t since = r->now_ns - RETRIED_FOR_NS;
    uint32_t need = last_of(&r->list);

    for (size_t i = r->list.count; i-- > 1;) {
        struct record_header header;
        enum status status = segment_header(r->j->spool, r->list.numbers[i], &header, NULL);

        if (status == STATUS_OK && header.created_ns < since)
            break;
        need = r->list.numbers[i - 1];
    }
    return need;
}

/* ---- the last segment */

/* What is readable and sound counts: after a reboot it is on disk, and within one boot the sync has
 * just put it there. Only what follows a failed sync does not count. */
static enum status judge_last(const struct recovery *r, int fd, uint32_t last, uint64_t *valid,
                              bool *indexed, struct err *err)
{
    struct err local = ERR_INIT;
    bool word_of_it = r->word_known && r->word.durable.segment == last;
    enum status status;
    struct stat sb;

    *indexed = false;
    if (word_of_it && r->word.poisoned == last) {
        *valid = r->word.durable.offset;
        return STATUS_OK;
    }
    if (file_datasync(fd) != 0) {
        if (!word_of_it || !r->same_boot)
            return err_errno(err, "cannot sync the segment %08" PRIu32, last);
        *valid = r->word.durable.offset;
        return STATUS_OK;
    }
    if (fstat(fd, &sb) != 0)
        return err_errno(err, "cannot look at the segment %08" PRIu32, last);
    *valid = (uint64_t)sb.st_size;
    status = reindex_segment(r->j, last, *valid, r->deadline_ns, reindex_put_locked, r->j, valid,
                             &local);
    *indexed = status == STATUS_OK;
    /* A segment that takes too long to read counts whole: else every request would fail here. */
    if (status == STATUS_DEADLINE) {
        *valid = (uint64_t)sb.st_size;
        status = STATUS_OK;
    }
    return err_pass(err, status, &local);
}

static enum status seal_last(const struct recovery *r, uint64_t *valid, bool *indexed,
                             struct err *err)
{
    uint32_t last = last_of(&r->list);
    enum status status;
    int fd = -1;

    *valid = 0;
    *indexed = true;
    if (last == 0)
        return STATUS_OK;
    status = segment_open(r->j->spool, last, O_RDWR, &fd, err);
    if (status == STATUS_OK)
        status = judge_last(r, fd, last, valid, indexed, err);
    file_close(&fd);
    return status;
}

/* ---- the new segment */

/* Never a number that was in use: ids and cursors would point at other events. */
static struct record_header next_header(const struct recovery *r, uint64_t valid)
{
    uint32_t last = last_of(&r->list);
    uint32_t used = r->before_known && r->before.segment > last ? r->before.segment : last;

    return (struct record_header){
        .segment = used + 1, .previous = last, .previous_valid = valid, .created_ns = r->now_ns};
}

static enum status store_state(const struct recovery *r, bool last_indexed, struct err *err)
{
    struct journal *j = r->j;
    struct journal_state *state = &j->state;
    struct index_reach reach;
    enum status status;

    memcpy(state->boot, j->boot, sizeof state->boot);
    state->oldest = r->list.count == 0 ? state->segment : r->list.numbers[0];
    state->tables = j->index.count;
    state->generation = j->index.generation;
    state->index_first = last_indexed && r->list.count > 0 ? last_of(&r->list) : state->segment;
    state->index_need = r->list.count == 0 ? state->segment : first_needed(r);
    state->checkpoint = 0;
    if (reindex_reach(j, &reach)) {
        state->checkpoint = reach.last;
        reindex_use_reach(state, &reach);
    }
    status = live_store_state(j, err);
    if (status == STATUS_OK)
        status = live_open_segment(j, err);
    j->state_known = status == STATUS_OK;
    return status;
}

/* ---- all of it */

/* Under both locks. */
static enum status recover_locked(struct recovery *r, struct err *err)
{
    struct journal *j = r->j;
    enum status status;
    uint64_t valid;
    bool indexed;

    r->before_known = journal_state_read(j->state_fd, &r->before);
    r->same_boot = r->before_known && clock_boot_same(r->before.boot, j->boot);
    r->word_known = commit_word_read(j->commit, &r->word);
    file_close(&j->segment_fd);
    status = segment_list_read(j->spool, &r->list, err);
    /* Before what the state says of the index is forgotten. */
    if (status == STATUS_OK)
        status = open_index(r, err);
    /* From here on the next process recovers again if this one is killed. */
    if (status == STATUS_OK)
        status = journal_state_forget(j->state_fd, err);
    /* Before there is a segment: a journal that has one and no state was restored. */
    if (status == STATUS_OK && r->list.count == 0 && j->options.begin != NULL)
        status = j->options.begin(j->spool, r->now_ns, err);
    if (status == STATUS_OK)
        status = seal_last(r, &valid, &indexed, err);
    if (status == STATUS_OK)
        status = rotate_afresh(j, next_header(r, valid), err);
    if (status == STATUS_OK)
        status = store_state(r, indexed, err);
    segment_list_free(&r->list);
    return status;
}

enum status recover_run(struct journal *j, int64_t now_ns, uint64_t deadline_ns, struct err *err)
{
    struct recovery r = {.j = j, .now_ns = now_ns, .deadline_ns = deadline_ns};
    enum status status =
        live_lock(j->commit, deadline_ns, "commit", "no time left to recover the journal", err);

    j->state_known = false;
    if (status != STATUS_OK)
        return status;
    status = recover_locked(&r, err);
    file_unlock(j->commit);
    return status;
}
