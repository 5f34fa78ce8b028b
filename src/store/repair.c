/* SPDX-License-Identifier: MIT
 * repair - see store/repair.h.
 */
#include "store/repair.h"

#include "base/clock.h"
#include "base/file.h"
#include "store/journal/journal_parts.h"
#include "store/queue/queue.h"

#define STEP_NS (50 * NS_PER_MS)
/* Of one slice of the index: the largest segment is read in a fraction of it. */
#define SLICE_NS (60 * NS_PER_S)

struct listener {
    repair_tell tell;
    void *context;
};

/* ---- hooks */

static enum status rebuild_queue(const struct spool *spool, int64_t now_ns, struct err *err)
{
    uint64_t deadline_ns = clock_mono_ns() + REPAIR_WAIT_NS;

    for (;;) {
        struct err local = ERR_INIT;
        enum status status = queue_rebuild(spool, now_ns, &local);

        if (status == STATUS_DEADLINE && clock_mono_ns() < deadline_ns) {
            clock_sleep_ns(STEP_NS);
            continue;
        }
        /* Nothing of it can be made anew, and the index is repaired all the same. */
        if (status == STATUS_PAUSED)
            return STATUS_OK;
        if (status == STATUS_DEADLINE)
            return err_set(err, status, "%s: stop it, and repair again", local.text);
        return err_pass(err, status, &local);
    }
}

/* ---- index */

/* Another generation, and no state that speaks of the old one: whoever comes next recovers. */
static enum status forget_index(struct journal *j, int64_t now_ns, uint64_t deadline_ns,
                                struct err *err)
{
    enum status status = live_enter(j, now_ns, deadline_ns, err);

    if (status != STATUS_OK)
        return status;
    status = index_reset(&j->index, 0, err);
    if (status == STATUS_OK)
        status = state_forget(j->state_fd, err);
    j->state_known = false;
    live_leave(j, STATUS_OK);
    return status;
}

/* Under the rebuild lock. */
static enum status rebuild_index(struct journal *j, int64_t now_ns, uint64_t deadline_ns,
                                 const struct listener *listener, struct err *err)
{
    enum status status = forget_index(j, now_ns, deadline_ns, err);
    bool more = true;

    while (status == STATUS_OK && more) {
        status = rebuild_slice(j, clock_mono_ns() + SLICE_NS, &more, err);
        if (status == STATUS_OK)
            listener->tell(listener->context, j->state.index_first - j->state.oldest);
    }
    return status;
}

static enum status repair_index(struct journal *j, int64_t now_ns, const struct listener *listener,
                                struct err *err)
{
    uint64_t deadline_ns = clock_mono_ns() + REPAIR_WAIT_NS;
    int fd;
    enum status status = rebuild_lock(j, deadline_ns, &fd, err);

    if (status != STATUS_OK)
        return status;
    status = rebuild_index(j, now_ns, deadline_ns, listener, err);
    file_close(&fd);
    return status;
}

enum status repair_run(const struct spool *spool, const struct journal_options *options,
                       int64_t now_ns, repair_tell tell, void *context, struct err *err)
{
    const struct listener listener = {tell, context};
    struct journal *j;
    enum status status = rebuild_queue(spool, now_ns, err);

    if (status == STATUS_OK)
        status = journal_open(&j, spool, NULL, options, err);
    if (status != STATUS_OK)
        return status;
    /* What a sender may still retry is reckoned from the caller's time in every step. */
    j->now_ns = now_ns;
    status = repair_index(j, now_ns, &listener, err);
    journal_close(j);
    return status;
}
