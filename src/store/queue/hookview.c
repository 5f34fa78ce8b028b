/* SPDX-License-Identifier: MIT
 * hookview - see store/queue/hookview.h.
 */
#include "store/queue/hookview.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "store/queue/ledger.h"
#include "store/queue/orders.h"
#include "store/queue/slot.h"
#include "store/queue/snapshot.h"
#include "store/queue/standing.h"

#define TABLE_FIRST 256 /* slots; a power of two */

/* One event of which something is known. */
struct known {
    uint64_t place; /* packed; 0: an empty slot */
    struct hook_info info;
};

struct hookview {
    const struct config *config;
    struct record_owner owner;
    struct snapshot snapshot;
    struct known *table;
    size_t count, room;
    uint64_t orders;
    bool runner;
    struct hook_stats *stats;
    size_t stats_count;
};

static const char *const names[] = {
    [HOOK_NONE] = "none",       [HOOK_WAITING] = "waiting", [HOOK_RUNNING] = "running",
    [HOOK_AGAIN] = "again",     [HOOK_DONE] = "done",       [HOOK_DEAD] = "dead",
    [HOOK_DROPPED] = "dropped",
};

const char *hook_state_name(enum hook_state state)
{
    return names[state];
}

bool hook_state_parse(struct str s, enum hook_state *out)
{
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (str_is(s, names[i])) {
            *out = (enum hook_state)i;
            return true;
        }
    return false;
}

/* ---- the table */

static size_t table_slot(const struct known *table, size_t room, uint64_t place)
{
    /* Fibonacci hashing: places of one segment differ in their low bits only. */
    size_t i = (size_t)(place * UINT64_C(0x9e3779b97f4a7c15) >> 20) & (room - 1);

    while (table[i].place != 0 && table[i].place != place)
        i = (i + 1) & (room - 1);
    return i;
}

static enum status table_grow(struct hookview *v, struct err *err)
{
    size_t room = v->room == 0 ? TABLE_FIRST : v->room * 2;
    struct known *table = calloc(room, sizeof *table);

    if (table == NULL)
        return err_set(err, STATUS_MEMORY, "no memory for what became of %zu hooks", v->count);
    for (size_t i = 0; i < v->room; i++)
        if (v->table[i].place != 0)
            table[table_slot(table, room, v->table[i].place)] = v->table[i];
    free(v->table);
    v->table = table;
    v->room = room;
    return STATUS_OK;
}

/* What is known of an event, to be filled in; nothing was known where its place is new. */
static enum status table_at(struct hookview *v, struct place place, struct hook_info **out,
                            struct err *err)
{
    uint64_t packed = place_pack(place);
    struct known *known;

    if (4 * (v->count + 1) > 3 * v->room) {
        enum status status = table_grow(v, err);

        if (status != STATUS_OK)
            return status;
    }
    known = &v->table[table_slot(v->table, v->room, packed)];
    if (known->place == 0) {
        *known = (struct known){packed, {.state = HOOK_WAITING, .end = RESULT_NOT_RUN}};
        v->count++;
    }
    *out = &known->info;
    return STATUS_OK;
}

static enum status table_at_id(struct hookview *v, struct str id, struct hook_info **out,
                               struct err *err)
{
    struct place place;

    *out = NULL;
    if (!record_id_parse(id, &place.segment, &place.offset) || place.segment == 0)
        return STATUS_OK;
    return table_at(v, place, out, err);
}

/* ---- what fills it: each source knows better than those before it */

struct source {
    struct hookview *view;
    struct buf text;
};

static const enum hook_state state_of[] = {
    [RESULT_DONE] = HOOK_DONE,
    [RESULT_AGAIN] = HOOK_AGAIN,
    [RESULT_DEAD] = HOOK_DEAD,
    [RESULT_DROPPED] = HOOK_DROPPED,
};

static enum status take_result(void *context, struct place at, struct str line, struct err *err)
{
    struct source *s = context;
    struct result result;
    struct hook_info *info;
    enum status status;

    (void)at;
    buf_reset(&s->text, LEDGER_LINE_MAX);
    status = result_parse(&result, &s->text, line, err);
    if (status != STATUS_OK)
        return err_ignore(err, status, STATUS_CORRUPT); /* of a later version */
    status = table_at_id(s->view, result.id, &info, err);
    if (status != STATUS_OK || info == NULL)
        return status;
    info->state = state_of[result.state];
    info->next_ns = result.state == RESULT_AGAIN ? result.next_ns : 0;
    if (result.end != RESULT_NOT_RUN) {
        info->attempts = result.attempt;
        info->end = result.end;
        info->code = result.code;
    }
    return STATUS_OK;
}

static enum status take_results(struct source *s, const struct spool *spool, int64_t since_ns,
                                struct err *err)
{
    struct place from, end;
    enum status status = ledger_since(spool, LEDGER_RESULTS, since_ns, &from, err);

    if (status != STATUS_OK)
        return status;
    return ledger_walk(spool, LEDGER_RESULTS, from, take_result, s, &end, NULL, err);
}

static enum status take_retries(struct hookview *v, struct err *err)
{
    enum status status = STATUS_OK;

    for (size_t i = 0; status == STATUS_OK && i < v->snapshot.count; i++) {
        const struct snapshot_lane *lane = v->snapshot.lanes[i];

        for (size_t k = 0; status == STATUS_OK && k < lane->retry_count; k++) {
            const struct snapshot_retry *retry = &lane->retries[k];
            struct hook_info *info;

            status = table_at(v, retry->place, &info, err);
            if (status != STATUS_OK)
                break;
            info->attempts = retry->attempts;
            info->next_ns = retry->next_ns;
            info->state = retry->attempts + retry->lost == 0 ? HOOK_WAITING : HOOK_AGAIN;
        }
    }
    return status;
}

static enum status take_command(void *context, struct place at, struct str line, struct err *err)
{
    struct source *s = context;
    char id[RECORD_ID_MAX];
    enum order_kind kind;
    struct hook_info *info;
    enum status status;

    (void)at;
    if (orders_parse(line, &kind, id, NULL) != STATUS_OK)
        return STATUS_OK;
    s->view->orders++;
    status = table_at_id(s->view, str_of(id), &info, err);
    if (status == STATUS_OK && info != NULL) {
        info->state = kind == ORDER_DROP ? HOOK_DROPPED : HOOK_WAITING;
        info->attempts = kind == ORDER_DROP ? info->attempts : 0;
        info->next_ns = 0;
    }
    return status;
}

static enum status take_run(struct hookview *v, struct str line, struct err *err)
{
    struct slot_run run;
    struct hook_info *info;
    enum status status;

    if (!slot_parse(line, &run) || !slot_alive(&run) || (run.pid == 0 && !v->runner))
        return STATUS_OK;
    status = table_at_id(v, str_of(run.id), &info, err);
    if (status == STATUS_OK && info != NULL) {
        info->state = HOOK_RUNNING;
        info->attempts = run.attempt;
        info->started_ns = run.started_ns;
        info->pid = run.pid;
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
            status = take_run(v, buf_str(&text), err);
        else if (errno != ENOENT && errno != EFBIG)
            status = err_errno(err, "cannot read %s/%s", spool->path, name);
        buf_free(&text);
    }
    return status;
}

/* The runner alone has the FIFO open for reading. Its lock is not tried: the runner that begins at
 * this moment would take us for another one and end. */
static enum status runner_there(const struct spool *spool, bool *there, struct err *err)
{
    int fd = file_open(spool->dir, SPOOL_WAKE, O_WRONLY | O_NONBLOCK, 0);

    *there = fd >= 0;
    if (fd < 0 && errno != ENXIO && errno != ENOENT)
        return err_errno(err, "cannot tell whether there is a runner for %s", spool->path);
    file_close(&fd);
    return STATUS_OK;
}

/* ---- endpoints */

static void fill_stats(struct hook_stats *out, const struct config *config,
                       const struct snapshot_lane *lane)
{
    const struct config_endpoint *endpoint = config_endpoint_named(config, str_of(lane->name));

    *out = (struct hook_stats){
        .endpoint = lane->name,
        .has_hook = endpoint != NULL && endpoint->hook != NULL,
        .suspended = lane->suspended_ns != 0,
        .why = lane->suspended_ns != 0 ? lane->why : NULL,
        .probe_ns = lane->suspended_ns,
        .cursor = lane->cursor,
        .retries = lane->retry_count,
        .done = lane->done,
        .dead = lane->dead,
        .dropped = lane->dropped,
        .failed = lane->failed,
        .lost = lane->lost,
    };
    for (size_t i = 0; i < lane->retry_count; i++)
        if (i == 0 || place_pack(lane->retries[i].place) < place_pack(out->oldest))
            out->oldest = lane->retries[i].place;
}

static enum status make_stats(struct hookview *v, struct err *err)
{
    size_t most = v->snapshot.count + v->config->endpoint_count;

    v->stats = calloc(most, sizeof *v->stats);
    if (v->stats == NULL)
        return err_set(err, STATUS_MEMORY, "no memory for the counts of %zu endpoints", most);
    for (size_t i = 0; i < v->snapshot.count; i++)
        fill_stats(&v->stats[v->stats_count++], v->config, v->snapshot.lanes[i]);
    for (size_t i = 0; i < v->config->endpoint_count; i++) {
        const struct config_endpoint *e = &v->config->endpoints[i];

        if (e->hook != NULL && snapshot_find(&v->snapshot, str_of(e->name)) == NULL)
            v->stats[v->stats_count++] = (struct hook_stats){.endpoint = e->name, .has_hook = true};
    }
    return STATUS_OK;
}

/* ---- the view */

static enum status load_known(struct hookview *v, const struct spool *spool, int64_t since_ns,
                              struct err *err)
{
    struct source source = {.view = v};
    struct place end;
    enum status status;
    bool rebuilt;

    buf_init(&source.text, LEDGER_LINE_MAX);
    status = snapshot_load(&v->snapshot, spool, &rebuilt, err);
    if (status == STATUS_OK)
        status = take_results(&source, spool, since_ns, err);
    if (status == STATUS_OK)
        status = take_retries(v, err);
    if (status == STATUS_OK)
        status = ledger_walk(spool, LEDGER_ORDERS, v->snapshot.commands, take_command, &source,
                             &end, NULL, err);
    if (status == STATUS_OK)
        status = take_slots(v, spool, err);
    buf_free(&source.text);
    return status;
}

static enum status load(struct hookview *v, const struct spool *spool, int64_t since_ns,
                        struct err *err)
{
    struct err why = ERR_INIT;
    enum status status = runner_there(spool, &v->runner, err);

    if (status == STATUS_OK) {
        status = standing_check(spool, &v->owner, &why);
        if (status == STATUS_OK)
            status = load_known(v, spool, since_ns, err);
        else if (status == STATUS_PAUSED || status == STATUS_MISSING)
            status = STATUS_OK;
        else
            err_pass(err, status, &why);
    }
    return status == STATUS_OK ? make_stats(v, err) : status;
}

enum status hookview_open(struct hookview **out, const struct spool *spool,
                          const struct config *config, int64_t since_ns, struct err *err)
{
    struct hookview *v = calloc(1, sizeof *v);
    enum status status;

    if (v == NULL)
        return err_set(err, STATUS_MEMORY, "no memory to look at the hooks");
    v->config = config;
    snapshot_init(&v->snapshot);
    status = load(v, spool, since_ns, err);
    if (status != STATUS_OK) {
        hookview_close(v);
        return status;
    }
    *out = v;
    return STATUS_OK;
}

void hookview_close(struct hookview *view)
{
    if (view == NULL)
        return;
    snapshot_free(&view->snapshot);
    free(view->table);
    free(view->stats);
    free(view);
}

bool hookview_named(const struct record *record)
{
    return record_hooks_have(record->hooks, CONFIG_HOOK_DEFAULT);
}

void hookview_of(const struct hookview *view, const struct record *record, struct hook_info *out)
{
    struct place place = {0, 0};

    (void)record_id_parse(record->id, &place.segment, &place.offset);
    hookview_get(view, place, record->endpoint, hookview_named(record), record->received_ns, out);
}

void hookview_get(const struct hookview *view, struct place place, struct str endpoint, bool named,
                  int64_t received_ns, struct hook_info *out)
{
    const struct config_endpoint *e = config_endpoint_named(view->config, endpoint);
    const struct snapshot_lane *lane = snapshot_find(&view->snapshot, endpoint);
    uint64_t packed = place_pack(place);

    *out = (struct hook_info){.state = HOOK_NONE, .end = RESULT_NOT_RUN};
    if (view->room > 0) {
        const struct known *known = &view->table[table_slot(view->table, view->room, packed)];

        if (known->place == packed) {
            *out = known->info;
            return;
        }
    }
    if (!named || !standing_takes(&view->owner, place, received_ns))
        return;
    /* Its results were pruned. */
    if (lane != NULL && packed < place_pack(lane->cursor))
        out->state = HOOK_DONE;
    else if (e != NULL && e->hook != NULL)
        out->state = HOOK_WAITING;
}

size_t hookview_endpoints(const struct hookview *view)
{
    return view->stats_count;
}

void hookview_stats(const struct hookview *view, size_t i, struct hook_stats *out)
{
    *out = view->stats[i];
}

uint64_t hookview_dead(const struct hookview *view)
{
    uint64_t n = 0;

    for (size_t i = 0; i < view->room; i++)
        n += view->table[i].place != 0 && view->table[i].info.state == HOOK_DEAD;
    return n;
}

uint64_t hookview_orders(const struct hookview *view)
{
    return view->orders;
}

bool hookview_runner(const struct hookview *view)
{
    return view->runner;
}

/* ---- one event */

struct attempts {
    struct str id;
    hookview_each each;
    void *context;
    struct buf text;
};

static enum status offer_attempt(void *context, struct place at, struct str line, struct err *err)
{
    struct attempts *a = context;
    struct result result;
    enum status status;

    (void)at;
    buf_reset(&a->text, LEDGER_LINE_MAX);
    /* Most lines are another event's: a look for the bytes spares parsing them. */
    if (memmem(line.ptr, line.len, a->id.ptr, a->id.len) == NULL)
        return STATUS_OK;
    status = result_parse(&result, &a->text, line, err);
    if (status == STATUS_OK && str_eq(result.id, a->id))
        return a->each(a->context, &result, err);
    return err_ignore(err, status, STATUS_CORRUPT);
}

enum status hookview_attempts(const struct spool *spool, struct str id, int64_t received_ns,
                              hookview_each each, void *context, struct err *err)
{
    struct attempts a = {.id = id, .each = each, .context = context};
    struct place from, end;
    enum status status = ledger_since(spool, LEDGER_RESULTS, received_ns, &from, err);

    if (status != STATUS_OK)
        return status;
    buf_init(&a.text, LEDGER_LINE_MAX);
    status = ledger_walk(spool, LEDGER_RESULTS, from, offer_attempt, &a, &end, NULL, err);
    buf_free(&a.text);
    return status;
}
