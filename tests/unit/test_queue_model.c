/* SPDX-License-Identifier: MIT
 *
 * The queue beside a model of it that knows every event by itself, through steps at random; the
 * same ones each time. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/retry.h"
#include "queue_kit.h"
#include "queue_model.h"
#include "unit.h"

#define EVENTS 60
#define STEPS 400
#define SEEDS 4
#define DAY_NS (86400 * QK_SECOND_NS)

struct event {
    char name[16];
    struct model model;
};

static struct event events[EVENTS];
static unsigned count;
static bool hooked[3];
static bool any_result;  /* the orders before a lost snapshot are skipped */
static bool passed_over; /* a replay, since its endpoint had no hook */
static uint64_t dice;
static char trail[256]; /* the last steps, for whoever has to find out */

static unsigned roll(unsigned sides)
{
    dice ^= dice << 13;
    dice ^= dice >> 7;
    dice ^= dice << 17;
    return (unsigned)(dice >> 33) % sides;
}

static void note(const char *what, const char *name)
{
    char step[32];
    size_t len = strlen(trail);

    snprintf(step, sizeof step, " %s(%s)", what, name);
    if (len + strlen(step) >= sizeof trail) {
        memmove(trail, trail + sizeof trail / 2, len - sizeof trail / 2 + 1);
        len = strlen(trail);
    }
    memcpy(trail + len, step, strlen(step) + 1);
}

static void holds(bool it, const char *what)
{
    char text[512];

    snprintf(text, sizeof text, "%s; after%s", what, trail);
    unit_true(it, text, __FILE__, __LINE__);
}

static bool has_hook(const struct event *e)
{
    return hooked[e->name[0] - 'a'];
}

static bool due(const struct event *e)
{
    return model_due(&e->model, has_hook(e), qk_kit.now_ns);
}

static struct event *find(const char *name)
{
    for (unsigned i = 0; i < count; i++)
        if (strcmp(events[i].name, name) == 0)
            return &events[i];
    return NULL;
}

/* One that runs, or NULL. */
static struct event *running(void)
{
    unsigned from = count == 0 ? 0 : roll(count);

    for (unsigned i = 0; i < count; i++)
        if (events[(from + i) % count].model.running)
            return &events[(from + i) % count];
    return NULL;
}

static bool replay_is_pending(void)
{
    for (unsigned i = 0; i < count; i++)
        if (events[i].model.state == MODEL_REPLAYED || events[i].model.again)
            return true;
    return false;
}

/* ---- steps */

static void record(void)
{
    static unsigned number;
    struct event *e = &events[count];

    if (count == EVENTS)
        return;
    number = count == 0 ? 0 : number + 1;
    snprintf(e->name, sizeof e->name, "%c%u", 'a' + (int)roll(3), number);
    model_record(&e->model, has_hook(e));
    count++;
    note("record", e->name);
    qk_record(e->name);
}

static void claim(void)
{
    char got[32], name[32];
    struct event *e;

    snprintf(got, sizeof got, "%s", qk_claim());
    note("claim", got);
    if (strcmp(got, "-") == 0) {
        for (unsigned i = 0; i < count; i++)
            holds(!due(&events[i]), "what is due is claimed");
        return;
    }
    snprintf(name, sizeof name, "%.*s", (int)strcspn(got, "/"), got);
    e = find(name);
    holds(e != NULL && due(e), "what is claimed is due");
    if (e == NULL)
        return;
    holds(strtoul(got + strlen(name) + 1, NULL, 10) == e->model.attempts + 1,
          "its attempts are known");
    for (struct event *other = events; other < e; other++)
        holds(e->model.state != MODEL_NEW || other->model.state != MODEL_NEW ||
                  other->model.running || other->name[0] != e->name[0],
              "first runs are in order");
    model_claim(&e->model);
}

static void ended(struct event *e, int code)
{
    any_result = true;
    model_end(&e->model, code, qk_kit.now_ns);
}

static void end(void)
{
    static const int codes[] = {0, QK_FAILS, QK_FAILS, QK_FAILS, RETRY_EXIT_DEAD};
    int code = codes[roll(sizeof codes / sizeof *codes)];
    struct event *e = running();

    if (e == NULL)
        return;
    note(code == 0 ? "succeed" : code == QK_FAILS ? "fail" : "die", e->name);
    ended(e, code);
    qk_end(e->name, code);
}

static void unclaim(void)
{
    struct event *e = running();

    if (e == NULL || e->model.again)
        return;
    note("unclaim", e->name);
    model_unclaim(&e->model);
    qk_unclaim(e->name);
}

/* Another runner knows nothing of a run whose event was dropped. */
static void crash(void (*how)(void))
{
    for (unsigned i = 0; i < count; i++)
        if (model_abandon(&events[i].model))
            qk_forget(events[i].name);
    note(how == qk_crash ? "crash" : "reopen", "");
    how();
}

static void order(enum order_kind kind)
{
    struct event *e = count == 0 ? NULL : &events[roll(count)];

    if (e == NULL)
        return;
    note(kind == ORDER_AGAIN ? "replay" : "drop", e->name);
    qk_order(kind, e->name);
    qk_fill();
    passed_over |= kind == ORDER_AGAIN && !has_hook(e);
    any_result |= kind == ORDER_DROP && !e->model.running;
    model_order(&e->model, kind, has_hook(e));
}

static void hook(void)
{
    unsigned i = roll(3);
    const char name[] = {(char)('a' + (int)i), '\0'};

    hooked[i] = !hooked[i];
    note(hooked[i] ? "hook" : "no-hook", name);
    qk_hook(name[0], hooked[i]);
}

static void lose_snapshot(void)
{
    if (replay_is_pending() || (passed_over && !any_result))
        return;
    note("lose", "");
    (void)qk_remove(SPOOL_SNAPSHOT);
    crash(qk_crash);
}

static void step(void)
{
    unsigned n = roll(32);

    qk_after((int64_t)roll(20) * QK_SECOND_NS);
    if (n < 6)
        record();
    else if (n < 15)
        claim();
    else if (n < 21)
        end();
    else if (n < 23)
        unclaim();
    else if (n < 25)
        order(ORDER_AGAIN);
    else if (n < 26)
        order(ORDER_DROP);
    else if (n < 27)
        hook();
    else if (n < 29)
        crash(qk_crash);
    else if (n < 30)
        crash(qk_reopen);
    else if (n < 31)
        lose_snapshot();
    else
        qk_after(DAY_NS);
}

/* ---- what people are told */

static void told_as_it_is(void)
{
    const char *at = qk_states();

    for (unsigned i = 0; i < count; i++) {
        const char *state = strchr(at, ':') + 1;
        size_t len = strcspn(state, "/");
        const char *expected = hook_state_name(model_told(&events[i].model));

        if (!events[i].model.running &&
            (events[i].model.state != MODEL_NEW || has_hook(&events[i])))
            holds(strlen(expected) == len && memcmp(expected, state, len) == 0,
                  "people are told how it is");
        at = strchr(state, ' ');
        if (at == NULL)
            break;
    }
}

/* ---- the whole */

/* All that still waits is run to its end. */
static void drain(void)
{
    for (unsigned i = 0; i < 3; i++)
        if (!hooked[i]) {
            hooked[i] = true;
            qk_hook((char)('a' + (int)i), true);
        }
    for (unsigned looks = 0; looks < 4 * EVENTS; looks++) {
        struct event *e;

        claim();
        while ((e = running()) != NULL) {
            ended(e, 0);
            qk_end(e->name, 0);
        }
        qk_after(DAY_NS / 4);
    }
    for (unsigned i = 0; i < count; i++)
        holds(model_settled(&events[i].model), "all comes to an end");
    UNIT_INT(INT64_MAX, queue_next_ns(qk_queue));
}

static void walk(uint64_t seed)
{
    UNIT_REQUIRE(qk_open(QK_STAYS));
    dice = seed * UINT64_C(0x9e3779b97f4a7c15);
    count = 0;
    any_result = passed_over = false;
    trail[0] = '\0';
    hooked[0] = hooked[1] = true;
    hooked[2] = false;
    for (unsigned i = 0; i < STEPS; i++) {
        step();
        told_as_it_is();
    }
    drain();
    told_as_it_is();
    qk_close();
    unit_fresh_folder();
}

UNIT_TEST(steps_at_random_lead_where_a_model_of_the_queue_leads)
{
    for (uint64_t seed = 1; seed <= SEEDS; seed++)
        walk(seed);
}
