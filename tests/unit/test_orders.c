/* SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/file.h"
#include "journal_kit.h"
#include "store/queue/ledger.h"
#include "store/queue/orders.h"
#include "unit.h"

static struct kit kit;
static struct err err;

static bool begin(void)
{
    err = (struct err)ERR_INIT;
    return kit_open(&kit);
}

static struct orders *opened(void)
{
    struct orders *orders = NULL;

    UNIT_STATUS(STATUS_OK, orders_open(&orders, &kit.spool, kit.now_ns, clock_mono_ns(), &err),
                &err);
    return orders;
}

static enum status take(void *context, struct place place, struct str line, struct err *e)
{
    struct buf *seen = context;
    enum order_kind kind;
    char id[RECORD_ID_MAX];

    (void)place;
    if (orders_parse(line, &kind, id, e) != STATUS_OK)
        return STATUS_CORRUPT;
    buf_printf(seen, "%s %s;", kind == ORDER_AGAIN ? "again" : "drop", id);
    return STATUS_OK;
}

static const char *given(void)
{
    static char out[256];
    struct place behind;
    struct buf seen;

    buf_init(&seen, sizeof out - 1);
    UNIT_STATUS(STATUS_OK,
                ledger_walk(&kit.spool, LEDGER_ORDERS, (struct place){0, 0}, take, &seen, &behind,
                            NULL, &err),
                &err);
    snprintf(out, sizeof out, "%s", seen.ptr);
    buf_free(&seen);
    return out;
}

UNIT_TEST(orders_read_back_in_their_order)
{
    struct orders *orders = NULL;

    UNIT_REQUIRE(begin() && (orders = opened()) != NULL);
    UNIT_STATUS(STATUS_OK, orders_add(orders, ORDER_AGAIN, STR("1:103"), kit.now_ns, &err), &err);
    UNIT_STATUS(STATUS_OK, orders_add(orders, ORDER_DROP, STR("2:0104"), kit.now_ns, &err), &err);
    UNIT_STATUS(STATUS_OK, orders_close(orders, &err), &err);
    UNIT_TEXT("again 1:103;drop 2:104;", given());
    kit_close(&kit);
}

UNIT_TEST(orders_are_durable_when_they_are_closed)
{
    struct orders *orders = NULL;

    UNIT_REQUIRE(begin() && (orders = opened()) != NULL);
    UNIT_STATUS(STATUS_OK, orders_add(orders, ORDER_AGAIN, STR("1:103"), kit.now_ns, &err), &err);
    atomic_store(&kit_syncs, 0);
    UNIT_STATUS(STATUS_OK, orders_close(orders, &err), &err);
    UNIT_INT(1, atomic_load(&kit_syncs));
    kit_close(&kit);
}

UNIT_TEST(a_sync_that_fails_is_told_and_gives_the_lock_back)
{
    struct orders *orders = NULL;

    UNIT_REQUIRE(begin() && (orders = opened()) != NULL);
    UNIT_STATUS(STATUS_OK, orders_add(orders, ORDER_AGAIN, STR("1:103"), kit.now_ns, &err), &err);
    atomic_store(&kit_syncs_to_fail, 1);
    UNIT_STATUS(STATUS_IO, orders_close(orders, &err), NULL);
    err_clear(&err);
    UNIT_REQUIRE((orders = opened()) != NULL);
    UNIT_STATUS(STATUS_OK, orders_close(orders, &err), &err);
    kit_close(&kit);
}

UNIT_TEST(one_process_at_a_time_gives_orders)
{
    struct orders *first = NULL, *second = NULL;

    UNIT_REQUIRE(begin() && (first = opened()) != NULL);
    UNIT_STATUS(STATUS_DEADLINE,
                orders_open(&second, &kit.spool, kit.now_ns, clock_mono_ns(), &err), NULL);
    UNIT_TRUE(second == NULL);
    err_clear(&err);
    UNIT_STATUS(STATUS_OK, orders_close(first, &err), &err);
    UNIT_REQUIRE((second = opened()) != NULL);
    UNIT_STATUS(STATUS_OK, orders_close(second, &err), &err);
    kit_close(&kit);
}

UNIT_TEST(what_is_no_id_is_refused)
{
    struct orders *orders = NULL;

    UNIT_REQUIRE(begin() && (orders = opened()) != NULL);
    UNIT_STATUS(STATUS_USAGE, orders_add(orders, ORDER_AGAIN, STR("x\"y"), kit.now_ns, &err), NULL);
    err_clear(&err);
    UNIT_STATUS(STATUS_OK, orders_close(orders, &err), &err);
    UNIT_TEXT("", given());
    kit_close(&kit);
}

UNIT_TEST(lines_that_are_no_orders_are_refused)
{
    static const char *const lines[] = {"",
                                        "{}",
                                        "{\"do\":\"again\"}",
                                        "{\"do\":\"dance\",\"id\":\"1:2\"}",
                                        "{\"do\":\"again\",\"id\":\"12\"}",
                                        "{\"do\":1,\"id\":2}"};

    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        enum order_kind kind = ORDER_DROP;
        char id[RECORD_ID_MAX] = "as it was";
        struct err local = ERR_INIT;

        UNIT_STATUS(STATUS_CORRUPT, orders_parse(str_of(lines[i]), &kind, id, &local), &local);
        UNIT_TEXT("as it was", id);
    }
}
