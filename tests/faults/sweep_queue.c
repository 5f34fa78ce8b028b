/* SPDX-License-Identifier: MIT
 * sweep_queue - the ways of the queue, and what must be true of it afterwards.
 *
 * A runner without hooks: what a hook of a deed would say follows from the deed's number and from
 * how often it was run.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "core/retry.h"
#include "store/queue/ledger.h"
#include "store/queue/orders.h"
#include "store/queue/queue.h"
#include "store/queue/slot.h"
#include "store/queue/snapshot.h"
#include "sweep.h"

#define DEADLINE_NS UINT64_C(10000000000)
#define STEPS_MAX 200
#define RUNNERS 2
#define DAY_NS (24 * STAGE_HOUR_NS)
/* The third of four fails at its first run, the second at all. */
#define AGAIN_OF_4 2
#define DEAD_OF_4 1

static char *no_hook[] = {(char[]){"/bin/true"}, NULL};
static struct config_endpoint endpoint = {.name = (char[]){"faults"}, .hook = no_hook};
static const struct config config = {.endpoints = &endpoint, .endpoint_count = 1};

/* One runner. */
struct desk {
    struct stage *stage;
    struct queue *queue;
    int64_t now_ns;
    bool killed;               /* leaves its last run as a killed one does */
    const struct hooks *hooks; /* what must hold, or NULL */
    unsigned ran[DEEDS_MAX];   /* by this desk and those before it */
    struct verdict_on *out;    /* NULL: findings go to way_wrong */
    bool blocked;              /* something failed: no more for now */
};

static void wrong(struct desk *desk, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void wrong(struct desk *desk, const char *format, ...)
{
    char text[400];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (desk->out == NULL) {
        way_wrong("%s", text);
    } else if (desk->out->ok) {
        desk->out->ok = false;
        snprintf(desk->out->text, sizeof desk->out->text, "queue: %s", text);
    }
}

static bool well(struct desk *desk, const char *step, enum status status, const struct err *err)
{
    if (status == STATUS_OK)
        return true;
    desk->blocked = true;
    if (desk->out == NULL)
        way_status(step, status);
    else
        wrong(desk, "%s fails: %s", step, err->text);
    return false;
}

/* ---- one run */

static unsigned runs_of(unsigned deed)
{
    return deed % 4 == AGAIN_OF_4 ? 2 : 1;
}

static void decide(struct result *result, unsigned deed, int64_t now_ns)
{
    result->end = RESULT_EXIT;
    result->code = 0;
    if (deed % 4 == AGAIN_OF_4 && result->attempt == 1)
        result->code = 1;
    if (deed % 4 == DEAD_OF_4)
        result->code = RETRY_EXIT_DEAD;
    result->started_ns = now_ns;
    retry_decide(result, 0, 0, now_ns);
}

/* DEEDS_MAX: the record could not be read. Every record is there, so none may pass for lost. */
static unsigned deed_of(struct desk *desk, const struct claim *claim)
{
    struct err err = ERR_INIT;
    struct record record;
    enum status status = claim_record(desk->queue, claim, &record, &err);
    unsigned number = DEEDS_MAX;

    if (status == STATUS_MISSING || status == STATUS_CORRUPT)
        wrong(desk, "the record of event %s passes for %s", claim_id(claim), status_name(status));
    if (!well(desk, "reading a record", status, &err))
        return DEEDS_MAX;
    if (sscanf(record.key.ptr, "faults transcript deed-%u completed", &number) != 1 ||
        number >= DEEDS_MAX)
        wrong(desk, "event %s is none of ours", claim_id(claim));
    record_free(&record);
    return number < DEEDS_MAX ? number : DEEDS_MAX;
}

static void may_run(struct desk *desk, unsigned deed, const struct claim *claim)
{
    const struct hooks *h = desk->hooks;

    if (h == NULL)
        return;
    if (h->settled[deed] && !h->must_run[deed])
        wrong(desk, "deed %u, whose hook was done with, runs again", deed);
    if (h->asked[deed] == 0 && h->last[deed].state == RESULT_AGAIN && !h->loose[deed] &&
        claim_attempt(claim) <= h->last[deed].attempt)
        wrong(desk, "run %" PRIu32 " of deed %u comes a second time", h->last[deed].attempt, deed);
}

/* False: nothing was run. */
static bool begin(struct desk *desk, struct slot *slot, const struct claim *claim)
{
    struct slot_attempt attempt = {.number = claim_attempt(claim), .started_ns = desk->now_ns};
    struct err err = ERR_INIT;
    enum slot_state state;

    if (!well(desk, "opening a slot", slot_open(slot, &desk->stage->spool, 0, true, &state, &err),
              &err))
        return false;
    if (state == SLOT_BUSY)
        wrong(desk, "a slot is taken for busy");
    snprintf(attempt.id, sizeof attempt.id, "%s", claim_id(claim));
    if (!well(desk, "beginning a slot", slot_begin(slot, &attempt, &err), &err) ||
        slot_enter(slot->fd, &attempt) != 0) {
        slot_clear(slot);
        slot_close(slot);
        desk->blocked = true;
        return false;
    }
    return true;
}

static void settle(struct desk *desk, struct claim *claim, unsigned deed)
{
    struct result result = {.endpoint = STR("faults"), .attempt = claim_attempt(claim)};
    struct err err = ERR_INIT;

    decide(&result, deed, desk->now_ns);
    if (well(desk, "settling", queue_settle(desk->queue, claim, &result, desk->now_ns, &err),
             &err)) {
        const struct settled settled = {result.state, result.attempt};

        hook_mark(MARK_SETTLED, deed, &settled, sizeof settled);
    }
}

static void run(struct desk *desk, struct claim *claim)
{
    unsigned deed = deed_of(desk, claim);
    struct slot slot = {.fd = -1};

    if (deed == DEEDS_MAX) {
        queue_put_off(desk->queue, claim, desk->now_ns);
        return;
    }
    if (!begin(desk, &slot, claim)) {
        queue_unclaim(desk->queue, claim);
        return;
    }
    may_run(desk, deed, claim);
    hook_mark(MARK_RAN, deed, NULL, 0);
    desk->ran[deed]++;
    if (desk->killed)
        queue_unclaim(desk->queue, claim);
    else
        settle(desk, claim, deed);
    if (!desk->killed)
        slot_clear(&slot);
    slot_close(&slot);
}

/* ---- a runner */

/* What a killed one began: its end was not seen. */
static void adopt(struct desk *desk)
{
    struct slot slot = {.fd = -1};
    struct claim *claim = NULL;
    struct result result = {.endpoint = STR("faults"), .end = RESULT_LOST};
    struct err err = ERR_INIT;
    enum slot_state state;

    if (!well(desk, "opening a slot", slot_open(&slot, &desk->stage->spool, 0, false, &state, &err),
              &err))
        return;
    if (state == SLOT_BUSY)
        wrong(desk, "the slot of a hook that is over is busy");
    if (state == SLOT_ENDED) {
        (void)well(
            desk, "adopting",
            queue_adopt(desk->queue, str_of(slot.attempt.id), slot.attempt.number, &claim, &err),
            &err);
        if (claim != NULL) {
            result.attempt = claim_attempt(claim);
            retry_decide(&result, claim_lost(claim) + 1, 0, desk->now_ns);
            (void)well(desk, "settling",
                       queue_settle(desk->queue, claim, &result, desk->now_ns, &err), &err);
        }
        if (!desk->blocked)
            slot_clear(&slot);
    }
    slot_close(&slot);
}

static bool take_seat(struct desk *desk)
{
    struct err err = ERR_INIT;

    if (!well(desk, "opening the queue",
              queue_open(&desk->queue, &desk->stage->spool, desk->now_ns, &err), &err))
        return false;
    adopt(desk);
    queue_configure(desk->queue, &config);
    return true;
}

static void leave_seat(struct desk *desk, bool flush)
{
    struct err err = ERR_INIT;

    if (flush && well(desk, "a flush", queue_flush(desk->queue, true, desk->now_ns, &err), &err))
        hook_mark(MARK_FLUSHED, 0, NULL, 0);
    queue_close(desk->queue);
    desk->queue = NULL;
}

/* False: there is nothing more to do now. */
static bool step(struct desk *desk)
{
    struct claim *claim = NULL;
    struct err err = ERR_INIT;

    if (!well(desk, "filling", queue_fill(desk->queue, desk->now_ns, &err), &err) ||
        !well(desk, "claiming", queue_claim(desk->queue, desk->now_ns, &claim, &err), &err))
        return false;
    if (claim == NULL)
        return false;
    run(desk, claim);
    return true;
}

/* Runs what is due at its time. A failure is tried once more, as after a pause. */
static void work(struct desk *desk, unsigned most)
{
    for (unsigned failures = 0; most > 0 && failures < 2; most--) {
        bool more = step(desk);

        failures += desk->blocked;
        if (!more && !desk->blocked)
            return;
        desk->blocked = false;
    }
}

/* ---- ways */

/* What the journal does fails in ways of its own. */
static void open_spool(struct desk *desk)
{
    hook_pause(true);
    if (desk->stage->journal == NULL && !stage_open(desk->stage))
        abort();
    hook_pause(false);
}

static void append(struct stage *stage, unsigned from, unsigned to)
{
    hook_pause(true);
    for (unsigned n = from; n < to; n++)
        if (stage_append(stage, n, NULL, NULL) != STATUS_OK)
            abort();
    hook_pause(false);
}

/* A runner's life: `flush` as one that leaves of its own accord. */
static void live(struct stage *stage, unsigned most, bool flush)
{
    struct desk desk = {.stage = stage, .now_ns = stage->now_ns};

    open_spool(&desk);
    if (!take_seat(&desk))
        return;
    work(&desk, most);
    leave_seat(&desk, flush);
    way_locks(stage);
}

void queue_go_first(struct stage *stage)
{
    live(stage, STEPS_MAX, true);
    append(stage, 4, 6);
    stage->now_ns += STAGE_HOUR_NS;
    live(stage, STEPS_MAX, false);
}

void queue_prepare_used(struct stage *stage)
{
    (void)stage_make(stage);
    append(stage, 0, 4);
    live(stage, STEPS_MAX, true);
    append(stage, 4, 6);
}

/* The run of its last event was cut off, and nothing was flushed. */
void queue_prepare_killed(struct stage *stage)
{
    struct desk desk = {.stage = stage, .now_ns = stage->now_ns};

    (void)stage_make(stage);
    append(stage, 0, 3);
    live(stage, STEPS_MAX, true);
    append(stage, 3, 6);
    live(stage, 1, false);
    if (!take_seat(&desk))
        abort();
    desk.killed = true;
    work(&desk, 1);
    leave_seat(&desk, false);
}

void queue_go_used(struct stage *stage)
{
    stage->now_ns += STAGE_HOUR_NS;
    live(stage, STEPS_MAX, true);
    append(stage, 6, 7);
    live(stage, STEPS_MAX, false);
}

/* ---- orders */

static void give_order(struct desk *desk, const char *id, unsigned deed, enum order_kind kind)
{
    const unsigned char said = (unsigned char)kind;
    struct orders *orders;
    struct err err = ERR_INIT;
    enum status status;

    hook_mark(MARK_ASKED, deed, &said, 1);
    status = orders_open(&orders, &desk->stage->spool, desk->now_ns, clock_mono_ns() + DEADLINE_NS,
                         &err);
    if (!well(desk, "opening the orders", status, &err))
        return;
    status = orders_add(orders, kind, str_of(id), desk->now_ns, &err);
    (void)well(desk, "adding an order", status, &err);
    if (!well(desk, "closing the orders", orders_close(orders, &err), &err) || status != STATUS_OK)
        return;
    hook_mark(MARK_GIVEN, deed, &said, 1);
}

static void order(struct stage *stage, unsigned deed, enum order_kind kind)
{
    struct desk desk = {.stage = stage, .now_ns = stage->now_ns};
    char id[RECORD_ID_MAX];

    hook_pause(true);
    if (stage_append(stage, deed, id, NULL) != STATUS_OK)
        abort();
    hook_pause(false);
    give_order(&desk, id, deed, kind);
    way_locks(stage);
}

void queue_go_commands(struct stage *stage)
{
    order(stage, 0, ORDER_AGAIN);
    order(stage, 4, ORDER_DROP);
    order(stage, 1, ORDER_DROP);
    stage->now_ns += STAGE_HOUR_NS;
    live(stage, STEPS_MAX, true);
    order(stage, 3, ORDER_AGAIN);
}

/* A hook that could not be executed, with a reason in the snapshot, and an order that waits. */
void queue_prepare_suspended(struct stage *stage)
{
    struct desk desk = {.stage = stage, .now_ns = stage->now_ns};
    struct claim *claim = NULL;
    struct err err = ERR_INIT;

    queue_prepare_used(stage);
    if (!take_seat(&desk) || queue_fill(desk.queue, desk.now_ns, &err) != STATUS_OK ||
        queue_claim(desk.queue, desk.now_ns, &claim, &err) != STATUS_OK || claim == NULL)
        abort();
    queue_suspend(desk.queue, claim, "/no/hook: no such file", desk.now_ns);
    leave_seat(&desk, true);
    order(stage, 0, ORDER_AGAIN);
}

/* What people ask about: a file of results was left since its sync failed, so that its last line
 * stands in the next one again; no snapshot has what came later; the orders are not read. */
void queue_prepare_told(struct stage *stage)
{
    static const struct fault unsynced = {
        .call = CALL_FDATASYNC, .nth = 1, .blow = BLOW_FAIL, .error = EIO};
    struct desk desk = {.stage = stage};
    struct err err = ERR_INIT;

    queue_prepare_used(stage);
    desk.now_ns = stage->now_ns + STAGE_HOUR_NS;
    if (!take_seat(&desk))
        abort();
    work(&desk, 1);
    hook_arm(&unsynced);
    if (queue_flush(desk.queue, true, desk.now_ns, NULL) == STATUS_OK)
        abort();
    hook_disarm();
    if (queue_flush(desk.queue, true, desk.now_ns, &err) != STATUS_OK)
        abort();
    hook_mark(MARK_FLUSHED, 0, NULL, 0);
    work(&desk, 1);
    leave_seat(&desk, false);
    order(stage, 0, ORDER_AGAIN);
    order(stage, 3, ORDER_DROP);
}

/* ---- files of results that are full, and old */

/* A hole: passed over as one line that is too long. */
static void fill_up(const struct stage *stage, const char *name)
{
    int fd = hook_real_open(stage->spool.dir, name, O_WRONLY);
    const off_t end = (off_t)LEDGER_SEGMENT_MAX - 2;

    if (fd < 0 || hook_real_pwrite(fd, "\n", 1, end) != 1)
        abort();
    hook_real_close(fd);
}

void queue_prepare_full(struct stage *stage)
{
    queue_prepare_used(stage);
    fill_up(stage, SPOOL_RESULTS "/00000001.jsonl");
    /* A snapshot behind the hole. */
    live(stage, 1, true);
    append(stage, 7, 9);
    fill_up(stage, SPOOL_RESULTS "/00000002.jsonl");
}

/* As retention does: what the snapshot on disk does not need goes. */
static void prune(struct desk *desk)
{
    struct spool_amount gone;
    struct snapshot snapshot;
    struct err err = ERR_INIT;

    if (!well(desk, "reading the snapshot", snapshot_read(&desk->stage->spool, &snapshot, &err),
              &err))
        return;
    (void)well(desk, "pruning",
               ledger_prune(&desk->stage->spool, LEDGER_RESULTS, desk->now_ns - STAGE_HOUR_NS,
                            snapshot.results, false, &gone, &err),
               &err);
    snapshot_free(&snapshot);
}

void queue_go_full(struct stage *stage)
{
    struct desk desk = {.stage = stage, .now_ns = stage->now_ns};
    struct err err = ERR_INIT;

    open_spool(&desk);
    if (!take_seat(&desk))
        return;
    work(&desk, STEPS_MAX);
    desk.now_ns = stage->now_ns += 3 * DAY_NS;
    if (well(&desk, "a flush", queue_flush(desk.queue, true, desk.now_ns, &err), &err)) {
        hook_mark(MARK_FLUSHED, 0, NULL, 0);
        prune(&desk);
    }
    work(&desk, STEPS_MAX);
    leave_seat(&desk, false);
    order(stage, 0, ORDER_AGAIN);
}

/* ---- what is known */

static void learn_settled(struct hooks *h, uint64_t deed, const unsigned char *bytes)
{
    memcpy(&h->last[deed], bytes, sizeof h->last[deed]);
    h->settled[deed] = h->last[deed].state != RESULT_AGAIN;
    h->loose[deed] = true;
}

static void learn_command(struct hooks *h, uint64_t deed, enum order_kind kind, bool given)
{
    if (!given && kind == ORDER_AGAIN)
        h->asked[deed]++;
    if (!given) {
        h->may_skip[deed] = h->may_skip[deed] || kind == ORDER_DROP;
        h->settled[deed] = false;
    } else if (kind == ORDER_AGAIN) {
        h->must_run[deed] = true;
    } else {
        h->settled[deed] = true;
        h->loose[deed] = false;
    }
}

void hooks_learn(struct hooks *h, const struct oplog *log, bool cut)
{
    for (size_t i = 0; i < log->count; i++) {
        const struct op *op = &log->ops[i];
        const unsigned char *bytes = log->bytes + op->at;

        if (op->kind != OP_MARK)
            continue;
        if (op->mark == MARK_RAN) {
            h->ran[op->offset]++;
            h->must_run[op->offset] = false;
        }
        if (op->mark == MARK_SETTLED)
            learn_settled(h, op->offset, bytes);
        else if (op->mark == MARK_ASKED || op->mark == MARK_GIVEN)
            learn_command(h, op->offset, (enum order_kind) * bytes, op->mark == MARK_GIVEN);
        else if (op->mark == MARK_FLUSHED)
            memset(h->loose, 0, sizeof h->loose);
    }
    for (unsigned n = 0; n < DEEDS_MAX; n++)
        if (h->loose[n] && cut)
            h->settled[n] = false;
        else
            h->loose[n] = false;
}

/* ---- judging */

static void look_back(struct desk *desk, const struct promises *p, const struct hooks *h, bool cut)
{
    for (unsigned n = 0; n < DEEDS_MAX; n++) {
        unsigned most = (h->asked[n] + 1 + cut) * runs_of(n) + h->lost_most,
                 ran = h->ran[n] + desk->ran[n];

        if (p->tried[n] && ran == 0 && !h->may_skip[n])
            wrong(desk, "the hook of deed %u never runs", n);
        if (h->must_run[n] && desk->ran[n] == 0)
            wrong(desk, "deed %u, which was to run again, does not", n);
        if (ran > most)
            wrong(desk, "the hook of deed %u runs %u times", n, ran);
    }
}

void queue_judge(struct stage *stage, const struct promises *promises, struct hooks *hooks,
                 bool cut, struct verdict_on *out)
{
    struct desk desk = {
        .stage = stage, .hooks = hooks, .out = out, .now_ns = stage->now_ns + 7 * DAY_NS};
    const struct hooks before = *hooks;

    for (unsigned runner = 0; runner < RUNNERS && out->ok; runner++) {
        unsigned ran = 0, after = 0;

        if ((stage->journal == NULL && !stage_open(stage)) || !take_seat(&desk)) {
            wrong(&desk, "no runner can begin");
            break;
        }
        for (unsigned n = 0; n < DEEDS_MAX; n++)
            ran += desk.ran[n];
        for (unsigned round = 0; round < 3; round++) {
            work(&desk, STEPS_MAX);
            desk.now_ns += DAY_NS;
        }
        leave_seat(&desk, runner > 0);
        for (unsigned n = 0; n < DEEDS_MAX; n++)
            after += desk.ran[n];
        if (runner > 0 && after > ran)
            wrong(&desk, "a runner behind one that did all runs %u hooks", after - ran);
    }
    look_back(&desk, promises, &before, cut);
    stage_close(stage);
}
