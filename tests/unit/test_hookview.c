/* SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "core/retry.h"
#include "queue_kit.h"
#include "store/queue/hookview.h"
#include "store/queue/ledger.h"
#include "store/queue/slot.h"
#include "store/queue/wake.h"
#include "unit.h"

static struct hookview *opened(int64_t since_ns)
{
    struct hookview *view = NULL;

    err_clear(&qk_err);
    UNIT_STATUS(STATUS_OK, hookview_open(&view, &qk_kit.spool, qk_config(), since_ns, &qk_err),
                &qk_err);
    return view;
}

static struct hook_info info_of(const char *name)
{
    struct hookview *view = opened(0);
    struct hook_info info = {.state = HOOK_NONE};

    if (view != NULL)
        hookview_get(view, qk_place(name), (struct str){name, 1}, true, 0, &info);
    hookview_close(view);
    return info;
}

/* ---- one event */

static void a_life(void)
{
    qk_record_many('a', 1, 2);
    qk_record("c1");
    UNIT_TEXT("a1:waiting/0 a2:waiting/0 c1:none/0", qk_states());
    UNIT_TEXT("a1/1", qk_claim());
    qk_end("a1", 7);
    UNIT_INT(HOOK_AGAIN, info_of("a1").state);
    UNIT_INT(qk_kit.now_ns + QK_FIRST_DELAY_NS, info_of("a1").next_ns);
    UNIT_INT(RESULT_EXIT, info_of("a1").end);
    UNIT_INT(7, info_of("a1").code);
    qk_after(QK_FIRST_DELAY_NS);
    qk_order(ORDER_DROP, "a2");
    UNIT_TEXT("a1:again/1 a2:dropped/0 c1:none/0", qk_states());
    qk_run("a1/2", RETRY_EXIT_DEAD);
    UNIT_TEXT("a1:dead/2 a2:dropped/0 c1:none/0", qk_states());
    UNIT_INT(RESULT_NOT_RUN, info_of("a2").end);
    UNIT_INT(RETRY_EXIT_DEAD, info_of("a1").code);
    qk_order(ORDER_AGAIN, "a1");
    UNIT_TEXT("a1:waiting/0 a2:dropped/0 c1:none/0", qk_states());
    qk_fill();
    UNIT_TEXT("a1:waiting/0 a2:dropped/0 c1:none/0", qk_states());
    qk_run("a1/1", 0);
    UNIT_TEXT("a1:done/1 a2:dropped/0 c1:none/0", qk_states());
    UNIT_INT(0, info_of("a1").next_ns);
    qk_hook('a', false);
    qk_record("a3");
    UNIT_TEXT("a1:done/1 a2:dropped/0 c1:none/0 a3:none/0", qk_states());
}

UNIT_TEST(an_event_is_told_as_it_is_after_each_step)
{
    qk_each_way(a_life);
}

UNIT_TEST(states_have_names_that_read_back)
{
    for (int i = HOOK_NONE; i <= HOOK_DROPPED; i++) {
        enum hook_state back = HOOK_NONE;

        UNIT_TRUE(hook_state_parse(str_of(hook_state_name((enum hook_state)i)), &back));
        UNIT_INT(i, back);
    }
    UNIT_FALSE(hook_state_parse(STR("Done"), &(enum hook_state){HOOK_NONE}));
    UNIT_FALSE(hook_state_parse(STR(""), &(enum hook_state){HOOK_NONE}));
}

UNIT_TEST(a_view_disturbs_no_runner)
{
    struct hookview *view;

    UNIT_REQUIRE(qk_open(QK_STAYS));
    qk_record("a1");
    qk_leave();
    UNIT_REQUIRE((view = opened(0)) != NULL);
    UNIT_REQUIRE(qk_enter());
    qk_run("a1/1", 0);
    hookview_close(view);
    qk_close();
}

/* ---- hooks that run */

static bool say_in_slot(struct slot *slot, const char *name, pid_t pid)
{
    struct slot_attempt attempt = {
        .number = 3, .pid = pid, .started_ns = qk_kit.now_ns, .timeout_s = 9};
    enum slot_state state;

    snprintf(attempt.id, sizeof attempt.id, "%s", qk_id(name));
    if (slot_open(slot, &qk_kit.spool, 5, true, &state, NULL) != STATUS_OK ||
        slot_begin(slot, &attempt, NULL) != STATUS_OK)
        return UNIT_TRUE(false);
    /* With pid and start time of a process that lives: ours. */
    return pid == 0 || UNIT_TRUE(slot_enter(slot->fd, &attempt) == 0);
}

UNIT_TEST(what_stands_in_a_slot_and_lives_is_running)
{
    struct slot slot;

    UNIT_REQUIRE(qk_open(QK_STAYS));
    qk_record_many('a', 1, 2);
    qk_run("a1/1", 0);
    UNIT_REQUIRE(say_in_slot(&slot, "a1", 1));
    UNIT_TEXT("a1:running/3 a2:waiting/0", qk_states());
    slot_clear(&slot);
    UNIT_TEXT("a1:done/1 a2:waiting/0", qk_states());
    slot_close(&slot);
    qk_close();
}

UNIT_TEST(what_is_about_to_start_runs_only_while_there_is_a_runner)
{
    struct slot slot;
    int wake;

    UNIT_REQUIRE(qk_open(QK_STAYS));
    qk_record("a1");
    UNIT_REQUIRE(say_in_slot(&slot, "a1", 0));
    UNIT_TEXT("a1:waiting/0", qk_states());
    wake = wake_listen(&qk_kit.spool);
    UNIT_TRUE(wake >= 0);
    UNIT_TEXT("a1:running/3", qk_states());
    file_close(&wake);
    slot_close(&slot);
    qk_close();
}

/* Overwrites a file of the spool. */
static bool put(const char *name, const char *bytes, size_t len)
{
    int fd = file_open(qk_kit.spool.dir, name, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    bool done = fd >= 0 && file_write(fd, bytes, len) == 0;

    file_close(&fd);
    return UNIT_TRUE(done);
}

UNIT_TEST(a_slot_that_says_nothing_or_too_much_is_passed_over)
{
    static const char much[8 * SLOT_LINE_LEN];

    UNIT_REQUIRE(qk_open(QK_STAYS));
    qk_record("a1");
    UNIT_REQUIRE(put(SPOOL_SLOT_PREFIX "0", "", 0));
    UNIT_REQUIRE(put(SPOOL_SLOT_PREFIX "1", "nonsense\n", 9));
    UNIT_REQUIRE(put(SPOOL_SLOT_PREFIX "2", much, sizeof much));
    UNIT_TEXT("a1:waiting/0", qk_states());
    qk_close();
}

UNIT_TEST(a_slot_that_cannot_be_read_is_an_error_and_no_answer)
{
    struct hookview *view = NULL;

    UNIT_REQUIRE(qk_open(QK_STAYS));
    qk_record("a1");
    UNIT_INT(0, mkdirat(qk_kit.spool.dir, SPOOL_SLOT_PREFIX "3", 0700));
    UNIT_STATUS(STATUS_IO, hookview_open(&view, &qk_kit.spool, qk_config(), 0, &qk_err), &qk_err);
    UNIT_TRUE(view == NULL);
    qk_close();
}

UNIT_TEST(whoever_listens_is_a_runner_at_work)
{
    struct hookview *view;
    int wake;

    UNIT_REQUIRE(qk_open(QK_STAYS));
    UNIT_REQUIRE((view = opened(0)) != NULL);
    UNIT_FALSE(hookview_runner(view));
    hookview_close(view);
    wake = wake_listen(&qk_kit.spool);
    UNIT_REQUIRE((view = opened(0)) != NULL);
    UNIT_TRUE(hookview_runner(view));
    hookview_close(view);
    file_close(&wake);
    qk_close();
}

/* ---- old results */

/* The next file: the first one can go then. */
static void begin_results_again(void)
{
    struct ledger *ledger;
    struct err err = ERR_INIT;

    UNIT_STATUS(STATUS_OK, queue_flush(qk_queue, true, qk_kit.now_ns, &err), &err);
    qk_leave();
    UNIT_STATUS(STATUS_OK, ledger_open(&ledger, &qk_kit.spool, LEDGER_RESULTS, qk_kit.now_ns, &err),
                &err);
    UNIT_STATUS(STATUS_OK, ledger_append(ledger, STR("{\"later\":1"), qk_kit.now_ns, &err), &err);
    atomic_store(&kit_syncs_to_fail, 1);
    UNIT_STATUS(STATUS_IO, ledger_sync(ledger, qk_kit.now_ns, NULL), NULL);
    UNIT_STATUS(STATUS_OK, ledger_sync(ledger, qk_kit.now_ns, &err), &err);
    ledger_close(ledger);
    UNIT_TRUE(qk_enter());
}

UNIT_TEST(what_lies_before_the_cursor_and_has_no_result_any_more_is_done)
{
    UNIT_REQUIRE(qk_open(QK_STAYS));
    qk_record_many('a', 1, 3);
    qk_run("a1/1", 0);
    qk_run("a2/1", QK_FAILS);
    qk_reopen();
    begin_results_again();
    UNIT_REQUIRE(qk_remove(SPOOL_RESULTS "/00000001.jsonl"));
    UNIT_TEXT("a1:done/0 a2:again/1 a3:waiting/0", qk_states());
    qk_close();
}

UNIT_TEST(all_is_known_of_events_that_were_received_since)
{
    struct hookview *view;
    struct hook_info info;

    UNIT_REQUIRE(qk_open(QK_STAYS));
    qk_record("a1");
    qk_run("a1/1", RETRY_EXIT_DEAD);
    /* What fails to be synced begins another file of results, made a day later. */
    atomic_store(&kit_syncs_to_fail, 1);
    UNIT_STATUS(STATUS_IO, queue_flush(qk_queue, true, qk_kit.now_ns, NULL), NULL);
    qk_after(KIT_DAY_NS);
    UNIT_STATUS(STATUS_OK, queue_flush(qk_queue, true, qk_kit.now_ns, NULL), NULL);
    qk_record("a2");
    qk_run("a2/1", RETRY_EXIT_DEAD);
    UNIT_REQUIRE((view = opened(qk_kit.now_ns)) != NULL);
    hookview_get(view, qk_place("a2"), STR("a"), true, 0, &info);
    UNIT_INT(HOOK_DEAD, info.state);
    hookview_close(view);
    UNIT_REQUIRE((view = opened(0)) != NULL);
    UNIT_INT(2, hookview_dead(view));
    hookview_close(view);
    qk_close();
}

/* ---- counts */

static bool stats_of(const char *endpoint, struct hook_stats *out)
{
    struct hookview *view = opened(0);
    bool found = false;

    for (size_t i = 0; view != NULL && i < hookview_endpoints(view) && !found; i++) {
        hookview_stats(view, i, out);
        found = strcmp(out->endpoint, endpoint) == 0;
    }
    /* The name and the reason are the view's. */
    out->endpoint = NULL;
    UNIT_TRUE(!found || (out->why != NULL) == out->suspended);
    out->why = NULL;
    hookview_close(view);
    return found;
}

UNIT_TEST(an_endpoint_tells_what_became_of_its_events)
{
    struct hook_stats stats;

    UNIT_REQUIRE(qk_open(QK_STAYS));
    UNIT_TRUE(stats_of("a", &stats));
    UNIT_TRUE(stats.has_hook);
    UNIT_FALSE(stats_of("c", &stats));
    qk_record_many('a', 1, 5);
    qk_run("a1/1", 0);
    qk_run("a2/1", QK_FAILS);
    qk_run("a3/1", RETRY_EXIT_DEAD);
    UNIT_TEXT("a4/1", qk_claim());
    qk_lose("a4");
    qk_order(ORDER_DROP, "a5");
    qk_fill();
    UNIT_TRUE(stats_of("a", &stats));
    UNIT_INT(1, stats.done);
    UNIT_INT(1, stats.dead);
    UNIT_INT(1, stats.dropped);
    UNIT_INT(2, stats.failed);
    UNIT_INT(1, stats.lost);
    UNIT_INT(2, stats.retries);
    UNIT_HEX(place_pack(qk_place("a2")), place_pack(stats.oldest));
    UNIT_TRUE(place_pack(stats.cursor) > place_pack(qk_place("a5")));
    UNIT_FALSE(stats.suspended);
    qk_close();
}

UNIT_TEST(an_endpoint_tells_that_it_is_suspended_and_why)
{
    struct hook_stats stats;

    UNIT_REQUIRE(qk_open(QK_STAYS));
    qk_record("a1");
    UNIT_TEXT("a1/1", qk_claim());
    qk_suspend("a1");
    UNIT_STATUS(STATUS_OK, queue_flush(qk_queue, true, qk_kit.now_ns, NULL), NULL);
    UNIT_TRUE(stats_of("a", &stats));
    UNIT_TRUE(stats.suspended);
    UNIT_INT(qk_kit.now_ns + QUEUE_SUSPEND_NS, stats.probe_ns);
    UNIT_TEXT("a1:waiting/0", qk_states());
    qk_after(QUEUE_SUSPEND_NS);
    qk_run("a1/1", 0);
    UNIT_STATUS(STATUS_OK, queue_flush(qk_queue, true, qk_kit.now_ns, NULL), NULL);
    UNIT_TRUE(stats_of("a", &stats));
    UNIT_FALSE(stats.suspended);
    qk_hook('a', false);
    UNIT_TRUE(stats_of("a", &stats));
    UNIT_FALSE(stats.has_hook);
    qk_close();
}

UNIT_TEST(an_endpoint_that_is_configured_no_more_tells_what_became_of_its_events)
{
    static const struct config none = {.endpoint_count = 0};
    struct hookview *view = NULL;
    struct hook_stats stats;
    struct hook_info info;

    UNIT_REQUIRE(qk_open(QK_STAYS));
    qk_record_many('a', 1, 2);
    qk_run("a1/1", 0);
    UNIT_STATUS(STATUS_OK, queue_flush(qk_queue, true, qk_kit.now_ns, NULL), NULL);
    qk_record("a3");
    UNIT_STATUS(STATUS_OK, hookview_open(&view, &qk_kit.spool, &none, 0, &qk_err), &qk_err);
    UNIT_REQUIRE(view != NULL);
    for (size_t i = 0; i < hookview_endpoints(view); i++) {
        hookview_stats(view, i, &stats);
        UNIT_FALSE(stats.has_hook);
        UNIT_INT(strcmp(stats.endpoint, "a") == 0, stats.done);
    }
    hookview_get(view, qk_place("a1"), STR("a"), true, 0, &info);
    UNIT_INT(HOOK_DONE, info.state);
    hookview_get(view, qk_place("a3"), STR("a"), true, 0, &info);
    UNIT_INT(HOOK_NONE, info.state);
    hookview_close(view);
    qk_close();
}

/* ---- all runs of one event */

static enum status note(void *context, const struct result *result, struct err *err)
{
    (void)err;
    buf_printf(context, "%u %s;", result->attempt, result_state_name(result->state));
    return STATUS_OK;
}

UNIT_TEST(all_runs_of_an_event_are_told_oldest_first_and_of_no_other)
{
    struct buf text;

    UNIT_REQUIRE(qk_open(QK_STAYS));
    qk_record_many('a', 1, 2);
    qk_run("a1/1", QK_FAILS);
    qk_run("a2/1", 0);
    qk_after(QK_FIRST_DELAY_NS);
    qk_run("a1/2", 0);
    qk_order(ORDER_AGAIN, "a1");
    qk_run("a1/1", 0);
    buf_init(&text, 256);
    UNIT_STATUS(STATUS_OK,
                hookview_attempts(&qk_kit.spool, str_of(qk_id("a1")), 0, note, &text, NULL), NULL);
    UNIT_STR("1 again;2 done;1 done;", buf_str(&text));
    buf_free(&text);
    qk_close();
}

/* A sound line of a log, which no version has written so far. */
static void add_line(enum ledger_kind kind, struct str line)
{
    struct ledger *ledger = NULL;
    struct err err = ERR_INIT;

    UNIT_STATUS(STATUS_OK, ledger_open(&ledger, &qk_kit.spool, kind, qk_kit.now_ns, &err), &err);
    UNIT_REQUIRE(ledger != NULL);
    UNIT_STATUS(STATUS_OK, ledger_append(ledger, line, qk_kit.now_ns, &err), &err);
    UNIT_STATUS(STATUS_OK, ledger_sync(ledger, qk_kit.now_ns, &err), &err);
    ledger_close(ledger);
}

static void add_later(enum ledger_kind kind, const char *id)
{
    char line[128];

    snprintf(line, sizeof line, "{\"later\":2,\"id\":\"%s\"", id);
    add_line(kind, str_of(line));
}

static void add_result_of_no_event(void)
{
    const struct result result = {.id = STR("0:7"),
                                  .endpoint = STR("a"),
                                  .attempt = 1,
                                  .state = RESULT_DEAD,
                                  .end = RESULT_EXIT,
                                  .started_ns = qk_kit.now_ns};
    struct buf line;

    buf_init(&line, 4096);
    result_print(&line, &result);
    add_line(LEDGER_RESULTS, buf_str(&line));
    buf_free(&line);
}

UNIT_TEST(lines_of_a_later_version_are_passed_over)
{
    struct hookview *view;
    struct buf text;

    UNIT_REQUIRE(qk_open(QK_STAYS));
    qk_record_many('a', 1, 2);
    qk_run("a1/1", 0);
    qk_leave();
    add_later(LEDGER_RESULTS, qk_id("a1"));
    add_result_of_no_event();
    add_later(LEDGER_ORDERS, qk_id("a1"));
    UNIT_TEXT("a1:done/1 a2:waiting/0", qk_states());
    UNIT_REQUIRE((view = opened(0)) != NULL);
    UNIT_INT(0, hookview_dead(view));
    hookview_close(view);
    buf_init(&text, 256);
    UNIT_STATUS(STATUS_OK,
                hookview_attempts(&qk_kit.spool, str_of(qk_id("a1")), 0, note, &text, NULL), NULL);
    UNIT_STR("1 done;", buf_str(&text));
    buf_free(&text);
    qk_close();
}
