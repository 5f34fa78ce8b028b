/* SPDX-License-Identifier: MIT
 * queue_kit - a spool with a queue for tests: events by names, and a runner that may be killed
 * after every step.
 */
#include "queue_kit.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "core/event.h"
#include "core/retry.h"
#include "store/queue/hookview.h"
#include "store/queue/ledger.h"
#include "store/queue/snapshot.h"

#define NOW_NS INT64_C(1795420218966000000) /* 2026-11-23T07:50:18.966Z */
#define NAME_ROOM 16
#define EVENTS_MAX 2100
#define HELD_MAX 256
#define ENDPOINTS 3
#define TEXT_ROOM ((size_t)64 * 1024)
#define SNAPSHOT_ROOM ((size_t)1024 * 1024)

struct event_known {
    char name[NAME_ROOM], id[RECORD_ID_MAX];
    struct place place;
    bool named;
    int64_t received_ns;
};

struct held {
    char name[NAME_ROOM];
    struct claim *claim;
};

struct kit qk_kit;
struct queue *qk_queue;
struct err qk_err;

static enum qk_way way;
static struct event_known events[EVENTS_MAX];
static size_t event_count;
static struct held held[HELD_MAX];
static size_t held_count;

static char hook_path[] = "/bin/true";
static char *hook[] = {hook_path, NULL};
static char endpoint_names[ENDPOINTS][2] = {"a", "b", "c"};
static struct config_endpoint endpoints[ENDPOINTS];
static const struct config config = {.endpoints = endpoints, .endpoint_count = ENDPOINTS};

const struct config *qk_config(void)
{
    return &config;
}

/* ---- open, close */

static void no_queue(void)
{
    queue_close(qk_queue);
    qk_queue = NULL;
}

bool qk_enter(void)
{
    err_clear(&qk_err);
    UNIT_STATUS(STATUS_OK, queue_open(&qk_queue, &qk_kit.spool, qk_kit.now_ns, &qk_err), &qk_err);
    if (qk_queue != NULL)
        queue_configure(qk_queue, &config);
    return qk_queue != NULL;
}

void qk_leave(void)
{
    held_count = 0;
    no_queue();
}

bool qk_open(enum qk_way how)
{
    way = how;
    event_count = held_count = 0;
    for (size_t i = 0; i < ENDPOINTS; i++)
        endpoints[i] = (struct config_endpoint){
            .name = endpoint_names[i], .hook = i < 2 ? hook : NULL, .hook_timeout_s = 60};
    if (!kit_open(&qk_kit))
        return false;
    qk_kit.now_ns = NOW_NS;
    return qk_enter();
}

void qk_close(void)
{
    no_queue();
    kit_close(&qk_kit);
}

void qk_each_way(void (*scenario)(void))
{
    static const enum qk_way ways[] = {QK_STAYS, QK_KILLED, QK_ENDS};

    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        UNIT_REQUIRE(qk_open(ways[i]));
        scenario();
        qk_close();
        unit_fresh_folder();
    }
}

/* ---- events */

static struct event_known *find(const char *name)
{
    for (size_t i = 0; i < event_count; i++)
        if (strcmp(events[i].name, name) == 0)
            return &events[i];
    return NULL;
}

static const char *name_of(const char *id)
{
    for (size_t i = 0; i < event_count; i++)
        if (strcmp(events[i].id, id) == 0)
            return events[i].name;
    return "?";
}

/* As the gateway does: it names the hook that its endpoint has now. */
void qk_record(const char *name)
{
    struct event_known *event = &events[event_count];
    char key[EVENT_KEY_MAX];

    if (!UNIT_TRUE(event_count < EVENTS_MAX))
        return;
    snprintf(key, sizeof key, "%c transcript %s completed", name[0], name);
    kit_hookless = endpoints[name[0] - 'a'].hook == NULL;
    UNIT_STATUS(STATUS_OK, kit_append(&qk_kit, key), &qk_kit.err);
    event->named = !kit_hookless;
    event->received_ns = qk_kit.now_ns;
    snprintf(event->name, sizeof event->name, "%s", name);
    snprintf(event->id, sizeof event->id, "%s", qk_kit.id);
    UNIT_TRUE(record_id_parse(str_of(event->id), &event->place.segment, &event->place.offset));
    event_count++;
}

void qk_record_many(char endpoint, unsigned from, unsigned to)
{
    for (unsigned i = from; i <= to; i++) {
        char name[NAME_ROOM];

        snprintf(name, sizeof name, "%c%u", endpoint, i);
        qk_record(name);
    }
}

struct place qk_place(const char *name)
{
    const struct event_known *event = find(name);

    UNIT_TRUE(event != NULL);
    return event == NULL ? (struct place){0, 0} : event->place;
}

/* What is no name stands for itself. */
const char *qk_id(const char *name)
{
    const struct event_known *event = find(name);

    return event == NULL ? name : event->id;
}

bool qk_orders_wait(void)
{
    struct snapshot head;

    return !snapshot_head(&qk_kit.spool, &head) ||
           ledger_grown(&qk_kit.spool, LEDGER_ORDERS, head.orders);
}

const char *qk_states(void)
{
    static char out[TEXT_ROOM];
    struct hookview *view = NULL;
    size_t len = 0;

    out[0] = '\0';
    err_clear(&qk_err);
    UNIT_STATUS(STATUS_OK, hookview_open(&view, &qk_kit.spool, &config, 0, &qk_err), &qk_err);
    for (size_t i = 0; view != NULL && i < event_count; i++) {
        struct hook_info info;

        hookview_get(view, events[i].place, (struct str){events[i].name, 1}, events[i].named,
                     events[i].received_ns, &info);
        len += (size_t)snprintf(out + len, sizeof out - len, "%s%s:%s/%u", i == 0 ? "" : " ",
                                events[i].name, hook_state_name(info.state), info.attempts);
        if (len >= sizeof out)
            break;
    }
    hookview_close(view);
    return out;
}

/* ---- the runner is another one */

static void adopt_held(const uint32_t attempts[HELD_MAX])
{
    for (size_t i = 0; i < held_count; i++) {
        held[i].claim = NULL;
        UNIT_STATUS(STATUS_OK,
                    queue_adopt(qk_queue, str_of(qk_id(held[i].name)), attempts[i], &held[i].claim,
                                &qk_err),
                    &qk_err);
    }
}

static void reopen(bool flush)
{
    static char before[TEXT_ROOM];
    uint32_t attempts[HELD_MAX] = {0};

    for (size_t i = 0; i < held_count; i++)
        attempts[i] = held[i].claim == NULL ? 0 : claim_attempt(held[i].claim);
    if (flush)
        UNIT_STATUS(STATUS_OK, queue_flush(qk_queue, true, qk_kit.now_ns, &qk_err), &qk_err);
    snprintf(before, sizeof before, "%s", qk_states());
    no_queue();
    if (!qk_enter())
        return;
    UNIT_TEXT(before, qk_states());
    adopt_held(attempts);
    UNIT_TEXT(before, qk_states());
}

void qk_crash(void)
{
    reopen(false);
}

void qk_reopen(void)
{
    reopen(true);
}

static void step(void)
{
    if (way != QK_STAYS && qk_queue != NULL)
        reopen(way == QK_ENDS);
}

void qk_hook(char endpoint, bool has)
{
    endpoints[endpoint - 'a'].hook = has ? hook : NULL;
    if (qk_queue != NULL)
        queue_configure(qk_queue, &config);
}

void qk_after(int64_t ns)
{
    qk_kit.now_ns += ns;
}

/* ---- claims */

void qk_fill(void)
{
    err_clear(&qk_err);
    UNIT_STATUS(STATUS_OK, queue_fill(qk_queue, qk_kit.now_ns, &qk_err), &qk_err);
}

static struct claim *claim_one(void)
{
    struct claim *claim = NULL;

    err_clear(&qk_err);
    UNIT_STATUS(STATUS_OK, queue_claim(qk_queue, qk_kit.now_ns, &claim, &qk_err), &qk_err);
    if (claim == NULL) {
        /* Else a runner would look for ever. */
        UNIT_TRUE(queue_next_ns(qk_queue) > qk_kit.now_ns);
    } else if (UNIT_TRUE(held_count < HELD_MAX)) {
        snprintf(held[held_count].name, NAME_ROOM, "%s", name_of(claim_id(claim)));
        held[held_count++].claim = claim;
    }
    return claim;
}

const char *qk_claim(void)
{
    static char out[NAME_ROOM + 16];
    struct claim *claim;

    qk_fill();
    claim = claim_one();
    if (claim == NULL)
        return "-";
    snprintf(out, sizeof out, "%s/%u", name_of(claim_id(claim)), claim_attempt(claim));
    step();
    return out;
}

const char *qk_claim_name(void)
{
    static char name[NAME_ROOM];
    const char *claim = qk_claim();

    snprintf(name, sizeof name, "%.*s", (int)strcspn(claim, "/"), claim);
    return name;
}

const char *qk_claims(unsigned most)
{
    static char out[TEXT_ROOM];
    size_t len = 0;

    out[0] = '\0';
    for (unsigned i = 0; i < most && len < sizeof out; i++) {
        const char *next = qk_claim();

        if (strcmp(next, "-") == 0)
            break;
        len += (size_t)snprintf(out + len, sizeof out - len, "%s%s", i == 0 ? "" : " ", next);
    }
    return out;
}

unsigned qk_claim_unfilled(void)
{
    unsigned n = 0;

    for (;;) {
        struct claim *claim = NULL;

        UNIT_STATUS(STATUS_OK, queue_claim(qk_queue, qk_kit.now_ns, &claim, &qk_err), &qk_err);
        if (claim == NULL || held_count == HELD_MAX)
            return n;
        snprintf(held[held_count].name, NAME_ROOM, "%s", name_of(claim_id(claim)));
        held[held_count++].claim = claim;
        n++;
    }
}

static struct claim *take_held(const char *name, bool keep)
{
    for (size_t i = 0; i < held_count; i++)
        if (strcmp(held[i].name, name) == 0) {
            struct claim *claim = held[i].claim;

            if (!keep)
                held[i] = held[--held_count];
            return claim;
        }
    return NULL;
}

struct claim *qk_claimed(const char *name)
{
    return take_held(name, true);
}

void qk_forget(const char *name)
{
    UNIT_TRUE(take_held(name, false) != NULL);
}

static void settle(const char *name, enum result_end end, int code)
{
    struct claim *claim = take_held(name, false);
    struct result result = {.end = end, .code = code, .started_ns = qk_kit.now_ns};

    if (!UNIT_TRUE(claim != NULL))
        return;
    result.attempt = claim_attempt(claim);
    retry_decide(&result, claim_lost(claim) + (end == RESULT_LOST), 0, qk_kit.now_ns);
    err_clear(&qk_err);
    UNIT_STATUS(STATUS_OK, queue_settle(qk_queue, claim, &result, qk_kit.now_ns, &qk_err), &qk_err);
    step();
}

void qk_end(const char *name, int code)
{
    settle(name, RESULT_EXIT, code);
}

void qk_lose(const char *name)
{
    settle(name, RESULT_LOST, 0);
}

void qk_not_run(const char *name)
{
    settle(name, RESULT_NOT_RUN, 0);
}

void qk_run(const char *expected, int code)
{
    char name[NAME_ROOM];

    UNIT_TEXT(expected, qk_claim());
    snprintf(name, sizeof name, "%.*s", (int)strcspn(expected, "/"), expected);
    qk_end(name, code);
}

void qk_unclaim(const char *name)
{
    struct claim *claim = take_held(name, false);

    if (UNIT_TRUE(claim != NULL))
        queue_unclaim(qk_queue, claim);
    step();
}

void qk_put_off(const char *name)
{
    struct claim *claim = take_held(name, false);

    if (UNIT_TRUE(claim != NULL))
        queue_put_off(qk_queue, claim, qk_kit.now_ns);
    step();
}

void qk_suspend(const char *name)
{
    struct claim *claim = take_held(name, false);

    if (UNIT_TRUE(claim != NULL))
        queue_suspend(qk_queue, claim, "it cannot be executed", qk_kit.now_ns);
    step();
}

struct claim *qk_adopt(const char *name, uint32_t attempt)
{
    struct claim *claim = NULL;

    err_clear(&qk_err);
    UNIT_STATUS(STATUS_OK, queue_adopt(qk_queue, str_of(qk_id(name)), attempt, &claim, &qk_err),
                &qk_err);
    if (claim != NULL && UNIT_TRUE(held_count < HELD_MAX)) {
        snprintf(held[held_count].name, NAME_ROOM, "%s", name);
        held[held_count++].claim = claim;
        step();
        claim = qk_claimed(name);
    }
    return claim;
}

void qk_order(enum order_kind kind, const char *name)
{
    struct orders *orders = NULL;

    err_clear(&qk_err);
    UNIT_STATUS(STATUS_OK,
                orders_open(&orders, &qk_kit.spool, qk_kit.now_ns, clock_mono_ns(), &qk_err),
                &qk_err);
    if (orders == NULL)
        return;
    UNIT_STATUS(STATUS_OK, orders_add(orders, kind, str_of(qk_id(name)), qk_kit.now_ns, &qk_err),
                &qk_err);
    UNIT_STATUS(STATUS_OK, orders_close(orders, &qk_err), &qk_err);
    step();
}

/* ---- files */

bool qk_snapshot(struct buf *out)
{
    buf_init(out, SNAPSHOT_ROOM);
    return file_slurp(qk_kit.spool.dir, SPOOL_SNAPSHOT, out) == 0;
}

bool qk_write_snapshot(struct str bytes)
{
    int fd = file_open(qk_kit.spool.dir, SPOOL_SNAPSHOT, O_WRONLY | O_TRUNC | O_CREAT, 0600);
    bool done = fd >= 0 && file_write(fd, bytes.ptr, bytes.len) == 0;

    file_close(&fd);
    return UNIT_TRUE(done);
}

bool qk_remove(const char *name)
{
    return UNIT_TRUE(unlinkat(qk_kit.spool.dir, name, 0) == 0);
}
