/* SPDX-License-Identifier: MIT
 * queue - see store/queue/queue.h.
 */
#include "store/queue/queue.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "store/queue/queue_parts.h"
#include "store/queue/standing.h"

/* ---- open, close */

static enum status take_lock(struct queue *q, struct err *err)
{
    enum status status = spool_make_run(q->spool, err);

    if (status != STATUS_OK)
        return status;
    q->lock = file_open(q->spool->dir, SPOOL_RUN_LOCK, O_RDWR | O_CREAT, 0600);
    if (q->lock < 0)
        return err_errno(err, "cannot open %s/" SPOOL_RUN_LOCK, q->spool->path);
    if (file_trylock(q->lock) == 0)
        return STATUS_OK;
    if (errno == EWOULDBLOCK)
        return err_set(err, STATUS_DEADLINE, "another runner runs the hooks of %s", q->spool->path);
    return err_errno(err, "cannot lock %s/" SPOOL_RUN_LOCK, q->spool->path);
}

/* What was wrong may have been mended, and cron, which starts a runner a minute, would meet every
 * other probe. */
static void probe_lanes(struct queue *q, int64_t now_ns)
{
    for (size_t i = 0; i < q->snapshot.count; i++)
        if (q->snapshot.lanes[i]->suspended_ns != 0)
            q->snapshot.lanes[i]->suspended_ns = now_ns;
}

/* Before the first record there may be no state either. */
static enum status find_owner(struct queue *q, int64_t now_ns, struct err *err)
{
    enum status status = standing_check(q->spool, &q->owner, err);

    if (status != STATUS_MISSING)
        return status;
    status = standing_make(q->spool, SPOOL_LEDGER_TMP, now_ns, err);
    return status == STATUS_OK ? standing_check(q->spool, &q->owner, err) : status;
}

enum status queue_open_empty(struct queue **out, const struct spool *spool, bool check,
                             int64_t now_ns, struct err *err)
{
    struct queue *q = calloc(1, sizeof *q);
    enum status status;

    if (q == NULL)
        return err_set(err, STATUS_MEMORY, "no memory for the queue");
    q->spool = spool;
    q->lock = -1;
    q->flushed_ns = now_ns - QUEUE_SNAPSHOT_NS;
    snapshot_init(&q->snapshot);
    status = take_lock(q, err);
    if (status == STATUS_OK && check)
        status = find_owner(q, now_ns, err);
    if (status == STATUS_OK && check)
        status = ledger_open(&q->results, spool, LEDGER_RESULTS, now_ns, err);
    if (status == STATUS_OK)
        *out = q;
    else
        queue_close(q);
    return status;
}

enum status queue_open(struct queue **out, const struct spool *spool, int64_t now_ns,
                       struct err *err)
{
    struct queue *q;
    enum status status = queue_open_empty(&q, spool, true, now_ns, err);

    if (status != STATUS_OK)
        return status;
    status = snapshot_load(&q->snapshot, spool, &q->dirty, err);
    if (status == STATUS_OK)
        status = queue_grow(q, err);
    if (status != STATUS_OK) {
        queue_close(q);
        return status;
    }
    probe_lanes(q, now_ns);
    /* If it was rebuilt: the next runner could not tell which orders were carried out unless it is
     * on disk before they are given. If it cannot be written now it is written later. */
    (void)!queue_flush(q, true, now_ns, NULL);
    *out = q;
    return STATUS_OK;
}

void queue_close(struct queue *queue)
{
    if (queue == NULL)
        return;
    while (queue->claims != NULL) {
        struct claim *claim = queue->claims;

        queue->claims = claim->next;
        free(claim);
    }
    for (size_t i = 0; i < queue->count; i++)
        free(queue->lanes[i]);
    free(queue->lanes);
    snapshot_free(&queue->snapshot);
    ledger_close(queue->results);
    file_close(&queue->lock);
    free(queue);
}

/* The snapshot that is replaced says which orders are still to be carried out. */
static enum status keep_orders(struct queue *q, struct err *err)
{
    struct err why = ERR_INIT;
    struct snapshot old;
    enum status status = snapshot_read(q->spool, &old, &why);

    if (status == STATUS_MISSING || status == STATUS_CORRUPT)
        return STATUS_OK;
    if (status != STATUS_OK)
        return err_pass(err, status, &why);
    q->snapshot.orders = old.orders;
    q->snapshot.read = old.read;
    memcpy(q->snapshot.read_crc, old.read_crc, sizeof old.read_crc);
    snapshot_free(&old);
    return STATUS_OK;
}

enum status queue_rebuild(const struct spool *spool, int64_t now_ns, struct err *err)
{
    struct queue *q;
    enum status status = queue_open_empty(&q, spool, true, now_ns, err);

    if (status != STATUS_OK)
        return status;
    q->dirty = true;
    status = snapshot_rebuild(&q->snapshot, spool, err);
    if (status == STATUS_OK)
        status = keep_orders(q, err);
    if (status == STATUS_OK)
        status = queue_flush(q, true, now_ns, err);
    queue_close(q);
    return status;
}

/* ---- configure */

/* What was read ahead is read again once it has a hook again. */
static void rest_lane(struct lane *lane)
{
    lane->read = lane->saved->cursor;
    lane->count = 0;
    lane->behind = true;
}

/* Those that are furthest are read for together; the others catch up. */
static void find_front(struct queue *q)
{
    for (size_t i = 0; i < q->count; i++) {
        const struct lane *lane = q->lanes[i];

        if (lane->config == NULL)
            continue;
        if (!q->front_known || place_pack(lane->read) > place_pack(q->front))
            q->front = lane->read;
        q->front_known = true;
    }
    for (size_t i = 0; i < q->count; i++) {
        struct lane *lane = q->lanes[i];

        if (lane->config != NULL && place_pack(lane->read) == place_pack(q->front))
            lane->behind = false;
    }
}

static enum status link_lanes(struct queue *q, struct err *err)
{
    for (size_t i = 0; i < q->config->endpoint_count; i++) {
        const struct config_endpoint *endpoint = &q->config->endpoints[i];
        struct snapshot_lane *saved;
        enum status status;

        if (endpoint->hook == NULL)
            continue;
        status = snapshot_lane(&q->snapshot, str_of(endpoint->name), &saved, err);
        if (status == STATUS_OK)
            status = queue_grow(q, err);
        if (status != STATUS_OK)
            return status;
        queue_lane(q, saved)->config = endpoint;
    }
    for (size_t i = 0; i < q->count; i++)
        if (q->lanes[i]->config == NULL)
            rest_lane(q->lanes[i]);
    if (!q->front_known)
        find_front(q);
    q->unlinked = false;
    return STATUS_OK;
}

void queue_configure(struct queue *queue, const struct config *config)
{
    queue->config = config;
    queue->unlinked = true;
    for (size_t i = 0; i < queue->count; i++)
        queue->lanes[i]->config = NULL;
    /* No memory: queue_fill tries again. */
    (void)!link_lanes(queue, NULL);
}

enum status queue_fill(struct queue *queue, int64_t now_ns, struct err *err)
{
    enum status status = STATUS_OK;

    if (queue->config == NULL)
        return STATUS_OK;
    if (queue->unlinked)
        status = link_lanes(queue, err);
    if (status == STATUS_OK)
        status = queue_feed(queue, err);
    if (status == STATUS_OK)
        status = queue_take_orders(queue, now_ns, err);
    return status;
}

/* ---- what is ahead */

static int64_t lane_next_ns(const struct lane *lane)
{
    const struct snapshot_lane *saved = lane->saved;
    int64_t next = INT64_MAX;

    if (lane->count > 0 && saved->retry_count < QUEUE_RETRIES_MAX)
        next = 0;
    for (size_t i = 0; i < saved->retry_count && next > 0; i++) {
        const struct snapshot_retry *retry = &saved->retries[i];

        if (!retry->claimed && !retry->held && retry->next_ns < next)
            next = retry->next_ns;
    }
    if (saved->suspended_ns == 0 || next == INT64_MAX)
        return next;
    if (lane->claimed > 0)
        return INT64_MAX; /* the one that tries whether it can be executed again */
    return next > saved->suspended_ns ? next : saved->suspended_ns;
}

int64_t queue_next_ns(const struct queue *queue)
{
    int64_t next = queue->more ? 0 : INT64_MAX;

    for (size_t i = 0; i < queue->count; i++) {
        int64_t of_lane;

        if (queue->lanes[i]->config == NULL)
            continue;
        of_lane = lane_next_ns(queue->lanes[i]);
        if (of_lane < next)
            next = of_lane;
    }
    return next;
}
