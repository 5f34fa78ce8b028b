/* SPDX-License-Identifier: MIT
 * hooks - the runner of a sequence. It keeps one slot as src/run/crew.c does, and what the queue
 * does must be what the model of it does.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "core/retry.h"
#include "life.h"
#include "store/queue/slot.h"

#define FAILS 1          /* an exit status that leads to another attempt */
#define UNSURE_S 120     /* longer than any delay after a few attempts whose end is unknown */
#define ATTEMPTS_MOST 64 /* of all events in one go */

static void unsure(struct delivery *d)
{
    d->unsure_ns = world->now_ns + UNSURE_S * NS_PER_S;
}

static bool may_fail(bool calm, const char *what, const struct err *err)
{
    tally->refused++;
    if (calm)
        complain("%s fails: %s", what, err->text);
    return false;
}

/* ---- what an earlier runner left */

/* It may have died after its result was written, and before it could say so. */
static void learn_end(struct delivery *d)
{
    if (!d->hook.running)
        return;
    if (d->phase != PHASE_RAN)
        complain("an attempt at %s that has not ended passes for ended", d->id);
    model_end(&d->hook, d->code, world->now_ns);
    unsure(d);
    d->phase = PHASE_NONE;
}

static bool settle_lost(struct delivery *d, struct claim *claim, bool calm)
{
    struct result result = {.end = RESULT_LOST, .started_ns = world->now_ns};
    struct err err = ERR_INIT;

    if (!d->hook.running && d->unsure_ns == 0)
        complain("an attempt at %s whose end is known passes for lost", d->id);
    if (claim_attempt(claim) != d->hook.attempts + 1)
        complain("attempt %" PRIu32 " at %s was lost, not %" PRIu32, d->hook.attempts + 1, d->id,
                 claim_attempt(claim));
    result.attempt = claim_attempt(claim);
    retry_decide(&result, claim_lost(claim) + 1, 0, world->now_ns);
    unsure(d); /* if we die before the slot is cleared it is lost once more */
    if (queue_settle(live.queue, claim, &result, world->now_ns, &err) != STATUS_OK) {
        model_unclaim(&d->hook);
        return may_fail(calm, "a result", &err);
    }
    model_lose(&d->hook, world->now_ns);
    return true;
}

static bool adopt_ended(struct slot *slot, bool calm)
{
    struct delivery *d = deed_named(slot->attempt.id);
    struct claim *claim = NULL;
    struct err err = ERR_INIT;
    bool well = true;

    if (queue_adopt(live.queue, str_of(slot->attempt.id), slot->attempt.number, &claim, &err) !=
        STATUS_OK)
        return may_fail(calm, "taking over an attempt", &err);
    if (d == NULL && claim != NULL)
        complain("an attempt at %s, which is not on record, is taken over", slot->attempt.id);
    else if (d != NULL && claim == NULL)
        learn_end(d);
    else if (d != NULL)
        well = settle_lost(d, claim, calm);
    slot_clear(slot);
    if (d != NULL)
        d->phase = PHASE_NONE;
    return well;
}

/* What the slot does not tell of has not begun. */
static void forget_unbegun(void)
{
    for (unsigned i = 0; i < life->count; i++) {
        struct delivery *d = &life->deliveries[i];

        if (!d->hook.running)
            continue;
        if (d->phase == PHASE_RAN)
            complain("no slot tells that the hook of %s has run", d->id);
        model_unclaim(&d->hook);
        d->phase = PHASE_NONE;
    }
}

static bool adopt(bool calm)
{
    struct slot slot = {.fd = -1};
    struct err err = ERR_INIT;
    enum slot_state state;
    bool well = true;

    if (slot_open(&slot, &live.spool, 0, false, &state, &err) != STATUS_OK)
        return may_fail(calm, "opening a slot", &err);
    if (state == SLOT_BUSY)
        complain("the slot of a hook that is over is busy");
    if (state == SLOT_ENDED)
        well = adopt_ended(&slot, calm);
    slot_close(&slot);
    if (well)
        forget_unbegun();
    return well;
}

static bool open_runner(bool calm)
{
    struct err err = ERR_INIT;

    if (!life_open())
        return false;
    if (live.queue != NULL)
        return true;
    if (queue_open(&live.queue, &live.spool, world->now_ns, &err) != STATUS_OK) {
        live.queue = NULL;
        return may_fail(calm, "a runner", &err);
    }
    if (!adopt(calm)) {
        queue_close(live.queue);
        live.queue = NULL;
        return false;
    }
    queue_configure(live.queue, life_config);
    return true;
}

/* ---- attempts */

/* Every other hook fails in its first attempt, also after a replay. */
static int run_hook(struct delivery *d, uint32_t attempt)
{
    unsigned number = (unsigned)(d - life->deliveries);

    d->ran++;
    d->code = number % 2 == 1 && attempt == 1 ? FAILS : 0;
    d->phase = PHASE_RAN;
    return d->code;
}

static bool settle(struct delivery *d, struct claim *claim, int code, bool calm)
{
    struct result result = {.end = RESULT_EXIT,
                            .code = code,
                            .attempt = claim_attempt(claim),
                            .started_ns = world->now_ns};
    struct err err = ERR_INIT;

    retry_decide(&result, 0, 0, world->now_ns);
    if (queue_settle(live.queue, claim, &result, world->now_ns, &err) != STATUS_OK) {
        /* It runs again, but not at once. */
        model_unclaim(&d->hook);
        unsure(d);
        d->phase = PHASE_NONE;
        return may_fail(calm, "a result", &err);
    }
    model_end(&d->hook, code, world->now_ns);
    d->unsure_ns = 0;
    d->phase = PHASE_NONE;
    return true;
}

static bool begin(struct slot *slot, const struct claim *claim, bool calm)
{
    struct slot_attempt attempt = {.number = claim_attempt(claim), .started_ns = world->now_ns};
    enum slot_state state;
    struct err err = ERR_INIT;

    if (slot_open(slot, &live.spool, 0, true, &state, &err) != STATUS_OK)
        return may_fail(calm, "opening a slot", &err);
    if (state != SLOT_FREE)
        complain("the slot of a hook that is over is not free");
    snprintf(attempt.id, sizeof attempt.id, "%s", claim_id(claim));
    if (slot_begin(slot, &attempt, &err) == STATUS_OK && slot_enter(slot->fd, &attempt) == 0)
        return true;
    slot_clear(slot);
    return may_fail(calm, "a slot", &err);
}

static bool has_body(const struct delivery *d, const struct claim *claim)
{
    char bytes[DEED_BODY_MAX];
    struct record record;
    bool same;

    if (claim_record(live.queue, claim, &record, NULL) != STATUS_OK)
        return false;
    same = str_eq(record.body, deed_body((unsigned)(d - life->deliveries), bytes));
    record_free(&record);
    return same;
}

static void judge_claim(const struct delivery *d, const struct claim *claim)
{
    if (d->hook.running)
        complain("the hook of %s runs beside itself", d->id);
    else if (!model_due(&d->hook, true, world->now_ns) && d->unsure_ns <= world->now_ns)
        complain("the hook of %s runs, and is not due", d->id);
    if (claim_attempt(claim) != d->hook.attempts + 1)
        complain("attempt %" PRIu32 " at %s passes for attempt %" PRIu32, d->hook.attempts + 1,
                 d->id, claim_attempt(claim));
    if (!has_body(d, claim))
        complain("the hook of %s gets other bytes", d->id);
    for (const struct delivery *e = life->deliveries; e < life->deliveries + life->count; e++)
        if (d->hook.state == MODEL_NEW && d->ran == 0 && e->on_record &&
            e->hook.state == MODEL_NEW && e->ran == 0 && e->unsure_ns == 0 &&
            place_pack(e->place) < place_pack(d->place))
            complain("the hook of %s first runs before that of %s", d->id, e->id);
}

/* Its record was pruned since the runner read it. */
static bool drop_gone(struct claim *claim, bool calm)
{
    const struct result result = {
        .end = RESULT_NOT_RUN, .state = RESULT_DROPPED, .started_ns = world->now_ns};
    struct record record;
    struct err err = ERR_INIT;

    if (claim_record(live.queue, claim, &record, NULL) == STATUS_OK) {
        complain("a hook runs for %s, which is not on record", claim_id(claim));
        record_free(&record);
    }
    if (queue_settle(live.queue, claim, &result, world->now_ns, &err) != STATUS_OK)
        return may_fail(calm, "a result", &err);
    return true;
}

static bool attempt(struct claim *claim, bool calm)
{
    struct delivery *d = deed_named(claim_id(claim));
    struct slot slot = {.fd = -1};
    bool well;

    if (d == NULL)
        return drop_gone(claim, calm);
    judge_claim(d, claim);
    model_claim(&d->hook);
    d->phase = PHASE_CLAIMED;
    well = begin(&slot, claim, calm);
    if (well) {
        well = settle(d, claim, run_hook(d, claim_attempt(claim)), calm);
        slot_clear(&slot);
    } else {
        queue_unclaim(live.queue, claim);
        model_unclaim(&d->hook);
        d->phase = PHASE_NONE;
    }
    slot_close(&slot);
    return well;
}

/* ---- a look of the runner */

static void carry_out_orders(void)
{
    for (unsigned i = 0; i < life->order_count; i++) {
        struct delivery *d = deed_named(life->orders[i]);

        if (d != NULL)
            model_order(&d->hook, ORDER_AGAIN, true);
    }
    life->order_count = 0;
}

static void judge_rest(void)
{
    for (unsigned i = 0; i < life->count; i++) {
        const struct delivery *d = &life->deliveries[i];

        if (d->on_record && model_due(&d->hook, true, world->now_ns) &&
            d->unsure_ns <= world->now_ns)
            complain("the hook of %s is due, and does not run", d->id);
    }
}

void hooks_idle(void)
{
    struct err err = ERR_INIT;

    if (live.queue != NULL && queue_flush(live.queue, false, world->now_ns, &err) != STATUS_OK)
        complain("the snapshot cannot be written: %s", err.text);
}

void hooks_run(bool calm)
{
    if (!open_runner(calm))
        return;
    for (unsigned attempts = 0; attempts < ATTEMPTS_MOST; attempts++) {
        struct claim *claim = NULL;
        struct err err = ERR_INIT;

        if (queue_fill(live.queue, world->now_ns, &err) != STATUS_OK) {
            (void)may_fail(calm, "a look at the journal", &err);
            return;
        }
        carry_out_orders();
        if (queue_claim(live.queue, world->now_ns, &claim, &err) != STATUS_OK) {
            (void)may_fail(calm, "a claim", &err);
            return;
        }
        if (claim == NULL) {
            judge_rest();
            break;
        }
        if (!attempt(claim, calm))
            return;
    }
    if (queue_flush(live.queue, false, world->now_ns, NULL) != STATUS_OK)
        (void)may_fail(calm, "a snapshot", &(struct err){.text = ""});
}

void hooks_rest(void)
{
    struct claim *claim = NULL;
    struct err err = ERR_INIT;

    if (!open_runner(true))
        return;
    if (queue_fill(live.queue, world->now_ns, &err) != STATUS_OK ||
        queue_claim(live.queue, world->now_ns, &claim, &err) != STATUS_OK)
        complain("a runner without a snapshot: %s", err.text);
    else if (claim != NULL)
        complain("without a snapshot the hook of %s runs once more", claim_id(claim));
}
