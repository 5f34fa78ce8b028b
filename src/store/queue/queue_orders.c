/* SPDX-License-Identifier: MIT
 * queue_orders - carries out orders.
 *
 * What an order changes waits for a snapshot that has it: otherwise it would be carried out again
 * after a kill.
 */
#include "store/journal/segment.h"
#include "store/queue/orders.h"
#include "store/queue/queue_parts.h"

struct taking {
    struct queue *q;
    int64_t now_ns;
    bool paused;  /* there is no room for more */
    bool crowded; /* as too many events wait for another attempt */
    uint64_t taken, dropped;
};

/* It is about to run without the order. What does not run without orders needs it. */
static bool will_run_anyway(const struct lane *lane, const struct snapshot_retry *retry,
                            struct place place, bool takes)
{
    if (retry != NULL)
        return retry->first && !retry->claimed;
    return takes && (queue_in_window(lane, place) || (place_pack(place) >= place_pack(lane->read) &&
                                                      !snapshot_settled(lane->saved, place)));
}

/* Also if it was dropped since. */
static bool is_claimed(const struct queue *q, struct place place)
{
    const struct claim *claim = q->claims;

    while (claim != NULL && place_pack(claim->place) != place_pack(place))
        claim = claim->next;
    return claim != NULL;
}

static enum status order_again(struct taking *t, struct snapshot_lane *saved, struct place place,
                               bool takes, struct err *err)
{
    struct lane *lane = queue_lane(t->q, saved);
    struct snapshot_retry *retry = snapshot_retry(saved, place);
    enum status status;

    if (lane->config == NULL)
        return STATUS_OK;
    if (will_run_anyway(lane, retry, place, takes))
        return STATUS_OK;
    if (retry == NULL) {
        t->paused = t->crowded = saved->retry_count >= QUEUE_RETRIES_MAX;
        if (t->paused)
            return STATUS_OK;
        status = snapshot_retry_add(saved, place, &retry, err);
        if (status != STATUS_OK)
            return status;
        retry->claimed = is_claimed(t->q, place);
    }
    if (retry->claimed) {
        retry->again = true;
    } else {
        *retry = (struct snapshot_retry){.place = place};
    }
    retry->held = t->q->held = true;
    return STATUS_OK;
}

static enum status drop_event(struct taking *t, struct snapshot_lane *saved, struct place place,
                              struct err *err)
{
    struct lane *lane = queue_lane(t->q, saved);
    struct result result = {.endpoint = str_of(saved->name),
                            .state = RESULT_DROPPED,
                            .end = RESULT_NOT_RUN,
                            .started_ns = t->now_ns};
    char id[RECORD_ID_MAX];

    /* Also what is settled: a dead letter is one until the log says otherwise. */
    t->paused = saved->settled_count >= SNAPSHOT_SETTLED_MAX;
    if (t->paused)
        return STATUS_OK;
    record_id_print(id, place.segment, place.offset);
    result.id = str_of(id);
    if (snapshot_retry(saved, place) == NULL)
        queue_leave_window(t->q, lane, place);
    return queue_record(t->q, &result, t->now_ns, err);
}

/* Returns the endpoint of an event that waits for another attempt, or NULL. */
static struct snapshot_lane *find_waiting(const struct queue *q, struct place place)
{
    for (size_t i = 0; i < q->count; i++)
        if (snapshot_retry(q->lanes[i]->saved, place) != NULL)
            return q->lanes[i]->saved;
    return NULL;
}

/* Finds the endpoint of the event, and whether its hook runs without an order. *out NULL: there is
 * no such event. */
static enum status find_event(struct queue *q, struct place place, struct snapshot_lane **out,
                              bool *takes, struct err *err)
{
    struct err unknown = ERR_INIT;
    enum status status;
    struct str name;
    struct buf line;

    *out = find_waiting(q, place);
    *takes = *out != NULL;
    if (*out != NULL)
        return STATUS_OK;
    buf_init(&line, SEGMENT_LINE_MAX);
    status = queue_endpoint_of(q, place, &line, &name, &unknown);
    if (status == STATUS_OK) {
        *takes = queue_takes(q, place, buf_str(&line));
        status = snapshot_lane(&q->snapshot, name, out, err);
        if (status == STATUS_OK)
            status = queue_grow(q, err);
    } else if (status == STATUS_MISSING || status == STATUS_CORRUPT) {
        status = STATUS_OK;
    } else {
        status = err_pass(err, status, &unknown);
    }
    buf_free(&line);
    return status;
}

static enum status carry_out(struct taking *t, enum order_kind kind, struct place place,
                             struct err *err)
{
    struct snapshot_lane *saved;
    bool takes;
    enum status status = find_event(t->q, place, &saved, &takes, err);

    if (status != STATUS_OK)
        return status;
    if (saved == NULL)
        return STATUS_OK;
    return kind == ORDER_AGAIN ? order_again(t, saved, place, takes, err)
                               : drop_event(t, saved, place, err);
}

static bool parse_order(struct str line, enum order_kind *kind, struct place *place)
{
    char id[RECORD_ID_MAX];

    return orders_parse(line, kind, id, NULL) == STATUS_OK &&
           record_id_parse(str_of(id), &place->segment, &place->offset);
}

static enum status take_order(void *context, struct place at, struct str line, struct err *err)
{
    struct taking *t = context;
    enum status status = STATUS_OK;
    enum order_kind kind;
    struct place place;

    if (parse_order(line, &kind, &place))
        status = carry_out(t, kind, place, err);
    if (status != STATUS_OK)
        return status;
    if (t->paused)
        return STATUS_LIMIT;
    t->q->snapshot.orders = (struct place){at.segment, at.offset + line.len + 1};
    t->q->dirty = true;
    t->taken++;
    return STATUS_OK;
}

static enum status take_drop(void *context, struct place at, struct str line, struct err *err)
{
    struct taking *t = context;
    struct snapshot_lane *saved;
    enum order_kind kind;
    struct place place;
    enum status status;

    (void)at;
    if (!parse_order(line, &kind, &place) || kind != ORDER_DROP)
        return STATUS_OK;
    saved = find_waiting(t->q, place);
    if (saved == NULL)
        return STATUS_OK;
    status = drop_event(t, saved, place, err);
    if (status == STATUS_OK && t->paused)
        return STATUS_LIMIT;
    t->dropped += status == STATUS_OK;
    return status;
}

static enum status walk_orders(struct taking *t, struct place from, ledger_each each,
                               struct place *end, struct err *err)
{
    enum status status;

    t->paused = false;
    status = ledger_walk(t->q->spool, LEDGER_ORDERS, from, each, t, end, NULL, err);
    return status == STATUS_LIMIT && t->paused ? STATUS_OK : status;
}

/* A drop makes the room that a replay before it waits for. It is met again in its turn, so that the
 * last order for an event is the one that counts. */
static enum status drop_ahead(struct taking *t, struct err *err)
{
    struct queue *q = t->q;
    struct place from = q->snapshot.orders, end;
    enum status status;

    if (place_pack(q->ahead) > place_pack(from))
        from = q->ahead;
    status = walk_orders(t, from, take_drop, &end, err);
    if (status == STATUS_OK && !t->paused)
        q->ahead = end;
    return status;
}

enum status queue_take_orders(struct queue *q, int64_t now_ns, struct err *err)
{
    struct taking t = {.q = q, .now_ns = now_ns};
    struct place end;
    enum status status;

    if (!ledger_grown(q->spool, LEDGER_ORDERS, q->snapshot.orders))
        return STATUS_OK;
    do {
        t.crowded = false;
        t.dropped = 0;
        status = walk_orders(&t, q->snapshot.orders, take_order, &end, err);
        if (status == STATUS_OK && !t.paused)
            q->snapshot.orders = end;
        if (status == STATUS_OK && t.crowded)
            status = drop_ahead(&t, err);
    } while (status == STATUS_OK && t.dropped > 0);
    if (status == STATUS_OK && t.taken > 0)
        status = queue_flush(q, true, now_ns, err);
    return status;
}
