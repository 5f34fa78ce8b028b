/* SPDX-License-Identifier: MIT
 * queue_model - see queue_model.h.
 */
#include "queue_model.h"

#include "core/retry.h"

void model_record(struct model *e, bool has_hook)
{
    *e = (struct model){.state = has_hook ? MODEL_NEW : MODEL_NONE};
}

bool model_due(const struct model *e, bool has_hook, int64_t now_ns)
{
    if (e->running || !has_hook)
        return false;
    return e->state == MODEL_NEW || e->state == MODEL_REPLAYED ||
           (e->state == MODEL_AGAIN && e->next_ns <= now_ns);
}

bool model_settled(const struct model *e)
{
    return e->state == MODEL_NONE || e->state >= MODEL_DONE;
}

void model_claim(struct model *e)
{
    e->running = true;
}

static void take_result(struct model *e, const struct result *result)
{
    e->running = false;
    e->next_ns = result->next_ns;
    if (result->state == RESULT_DONE)
        e->state = MODEL_DONE;
    else if (e->dropped)
        e->state = MODEL_DROPPED;
    else
        e->state = result->state == RESULT_DEAD ? MODEL_DEAD : MODEL_AGAIN;
    if (e->again) {
        e->state = MODEL_REPLAYED;
        e->attempts = e->lost = 0;
    }
    e->again = e->dropped = false;
}

void model_end(struct model *e, int code, int64_t now_ns)
{
    struct result result = {.end = RESULT_EXIT, .code = code, .attempt = e->attempts + 1};

    retry_decide(&result, 0, 0, now_ns);
    e->attempts++;
    e->lost = 0;
    take_result(e, &result);
}

void model_lose(struct model *e, int64_t now_ns)
{
    struct result result = {.end = RESULT_LOST, .attempt = e->attempts + 1};

    e->lost++;
    retry_decide(&result, e->lost, 0, now_ns);
    take_result(e, &result);
}

void model_unclaim(struct model *e)
{
    e->running = false;
    if (e->dropped)
        e->state = MODEL_DROPPED;
    e->dropped = false;
}

bool model_abandon(struct model *e)
{
    if (!e->running || !e->dropped)
        return false;
    e->running = e->dropped = false;
    e->state = MODEL_DROPPED;
    return true;
}

void model_order(struct model *e, enum order_kind kind, bool has_hook)
{
    if (kind == ORDER_AGAIN && (!has_hook || (e->state == MODEL_NEW && !e->running)))
        return;
    if (e->running) {
        e->again = kind == ORDER_AGAIN;
        e->dropped = !e->again;
        return;
    }
    e->state = kind == ORDER_AGAIN ? MODEL_REPLAYED : MODEL_DROPPED;
    if (kind == ORDER_AGAIN)
        e->attempts = e->lost = 0;
}

enum hook_state model_told(const struct model *e)
{
    static const enum hook_state states[] = {
        [MODEL_NONE] = HOOK_NONE,      [MODEL_NEW] = HOOK_WAITING, [MODEL_REPLAYED] = HOOK_WAITING,
        [MODEL_AGAIN] = HOOK_AGAIN,    [MODEL_DONE] = HOOK_DONE,   [MODEL_DEAD] = HOOK_DEAD,
        [MODEL_DROPPED] = HOOK_DROPPED};

    return states[e->state];
}
