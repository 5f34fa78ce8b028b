/* SPDX-License-Identifier: MIT
 * hookview_load - fills a view. Each source knows better than those before it: results, the retries
 * of the snapshot, orders, slots.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>

#include "base/file.h"
#include "store/queue/hookview_parts.h"
#include "store/queue/ledger.h"
#include "store/queue/orders.h"
#include "store/queue/slot.h"
#include "store/queue/standing.h"

static enum status add_by_id(struct hookview *v, struct str id, struct hook_info **out,
                             struct err *err)
{
    struct place place;

    *out = NULL;
    if (!record_id_parse(id, &place.segment, &place.offset) || place.segment == 0)
        return STATUS_OK;
    return hookview_add(v, place, out, err);
}

static const enum hook_state state_of[] = {
    [RESULT_DONE] = HOOK_DONE,
    [RESULT_AGAIN] = HOOK_AGAIN,
    [RESULT_DEAD] = HOOK_DEAD,
    [RESULT_DROPPED] = HOOK_DROPPED,
};

static enum status take_result(void *context, const struct result *result, struct err *err)
{
    struct hook_info *info;
    enum status status = add_by_id(context, result->id, &info, err);

    if (status != STATUS_OK || info == NULL)
        return status;
    info->state = state_of[result->state];
    info->next_ns = result->state == RESULT_AGAIN ? result->next_ns : 0;
    if (result->end != RESULT_NOT_RUN) {
        info->attempts = result->attempt;
        info->end = result->end;
        info->code = result->code;
    }
    return STATUS_OK;
}

static enum status take_results(struct hookview *v, const struct spool *spool, int64_t since_ns,
                                struct err *err)
{
    struct place from;
    enum status status = ledger_since(spool, LEDGER_RESULTS, since_ns, &from, err);

    return status == STATUS_OK ? ledger_walk_results(spool, from, take_result, v, NULL, err)
                               : status;
}

static enum status take_retries(struct hookview *v, struct err *err)
{
    enum status status = STATUS_OK;

    for (size_t i = 0; status == STATUS_OK && i < v->snapshot.count; i++) {
        const struct snapshot_lane *lane = v->snapshot.lanes[i];

        for (size_t k = 0; status == STATUS_OK && k < lane->retry_count; k++) {
            const struct snapshot_retry *retry = &lane->retries[k];
            struct hook_info *info;

            status = hookview_add(v, retry->place, &info, err);
            if (status != STATUS_OK)
                break;
            info->attempts = retry->attempts;
            info->next_ns = retry->next_ns;
            info->state = retry->attempts + retry->lost == 0 ? HOOK_WAITING : HOOK_AGAIN;
        }
    }
    return status;
}

static enum status take_order(void *context, struct place at, struct str line, struct err *err)
{
    struct hookview *v = context;
    char id[RECORD_ID_MAX];
    enum order_kind kind;
    struct hook_info *info;
    enum status status;

    (void)at;
    if (orders_parse(line, &kind, id, NULL) != STATUS_OK)
        return STATUS_OK;
    v->orders++;
    status = add_by_id(v, str_of(id), &info, err);
    if (status == STATUS_OK && info != NULL) {
        info->state = kind == ORDER_DROP ? HOOK_DROPPED : HOOK_WAITING;
        info->attempts = kind == ORDER_DROP ? info->attempts : 0;
        info->next_ns = 0;
    }
    return status;
}

static enum status take_slot(struct hookview *v, struct str line, struct err *err)
{
    struct slot_attempt attempt;
    struct hook_info *info;
    enum status status;

    if (!slot_parse(line, &attempt) || !slot_alive(&attempt) || (attempt.pid == 0 && !v->runner))
        return STATUS_OK;
    status = add_by_id(v, str_of(attempt.id), &info, err);
    if (status == STATUS_OK && info != NULL) {
        info->state = HOOK_RUNNING;
        info->attempts = attempt.number;
        info->started_ns = attempt.started_ns;
        info->pid = attempt.pid;
    }
    return status;
}

/* The slots are read without their locks: a runner that starts must not find them taken. */
static enum status take_slots(struct hookview *v, const struct spool *spool, struct err *err)
{
    enum status status = STATUS_OK;

    for (unsigned n = 0; status == STATUS_OK && n < SLOT_COUNT; n++) {
        char name[SPOOL_NAME_MAX];
        struct buf text;

        snprintf(name, sizeof name, SPOOL_SLOT_PREFIX "%u", n);
        buf_init(&text, 2 * SLOT_LINE_LEN);
        if (file_slurp(spool->dir, name, &text) == 0)
            status = take_slot(v, buf_str(&text), err);
        else if (errno != ENOENT && errno != EFBIG)
            status = err_errno(err, "cannot read %s/%s", spool->path, name);
        buf_free(&text);
    }
    return status;
}

/* The runner alone has the FIFO open for reading. Its lock is not tried: the runner that begins at
 * this moment would take us for another one and end. */
static enum status find_runner(const struct spool *spool, bool *there, struct err *err)
{
    int fd = file_open(spool->dir, SPOOL_WAKE, O_WRONLY | O_NONBLOCK, 0);

    *there = fd >= 0;
    if (fd < 0 && errno != ENXIO && errno != ENOENT)
        return err_errno(err, "cannot find out whether there is a runner for %s", spool->path);
    file_close(&fd);
    return STATUS_OK;
}

static enum status load_known(struct hookview *v, const struct spool *spool, int64_t since_ns,
                              struct err *err)
{
    bool rebuilt;
    enum status status = snapshot_load(&v->snapshot, spool, &rebuilt, err);

    if (status == STATUS_OK)
        status = take_results(v, spool, since_ns, err);
    if (status == STATUS_OK)
        status = take_retries(v, err);
    if (status == STATUS_OK)
        status =
            ledger_walk(spool, LEDGER_ORDERS, v->snapshot.orders, take_order, v, NULL, NULL, err);
    return status == STATUS_OK ? take_slots(v, spool, err) : status;
}

enum status hookview_load(struct hookview *v, const struct spool *spool, int64_t since_ns,
                          struct err *err)
{
    struct err why = ERR_INIT;
    enum status status = find_runner(spool, &v->runner, err);

    if (status != STATUS_OK)
        return status;
    status = standing_check(spool, &v->owner, &why);
    if (status == STATUS_OK)
        return load_known(v, spool, since_ns, err);
    return status == STATUS_PAUSED || status == STATUS_MISSING ? STATUS_OK
                                                               : err_pass(err, status, &why);
}
