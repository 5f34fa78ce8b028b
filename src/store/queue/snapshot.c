/* SPDX-License-Identifier: MIT
 * snapshot - see store/queue/snapshot.h.
 */
#include "store/queue/snapshot.h"

#include <stdlib.h>
#include <string.h>

#include "core/record.h"

#define ROOM_FIRST 16

void snapshot_init(struct snapshot *snapshot)
{
    *snapshot = (struct snapshot){.count = 0};
}

static void free_lane(struct snapshot_lane *lane)
{
    free(lane->retries);
    free(lane->settled);
    free(lane);
}

void snapshot_free(struct snapshot *snapshot)
{
    for (size_t i = 0; i < snapshot->count; i++)
        free_lane(snapshot->lanes[i]);
    free(snapshot->lanes);
    snapshot_init(snapshot);
}

/* ---- lanes */

/* As the configuration has them: they stand in the file as they are. */
static bool is_name(struct str endpoint)
{
    return endpoint.len <= CONFIG_NAME_MAX &&
           str_only(endpoint, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-");
}

struct snapshot_lane *snapshot_find(const struct snapshot *snapshot, struct str endpoint)
{
    for (size_t i = 0; i < snapshot->count; i++)
        if (str_is(endpoint, snapshot->lanes[i]->name))
            return snapshot->lanes[i];
    return NULL;
}

enum status snapshot_lane(struct snapshot *snapshot, struct str endpoint,
                          struct snapshot_lane **out, struct err *err)
{
    struct snapshot_lane *lane = snapshot_find(snapshot, endpoint);
    struct snapshot_lane **lanes;

    if (lane != NULL) {
        *out = lane;
        return STATUS_OK;
    }
    if (!is_name(endpoint))
        return err_set(err, STATUS_LIMIT, "this is no name of an endpoint");
    lane = calloc(1, sizeof *lane);
    lanes = reallocarray(snapshot->lanes, snapshot->count + 1, sizeof(struct snapshot_lane *));
    if (lanes != NULL)
        snapshot->lanes = lanes;
    if (lane == NULL || lanes == NULL) {
        free(lane);
        return err_set(err, STATUS_MEMORY, "no memory for the queue of an endpoint");
    }
    memcpy(lane->name, endpoint.ptr, endpoint.len);
    snapshot->lanes[snapshot->count++] = lane;
    *out = lane;
    return STATUS_OK;
}

/* ---- retries */

struct snapshot_retry *snapshot_retry(const struct snapshot_lane *lane, struct place place)
{
    for (size_t i = 0; i < lane->retry_count; i++) {
        struct snapshot_retry *retry = &lane->retries[i];

        if (retry->place.segment == place.segment && retry->place.offset == place.offset)
            return retry;
    }
    return NULL;
}

enum status snapshot_retry_add(struct snapshot_lane *lane, struct place place,
                               struct snapshot_retry **out, struct err *err)
{
    if (lane->retry_count == lane->retry_room) {
        size_t room = lane->retry_room == 0 ? ROOM_FIRST : lane->retry_room * 2;
        struct snapshot_retry *larger = reallocarray(lane->retries, room, sizeof *larger);

        if (larger == NULL)
            return err_set(err, STATUS_MEMORY, "no memory for the events to retry");
        lane->retries = larger;
        lane->retry_room = room;
    }
    *out = &lane->retries[lane->retry_count++];
    **out = (struct snapshot_retry){.place = place};
    return STATUS_OK;
}

void snapshot_retry_remove(struct snapshot_lane *lane, struct place place)
{
    struct snapshot_retry *retry = snapshot_retry(lane, place);

    if (retry != NULL)
        *retry = lane->retries[--lane->retry_count];
}

/* ---- settled beyond the cursor */

static int compare_places(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

    return (x > y) - (x < y);
}

void snapshot_tidy(struct snapshot_lane *lane)
{
    uint64_t cursor = place_pack(lane->cursor);
    size_t kept = 0;

    if (lane->unsorted)
        qsort(lane->settled, lane->settled_count, sizeof *lane->settled, compare_places);
    lane->unsorted = false;
    for (size_t i = 0; i < lane->settled_count; i++)
        if (lane->settled[i] >= cursor &&
            (kept == 0 || lane->settled[kept - 1] != lane->settled[i]))
            lane->settled[kept++] = lane->settled[i];
    lane->settled_count = kept;
}

static enum status grow_settled(struct snapshot_lane *lane, struct err *err)
{
    size_t room = lane->settled_room == 0 ? ROOM_FIRST : lane->settled_room * 2;
    uint64_t *larger;

    snapshot_tidy(lane);
    if (lane->settled_count < lane->settled_room / 2)
        return STATUS_OK;
    larger = reallocarray(lane->settled, room, sizeof *larger);
    if (larger == NULL)
        return err_set(err, STATUS_MEMORY, "no memory for the events that are settled");
    lane->settled = larger;
    lane->settled_room = room;
    return STATUS_OK;
}

enum status snapshot_settle(struct snapshot_lane *lane, struct place place, struct err *err)
{
    uint64_t packed = place_pack(place);

    if (packed < place_pack(lane->cursor) || lane->settled_count >= SNAPSHOT_SETTLED_MAX)
        return STATUS_OK;
    if (lane->settled_count == lane->settled_room) {
        enum status status = grow_settled(lane, err);

        if (status != STATUS_OK)
            return status;
    }
    if (lane->settled_count > 0 && lane->settled[lane->settled_count - 1] > packed)
        lane->unsorted = true;
    lane->settled[lane->settled_count++] = packed;
    return STATUS_OK;
}

bool snapshot_settled(struct snapshot_lane *lane, struct place place)
{
    uint64_t packed = place_pack(place);

    if (lane->settled_count == 0)
        return false;
    if (lane->unsorted)
        snapshot_tidy(lane);
    return bsearch(&packed, lane->settled, lane->settled_count, sizeof packed, compare_places) !=
           NULL;
}

/* ---- results */

static void count_result(struct snapshot_lane *lane, const struct result *result)
{
    lane->done += result->state == RESULT_DONE;
    lane->dead += result->state == RESULT_DEAD;
    lane->dropped += result->state == RESULT_DROPPED;
    lane->lost += result->end == RESULT_LOST;
    lane->failed +=
        result->state != RESULT_DONE && result->end != RESULT_LOST && result->end != RESULT_NOT_RUN;
}

/* A lost attempt does not count. */
static void put_off_retry(struct snapshot_retry *retry, const struct result *result)
{
    bool lost = result->end == RESULT_LOST;

    retry->attempts = lost && result->attempt > 0 ? result->attempt - 1 : result->attempt;
    retry->lost = lost ? retry->lost + 1 : 0;
    retry->next_ns = result->next_ns;
    retry->first = retry->claimed = false;
}

static void begin_retry_anew(struct snapshot_retry *retry)
{
    *retry = (struct snapshot_retry){.place = retry->place, .held = retry->held};
}

enum status snapshot_apply(struct snapshot *snapshot, const struct result *result, struct err *err)
{
    struct snapshot_retry *retry;
    struct snapshot_lane *lane;
    enum status status;
    struct place place;

    /* Not written by us: nothing that it could speak of. */
    if (!record_id_parse(result->id, &place.segment, &place.offset) || !is_name(result->endpoint))
        return STATUS_OK;
    status = snapshot_lane(snapshot, result->endpoint, &lane, err);
    if (status != STATUS_OK)
        return status;
    retry = snapshot_retry(lane, place);
    if (retry != NULL && retry->again && result->state != RESULT_DROPPED) {
        begin_retry_anew(retry);
    } else if (result->state == RESULT_AGAIN) {
        if (retry == NULL)
            status = snapshot_retry_add(lane, place, &retry, err);
        if (status == STATUS_OK)
            put_off_retry(retry, result);
    } else {
        status = snapshot_settle(lane, place, err);
        if (status == STATUS_OK)
            snapshot_retry_remove(lane, place);
    }
    if (status == STATUS_OK)
        count_result(lane, result);
    return status;
}
