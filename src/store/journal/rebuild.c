/* SPDX-License-Identifier: MIT
 * rebuild - what is done for the index after and beside the requests: old segments indexed, tables
 * checkpointed. One slice a call; one process at a time.
 */
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "store/journal/enter.h"
#include "store/journal/prune.h"
#include "store/journal/reindex.h"

#define REACH_EVERY 16 /* segments, so that a reboot does not begin a rebuild anew */
#define REBUILD_POLL_NS (20 * NS_PER_MS) /* between looks whether another process is done */
/* Of one slice of journal_reindex: the largest segment is read in a fraction of it. */
#define SLICE_NS (60 * NS_PER_S)

static int64_t time_of(const struct journal *j)
{
    return j->now_ns != 0 ? j->now_ns : clock_wall_ns();
}

static bool index_due(const struct journal_state *state)
{
    return state->index_first > state->oldest;
}

/* ---- older segments */

struct batch_target {
    struct journal *j;
    uint64_t generation; /* of the index that the slots are meant for */
    uint64_t deadline_ns;
};

static enum status put_batch(void *context, struct index_entry *entries, size_t count,
                             struct err *err)
{
    const struct batch_target *target = context;
    struct journal *j = target->j;
    enum status status = enter_begin(j, time_of(j), target->deadline_ns, err);

    if (status != STATUS_OK)
        return status;
    /* Another index by now: it has its own rebuild. */
    if (j->index.generation == target->generation)
        status = index_insert_many(&j->index, entries, count, err);
    if (status == STATUS_OK && j->state.tables != j->index.count) {
        j->state.tables = j->index.count;
        status = live_store_state(j, err);
    }
    enter_end(j, status);
    return status;
}

/* Reads without the append lock: a sealed segment does not change. */
static enum status index_one_older(struct journal *j, const struct journal_state *seen,
                                   uint64_t deadline_ns, struct err *err)
{
    struct batch_target target = {j, j->index.generation, deadline_ns};
    uint32_t below;
    enum status status =
        reindex_below(j, seen->index_first, deadline_ns, put_batch, &target, &below, err);

    if (status != STATUS_OK)
        return status;
    status = enter_begin(j, time_of(j), deadline_ns, err);
    if (status != STATUS_OK)
        return status;
    if (j->state.generation == seen->generation && j->state.index_first == seen->index_first) {
        reindex_came_down(j, below == 0 ? j->state.oldest : below);
        /* A checkpoint is due at the end, and now and then before. */
        if (!index_due(&j->state) || j->state.index_first % REACH_EVERY == 0)
            j->state.checkpoint = 0;
        status = live_store_state(j, err);
    }
    enter_end(j, status);
    return status;
}

/* ---- checkpoint */

/* After a failed sync the kernel may take the lost pages for clean, so the next sync would succeed
 * and a checkpoint cover slots that are on no disk: after a reboot their records would not be
 * found. So recovery makes the index anew: what made the sync fail may keep the table from being
 * removed, and then the state names no index that is there. */
static void begin_index_anew(struct journal *j, const struct journal_state *seen,
                             uint64_t deadline_ns)
{
    if (enter_begin(j, time_of(j), deadline_ns, NULL) != STATUS_OK)
        return;
    if (j->index.generation == seen->generation && !index_discard(&j->index)) {
        j->state.generation = ~seen->generation;
        enter_end(j, live_store_state(j, NULL));
        return;
    }
    enter_end(j, STATUS_CORRUPT);
}

/* Makes durable what the tables hold of sealed segments: a reboot need not read them again. */
static enum status write_checkpoint(struct journal *j, const struct journal_state *seen,
                                    uint64_t deadline_ns, struct err *err)
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
        status = enter_begin(j, time_of(j), deadline_ns, err);
    if (status != STATUS_OK)
        return status;
    if (j->state.generation == seen->generation && j->state.checkpoint < reach.last) {
        j->state.checkpoint = reach.last;
        status = live_store_state(j, err);
    }
    enter_end(j, status);
    return status;
}

/* ---- a slice */

/* The gap to what an earlier checkpoint covers is closed first: this one would lose that part. */
static bool checkpoint_due(const struct journal *j, const struct journal_state *state)
{
    struct index_reach reach;

    if (state->checkpoint + 1 >= state->segment || state->index_first >= state->segment)
        return false;
    return !index_due(state) || !reindex_reach(j, &reach) || state->index_first <= reach.first;
}

static bool work_due(const struct journal *j, const struct journal_state *state)
{
    return index_due(state) || checkpoint_due(j, state);
}

/* Under the rebuild lock. */
static enum status do_slice(struct journal *j, uint64_t deadline_ns, bool *more, struct err *err)
{
    struct journal_pruned pruned;
    struct journal_state seen;
    enum status status = enter_begin(j, time_of(j), deadline_ns, err);

    if (status != STATUS_OK)
        return status;
    seen = j->state;
    enter_end(j, STATUS_OK);
    if (checkpoint_due(j, &seen)) {
        status = write_checkpoint(j, &seen, deadline_ns, err);
        if (status == STATUS_OK)
            status = prune_segments(j, time_of(j), deadline_ns, &pruned, err);
    } else if (index_due(&seen)) {
        status = index_one_older(j, &seen, deadline_ns, err);
    }
    *more = status == STATUS_OK && work_due(j, &j->state);
    return status;
}

enum status journal_rebuild(struct journal *j, uint64_t deadline_ns, struct err *err)
{
    for (;;) {
        bool more;
        enum status status = enter_begin(j, time_of(j), deadline_ns, err);

        if (status != STATUS_OK)
            return status;
        enter_end(j, STATUS_OK);
        if (!index_due(&j->state))
            return STATUS_OK;
        status = journal_rebuild_slice(j, deadline_ns, &more, err);
        if (status != STATUS_OK)
            return status;
        if (clock_mono_ns() >= deadline_ns)
            return err_set(err, STATUS_DEADLINE, "the journal's index is still being rebuilt");
        /* Another process is at work. */
        if (!more && index_due(&j->state))
            clock_sleep_ns(REBUILD_POLL_NS);
    }
}

enum status journal_rebuild_slice(struct journal *j, uint64_t deadline_ns, bool *more,
                                  struct err *err)
{
    enum status status;
    int fd;

    *more = false;
    /* The common case, after an append: the state that it saw says that nothing is due. */
    if (j->state_known && !work_due(j, &j->state))
        return STATUS_OK;
    status = enter_rebuild(j, 0, &fd, err);
    if (status == STATUS_DEADLINE)
        return STATUS_OK; /* another process is at work */
    if (status != STATUS_OK)
        return status;
    status = do_slice(j, deadline_ns, more, err);
    file_close(&fd);
    return status;
}

/* ---- anew */

/* Another generation, and no state that names the old one: the next process recovers. */
static enum status forget_index(struct journal *j, uint64_t deadline_ns, struct err *err)
{
    enum status status = enter_begin(j, time_of(j), deadline_ns, err);

    if (status != STATUS_OK)
        return status;
    status = index_reset(&j->index, 0, err);
    if (status == STATUS_OK)
        status = journal_state_forget(j->state_fd, err);
    j->state_known = false;
    enter_end(j, STATUS_OK);
    return status;
}

enum status journal_reindex(struct journal *j, int64_t now_ns, uint64_t deadline_ns,
                            journal_tell tell, void *context, struct err *err)
{
    bool more = true;
    int fd;
    enum status status = enter_rebuild(j, deadline_ns, &fd, err);

    if (status != STATUS_OK)
        return status;
    j->now_ns = now_ns;
    status = forget_index(j, deadline_ns, err);
    while (status == STATUS_OK && more) {
        status = do_slice(j, clock_mono_ns() + SLICE_NS, &more, err);
        if (status == STATUS_OK)
            tell(context, j->state.index_first - j->state.oldest);
    }
    file_close(&fd);
    return status;
}
