/* SPDX-License-Identifier: MIT
 * snapshot_load - what is known of hooks now: the snapshot on disk, and the results after it.
 */
#include "store/queue/ledger.h"
#include "store/queue/snapshot.h"
#include "store/queue/standing.h"

static enum status apply_result(void *context, const struct result *result, struct err *err)
{
    return snapshot_apply(context, result, err);
}

enum status snapshot_replay(struct snapshot *snapshot, const struct spool *spool, struct err *err)
{
    return ledger_walk_results(spool, snapshot->results, apply_result, snapshot, &snapshot->results,
                               err);
}

/* Most orders on record were carried out long ago, but it is unknown which: all are skipped, as a
 * second time would run hooks of old events again. */
enum status snapshot_rebuild(struct snapshot *snapshot, const struct spool *spool, struct err *err)
{
    struct record_owner owner = {.first = 0};
    enum status status;

    snapshot_free(snapshot);
    status = ledger_owner(spool, &owner, NULL);
    if (status != STATUS_OK && status != STATUS_MISSING)
        return err_set(err, status, "cannot read the results of hooks");
    snapshot->orders = (struct place){owner.orders_segment, owner.orders_offset};
    status = snapshot_replay(snapshot, spool, err);
    if (status == STATUS_OK && snapshot->count > 0)
        status = ledger_skip(spool, LEDGER_ORDERS, &snapshot->orders, err);
    return status;
}

/* It covers results that do not count any more. */
static bool is_outdated(const struct snapshot *snapshot, const struct spool *spool)
{
    struct record_owner owner;

    return ledger_owner(spool, &owner, NULL) == STATUS_OK &&
           snapshot->results.segment < owner.first;
}

enum status snapshot_load(struct snapshot *snapshot, const struct spool *spool, bool *rebuilt,
                          struct err *err)
{
    struct err why = ERR_INIT;
    enum status status = snapshot_read(spool, snapshot, &why);

    *rebuilt = status == STATUS_MISSING || status == STATUS_CORRUPT ||
               (status == STATUS_OK && is_outdated(snapshot, spool));
    if (*rebuilt)
        return snapshot_rebuild(snapshot, spool, err);
    if (status != STATUS_OK)
        return err_pass(err, status, &why);
    return snapshot_replay(snapshot, spool, err);
}

/* ---- hold */

static uint32_t find_lane_hold(const struct snapshot_lane *lane)
{
    uint32_t hold = lane->cursor.segment;

    for (size_t i = 0; i < lane->retry_count; i++)
        if (lane->retries[i].place.segment < hold)
            hold = lane->retries[i].place.segment;
    return hold;
}

uint32_t snapshot_hold(const struct spool *spool)
{
    struct snapshot snapshot;
    uint32_t hold = UINT32_MAX;

    /* The snapshot of another journal says nothing of this one. */
    if (standing_check(spool, NULL, NULL) == STATUS_PAUSED ||
        snapshot_read(spool, &snapshot, NULL) != STATUS_OK)
        return 0;
    /* Written when a runner had only just begun. */
    if (snapshot.count == 0)
        hold = 0;
    for (size_t i = 0; i < snapshot.count; i++) {
        uint32_t lane = find_lane_hold(snapshot.lanes[i]);

        hold = lane < hold ? lane : hold;
    }
    snapshot_free(&snapshot);
    return hold;
}
