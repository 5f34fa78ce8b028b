/* SPDX-License-Identifier: MIT
 * body - reads the body: whole and bounded into memory, or in pieces past it.
 */
#include <inttypes.h>

#include "base/clock.h"
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

void body_hurry(struct visit *v)
{
    uint64_t moment = clock_mono_ns() + GATE_STRANGER_NS;

    if (!v->hurried && moment < v->body_deadline_ns)
        v->body_deadline_ns = moment;
    v->hurried = true;
}

static enum status read_body(struct visit *v, void *out, size_t max, size_t *got, struct err *err)
{
    struct gate *gate = v->thread->gate;
    bool waits = visit_is_stranger(v) && exchange_would_wait(v->x);
    enum status status;

    if (waits && !gate_wait_begin(gate))
        return err_set(err, STATUS_BUSY, "half of the threads wait for bodies of strangers");
    status = exchange_read(v->x, out, max, v->body_deadline_ns, got, err);
    if (waits)
        gate_wait_end(gate);
    v->taken += *got;
    return status;
}

static enum status read_some(struct visit *v, struct buf *body, size_t *got)
{
    size_t want = read_size(v, body->len);
    char *room = buf_room(body, want);
    enum status status;

    if (room == NULL)
        return buf_status(body, "a body", &v->err);
    status = read_body(v, room, want, got, &v->err);
    if (status == STATUS_OK)
        buf_grew(body, *got);
    return status;
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
    status = read_body(v, piece, want, got, NULL);
    *ended = status == STATUS_OK && *got == 0;
    return status;
}

void body_drain(struct visit *v)
{
    BUF_UNSET char piece[GATE_PIECE];
    enum status status;
    bool ended;
    size_t got;

    do
        status = body_next(v, piece, &got, &ended);
    while (status == STATUS_OK && got > 0);
    if (status == STATUS_BUSY)
        exchange_leave(v->x);
}
