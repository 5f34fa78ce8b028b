/* SPDX-License-Identifier: MIT
 * retention - see store/retention.h.
 */
#include "store/retention.h"

#include "base/clock.h"
#include "store/boxes/box.h"
#include "store/boxes/box_counts.h"
#include "store/queue/ledger.h"
#include "store/queue/snapshot.h"
#include "store/queue/standing.h"

struct work {
    const struct spool *spool;
    const struct journal_options *options;
    bool dry;
    int64_t now_ns;
    uint64_t deadline_ns;
};

static int64_t before_ns(const struct work *w, uint64_t age_s)
{
    return age_s >= (uint64_t)(w->now_ns / NS_PER_S) ? INT64_MIN
                                                     : w->now_ns - (int64_t)age_s * NS_PER_S;
}

/* ---- journal */

static void add(struct spool_amount *sum, const struct spool_amount *amount)
{
    sum->files += amount->files;
    sum->bytes += amount->bytes;
}

static enum status prune_journal(const struct work *w, struct retention_report *r,
                                 int64_t *oldest_ns, struct err *err)
{
    struct journal_pruned pruned = {.more = true};
    struct journal *journal;
    enum status status = journal_open(&journal, w->spool, NULL, w->options, err);

    if (status != STATUS_OK)
        return status;
    while (status == STATUS_OK && pruned.more) {
        status = w->dry ? journal_prunable(journal, w->now_ns, &pruned, err)
                        : journal_prune(journal, w->now_ns, w->deadline_ns, &pruned, err);
        if (status == STATUS_OK)
            add(&r->journal, &pruned.removed);
    }
    if (status == STATUS_OK) {
        r->held = pruned.held;
        *oldest_ns = pruned.oldest_ns;
    }
    journal_close(journal);
    return status;
}

/* ---- ledgers */

/* The snapshot on disk never goes back, so no runner will read what comes before it. */
static enum status prune_ledgers(const struct work *w, struct retention_report *r,
                                 int64_t oldest_ns, struct err *err)
{
    struct snapshot snapshot;
    enum status status;

    /* The snapshot may be of another journal. */
    if (standing_check(w->spool, NULL, NULL) == STATUS_PAUSED)
        return STATUS_OK;
    status = snapshot_read(w->spool, &snapshot, err);
    if (status == STATUS_MISSING || status == STATUS_CORRUPT)
        return STATUS_OK; /* the next runner reads all of it */
    if (status != STATUS_OK)
        return status;
    status = ledger_prune(w->spool, LEDGER_RESULTS, oldest_ns, snapshot.results, w->dry,
                          &r->results, err);
    if (status == STATUS_OK)
        status = ledger_prune(w->spool, LEDGER_ORDERS, oldest_ns, snapshot.orders, w->dry,
                              &r->commands, err);
    snapshot_free(&snapshot);
    return status;
}

/* ---- all of it */

static enum status prune_kept(const struct work *w, struct retention_report *r, struct err *err)
{
    int64_t oldest_ns;
    enum status status = prune_journal(w, r, &oldest_ns, err);

    if (status == STATUS_OK)
        status = prune_ledgers(w, r, oldest_ns, err);
    if (status == STATUS_OK)
        status = box_expire(w->spool, BOX_QUARANTINED, before_ns(w, w->options->keep_s), w->dry,
                            &r->quarantine, err);
    return status;
}

enum status retention_run(const struct spool *spool, const struct journal_options *options,
                          bool dry, int64_t now_ns, uint64_t deadline_ns,
                          struct retention_report *out, struct err *err)
{
    const struct work work = {spool, options, dry, now_ns, deadline_ns};
    struct retention_report report = {0};
    enum status status = STATUS_OK;

    if (options->keep_s != 0)
        status = prune_kept(&work, &report, err);
    if (status == STATUS_OK)
        status = box_expire(spool, BOX_REFUSED, before_ns(&work, BOX_AGE_MAX_S), dry,
                            &report.refused, err);
    if (status == STATUS_OK)
        *out = report;
    return status;
}
