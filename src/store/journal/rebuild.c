/* SPDX-License-Identifier: MIT
 * rebuild - what is done for the index behind the requests: older segments indexed, tables
 * checkpointed. One slice a call; one process at a time.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "store/journal/journal_parts.h"
#include "store/journal/verdict.h"

#define BATCH 16384    /* slots that are inserted under one hold of the append lock */
#define REACH_EVERY 16 /* segments of a rebuild, so that a reboot does not begin it anew */
#define REBUILD_POLL_NS (20 * NS_PER_MS) /* how often is looked whether another process is done */

/* ---- the records of one segment */

struct collect {
    struct journal *j;
    uint32_t segment;
    bool locked;
    uint64_t generation; /* of the index that the slots are meant for */
    uint64_t deadline_ns;
    struct index_entry *entries;
    size_t count;
    uint64_t end;
};

static int64_t time_of(const struct journal *j)
{
    return j->now_ns != 0 ? j->now_ns : clock_wall_ns();
}

static enum status insert_unlocked(struct collect *c, struct err *err)
{
    struct journal *j = c->j;
    enum status status = live_enter(j, time_of(j), c->deadline_ns, err);

    if (status != STATUS_OK)
        return status;
    /* Another index by now: it has its own rebuild. */
    if (j->index.generation == c->generation)
        status = index_insert_many(&j->index, c->entries, c->count, err);
    if (status == STATUS_OK && j->state.tables != j->index.count) {
        j->state.tables = j->index.count;
        status = live_store_state(j, err);
    }
    live_leave(j, status);
    return status;
}

static enum status flush(struct collect *c, struct err *err)
{
    enum status status = STATUS_OK;

    if (c->count > 0 && c->locked)
        status = index_insert_many(&c->j->index, c->entries, c->count, err);
    else if (c->count > 0)
        status = insert_unlocked(c, err);
    c->count = 0;
    return status;
}

static enum status collect_line(void *context, uint64_t offset, struct str line, struct err *err)
{
    struct collect *c = context;
    const struct place place = {c->segment, offset};
    struct record_header header;
    enum status status = STATUS_OK;
    const char *why;

    if (offset == 0 && record_header_parse(line, &header))
        c->end = line.len + 1;
    if (verdict_line(line, place, &why) != VERDICT_RECORD)
        return STATUS_OK;
    c->end = offset + line.len + 1;
    if (c->count == BATCH)
        status = flush(c, err);
    c->entries[c->count++] = (struct index_entry){
        .fingerprint = index_fingerprint(c->j->spool, record_key(line)),
        .place = place,
    };
    return status;
}

enum status rebuild_segment(struct journal *j, uint32_t segment, uint64_t limit, bool locked,
                            uint64_t deadline_ns, uint64_t *end, struct err *err)
{
    struct collect c = {.j = j,
                        .segment = segment,
                        .locked = locked,
                        .generation = j->index.generation,
                        .deadline_ns = deadline_ns};
    struct err walked = ERR_INIT;
    enum status status;
    bool whole = true;
    int fd = -1;

    status = segment_open(j->spool, segment, O_RDONLY, &fd, &walked);
    if (status == STATUS_MISSING)
        return STATUS_OK; /* pruned meanwhile */
    if (status != STATUS_OK)
        return err_pass(err, status, &walked);
    c.entries = malloc(BATCH * sizeof *c.entries);
    if (c.entries == NULL) {
        file_close(&fd);
        return err_set(err, STATUS_MEMORY, "no memory to rebuild the index");
    }
    (void)posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL);
    status = segment_walk(fd, limit, deadline_ns, collect_line, &c, &whole, err);
    if (status == STATUS_OK)
        status = flush(&c, err);
    if (status == STATUS_OK && end != NULL)
        *end = whole ? c.end : limit;
    free(c.entries);
    file_close(&fd);
    return status;
}

/* ---- which segments */

bool rebuild_reach(const struct journal *j, struct index_reach *out)
{
    return index_reach_read(j->spool, out) && out->generation == j->index.generation &&
           out->tables <= j->index.count && out->first <= out->last && out->first != 0;
}

void rebuild_use_reach(struct state *state, const struct index_reach *reach)
{
    if (state->index_first > reach->first && state->index_first <= reach->last + 1)
        state->index_first = reach->first;
}

static bool index_due(const struct state *state)
{
    return state->index_first > state->oldest;
}

/* Notes in j->state that all from `segment` on is in the index. */
static void came_down_to(struct journal *j, uint32_t segment)
{
    struct index_reach reach;

    j->state.index_first = segment;
    j->state.tables = j->index.count;
    if (rebuild_reach(j, &reach))
        rebuild_use_reach(&j->state, &reach);
}

enum status rebuild_catch_up(struct journal *j, uint64_t deadline_ns, struct err *err)
{
    struct segment_list list;
    enum status status = segment_list_read(j->spool, &list, err);

    if (status != STATUS_OK)
        return status;
    while (status == STATUS_OK && j->state.index_first > j->state.index_need) {
        uint32_t below = segment_list_below(&list, j->state.index_first);
        uint64_t limit;

        if (below != 0) {
            status = segment_limit(j->spool, below, &limit, err);
            if (status == STATUS_OK)
                status = rebuild_segment(j, below, limit, true, deadline_ns, NULL, err);
        }
        if (status == STATUS_OK) {
            came_down_to(j, below == 0 ? j->state.index_need : below);
            status = live_store_state(j, err);
        }
    }
    segment_list_free(&list);
    return status;
}

/* Reading is done without the append lock: a sealed segment does not change. */
static enum status index_one_older(struct journal *j, const struct state *seen,
                                   uint64_t deadline_ns, struct err *err)
{
    struct segment_list list;
    enum status status;
    uint64_t limit;
    uint32_t below;

    status = segment_list_read(j->spool, &list, err);
    if (status != STATUS_OK)
        return status;
    below = segment_list_below(&list, seen->index_first);
    segment_list_free(&list);
    if (below != 0) {
        status = segment_limit(j->spool, below, &limit, err);
        if (status == STATUS_OK)
            status = rebuild_segment(j, below, limit, false, deadline_ns, NULL, err);
        if (status != STATUS_OK)
            return status;
    }
    status = live_enter(j, time_of(j), deadline_ns, err);
    if (status != STATUS_OK)
        return status;
    if (j->state.generation == seen->generation && j->state.index_first == seen->index_first) {
        came_down_to(j, below == 0 ? j->state.oldest : below);
        /* The durable reach is to follow, at the end and now and then on the way there. */
        if (!index_due(&j->state) || j->state.index_first % REACH_EVERY == 0)
            j->state.checkpoint = 0;
        status = live_store_state(j, err);
    }
    live_leave(j, status);
    return status;
}

/* ---- checkpoint */

/* After a failed sync the kernel may hold the lost pages for clean, and the next sync of them would
 * succeed: a checkpoint would then cover slots that are on no disk, and after a reboot their
 * records would not be found. So the index is made anew, by the way that everything in doubt
 * takes. */
static void begin_index_anew(struct journal *j, const struct state *seen, uint64_t deadline_ns)
{
    if (live_enter(j, time_of(j), deadline_ns, NULL) != STATUS_OK)
        return;
    if (j->index.generation == seen->generation)
        index_discard(&j->index);
    live_leave(j, STATUS_CORRUPT);
}

/* What the tables hold of sealed segments is made durable, so that a reboot need not read them
 * again. */
static enum status checkpoint(struct journal *j, const struct state *seen, uint64_t deadline_ns,
                              struct err *err)
{
    const struct index_reach reach = {.generation = seen->generation,
                                      .tables = seen->tables,
                                      .first = seen->index_first,
                                      .last = seen->segment - 1};
    enum status status = index_sync(&j->index, err);

    if (status != STATUS_OK) {
        begin_index_anew(j, seen, deadline_ns);
        return status;
    }
    status = index_reach_write(j->spool, &reach, err);
    if (status == STATUS_OK)
        status = live_enter(j, time_of(j), deadline_ns, err);
    if (status != STATUS_OK)
        return status;
    if (j->state.generation == seen->generation && j->state.checkpoint < reach.last) {
        j->state.checkpoint = reach.last;
        status = live_store_state(j, err);
    }
    live_leave(j, status);
    return status;
}

/* ---- a slice */

/* A checkpoint that leaves out what an earlier one covers would throw it away: the gap is closed
 * first. */
static bool checkpoint_due(const struct journal *j, const struct state *state)
{
    struct index_reach reach;

    if (state->checkpoint + 1 >= state->segment || state->index_first >= state->segment)
        return false;
    return !index_due(state) || !rebuild_reach(j, &reach) || state->index_first <= reach.first;
}

static bool due(const struct journal *j, const struct state *state)
{
    return index_due(state) || checkpoint_due(j, state);
}

enum status rebuild_slice(struct journal *j, uint64_t deadline_ns, bool *more, struct err *err)
{
    struct journal_pruned pruned;
    struct state seen;
    enum status status = live_enter(j, time_of(j), deadline_ns, err);

    if (status != STATUS_OK)
        return status;
    seen = j->state;
    live_leave(j, STATUS_OK);
    if (checkpoint_due(j, &seen)) {
        status = checkpoint(j, &seen, deadline_ns, err);
        if (status == STATUS_OK)
            status = prune_segments(j, time_of(j), deadline_ns, &pruned, err);
    } else if (index_due(&seen)) {
        status = index_one_older(j, &seen, deadline_ns, err);
    }
    *more = status == STATUS_OK && due(j, &j->state);
    return status;
}

enum status journal_rebuild(struct journal *j, uint64_t deadline_ns, struct err *err)
{
    for (;;) {
        bool more;
        enum status status = live_enter(j, time_of(j), deadline_ns, err);

        if (status != STATUS_OK)
            return status;
        live_leave(j, STATUS_OK);
        if (!index_due(&j->state))
            return STATUS_OK;
        status = journal_rebuild_slice(j, deadline_ns, &more, err);
        if (status != STATUS_OK)
            return status;
        if (clock_mono_ns() >= deadline_ns)
            return err_set(err, STATUS_DEADLINE, "the journal's index is still being rebuilt");
        /* Somebody else is at it. */
        if (!more && index_due(&j->state))
            clock_sleep_ns(REBUILD_POLL_NS);
    }
}

enum status rebuild_lock(const struct journal *j, uint64_t deadline_ns, int *out, struct err *err)
{
    int fd = file_open(j->spool->dir, SPOOL_REBUILD_LOCK, O_RDWR | O_CREAT, 0600);
    enum status status = STATUS_OK;

    if (fd < 0)
        return err_errno(err, "cannot open the rebuild lock");
    if (file_lock(fd, deadline_ns) == 0) {
        *out = fd;
        return STATUS_OK;
    }
    if (errno == EWOULDBLOCK)
        status = err_set(err, STATUS_DEADLINE,
                         "another process is at work on the index: try again later");
    else
        status = err_errno(err, "cannot take the rebuild lock");
    file_close(&fd);
    return status;
}

enum status journal_rebuild_slice(struct journal *j, uint64_t deadline_ns, bool *more,
                                  struct err *err)
{
    enum status status;
    int fd;

    *more = false;
    /* The common case, after an append: what that one saw says that nothing is due. */
    if (j->state_known && !due(j, &j->state))
        return STATUS_OK;
    status = rebuild_lock(j, 0, &fd, err);
    if (status == STATUS_DEADLINE)
        return STATUS_OK; /* somebody else is at it */
    if (status != STATUS_OK)
        return status;
    status = rebuild_slice(j, deadline_ns, more, err);
    file_close(&fd);
    return status;
}
