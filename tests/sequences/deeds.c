/* SPDX-License-Identifier: MIT
 * deeds - the operations of a sequence, but for the runner's.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admin/boxes.h"
#include "base/clock.h"
#include "core/auth/auth.h"
#include "core/event.h"
#include "life.h"
#include "store/intake.h"
#include "store/journal/enter.h"
#include "store/journal/rotate.h"
#include "store/queue/ledger.h"
#include "store/retention.h"

#define WAIT_NS (10 * NS_PER_S) /* nobody else has the locks */
#define NO_EVENT "1:4242"
#define RETRIED_FOR_NS (15 * 60 * NS_PER_S) /* as src/store/journal/recover.c has it */

static uint64_t deadline(void)
{
    return clock_mono_ns() + WAIT_NS;
}

/* What is refused is the sender's to try again: never a 4xx. */
static void may_fail(bool calm, const char *what, enum status status, const struct err *err)
{
    tally->refused++;
    if (calm)
        complain("%s fails: %s", what, err->text);
    else if (status_http(status) < 500)
        complain("%s fails as if others were to blame: %s", what, err->text);
}

/* ---- deliveries */

struct str deed_body(unsigned number, char out[DEED_BODY_MAX])
{
    int len = snprintf(out, DEED_BODY_MAX,
                       "{\"transcript_id\":\"delivery-%u-\",\"status\":\"completed\"}", number);

    return (struct str){out, (size_t)len};
}

unsigned deed_number(struct str text)
{
    static const char before[] = "delivery-";
    const char *at = memmem(text.ptr, text.len, before, sizeof before - 1);
    unsigned number =
        at == NULL ? DELIVERIES_MAX : (unsigned)strtoul(at + sizeof before - 1, NULL, 10);

    return number < life->count ? number : DELIVERIES_MAX;
}

struct delivery *deed_named(const char *id)
{
    for (unsigned i = 0; i < life->count; i++)
        if (life->deliveries[i].on_record && strcmp(life->deliveries[i].id, id) == 0)
            return &life->deliveries[i];
    return NULL;
}

static enum status open_gateway(struct err *err)
{
    return live.journal != NULL
               ? STATUS_OK
               : journal_open(&live.journal, &live.spool, NULL, &life_options, err);
}

/* As src/gate/accept.c does. */
static enum status take_in(unsigned number, const struct receipt **receipt, struct err *err)
{
    static const struct str secret = STR("0123456789abcdef");
    static char method[] = "REQUEST_METHOD=POST", address[] = "REMOTE_ADDR=192.0.2.7",
                header[] = "HTTP_X_WEBHOOK_SECRET=0123456789abcdef";
    static char *const env[] = {method, address, header, NULL};
    const struct auth_secrets secrets = {&secret, 1};
    struct principal *principal = NULL;
    struct event *event = NULL;
    struct request request;
    char bytes[DEED_BODY_MAX];
    struct str body = deed_body(number, bytes);
    enum status status = request_parse(&request, env, err);

    if (status == STATUS_OK)
        status = auth_check(life_config->endpoints, &secrets, &request, body, world->now_ns,
                            &principal, err);
    if (status == STATUS_OK)
        status = event_make(&event, principal, &request, request.query, body, world->now_ns, err);
    if (status == STATUS_OK)
        status =
            intake_append(live.journal, principal, event, world->now_ns, deadline(), receipt, err);
    event_free(event);
    principal_free(principal);
    return status;
}

static void judge_receipt(struct delivery *d, const struct receipt *receipt, bool tried)
{
    const char *id = receipt_id(receipt);

    /* Who waits for the index keeps house too. */
    if (!receipt_duplicate(receipt) && look_may_go(d))
        d->on_record = false;
    if (!d->on_record && !tried && receipt_duplicate(receipt))
        complain("a new delivery is taken for a duplicate of %s", id);
    if (d->on_record && !receipt_duplicate(receipt))
        complain("%s is recorded again, as %s", d->id, id);
    if (d->on_record && strcmp(d->id, id) != 0)
        complain("a retry of %s is answered as %s", d->id, id);
    d->acked = true;
    snprintf(d->id, sizeof d->id, "%s", id);
}

/* As a gateway does after its answer. */
static void keep_house(bool calm)
{
    struct err err = ERR_INIT;
    bool more = true;

    while (more) {
        enum status status = journal_rebuild_slice(live.journal, deadline(), &more, &err);

        if (status != STATUS_OK)
            may_fail(calm, "the index", status, &err);
        if (status != STATUS_OK)
            return;
    }
}

/* No sender tries again after so long. Who does, such as `stenohook reconcile`, waits until an
 * index that was lost knows of old events. */
static enum status wait_for_index(const struct delivery *d, struct err *err)
{
    if (!d->on_record || d->seen_ns > world->now_ns - RETRIED_FOR_NS)
        return STATUS_OK;
    return journal_rebuild(live.journal, deadline(), err);
}

void deed_deliver(unsigned number, bool calm)
{
    struct delivery *d = &life->deliveries[number];
    const struct receipt *receipt = NULL;
    struct err err = ERR_INIT;
    enum status status;
    bool tried = d->tried;

    if (!life_open())
        return;
    life->last = number;
    d->sent = d->tried = true;
    status = open_gateway(&err);
    if (status == STATUS_OK)
        status = wait_for_index(d, &err);
    if (status == STATUS_OK)
        status = take_in(number, &receipt, &err);
    if (status != STATUS_OK) {
        may_fail(calm, "a delivery", status, &err);
        return;
    }
    judge_receipt(d, receipt, tried);
    keep_house(calm);
}

/* ---- the journal */

/* As an append does whose line is too long for the live segment. */
void deed_rotate(bool calm)
{
    struct err err = ERR_INIT;
    enum status status;

    if (!life_open())
        return;
    status = open_gateway(&err);
    if (status == STATUS_OK)
        status = enter_begin(live.journal, world->now_ns, deadline(), &err);
    if (status == STATUS_OK) {
        status = rotate_run(live.journal, world->now_ns, deadline(), &err);
        enter_end(live.journal, status);
    }
    if (status != STATUS_OK)
        may_fail(calm, "a rotation", status, &err);
}

void deed_prune(bool calm)
{
    struct retention_report report;
    struct err err = ERR_INIT;
    enum status status;

    if (!life_open())
        return;
    status =
        retention_run(&live.spool, &life_options, false, world->now_ns, deadline(), &report, &err);
    if (status != STATUS_OK)
        may_fail(calm, "a prune", status, &err);
}

/* ---- orders */

static enum status count_order(void *context, struct place place, struct str line, struct err *err)
{
    unsigned *count = context;

    (void)place;
    (void)line;
    (void)err;
    ++*count;
    return STATUS_OK;
}

unsigned deed_orders(void)
{
    struct err err = ERR_INIT;
    unsigned count = 0;

    if (ledger_walk(&live.spool, LEDGER_ORDERS, (struct place){0, 0}, count_order, &count, NULL,
                    NULL, &err) != STATUS_OK)
        complain("the orders cannot be read: %s", err.text);
    return count;
}

static const char *last_on_record(void)
{
    const struct delivery *last = NULL;

    for (unsigned i = 0; i < life->count; i++) {
        const struct delivery *d = &life->deliveries[i];

        if (d->on_record && (last == NULL || place_pack(d->place) > place_pack(last->place)))
            last = d;
    }
    return last == NULL ? NO_EVENT : last->id;
}

static enum status give_order(const char *id, struct err *err)
{
    struct orders *orders;
    enum status status = orders_open(&orders, &live.spool, world->now_ns, deadline(), err);
    enum status closed;

    if (status != STATUS_OK)
        return status;
    status = orders_add(orders, ORDER_AGAIN, str_of(id), world->now_ns, err);
    closed = orders_close(orders, status == STATUS_OK ? err : NULL);
    return status == STATUS_OK ? closed : status;
}

void deed_replay(bool calm)
{
    struct replay *replay = &life->replay;
    struct err err = ERR_INIT;
    enum status status;

    if (!life_open())
        return;
    snprintf(replay->id, sizeof replay->id, "%s", last_on_record());
    replay->before = deed_orders();
    replay->how = REPLAY_TRIED;
    status = give_order(replay->id, &err);
    replay->how = status == STATUS_OK ? REPLAY_GIVEN : REPLAY_REFUSED;
    if (status != STATUS_OK)
        may_fail(calm, "an order", status, &err);
}

/* ---- the quarantine */

static enum status put_into_box(unsigned number, struct err *err)
{
    const struct config_endpoint *endpoint = life_config->endpoints;
    const struct box_entry entry = {.reason = STATUS_ADDRESS,
                                    .detail = "a foreign address",
                                    .endpoint = endpoint->name,
                                    .remote_addr = STR("203.0.113.7"),
                                    .kept_max = DEED_BODY_MAX,
                                    .received_ns = world->now_ns};
    const struct box_limits limits = {.bytes_max = endpoint->quarantine_max,
                                      .deadline_ns = deadline(),
                                      .reserve = life_options.reserve};
    char bytes[DEED_BODY_MAX];
    struct str body = deed_body(number, bytes);
    struct box *box;
    enum status status = box_begin(&box, &live.spool, BOX_QUARANTINED, &entry, &limits, err);

    if (status != STATUS_OK)
        return status;
    status = box_add(box, body.ptr, body.len, err);
    if (status != STATUS_OK) {
        box_abandon(box);
        return status;
    }
    return box_end(box, true, NULL, err);
}

void deed_quarantine(void)
{
    unsigned number = life->count++;
    struct err err = ERR_INIT;

    life->last = number;
    if (put_into_box(number, &err) != STATUS_OK)
        complain("a delivery cannot be quarantined: %s", err.text);
    life->deliveries[number].boxed = true;
}

void deed_accept(bool calm)
{
    static const struct boxes_request request = {
        .boxes = 1U << BOX_QUARANTINED, .all = true, .yes = true};
    const struct settings settings = {.config = life_config, .path = "/stenohook.conf"};
    struct session session = {.settings = &settings};
    struct err err = ERR_INIT;
    unsigned woken = world->woken;
    enum status status;

    if (!life_open())
        return;
    for (unsigned i = 0; i < life->count; i++)
        life->deliveries[i].tried |= life->deliveries[i].boxed;
    session.spool = live.spool;
    status = boxes_accept(&request, &session, &err);
    if (status != STATUS_OK) {
        may_fail(calm, "an acceptance", status, &err);
        return;
    }
    if (world->woken == woken)
        complain("accepted deliveries wake no runner");
    for (unsigned i = 0; i < life->count; i++) {
        struct delivery *d = &life->deliveries[i];

        d->acked = d->acked || d->boxed;
        d->boxed = false;
    }
}
