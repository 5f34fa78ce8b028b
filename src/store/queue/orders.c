/* SPDX-License-Identifier: MIT
 * orders - see store/queue/orders.h.
 */
#include "store/queue/orders.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/file.h"
#include "core/pick.h"
#include "store/queue/ledger.h"
#include "store/spool/place.h"

#define LINE_MAX_LEN 256

struct orders {
    int lock;
    struct ledger *ledger;
    int64_t now_ns;
};

static const char *const names[] = {[ORDER_AGAIN] = "again", [ORDER_DROP] = "drop"};

static void release_orders(struct orders *c)
{
    ledger_close(c->ledger);
    file_close(&c->lock);
    free(c);
}

enum status orders_open(struct orders **out, const struct spool *spool, int64_t now_ns,
                        uint64_t deadline_ns, struct err *err)
{
    struct orders *c = calloc(1, sizeof *c);
    enum status status;

    if (c == NULL)
        return err_set(err, STATUS_MEMORY, "no memory for orders to the runner");
    c->now_ns = now_ns;
    c->lock = -1;
    status = spool_make_run(spool, err);
    if (status == STATUS_OK) {
        c->lock = file_open(spool->dir, SPOOL_COMMANDS_LOCK, O_RDWR | O_CREAT, 0600);
        if (c->lock < 0)
            status = err_errno(err, "cannot open %s/" SPOOL_COMMANDS_LOCK, spool->path);
    }
    if (status == STATUS_OK && file_lock(c->lock, deadline_ns) != 0)
        status = errno == EWOULDBLOCK
                     ? err_set(err, STATUS_DEADLINE,
                               "another process holds the lock of orders for too long")
                     : err_errno(err, "cannot lock the orders");
    if (status == STATUS_OK)
        status = ledger_open(&c->ledger, spool, LEDGER_ORDERS, now_ns, err);
    if (status == STATUS_OK)
        *out = c;
    else
        release_orders(c);
    return status;
}

enum status orders_add(struct orders *orders, enum order_kind kind, struct str id, int64_t now_ns,
                       struct err *err)
{
    char iso[CLOCK_ISO_MAX], known[RECORD_ID_MAX];
    struct place place;
    struct buf line;
    enum status status;

    if (!record_id_parse(id, &place.segment, &place.offset))
        return err_set(err, STATUS_USAGE, "invalid event id");
    record_id_print(known, place.segment, place.offset);
    clock_iso(now_ns, iso);
    buf_init(&line, LINE_MAX_LEN);
    buf_printf(&line, "{\"do\":\"%s\",\"id\":\"%s\",\"at\":\"%s\"", names[kind], known, iso);
    status = buf_status(&line, "an order", err);
    if (status == STATUS_OK)
        status = ledger_append(orders->ledger, buf_str(&line), now_ns, err);
    buf_free(&line);
    return status;
}

enum status orders_close(struct orders *orders, struct err *err)
{
    enum status status = ledger_sync(orders->ledger, orders->now_ns, err);

    release_orders(orders);
    return status;
}

/* ---- reading */

enum { M_DO, M_ID, M_COUNT };

static const struct pick_wish wishes[M_COUNT] = {
    [M_DO] = PICK("do", PICK_STRING, true),
    [M_ID] = PICK("id", PICK_STRING, true),
};

enum status orders_parse(struct str line, enum order_kind *kind, char id[RECORD_ID_MAX],
                         struct err *err)
{
    struct picked found[M_COUNT];
    struct place place;

    if (!pick_members(line, wishes, M_COUNT, found) ||
        !record_id_parse(found[M_ID].value, &place.segment, &place.offset))
        return err_set(err, STATUS_CORRUPT, "invalid order");
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (str_is(found[M_DO].value, names[i])) {
            *kind = (enum order_kind)i;
            record_id_print(id, place.segment, place.offset);
            return STATUS_OK;
        }
    return err_set(err, STATUS_CORRUPT, "an order of a later version");
}
