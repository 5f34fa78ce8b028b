/* SPDX-License-Identifier: MIT
 * body - reads the body: whole and bounded into memory, or in pieces past it.
 */
#include <inttypes.h>

#include "gate/gate_parts.h"

#define READ_MAX ((uint64_t)64 * 1024)
/* How much to ask for after all declared bytes, to see the end. */
#define READ_END ((uint64_t)64)

static uint64_t body_max(const struct visit *v)
{
    return v->endpoint != NULL ? v->endpoint->body_max : GATE_BODY_MAX_UNKNOWN;
}

/* How much to ask for next: what was declared, but memory is taken only as bytes come. One byte
 * more than the limit tells a body that is too large from one that just fits. */
static size_t read_size(const struct visit *v, uint64_t len)
{
    uint64_t room = body_max(v) + 1 - len;
    uint64_t want = GATE_PIECE;

    if (v->request.has_length)
        want = v->request.length > len ? v->request.length - len : READ_END;
    if (want > READ_MAX)
        want = READ_MAX;
    return (size_t)(want < room ? want : room);
}

static enum status read_some(struct visit *v, struct buf *body, size_t *got)
{
    size_t want = read_size(v, body->len);
    char *room = buf_room(body, want);
    enum status status;

    if (room == NULL)
        return buf_status(body, "a body", &v->err);
    status = exchange_read(v->x, room, want, v->deadline_ns, got, &v->err);
    if (status != STATUS_OK)
        return status;
    buf_grew(body, *got);
    v->taken += *got;
    return STATUS_OK;
}

static enum status too_large(struct visit *v)
{
    return err_set(&v->err, STATUS_TOO_LARGE,
                   "the body is larger than body-max (%" PRIu64 " bytes)", body_max(v));
}

enum status body_read(struct visit *v)
{
    struct buf *body = &v->thread->body;
    size_t got;

    if (v->request.has_length && v->request.length > body_max(v))
        return too_large(v);
    body->max = (size_t)body_max(v) + 1;
    do {
        enum status status = read_some(v, body, &got);

        if (status != STATUS_OK)
            return status;
        if (body->len > body_max(v))
            return too_large(v);
    } while (got > 0);
    if (v->request.has_length && body->len < v->request.length)
        return err_set(&v->err, STATUS_TRUNCATED, "%zu of %" PRIu64 " body bytes came", body->len,
                       v->request.length);
    return STATUS_OK;
}

static uint64_t drain_left(const struct visit *v)
{
    uint64_t bound = GATE_DRAIN_FACTOR * body_max(v);

    if (bound < GATE_DRAIN_MIN)
        bound = GATE_DRAIN_MIN;
    return v->taken < bound ? bound - v->taken : 0;
}

enum status body_next(struct visit *v, char piece[GATE_PIECE], size_t *got, bool *ended)
{
    uint64_t left = drain_left(v);
    size_t want = left < GATE_PIECE ? (size_t)left : GATE_PIECE;
    enum status status;

    *got = 0;
    *ended = false;
    if (want == 0)
        return STATUS_OK;
    status = exchange_read(v->x, piece, want, v->deadline_ns, got, NULL);
    v->taken += *got;
    *ended = status == STATUS_OK && *got == 0;
    return status;
}

void body_drain(struct visit *v)
{
    exchange_drain(v->x, drain_left(v), v->deadline_ns);
}
