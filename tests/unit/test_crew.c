/* SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/file.h"
#include "queue_kit.h"
#include "run/crew.h"
#include "unit.h"

#define SLOT_ROOM 4096
#define LOOKS_MAX 3000
#define LOOK_NS 10000000
#define SLOT_FIRST SPOOL_SLOT_PREFIX "0"

static unsigned writes, writes_with_slot;

static bool slot_speaks(void)
{
    struct buf text;
    bool speaks;

    buf_init(&text, SLOT_ROOM);
    speaks = file_slurp(qk_kit.spool.dir, SLOT_FIRST, &text) == 0 && text.len > 0;
    buf_free(&text);
    return speaks;
}

static void look_at_slot(void)
{
    writes++;
    writes_with_slot += slot_speaks();
}

/* Begins what is due and waits for its end. */
static void run_one(struct crew *crew)
{
    struct claim *claim = NULL;

    qk_fill();
    UNIT_STATUS(STATUS_OK, queue_claim(qk_queue, qk_kit.now_ns, &claim, &qk_err), &qk_err);
    UNIT_REQUIRE(claim != NULL);
    crew_begin(crew, claim, clock_mono_ns(), qk_kit.now_ns);
    UNIT_INT(1, crew_running(crew));
    UNIT_TRUE(slot_speaks());
    writes = writes_with_slot = 0;
    atomic_store(&kit_before_write, look_at_slot);
    for (unsigned n = 0; n < LOOKS_MAX && crew_running(crew) > 0; n++) {
        clock_sleep_ns(LOOK_NS);
        (void)crew_step(crew, true, clock_mono_ns(), qk_kit.now_ns);
    }
    atomic_store(&kit_before_write, NULL);
    UNIT_INT(0, crew_running(crew));
}

/* Killed in between, the next runner would neither know of the run nor of its end. */
UNIT_TEST(a_slot_speaks_of_its_hook_until_the_result_is_written_and_no_longer)
{
    const struct log log = {.dir = -1, .program = "test"};
    const struct crew_setup site = {.spool = &qk_kit.spool, .log = &log};
    struct crew *crew = NULL;

    UNIT_REQUIRE(qk_open(QK_STAYS));
    qk_record("a1");
    UNIT_STATUS(STATUS_OK, crew_make(&crew, &site, qk_queue, &qk_err), &qk_err);
    UNIT_REQUIRE(crew != NULL);
    run_one(crew);
    UNIT_TEXT("a1:done/1", qk_states());
    UNIT_TRUE(writes > 0);
    UNIT_INT(writes, writes_with_slot);
    UNIT_FALSE(slot_speaks());
    crew_free(crew);
    qk_close();
}

/* A hook that lives may stand in the slot, and would run twice at the same time. */
UNIT_TEST(who_cannot_tell_which_hooks_live_takes_none_over)
{
    const struct log log = {.dir = -1, .program = "test"};
    const struct crew_setup site = {.spool = &qk_kit.spool, .log = &log};
    struct crew *crew = NULL;

    UNIT_REQUIRE(qk_open(QK_STAYS));
    UNIT_STATUS(STATUS_OK, crew_make(&crew, &site, qk_queue, &qk_err), &qk_err);
    UNIT_REQUIRE(crew != NULL);
    UNIT_INT(0, mkdirat(qk_kit.spool.dir, SPOOL_SLOT_PREFIX "1", 0700));
    UNIT_STATUS(STATUS_IO, crew_adopt(crew, clock_mono_ns(), qk_kit.now_ns, &qk_err), &qk_err);
    UNIT_INT(0, unlinkat(qk_kit.spool.dir, SPOOL_SLOT_PREFIX "1", AT_REMOVEDIR));
    err_clear(&qk_err);
    UNIT_STATUS(STATUS_OK, crew_adopt(crew, clock_mono_ns(), qk_kit.now_ns, &qk_err), &qk_err);
    UNIT_INT(0, crew_running(crew));
    crew_free(crew);
    qk_close();
}

/* As a runner leaves it that died between the beginning of a run and its end. */
static void leave_run(const char *name)
{
    struct slot_attempt attempt = {.number = 1};
    enum slot_state state;
    struct slot slot;

    snprintf(attempt.id, sizeof attempt.id, "%s", qk_id(name));
    UNIT_STATUS(STATUS_OK, slot_open(&slot, &qk_kit.spool, 0, true, &state, &qk_err), &qk_err);
    UNIT_STATUS(STATUS_OK, slot_begin(&slot, &attempt, &qk_err), &qk_err);
    slot_close(&slot);
}

/* Else another hook of the event would be begun, and a living one would have it beside itself. */
UNIT_TEST(who_cannot_look_up_the_event_of_a_run_takes_none_over)
{
    const struct log log = {.dir = -1, .program = "test"};
    const struct crew_setup site = {.spool = &qk_kit.spool, .log = &log};
    struct crew *crew = NULL;
    int dir;

    UNIT_REQUIRE(qk_open(QK_STAYS));
    qk_record("a1");
    leave_run("a1");
    UNIT_STATUS(STATUS_OK, crew_make(&crew, &site, qk_queue, &qk_err), &qk_err);
    UNIT_REQUIRE(crew != NULL);
    dir = qk_kit.spool.log;
    UNIT_INT(0, renameat(dir, "00000001.jsonl", dir, "aside"));
    UNIT_INT(0, mkdirat(dir, "00000001.jsonl", 0700));
    UNIT_STATUS(STATUS_IO, crew_adopt(crew, clock_mono_ns(), qk_kit.now_ns, &qk_err), &qk_err);
    UNIT_TRUE(slot_speaks());
    UNIT_INT(0, unlinkat(dir, "00000001.jsonl", AT_REMOVEDIR));
    UNIT_INT(0, renameat(dir, "aside", dir, "00000001.jsonl"));
    crew_free(crew);
    err_clear(&qk_err);
    UNIT_STATUS(STATUS_OK, crew_make(&crew, &site, qk_queue, &qk_err), &qk_err);
    UNIT_STATUS(STATUS_OK, crew_adopt(crew, clock_mono_ns(), qk_kit.now_ns, &qk_err), &qk_err);
    UNIT_FALSE(slot_speaks());
    UNIT_TEXT("a1:again/0", qk_states()); /* a lost run is counted apart */
    crew_free(crew);
    qk_close();
}
