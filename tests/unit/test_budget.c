/* SPDX-License-Identifier: MIT
 *
 * What anybody may have recorded in a day: the budget itself, and the way into the journal. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "core/auth/auth.h"
#include "fault_kit.h"
#include "journal_kit.h"
#include "store/budget.h"
#include "store/intake.h"
#include "unit.h"

#define FILE_NAME "budget.calls"
#define TODAY (INT64_C(20000) * KIT_DAY_NS + 5)

static struct spool spool;
static char name[] = "calls";

static struct config_endpoint open_to(uint64_t events, uint64_t bytes)
{
    return (struct config_endpoint){
        .name = name, .scheme = AUTH_NONE, .daily_events_max = events, .daily_bytes_max = bytes};
}

static enum status take(const struct config_endpoint *e, uint64_t bytes, int64_t now_ns)
{
    struct err err = ERR_INIT;
    enum status status =
        budget_take(&spool, e, bytes, now_ns, clock_mono_ns() + 5 * (uint64_t)NS_PER_S, &err);

    UNIT_INT(status, err.status);
    return status;
}

static void give_back(const struct config_endpoint *e, uint64_t bytes, int64_t now_ns)
{
    budget_return(&spool, e, bytes, now_ns, clock_mono_ns() + 5 * (uint64_t)NS_PER_S);
}

static struct daily_budget used(const struct config_endpoint *e, int64_t now_ns)
{
    struct daily_budget budget;

    budget_read(&spool, e, now_ns, &budget);
    return budget;
}

UNIT_TEST(only_an_endpoint_that_asks_for_no_proof_has_a_budget)
{
    struct config_endpoint e = open_to(1, 0);
    struct address_net net;

    UNIT_TRUE(budget_applies(&e));
    e = open_to(0, 1);
    UNIT_TRUE(budget_applies(&e));
    e = open_to(0, 0);
    UNIT_FALSE(budget_applies(&e));
    e = open_to(1, 1);
    e.scheme = AUTH_STATIC;
    UNIT_FALSE(budget_applies(&e));
    e = open_to(1, 1);
    UNIT_TRUE(address_net_parse(STR("192.0.2.1"), &net));
    e.allow_from = &net;
    e.allow_from_count = 1;
    UNIT_FALSE(budget_applies(&e));
}

UNIT_TEST(as_many_events_go_as_are_allowed_and_not_one_more)
{
    struct config_endpoint e = open_to(3, 0);
    struct daily_budget budget;

    UNIT_REQUIRE(kit_spool(&spool));
    for (int i = 0; i < 3; i++) {
        budget = used(&e, TODAY);
        UNIT_FALSE(budget_spent(&budget, &e));
        UNIT_INT(STATUS_OK, take(&e, 1000000, TODAY));
    }
    UNIT_INT(STATUS_BUDGET, take(&e, 1, TODAY));
    UNIT_INT(STATUS_BUDGET, take(&e, 1, TODAY));
    budget = used(&e, TODAY);
    UNIT_TRUE(budget_spent(&budget, &e));
    UNIT_INT(3, budget.events);
    UNIT_INT(3000000, budget.bytes);
    UNIT_INT(0, budget.refused);
    budget_count_refused(&spool, &e, TODAY, clock_mono_ns() + NS_PER_S);
    UNIT_INT(1, used(&e, TODAY).refused);
    /* The limit was raised, and lowered. */
    e.daily_events_max = 4;
    UNIT_INT(STATUS_OK, take(&e, 1, TODAY));
    e.daily_events_max = 2;
    UNIT_INT(STATUS_BUDGET, take(&e, 1, TODAY));
    spool_close(&spool);
}

UNIT_TEST(as_many_bytes_go_as_are_allowed_and_not_one_more)
{
    struct config_endpoint e = open_to(0, 1000);
    struct daily_budget budget;

    UNIT_REQUIRE(kit_spool(&spool));
    UNIT_INT(STATUS_BUDGET, take(&e, 1001, TODAY));
    UNIT_INT(STATUS_BUDGET, take(&e, UINT64_MAX, TODAY));
    UNIT_INT(STATUS_OK, take(&e, 600, TODAY));
    UNIT_INT(STATUS_BUDGET, take(&e, 401, TODAY));
    UNIT_INT(STATUS_OK, take(&e, 400, TODAY));
    UNIT_INT(STATUS_BUDGET, take(&e, 1, TODAY));
    budget = used(&e, TODAY);
    UNIT_INT(1000, budget.bytes);
    UNIT_TRUE(budget_spent(&budget, &e));
    spool_close(&spool);
}

UNIT_TEST(what_is_given_back_can_be_taken_again)
{
    struct config_endpoint e = open_to(1, 1000);

    UNIT_REQUIRE(kit_spool(&spool));
    give_back(&e, 10, TODAY);
    UNIT_INT(STATUS_OK, take(&e, 1000, TODAY));
    give_back(&e, 1000, TODAY);
    UNIT_INT(0, used(&e, TODAY).events);
    UNIT_INT(0, used(&e, TODAY).bytes);
    UNIT_INT(STATUS_OK, take(&e, 1000, TODAY));
    /* What was taken yesterday is no part of today's. */
    UNIT_INT(STATUS_OK, take(&e, 1000, TODAY + KIT_DAY_NS));
    give_back(&e, 1000, TODAY);
    UNIT_INT(STATUS_OK, take(&e, 1000, TODAY));
    spool_close(&spool);
}

UNIT_TEST(a_budget_is_that_of_a_day_by_the_universal_clock)
{
    struct config_endpoint e = open_to(1, 0);
    int64_t midnight = INT64_C(20001) * KIT_DAY_NS;

    UNIT_REQUIRE(kit_spool(&spool));
    UNIT_INT(STATUS_OK, take(&e, 1, TODAY));
    UNIT_INT(STATUS_BUDGET, take(&e, 1, midnight - 1));
    UNIT_INT(0, used(&e, midnight).events);
    UNIT_INT(STATUS_OK, take(&e, 1, midnight));
    UNIT_INT(STATUS_BUDGET, take(&e, 1, midnight));
    /* The clock was set back. */
    UNIT_INT(STATUS_OK, take(&e, 1, TODAY));
    spool_close(&spool);
}

UNIT_TEST(each_endpoint_has_a_budget_of_its_own_that_outlives_the_process)
{
    struct config_endpoint e = open_to(1, 0), other = open_to(1, 0);
    struct err err = ERR_INIT;
    char path[256];

    other.name = (char[]){"other"};
    UNIT_REQUIRE(kit_spool(&spool));
    (void)snprintf(path, sizeof path, "%s", spool.path);
    UNIT_INT(STATUS_OK, take(&e, 1, TODAY));
    UNIT_INT(STATUS_OK, take(&other, 1, TODAY));
    spool_close(&spool);
    UNIT_STATUS(STATUS_OK, spool_open(&spool, path, &err), &err);
    UNIT_INT(STATUS_BUDGET, take(&e, 1, TODAY));
    UNIT_INT(STATUS_BUDGET, take(&other, 1, TODAY));
    spool_close(&spool);
}

UNIT_TEST(a_damaged_file_is_as_none)
{
    struct config_endpoint e = open_to(1, 0);
    struct stat sb;
    int fd;

    UNIT_REQUIRE(kit_spool(&spool));
    UNIT_INT(STATUS_OK, take(&e, 1, TODAY));
    UNIT_INT(STATUS_BUDGET, take(&e, 1, TODAY));
    fd = file_open(spool.dir, FILE_NAME, O_RDWR, 0);
    UNIT_TRUE(fd >= 0 && fstat(fd, &sb) == 0 && file_pwrite(fd, "x", 1, 16) == 0);
    UNIT_INT(0, used(&e, TODAY).events);
    UNIT_INT(STATUS_OK, take(&e, 1, TODAY));
    UNIT_INT(STATUS_BUDGET, take(&e, 1, TODAY));
    UNIT_TRUE(fd >= 0 && ftruncate(fd, sb.st_size - 1) == 0);
    UNIT_INT(STATUS_OK, take(&e, 1, TODAY));
    UNIT_INT(STATUS_BUDGET, take(&e, 1, TODAY));
    file_close(&fd);
    spool_close(&spool);
}

UNIT_TEST(a_file_that_cannot_be_used_lets_nothing_through)
{
    struct config_endpoint e = open_to(1, 0);
    struct err err = ERR_INIT;
    int fd;

    UNIT_REQUIRE(kit_spool(&spool));
    fault_arm(FAULT_OPENAT, 1, EMFILE);
    UNIT_INT(STATUS_IO, take(&e, 1, TODAY));
    UNIT_TRUE(fault_disarm());
    UNIT_INT(0, symlinkat("/dev/null", spool.dir, FILE_NAME));
    UNIT_INT(STATUS_IO, take(&e, 1, TODAY));
    UNIT_INT(0, unlinkat(spool.dir, FILE_NAME, 0));
    UNIT_INT(STATUS_OK, take(&e, 1, TODAY));
    give_back(&e, 1, TODAY);
    fd = file_open(spool.dir, FILE_NAME, O_RDWR, 0);
    UNIT_TRUE(fd >= 0 && file_trylock(fd) == 0);
    UNIT_STATUS(STATUS_DEADLINE, budget_take(&spool, &e, 1, TODAY, clock_mono_ns(), &err), &err);
    UNIT_TEXT(FILE_NAME " is locked", err.text);
    /* A report does not wait. */
    UNIT_INT(0, used(&e, TODAY).events);
    file_close(&fd);
    UNIT_INT(STATUS_OK, take(&e, 1, TODAY));
    spool_close(&spool);
}

UNIT_TEST(what_cannot_be_counted_is_not_taken)
{
    struct config_endpoint e = open_to(2, 0);
    struct rlimit none = {0, 0}, all;

    UNIT_REQUIRE(kit_spool(&spool));
    UNIT_INT(STATUS_OK, take(&e, 1, TODAY));
    UNIT_INT(0, getrlimit(RLIMIT_FSIZE, &all));
    none.rlim_max = all.rlim_max;
    (void)signal(SIGXFSZ, SIG_IGN);
    UNIT_INT(0, setrlimit(RLIMIT_FSIZE, &none));
    UNIT_INT(STATUS_IO, take(&e, 1, TODAY));
    give_back(&e, 1, TODAY);
    UNIT_INT(0, setrlimit(RLIMIT_FSIZE, &all));
    UNIT_INT(1, used(&e, TODAY).events);
    spool_close(&spool);
}

/* ---- the way into the journal */

static struct kit kit;
static uint64_t record_in_ns = 5 * (uint64_t)NS_PER_S;

static enum status record(struct principal *principal, const char *id, bool *duplicate)
{
    struct request request = {.method = METHOD_POST};
    const struct receipt *receipt;
    struct event *event = NULL;
    struct err err = ERR_INIT;
    char body[128];
    enum status status;

    (void)snprintf(body, sizeof body, "{\"transcript_id\":\"%s\",\"status\":\"completed\"}", id);
    UNIT_STATUS(STATUS_OK,
                event_make(&event, principal, &request, STR(""), str_of(body), kit.now_ns, &err),
                &err);
    status = intake_append(kit.journal, principal, event, kit.now_ns,
                           clock_mono_ns() + record_in_ns, &receipt, &err);
    if (status == STATUS_OK)
        *duplicate = receipt_duplicate(receipt);
    event_free(event);
    return status;
}

static struct principal *nobody(const struct config_endpoint *e)
{
    char *env[] = {NULL};
    struct principal *principal = NULL;
    struct request request;
    struct err err = ERR_INIT;

    UNIT_STATUS(STATUS_OK, request_parse(&request, env, &err), &err);
    UNIT_STATUS(STATUS_OK, auth_check(e, NULL, &request, STR_NONE, kit.now_ns, &principal, &err),
                &err);
    return principal;
}

UNIT_TEST(beyond_the_budget_only_what_is_on_record_already_gets_a_receipt)
{
    struct config_endpoint e = open_to(2, 0);
    struct principal *principal;
    struct daily_budget budget;
    bool duplicate = true;

    UNIT_REQUIRE(kit_open(&kit));
    principal = nobody(&e);
    UNIT_INT(STATUS_OK, record(principal, "11111111", &duplicate));
    UNIT_FALSE(duplicate);
    for (int i = 0; i < 5; i++) {
        UNIT_INT(STATUS_OK, record(principal, "11111111", &duplicate));
        UNIT_TRUE(duplicate);
    }
    UNIT_INT(STATUS_OK, record(principal, "22222222", &duplicate));
    UNIT_FALSE(duplicate);
    UNIT_INT(STATUS_BUDGET, record(principal, "33333333", &duplicate));
    UNIT_INT(STATUS_OK, record(principal, "11111111", &duplicate));
    UNIT_TRUE(duplicate);
    budget_read(&kit.spool, &e, kit.now_ns, &budget);
    UNIT_INT(2, budget.events);
    UNIT_INT(1, budget.refused);
    UNIT_INT(1, kit_count(&kit, "calls transcript 11111111 completed"));
    UNIT_INT(0, kit_count(&kit, "calls transcript 33333333 completed"));
    principal_free(principal);
    kit_close(&kit);
}

UNIT_TEST(the_word_of_an_operator_or_of_the_api_needs_no_budget)
{
    struct config_endpoint e = open_to(1, 0);
    struct principal *principal, *by_operator = NULL, *by_api = NULL;
    bool duplicate = true;

    UNIT_REQUIRE(kit_open(&kit));
    principal = nobody(&e);
    UNIT_INT(STATUS_OK, auth_by_operator(&e, &by_operator, NULL));
    UNIT_INT(STATUS_OK, auth_by_api(&e, &by_api, NULL));
    UNIT_INT(STATUS_OK, record(principal, "11111111", &duplicate));
    UNIT_INT(STATUS_BUDGET, record(principal, "22222222", &duplicate));
    UNIT_INT(STATUS_OK, record(by_operator, "22222222", &duplicate));
    UNIT_FALSE(duplicate);
    UNIT_INT(STATUS_OK, record(by_api, "33333333", &duplicate));
    UNIT_FALSE(duplicate);
    principal_free(principal);
    principal_free(by_operator);
    principal_free(by_api);
    kit_close(&kit);
}

UNIT_TEST(a_full_disk_uses_up_no_budget_and_a_line_that_may_turn_up_does)
{
    struct config_endpoint e = open_to(9, 0);
    struct principal *principal;
    struct daily_budget budget;
    bool duplicate = true;

    UNIT_REQUIRE(kit_open(&kit));
    principal = nobody(&e);
    UNIT_INT(STATUS_OK, record(principal, "11111111", &duplicate));
    atomic_store(&kit_write_errno, ENOSPC);
    UNIT_INT(STATUS_NO_SPACE, record(principal, "22222222", &duplicate));
    atomic_store(&kit_write_errno, 0);
    budget_read(&kit.spool, &e, kit.now_ns, &budget);
    UNIT_INT(1, budget.events);
    atomic_store(&kit_syncs_to_fail, 1);
    UNIT_INT(STATUS_IO, record(principal, "33333333", &duplicate));
    atomic_store(&kit_syncs_to_fail, 0);
    budget_read(&kit.spool, &e, kit.now_ns, &budget);
    UNIT_INT(2, budget.events);
    principal_free(principal);
    kit_close(&kit);
}

/* Else a stranger on a slow disk had as many as he likes: each line turns up when it is synced. */
UNIT_TEST(a_line_whose_sync_is_late_is_paid_for_and_its_retry_pays_nothing)
{
    struct config_endpoint e = open_to(9, 0);
    struct principal *principal;
    struct daily_budget budget;
    bool duplicate = true;
    int fd;

    UNIT_REQUIRE(kit_open(&kit));
    principal = nobody(&e);
    UNIT_INT(STATUS_OK, record(principal, "11111111", &duplicate));
    fd = file_open(kit.spool.dir, SPOOL_COMMIT, O_RDWR, 0);
    UNIT_INT(0, file_trylock(fd));
    record_in_ns = (uint64_t)NS_PER_S / 50;
    UNIT_INT(STATUS_DEADLINE, record(principal, "22222222", &duplicate));
    file_close(&fd);
    record_in_ns = 5 * (uint64_t)NS_PER_S;
    budget_read(&kit.spool, &e, kit.now_ns, &budget);
    UNIT_INT(2, budget.events);
    UNIT_INT(STATUS_OK, record(principal, "22222222", &duplicate));
    UNIT_TRUE(duplicate);
    budget_read(&kit.spool, &e, kit.now_ns, &budget);
    UNIT_INT(2, budget.events);
    principal_free(principal);
    kit_close(&kit);
}
