/* SPDX-License-Identifier: MIT
 * sweep_outage - a disk that is gone for several calls in a row: one cause, and more than one call
 * fails. Afterwards the disk is well, and what it has lost must not pass for recorded.
 */
#include <fcntl.h>
#include <string.h>

#include "base/clock.h"
#include "store/journal/append.h"
#include "store/journal/live.h"
#include "sweep.h"

#define LATE_NS UINT64_C(1000000)
#define DEADLINE_NS UINT64_C(10000000000)
#define BATCH 2
/* A body of several pages, which does not fit into the segment that is begun. */
#define LARGE 10

static void deed(struct stage *stage, unsigned number)
{
    way_status("an append", stage_append(stage, number, NULL, NULL));
    way_locks(stage);
}

/* Each is retried by the very next request. */
void outage_go_again(struct stage *stage)
{
    for (unsigned n = 4; n < 7; n++) {
        deed(stage, n);
        deed(stage, n);
    }
    deed(stage, LARGE);
    deed(stage, LARGE);
}

/* The line of one deed is written, and its sender was answered 503 because another process, with
 * the commit lock, took too long. What is synced next is the whole segment, at a rotation. */
void outage_go_late(struct stage *stage)
{
    int fd;

    if (!stage_open(stage)) {
        way_status("opening", stage->err.status);
        return;
    }
    deed(stage, 5);
    fd = hook_real_open(stage->spool.dir, SPOOL_COMMIT, O_RDWR);
    if (hook_real_trylock(fd) != 0)
        way_wrong("the commit lock is taken");
    if (stage_append_until(stage, 4, LATE_NS) == STATUS_OK)
        way_wrong("a deed that cannot be synced is acknowledged");
    hook_real_close(fd);
    hook_heal();
    deed(stage, LARGE);
    deed(stage, 4);
    deed(stage, 6);
    deed(stage, 4);
}

/* ---- two threads whose appends are written together, with a rotation in between */

struct batch {
    unsigned deeds[BATCH];
    char keys[BATCH][EVENT_KEY_MAX];
    struct record_line lines[BATCH];
    struct append *appends[BATCH]; /* the first leads */
};

static void write_batch(struct stage *stage, struct batch *b)
{
    struct append *leader = b->appends[0];

    for (unsigned i = 0; i < BATCH; i++) {
        deed_key(b->deeds[i], b->keys[i]);
        hook_mark(MARK_TRIED, b->deeds[i], &stage->now_ns, sizeof stage->now_ns);
        append_begin(b->appends[i], str_of(b->keys[i]), &b->lines[i], stage->now_ns,
                     clock_mono_ns() + DEADLINE_NS);
    }
    append_write(stage->journal, b->appends, BATCH);
    append_sync(stage->journal);
    for (unsigned i = 0; i < BATCH; i++)
        append_end(b->appends[i], leader);
}

static void end_batch(const struct batch *b)
{
    for (unsigned i = 0; i < BATCH; i++) {
        const struct receipt *receipt;
        enum status status = append_outcome(b->appends[i], &receipt, NULL);

        if (status == STATUS_OK)
            hook_mark(MARK_ACKED, b->deeds[i], receipt_id(receipt),
                      strlen(receipt_id(receipt)) + 1);
        way_status("an append of a batch", status);
    }
}

void outage_go_batch(struct stage *stage)
{
    struct batch b = {.deeds = {4, LARGE}};
    enum status status;

    if (!stage_open(stage)) {
        way_status("opening", stage->err.status);
        return;
    }
    b.appends[0] = stage->journal->append;
    status = append_make(&b.appends[1], NULL);
    if (status == STATUS_OK && deed_line(&b.lines[0], 4) && deed_line(&b.lines[1], LARGE)) {
        write_batch(stage, &b);
        end_batch(&b);
    } else {
        way_status("making a batch", STATUS_MEMORY);
    }
    record_line_free(&b.lines[0]);
    record_line_free(&b.lines[1]);
    append_free(b.appends[1]);
    way_locks(stage);
    deed(stage, 4);
    deed(stage, LARGE);
}

/* ---- retries */

void outage_retry(const struct sweep *sweep, struct stage *stage)
{
    struct promises p = *sweep->promises;

    hook_disarm();
    disk_promises(sweep->log, sweep->log->count, &p);
    if (p.now_ns > stage->now_ns)
        stage->now_ns = p.now_ns;
    for (unsigned n = 0; n < DEEDS_MAX; n++) {
        enum status status;

        if (!p.tried[n] || p.acked[n])
            continue;
        status = stage_append(stage, n, NULL, NULL);
        if (status != STATUS_OK)
            way_wrong("the disk is well again, and deed %u is refused (%s): %s", n,
                      status_name(status), stage->err.text);
    }
}
