/* SPDX-License-Identifier: MIT
 * queue_lanes - the endpoints, and the events of each that wait for their first attempt.
 */
#include <stdlib.h>
#include <string.h>

#include "store/queue/queue_parts.h"

enum status queue_grow(struct queue *q, struct err *err)
{
    while (q->count < q->snapshot.count) {
        struct lane **lanes = reallocarray(q->lanes, q->count + 1, sizeof(struct lane *));
        struct lane *lane;

        if (lanes != NULL)
            q->lanes = lanes;
        lane = lanes == NULL ? NULL : calloc(1, sizeof *lane);
        if (lane == NULL)
            return err_set(err, STATUS_MEMORY, "no memory for the queue of an endpoint");
        lane->saved = q->snapshot.lanes[q->count];
        lane->read = lane->saved->cursor;
        lane->behind = true;
        q->lanes[q->count++] = lane;
    }
    return STATUS_OK;
}

struct lane *queue_lane(const struct queue *q, const struct snapshot_lane *saved)
{
    size_t i = 0;

    while (q->lanes[i]->saved != saved)
        i++;
    return q->lanes[i];
}

void queue_move_cursor(struct queue *q, struct lane *lane)
{
    struct place cursor = lane->count > 0 ? lane->window[0] : lane->read;

    if (place_pack(cursor) == place_pack(lane->saved->cursor))
        return;
    lane->saved->cursor = cursor;
    q->dirty = true;
}

/* ---- windows */

bool queue_in_window(const struct lane *lane, struct place place)
{
    for (size_t i = 0; i < lane->count; i++)
        if (place_pack(lane->window[i]) == place_pack(place))
            return true;
    return false;
}

void queue_leave_window(struct queue *q, struct lane *lane, struct place place)
{
    for (size_t i = 0; i < lane->count; i++)
        if (place_pack(lane->window[i]) == place_pack(place)) {
            lane->count--;
            memmove(&lane->window[i], &lane->window[i + 1],
                    (lane->count - i) * sizeof *lane->window);
            break;
        }
    queue_move_cursor(q, lane);
}
