/* SPDX-License-Identifier: MIT
 * repair - see store/repair.h.
 */
#include "store/repair.h"

#include "base/clock.h"
#include "store/queue/queue.h"

#define STEP_NS (50 * NS_PER_MS)

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
        /* The queue cannot be rebuilt now, but the index can be repaired. */
        if (status == STATUS_PAUSED)
            return STATUS_OK;
        if (status == STATUS_DEADLINE)
            return err_set(err, status, "%s: stop it, and repair again", local.text);
        return err_pass(err, status, &local);
    }
}

enum status repair_run(const struct spool *spool, const struct journal_options *options,
                       int64_t now_ns, journal_tell tell, void *context, struct err *err)
{
    struct journal *journal;
    enum status status = rebuild_queue(spool, now_ns, err);

    if (status == STATUS_OK)
        status = journal_open(&journal, spool, NULL, options, err);
    if (status != STATUS_OK)
        return status;
    status = journal_reindex(journal, now_ns, clock_mono_ns() + REPAIR_WAIT_NS, tell, context, err);
    journal_close(journal);
    return status;
}
