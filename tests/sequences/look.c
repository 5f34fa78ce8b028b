/* SPDX-License-Identifier: MIT
 * look - is all as it was promised? Reads, and keeps what it has read for what comes next.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "life.h"
#include "store/boxes/rejected.h"
#include "store/journal/reader.h"
#include "store/journal/verify.h"
#include "store/queue/hookview.h"

#define RESTS 4 /* of a day each, after which all hooks have run */
#define DAY_NS (86400 * NS_PER_S)

/* ---- the journal */

struct seen {
    bool seen[DELIVERIES_MAX];
    uint32_t segment; /* the last one so far */
};

/* A place belongs to one event for ever: people and orders speak of it. */
static void own_place(unsigned number, struct place place)
{
    for (unsigned i = 0; i < life->place_count; i++)
        if (place_pack(life->places[i]) == place_pack(place)) {
            if (life->owners[i] != number)
                complain("the place %" PRIu32 ":%" PRIu64 " is used for another event",
                         place.segment, place.offset);
            return;
        }
    if (life->place_count == PLACES_MAX) {
        complain("too many places");
        return;
    }
    life->places[life->place_count] = place;
    life->owners[life->place_count++] = number;
}

static void see_record(struct seen *s, const struct reader_item *item)
{
    unsigned number = deed_number(record_key(item->line));
    struct delivery *d = &life->deliveries[number];
    char id[RECORD_ID_MAX];

    if (number == DELIVERIES_MAX) {
        complain("something is on record that nobody sent");
        return;
    }
    record_id_print(id, item->place.segment, item->place.offset);
    if (s->seen[number])
        complain("%s is on record twice", id);
    s->seen[number] = true;
    if (d->on_record && strcmp(d->id, id) != 0)
        complain("%s has become %s", d->id, id);
    if (d->on_record)
        return;
    if (d->acked && d->id[0] != '\0' && strcmp(d->id, id) != 0)
        complain("what was acknowledged as %s is on record as %s", d->id, id);
    if (!d->tried)
        complain("%s is on record, and nobody has recorded it", id);
    own_place(number, item->place);
    d->on_record = true;
    d->place = item->place;
    d->seen_ns = world->now_ns;
    d->sealed_ns = INT64_MAX;
    d->ran = 0;
    d->unsure_ns = 0;
    d->phase = PHASE_NONE;
    model_record(&d->hook, true);
    snprintf(d->id, sizeof d->id, "%s", id);
}

/* It seals the segment before it. */
static void see_header(struct seen *s, const struct reader_item *item)
{
    struct record_header header;

    if (!record_header_parse(item->line, &header)) {
        complain("the header of segment %" PRIu32 " cannot be read", item->place.segment);
        return;
    }
    for (unsigned i = 0; i < life->count; i++) {
        struct delivery *d = &life->deliveries[i];

        if (s->seen[i] && d->place.segment == s->segment)
            d->sealed_ns = header.created_ns;
    }
    s->segment = item->place.segment;
}

static void walk_journal(struct seen *s)
{
    struct reader *reader;
    struct err err = ERR_INIT;
    bool more = true;

    if (reader_open(&reader, &live.spool, (struct place){0, 0}, &err) != STATUS_OK) {
        complain("the journal cannot be read: %s", err.text);
        return;
    }
    while (more) {
        struct reader_item item;

        if (reader_next(reader, &item, &more, &err) != STATUS_OK) {
            complain("the journal cannot be read on: %s", err.text);
            break;
        }
        if (more && item.found == READER_RECORD)
            see_record(s, &item);
        else if (more && item.found == READER_HEADER)
            see_header(s, &item);
        else if (more && item.found == READER_ROTTEN)
            complain("the journal is damaged: %s", item.why);
    }
    reader_close(reader);
}

/* What is older than `keep` may go, with any operation, for a gateway keeps house too; but an event
 * whose hook is still to run only if it is twice as old. */
bool look_may_go(const struct delivery *d)
{
    int64_t keep_s = model_settled(&d->hook) ? KEEP_S : 2 * KEEP_S;

    return d->on_record && d->sealed_ns < world->now_ns - keep_s * NS_PER_S;
}

static void look_at_journal(void)
{
    struct seen seen = {.segment = 0};

    walk_journal(&seen);
    for (unsigned i = 0; i < life->count; i++) {
        struct delivery *d = &life->deliveries[i];

        if (seen.seen[i] || (!d->on_record && !d->acked))
            continue;
        if (!look_may_go(d))
            complain("%s, which was %s, is not on record", d->id[0] == '\0' ? "an entry" : d->id,
                     d->acked ? "acknowledged" : "there");
        *d = (struct delivery){.sent = d->sent, .tried = d->tried, .boxed = d->boxed};
    }
}

/* ---- orders */

/* One that was cut off may count or not; the others must be as their answers were. */
static void look_at_orders(void)
{
    struct replay *replay = &life->replay;
    unsigned given;

    if (replay->how == REPLAY_NONE)
        return;
    given = deed_orders() - replay->before;
    if (given > 1)
        complain("one order has become %u", given);
    if (replay->how == REPLAY_GIVEN && given == 0)
        complain("an order is lost");
    if (replay->how == REPLAY_REFUSED && given != 0)
        complain("an order counts that was refused");
    if (given == 1 && life->order_count < ORDERS_MAX)
        snprintf(life->orders[life->order_count++], RECORD_ID_MAX, "%s", replay->id);
    replay->how = REPLAY_NONE;
}

/* ---- the quarantine */

static void warn(void *context, enum box_kind box, const char *name, const char *why)
{
    (void)context;
    complain("%s/%s is damaged: %s", box_kind_name(box), name, why);
}

static unsigned number_of(const struct rejected *entry)
{
    unsigned number = DELIVERIES_MAX;
    char bytes[DEED_BODY_MAX];
    struct buf body;

    buf_init(&body, DEED_BODY_MAX);
    if (rejected_body(entry, &live.spool, &body, NULL) == STATUS_OK) {
        number = deed_number(buf_str(&body));
        if (number != DELIVERIES_MAX && !str_eq(buf_str(&body), deed_body(number, bytes)))
            number = DELIVERIES_MAX;
    }
    buf_free(&body);
    return number;
}

static void see_entry(struct seen *s, const struct rejected_ref *ref)
{
    struct rejected entry;
    struct err err = ERR_INIT;
    unsigned number;

    if (rejected_read(&entry, &live.spool, ref, &err) != STATUS_OK) {
        complain("%s cannot be read: %s", ref->name, err.text);
        return;
    }
    number = number_of(&entry);
    rejected_free(&entry);
    if (number == DELIVERIES_MAX)
        complain("%s is no delivery of ours", ref->name);
    else if (s->seen[number])
        complain("a delivery is in the quarantine twice");
    else
        s->seen[number] = true;
}

static void look_at_box(bool pruned, bool calm)
{
    struct seen seen = {.segment = 0};
    struct rejected_refs refs;
    struct err err = ERR_INIT;

    if (rejected_scan(&refs, &live.spool, 1U << BOX_QUARANTINED, warn, NULL, &err) != STATUS_OK) {
        complain("the quarantine cannot be read: %s", err.text);
        return;
    }
    for (size_t i = 0; i < refs.count; i++)
        see_entry(&seen, &refs.list[i]);
    rejected_refs_free(&refs);
    for (unsigned i = 0; i < life->count; i++) {
        struct delivery *d = &life->deliveries[i];

        if (seen.seen[i] && !d->boxed)
            complain("an entry that was accepted is in the quarantine");
        if (seen.seen[i] && pruned && calm)
            complain("an entry is in the quarantine that is too old");
        if (seen.seen[i] || !d->boxed)
            continue;
        if (!d->on_record && !pruned)
            complain("a quarantined delivery is gone, and not on record");
        d->acked = d->on_record;
        d->boxed = false;
    }
}

/* ---- what people are told of hooks */

static unsigned on_record(void)
{
    unsigned n = 0;

    for (unsigned i = 0; i < life->count; i++)
        n += life->deliveries[i].on_record;
    return n;
}

static bool is_ordered(const struct delivery *d)
{
    for (unsigned i = 0; i < life->order_count; i++)
        if (strcmp(life->orders[i], d->id) == 0)
            return true;
    return false;
}

static void look_at_hooks(void)
{
    struct hookview *view;
    struct err err = ERR_INIT;

    if (on_record() == 0)
        return;
    if (hookview_open(&view, &live.spool, life_config, 0, &err) != STATUS_OK) {
        complain("hooks cannot be looked at: %s", err.text);
        return;
    }
    for (unsigned i = 0; i < life->count; i++) {
        const struct delivery *d = &life->deliveries[i];
        struct hook_info info;

        if (!d->on_record || d->hook.running || d->unsure_ns != 0 || is_ordered(d))
            continue;
        hookview_get(view, d->place, str_of(life_config->endpoints->name), true, world->now_ns,
                     &info);
        if (info.state != model_told(&d->hook))
            complain("the hook of %s is told to be %s, and is %s", d->id,
                     hook_state_name(info.state), hook_state_name(model_told(&d->hook)));
        if (info.state == HOOK_AGAIN && info.attempts != d->hook.attempts)
            complain("%" PRIu32 " attempts at %s are told to be %" PRIu32, d->hook.attempts, d->id,
                     info.attempts);
    }
    hookview_close(view);
}

void look_around(bool pruned, bool calm)
{
    if (!life_open())
        return;
    look_at_journal();
    look_at_orders();
    look_at_box(pruned, calm);
    look_at_hooks();
}

/* ---- at the end */

static void verify(void)
{
    struct verify_report report;
    struct err err = ERR_INIT;

    if (!life_open())
        return;
    if (verify_run(&live.spool, &report, NULL, NULL, &err) != STATUS_OK)
        complain("the journal cannot be verified: %s", err.text);
    else if (report.rotten > 0 || report.repeated > 0 || report.records != on_record())
        complain("%" PRIu64 " records, %" PRIu64 " damaged and %" PRIu64
                 " repeated, where there are %u",
                 report.records, report.rotten, report.repeated, on_record());
}

/* Each sender tries once more. */
static void retry_all(void)
{
    for (unsigned i = 0; i < life->count; i++) {
        struct delivery *d = &life->deliveries[i];

        if (!d->sent)
            continue;
        deed_deliver(i, true);
        if (!d->acked)
            complain("a retry is not acknowledged");
        look_at_journal(); /* the gateway keeps house in between */
    }
    look_around(false, true);
}

static bool all_settled(void)
{
    for (unsigned i = 0; i < life->count; i++)
        if (life->deliveries[i].on_record && !model_settled(&life->deliveries[i].hook))
            return false;
    return life->order_count == 0;
}

static void finish_hooks(void)
{
    for (unsigned i = 0; i < RESTS && (i == 0 || !all_settled()); i++) {
        hooks_run(true);
        world->now_ns += DAY_NS;
    }
    for (unsigned i = 0; i < life->count; i++) {
        const struct delivery *d = &life->deliveries[i];

        if (d->on_record && (d->hook.state != MODEL_DONE || d->ran == 0))
            complain("the hook of %s has run %u times, and is %s", d->id, d->ran,
                     hook_state_name(model_told(&d->hook)));
    }
}

static bool any_boxed(void)
{
    for (unsigned i = 0; i < life->count; i++)
        if (life->deliveries[i].boxed)
            return true;
    return false;
}

/* What lives works on with what it remembers. If nothing does, the runner comes first. */
static void live_on(void)
{
    bool gateway = live.journal != NULL;

    if (live.queue != NULL || !gateway)
        hooks_run(true);
    if (gateway)
        deed_deliver(life->count++, true);
    look_at_journal();
    if (live.queue != NULL)
        hooks_run(true);
    look_around(false, true);
}

void look_finally(const struct disaster *left)
{
    if (left->full_at == 0)
        live_on();
    life_drop();
    world_arm(left); /* what only reads needs no room */
    verify();
    look_around(false, true);
    (void)world_disarm();
    retry_all();
    if (any_boxed())
        deed_accept(true);
    look_at_journal();
    finish_hooks();
    life_drop();
    if (life_open() && unlinkat(live.spool.dir, SPOOL_SNAPSHOT, 0) == 0)
        hooks_rest();
    look_around(false, true);
    verify();
}
