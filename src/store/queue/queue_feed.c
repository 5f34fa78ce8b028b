/* SPDX-License-Identifier: MIT
 * queue_feed - reads the journal: one front for all endpoints that keep up, and a reader of its own
 * for one that fell behind.
 */
#include <string.h>

#include "store/journal/journal.h"
#include "store/journal/reader.h"
#include "store/queue/queue_parts.h"
#include "store/queue/standing.h"

/* The most to read in one call, so that the runner can look after its hooks in between. */
#define RECORDS_A_CALL 4096
#define BYTES_A_CALL ((uint64_t)16 * 1024 * 1024)
/* An endpoint that is behind is read for when it has so many events left. */
#define REFILL_AT (QUEUE_WINDOW_MAX / 2)

/* A key begins with the endpoint's name. */
static struct str find_endpoint(struct str line)
{
    struct str name, rest;

    str_cut(record_key(line), ' ', &name, &rest);
    return name;
}

bool queue_takes(const struct queue *q, struct place place, struct str line)
{
    int64_t received_ns = 0;

    return record_hooks_have(record_hooks(line), CONFIG_HOOK_DEFAULT) &&
           record_received(line, &received_ns) && standing_takes(&q->owner, place, received_ns);
}

/* So that a later runner sees whether this is still the journal that was read. Not for what is not
 * recovered yet: it may turn out not to count. */
static void remember_read(struct snapshot *s, const struct reader_item *item)
{
    const struct place end = {item->place.segment, item->place.offset + item->len};
    size_t tail = RECORD_CRC_DIGITS + sizeof "\"}" - 1;

    if (place_pack(end) <= place_pack(s->read))
        return;
    s->read = end;
    memcpy(s->read_crc, item->line.ptr + item->line.len - tail, RECORD_CRC_DIGITS);
}

enum status queue_endpoint_of(const struct queue *q, struct place place, struct buf *line,
                              struct str *name, struct err *err)
{
    enum status status = reader_get(q->spool, place, line, err);

    if (status == STATUS_OK)
        *name = find_endpoint(buf_str(line));
    return status;
}

/* false: it belongs in the window, and that is full. */
static bool add_to_window(struct lane *lane, struct place place)
{
    if (place_pack(place) < place_pack(lane->read) || snapshot_retry(lane->saved, place) != NULL ||
        snapshot_settled(lane->saved, place))
        return true;
    if (lane->count == QUEUE_WINDOW_MAX)
        return false;
    lane->window[lane->count++] = place;
    return true;
}

/* ---- a walk */

struct feed {
    struct queue *q;
    struct lane *only; /* or NULL: all that keep up */
    struct place at;   /* what is before it was taken */
    uint64_t records, bytes;
    bool recovered; /* what is read counts for good */
    bool full;      /* there is no endpoint left to read for */
};

static bool any_keeps_up(const struct queue *q)
{
    for (size_t i = 0; i < q->count; i++)
        if (q->lanes[i]->config != NULL && !q->lanes[i]->behind)
            return true;
    return false;
}

static void give_to_lane(struct feed *w, const struct reader_item *item)
{
    struct str name = find_endpoint(item->line);

    if (w->recovered)
        remember_read(&w->q->snapshot, item);
    if (!queue_takes(w->q, item->place, item->line))
        return;
    for (size_t i = 0; i < w->q->count; i++) {
        struct lane *lane = w->q->lanes[i];

        if (!str_is(name, lane->saved->name))
            continue;
        if (w->only != NULL) {
            w->full = lane == w->only && !add_to_window(lane, item->place);
        } else if (lane->config != NULL && !lane->behind && !add_to_window(lane, item->place)) {
            lane->behind = true;
            lane->read = item->place;
            w->full = !any_keeps_up(w->q);
        }
        return;
    }
}

/* Ends after the last record: what follows may still become one. */
static enum status read_journal(struct feed *w, struct err *err)
{
    struct reader *reader;
    bool more = true;
    enum status status = reader_open(&reader, w->q->spool, w->at, err);

    if (status != STATUS_OK)
        return status;
    while (status == STATUS_OK && !w->full) {
        struct reader_item item;

        if (w->records == RECORDS_A_CALL || w->bytes >= BYTES_A_CALL) {
            w->q->more = true;
            break;
        }
        status = reader_next(reader, &item, &more, err);
        if (status != STATUS_OK || !more)
            break;
        if (item.found == READER_RECORD)
            give_to_lane(w, &item);
        if (w->full || (item.found != READER_RECORD && item.found != READER_HEADER))
            continue;
        w->at = (struct place){item.place.segment, item.place.offset + item.len};
        w->records++;
        w->bytes += item.len;
    }
    reader_close(reader);
    return status;
}

/* ---- the front, and endpoints that are behind */

/* {0,0}: the journal was not recovered since the boot. It is read once: nothing is added to it
 * before it is recovered. */
static struct place find_durable(const struct queue *q)
{
    struct place place = {0, 0};

    return journal_durable(q->spool, &place, NULL) == STATUS_OK ? place : (struct place){0, 0};
}

static enum status feed_front(struct queue *q, struct feed *w, struct err *err)
{
    struct place now = find_durable(q);
    enum status status;

    if (!any_keeps_up(q) || (q->front_done && place_pack(q->seen) == place_pack(now)))
        return STATUS_OK;
    q->seen = now;
    w->only = NULL;
    w->full = false;
    w->recovered = now.segment != 0;
    w->at = q->front;
    q->front_done = false;
    status = read_journal(w, err);
    q->front = w->at;
    q->front_done = status == STATUS_OK && !w->full && !q->more;
    for (size_t i = 0; i < q->count; i++) {
        struct lane *lane = q->lanes[i];

        if (lane->config != NULL && !lane->behind && place_pack(lane->read) < place_pack(q->front))
            lane->read = q->front;
        queue_move_cursor(q, lane);
    }
    return status;
}

static enum status feed_lane(struct queue *q, struct lane *lane, struct feed *w, struct err *err)
{
    bool alone = !any_keeps_up(q);
    struct place now = find_durable(q);
    enum status status;

    w->only = lane;
    w->full = false;
    w->recovered = now.segment != 0;
    w->at = lane->read;
    status = read_journal(w, err);
    if (place_pack(w->at) > place_pack(lane->read))
        lane->read = w->at;
    /* At the end: from now on it is read for together with the others. */
    if (status == STATUS_OK && !w->full && !q->more) {
        lane->behind = false;
        if (alone) {
            q->front = lane->read;
            q->front_done = true;
            q->seen = now;
        }
    }
    queue_move_cursor(q, lane);
    return status;
}

enum status queue_feed(struct queue *q, struct err *err)
{
    struct feed w = {.q = q};
    enum status status;

    q->more = false;
    status = feed_front(q, &w, err);
    for (size_t i = 0; i < q->count && status == STATUS_OK && !q->more; i++) {
        struct lane *lane = q->lanes[(q->turn + i) % q->count];

        if (lane->config != NULL && lane->behind && lane->count <= REFILL_AT)
            status = feed_lane(q, lane, &w, err);
    }
    return status;
}
