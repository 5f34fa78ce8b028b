/* SPDX-License-Identifier: MIT
 * queue_flush - results are written down, and now and then made durable, with a snapshot.
 */
#include "store/queue/queue_parts.h"

enum status queue_record(struct queue *q, const struct result *result, int64_t now_ns,
                         struct err *err)
{
    enum status status;
    struct buf line;

    buf_init(&line, RESULT_LINE_MAX);
    result_print(&line, result);
    status = buf_status(&line, "a result", err);
    if (status == STATUS_OK)
        status = ledger_append(q->results, buf_str(&line), now_ns, err);
    buf_free(&line);
    if (status != STATUS_OK)
        return status;
    q->dirty = true;
    return snapshot_apply(&q->snapshot, result, err);
}

static bool is_flush_due(const struct queue *q, int64_t now_ns)
{
    return now_ns - q->flushed_ns >= QUEUE_SNAPSHOT_NS || now_ns < q->flushed_ns;
}

static void release_held(struct queue *q)
{
    for (size_t i = 0; i < q->count; i++) {
        struct snapshot_lane *saved = q->lanes[i]->saved;

        for (size_t n = 0; n < saved->retry_count; n++)
            saved->retries[n].held = false;
    }
    q->held = false;
}

enum status queue_flush(struct queue *queue, bool now, int64_t now_ns, struct err *err)
{
    enum status status;

    if (!queue->dirty || (!now && !is_flush_due(queue, now_ns)))
        return STATUS_OK;
    status = ledger_sync(queue->results, now_ns, err);
    if (status == STATUS_OK) {
        queue->snapshot.results = ledger_end(queue->results);
        status = snapshot_write(queue->spool, &queue->snapshot, now_ns, err);
    }
    if (status != STATUS_OK)
        return status;
    queue->flushed_ns = now_ns;
    queue->dirty = false;
    if (queue->held)
        release_held(queue);
    return STATUS_OK;
}

int64_t queue_flush_ns(const struct queue *queue)
{
    return queue->dirty ? queue->flushed_ns + QUEUE_SNAPSHOT_NS : INT64_MAX;
}
