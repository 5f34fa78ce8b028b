/* SPDX-License-Identifier: MIT
 * queue_claim - which event is next, and what becomes of it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "core/retry.h"
#include "store/journal/reader.h"
#include "store/journal/segment.h"
#include "store/queue/queue_parts.h"
#include "store/queue/standing.h"

/* How long an event waits whose result could not be written. */
#define UNWRITTEN_NS (60 * NS_PER_S)

/* ---- claims */

static enum status make_claim(struct queue *q, struct lane *lane, struct snapshot_retry *retry,
                              struct claim **out, struct err *err)
{
    struct claim *claim = calloc(1, sizeof *claim);

    if (claim == NULL)
        return err_set(err, STATUS_MEMORY, "no memory for the claim of an event");
    retry->claimed = true;
    lane->claimed++;
    claim->lane = lane;
    claim->place = retry->place;
    claim->attempt = retry->attempts + 1;
    claim->lost = retry->lost;
    record_id_print(claim->id, claim->place.segment, claim->place.offset);
    claim->next = q->claims;
    q->claims = claim;
    *out = claim;
    return STATUS_OK;
}

static void give_claim_back(struct queue *q, struct claim *claim)
{
    struct claim **at = &q->claims;

    while (*at != claim)
        at = &(*at)->next;
    *at = claim->next;
    claim->lane->claimed--;
    free(claim);
}

/* A time beyond the longest delay was written before the clock was set back: due. */
static bool is_due(const struct snapshot_retry *retry, int64_t now_ns)
{
    return !retry->claimed && !retry->held &&
           (retry->next_ns <= now_ns || retry->next_ns > retry_latest(retry->attempts, now_ns));
}

static bool comes_before(const struct snapshot_retry *a, const struct snapshot_retry *b)
{
    return a->next_ns == b->next_ns ? place_pack(a->place) < place_pack(b->place)
                                    : a->next_ns < b->next_ns;
}

/* Among first attempts that were begun and given back, or among the others. */
static struct snapshot_retry *find_earliest(const struct snapshot_lane *saved, bool first,
                                            int64_t now_ns)
{
    struct snapshot_retry *found = NULL;

    for (size_t i = 0; i < saved->retry_count; i++) {
        struct snapshot_retry *retry = &saved->retries[i];

        if (retry->first == first && is_due(retry, now_ns) &&
            (found == NULL || comes_before(retry, found)))
            found = retry;
    }
    return found;
}

/* A suspended endpoint is tried with one event. */
static bool is_resting(const struct lane *lane, int64_t now_ns)
{
    int64_t until = lane->saved->suspended_ns;

    if (until == 0)
        return false;
    return lane->claimed > 0 || (until > now_ns && until <= now_ns + QUEUE_SUSPEND_NS);
}

/* The first event of the window leaves it. */
static enum status begin_next_event(struct queue *q, struct lane *lane, struct snapshot_retry **out,
                                    struct err *err)
{
    struct place place = lane->window[0];
    enum status status = snapshot_retry_add(lane->saved, place, out, err);

    if (status != STATUS_OK)
        return status;
    (*out)->first = true;
    queue_leave_window(q, lane, place);
    return STATUS_OK;
}

static enum status claim_from_lane(struct queue *q, struct lane *lane, int64_t now_ns,
                                   struct claim **out, struct err *err)
{
    struct snapshot_lane *saved = lane->saved;
    struct snapshot_retry *retry, *first;
    enum status status = STATUS_OK;
    bool next;

    if (lane->config == NULL || is_resting(lane, now_ns))
        return STATUS_OK;
    retry = find_earliest(saved, false, now_ns);
    first = find_earliest(saved, true, now_ns);
    next = first == NULL && lane->count > 0 && saved->retry_count < QUEUE_RETRIES_MAX;
    if (retry == NULL && first == NULL && !next)
        return STATUS_OK;
    if (retry == NULL || ((first != NULL || next) && lane->first_next)) {
        if (next)
            status = begin_next_event(q, lane, &first, err);
        retry = first;
    }
    /* It was ordered again during an attempt, which was not taken over: begin anew. An attempt that
     * is taken over leaves the order standing. */
    if (status == STATUS_OK && retry->again)
        *retry = (struct snapshot_retry){.place = retry->place};
    if (status == STATUS_OK)
        status = make_claim(q, lane, retry, out, err);
    lane->first_next = !lane->first_next;
    return status;
}

enum status queue_claim(struct queue *queue, int64_t now_ns, struct claim **out, struct err *err)
{
    struct claim *claim = NULL;
    enum status status = STATUS_OK;

    for (size_t i = 0; i < queue->count && status == STATUS_OK && claim == NULL; i++) {
        size_t at = (queue->turn + i) % queue->count;

        status = claim_from_lane(queue, queue->lanes[at], now_ns, &claim, err);
        if (claim != NULL) {
            queue->turn = (at + 1) % queue->count;
            break;
        }
    }
    if (status == STATUS_OK)
        *out = claim;
    return status;
}

const char *claim_id(const struct claim *claim)
{
    return claim->id;
}

const struct config_endpoint *claim_endpoint(const struct claim *claim)
{
    return claim->lane->config;
}

uint32_t claim_attempt(const struct claim *claim)
{
    return claim->attempt;
}

uint32_t claim_lost(const struct claim *claim)
{
    return claim->lost;
}

enum status claim_record(const struct queue *queue, const struct claim *claim, struct record *out,
                         struct err *err)
{
    enum status status;
    struct buf line;

    buf_init(&line, SEGMENT_LINE_MAX);
    status = reader_get(queue->spool, claim->place, &line, err);
    if (status == STATUS_OK)
        status = record_parse(out, buf_str(&line), true, err);
    buf_free(&line);
    return status;
}

/* ---- what becomes of them */

enum status queue_settle(struct queue *queue, struct claim *claim, const struct result *result,
                         int64_t now_ns, struct err *err)
{
    struct snapshot_lane *saved = claim->lane->saved;
    struct snapshot_retry *retry = snapshot_retry(saved, claim->place);
    struct result known = *result;
    enum status status;

    known.id = str_of(claim->id);
    known.endpoint = str_of(saved->name);
    /* It was dropped while it ran. */
    if (retry == NULL && known.state != RESULT_DONE)
        known.state = RESULT_DROPPED;
    status = queue_record(queue, &known, now_ns, err);
    retry = snapshot_retry(saved, claim->place);
    if (retry != NULL)
        retry->claimed = false;
    if (status != STATUS_OK && retry != NULL) {
        retry->next_ns = now_ns + UNWRITTEN_NS;
        retry->first = false;
    }
    if (known.end != RESULT_NOT_RUN && known.end != RESULT_LOST && saved->suspended_ns != 0) {
        saved->suspended_ns = 0;
        saved->why[0] = '\0';
    }
    give_claim_back(queue, claim);
    return status;
}

void queue_unclaim(struct queue *queue, struct claim *claim)
{
    struct snapshot_retry *retry = snapshot_retry(claim->lane->saved, claim->place);

    if (retry != NULL)
        retry->claimed = false;
    give_claim_back(queue, claim);
}

void queue_put_off(struct queue *queue, struct claim *claim, int64_t now_ns)
{
    struct snapshot_retry *retry = snapshot_retry(claim->lane->saved, claim->place);

    if (retry != NULL)
        retry->next_ns = now_ns + QUEUE_PUT_OFF_NS;
    queue->dirty = true;
    queue_unclaim(queue, claim);
}

void queue_suspend(struct queue *queue, struct claim *claim, const char *why, int64_t now_ns)
{
    struct snapshot_lane *saved = claim->lane->saved;

    saved->suspended_ns = now_ns + QUEUE_SUSPEND_NS;
    snprintf(saved->why, sizeof saved->why, "%s", why);
    queue->dirty = true;
    queue_unclaim(queue, claim);
}

/* ---- attempts of an earlier runner */

/* Finds or makes its place in the retry list. *out NULL: its end is known, or hooks were resumed
 * without it: what ran then may have been the event of another journal. */
static enum status find_begun(struct queue *q, struct snapshot_lane *saved, struct place place,
                              uint32_t attempt, bool passed_over, struct snapshot_retry **out,
                              struct err *err)
{
    struct lane *lane = queue_lane(q, saved);
    struct snapshot_retry *retry = snapshot_retry(saved, place);
    enum status status;

    *out = NULL;
    if (retry == NULL) {
        if (passed_over || place_pack(place) < place_pack(saved->cursor) ||
            snapshot_settled(saved, place))
            return STATUS_OK;
        status = snapshot_retry_add(saved, place, &retry, err);
        if (status != STATUS_OK)
            return status;
        retry->first = attempt == 1;
        queue_leave_window(q, lane, place);
        q->dirty = true;
    }
    if (retry->claimed || retry->attempts >= attempt)
        return STATUS_OK;
    retry->attempts = attempt - 1;
    *out = retry;
    return STATUS_OK;
}

enum status queue_adopt(struct queue *queue, struct str id, uint32_t attempt, struct claim **out,
                        struct err *err)
{
    struct snapshot_lane *saved;
    struct snapshot_retry *retry;
    struct claim *claim = NULL;
    struct place place;
    struct str name = STR_NONE;
    enum status status = STATUS_MISSING;
    struct buf line;

    buf_init(&line, SEGMENT_LINE_MAX);
    if (record_id_parse(id, &place.segment, &place.offset) && attempt > 0)
        status = queue_endpoint_of(queue, place, &line, &name, NULL);
    if (status == STATUS_OK) {
        int64_t received_ns = 0;
        bool passed_over = record_received(buf_str(&line), &received_ns) &&
                           !standing_takes(&queue->owner, place, received_ns);

        status = snapshot_lane(&queue->snapshot, name, &saved, err);
        if (status == STATUS_OK)
            status = queue_grow(queue, err);
        if (status == STATUS_OK)
            status = find_begun(queue, saved, place, attempt, passed_over, &retry, err);
        if (status == STATUS_OK && retry != NULL)
            status = make_claim(queue, queue_lane(queue, saved), retry, &claim, err);
    } else if (status == STATUS_MISSING || status == STATUS_CORRUPT) {
        status = STATUS_OK;
    } else {
        status = err_set(err, status, "cannot look up the event of a running hook");
    }
    buf_free(&line);
    if (status == STATUS_OK)
        *out = claim;
    return status;
}
