/* SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../tools/child_end.h"
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

/* Begins what is due. */
static void begin_one(struct crew *crew)
{
    struct claim *claim = NULL;

    qk_fill();
    UNIT_STATUS(STATUS_OK, queue_claim(qk_queue, qk_kit.now_ns, &claim, &qk_err), &qk_err);
    UNIT_REQUIRE(claim != NULL);
    crew_begin(crew, claim, clock_mono_ns(), qk_kit.now_ns);
}

static void await_ends(struct crew *crew)
{
    for (unsigned n = 0; n < LOOKS_MAX && crew_running(crew) > 0; n++) {
        clock_sleep_ns(LOOK_NS);
        (void)crew_step(crew, true, clock_mono_ns(), qk_kit.now_ns);
    }
    UNIT_INT(0, crew_running(crew));
}

/* Begins what is due and waits for its end. */
static void run_one(struct crew *crew)
{
    begin_one(crew);
    UNIT_INT(1, crew_running(crew));
    UNIT_TRUE(slot_speaks());
    writes = writes_with_slot = 0;
    atomic_store(&kit_before_write, look_at_slot);
    await_ends(crew);
    atomic_store(&kit_before_write, NULL);
}

/* The endpoint "a" with another hook. */
static void use_hook(char *path)
{
    static char name[] = "a";
    static char *hook[2];
    static struct config_endpoint endpoint = {.name = name, .hook = hook, .hook_timeout_s = 7200};
    static const struct config config = {.endpoints = &endpoint, .endpoint_count = 1};

    hook[0] = path;
    queue_configure(qk_queue, &config);
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

/* Its delay would be over before a long hook is. */
UNIT_TEST(the_delay_of_a_retry_counts_from_the_end_of_its_hook)
{
    const struct log log = {.dir = -1, .program = "test"};
    const struct crew_setup site = {.spool = &qk_kit.spool, .log = &log};
    char fails[] = "/bin/false";
    struct crew *crew = NULL;

    UNIT_REQUIRE(qk_open(QK_STAYS));
    use_hook(fails);
    qk_record("a1");
    UNIT_STATUS(STATUS_OK, crew_make(&crew, &site, qk_queue, &qk_err), &qk_err);
    UNIT_REQUIRE(crew != NULL);
    begin_one(crew);
    qk_after(3600 * QK_SECOND_NS);
    await_ends(crew);
    UNIT_TEXT("a1:again/1", qk_states());
    UNIT_TRUE(queue_next_ns(qk_queue) >= qk_kit.now_ns + QK_FIRST_DELAY_NS);
    crew_free(crew);
    qk_close();
}

/* Each runner that is started while it cannot would settle a lost run, until the event is dead. */
UNIT_TEST(a_hook_that_cannot_be_executed_stands_in_no_slot)
{
    const struct log log = {.dir = -1, .program = "test"};
    const struct crew_setup site = {.spool = &qk_kit.spool, .log = &log};
    char missing[] = "/nonexistent/hook";
    struct crew *crew = NULL;

    UNIT_REQUIRE(qk_open(QK_STAYS));
    use_hook(missing);
    qk_record("a1");
    UNIT_STATUS(STATUS_OK, crew_make(&crew, &site, qk_queue, &qk_err), &qk_err);
    UNIT_REQUIRE(crew != NULL);
    begin_one(crew);
    UNIT_INT(0, crew_running(crew));
    UNIT_FALSE(slot_speaks());
    UNIT_TEXT("a1:waiting/0", qk_states());
    crew_free(crew);
    qk_close();
}

/* As a runner leaves it that died between the beginning of a run and its end. Its hook, which lives
 * if `lives`, has no time left. */
static pid_t leave_attempt(const char *name, bool lives)
{
    struct slot_attempt attempt = {.number = 1};
    enum slot_state state;
    struct slot slot;
    int ready[2];
    char byte;
    pid_t pid = 0;

    snprintf(attempt.id, sizeof attempt.id, "%s", qk_id(name));
    UNIT_STATUS(STATUS_OK, slot_open(&slot, &qk_kit.spool, 0, true, &state, &qk_err), &qk_err);
    UNIT_STATUS(STATUS_OK, slot_begin(&slot, &attempt, &qk_err), &qk_err);
    UNIT_INT(0, pipe(ready));
    if (lives && (pid = fork()) == 0) {
        (void)setsid();
        if (slot_enter(slot.fd, &attempt) != 0 || write(ready[1], "", 1) != 1)
            child_end(1);
        for (;;)
            pause();
    }
    close(ready[1]);
    UNIT_INT(lives, read(ready[0], &byte, 1));
    close(ready[0]);
    slot_close(&slot);
    return pid;
}

static void leave_run(const char *name)
{
    (void)leave_attempt(name, false);
}

/* A lost run does not count as one: a hook that hangs under runners that die would run for ever. */
UNIT_TEST(a_hook_of_an_earlier_runner_that_is_stopped_has_used_up_its_attempt)
{
    const struct log log = {.dir = -1, .program = "test"};
    const struct crew_setup site = {.spool = &qk_kit.spool, .log = &log};
    uint64_t mono_ns = clock_mono_ns();
    struct crew *crew = NULL;
    pid_t hook;

    UNIT_REQUIRE(qk_open(QK_STAYS));
    qk_record("a1");
    hook = leave_attempt("a1", true);
    UNIT_REQUIRE(hook > 0);
    UNIT_STATUS(STATUS_OK, crew_make(&crew, &site, qk_queue, &qk_err), &qk_err);
    UNIT_REQUIRE(crew != NULL);
    UNIT_STATUS(STATUS_OK, crew_adopt(crew, mono_ns, qk_kit.now_ns, &qk_err), &qk_err);
    UNIT_INT(1, crew_running(crew));
    UNIT_TEXT("-", qk_claim());
    UNIT_FALSE(crew_step(crew, false, mono_ns, qk_kit.now_ns));
    for (unsigned n = 0; n < LOOKS_MAX / 10 && waitpid(hook, NULL, WNOHANG) == 0; n++)
        clock_sleep_ns(LOOK_NS);
    UNIT_TRUE(crew_step(crew, false, mono_ns + ORPHAN_LOOK_NS, qk_kit.now_ns));
    UNIT_INT(0, crew_running(crew));
    UNIT_FALSE(slot_speaks());
    UNIT_TEXT("a1:again/1", qk_states());
    if (waitpid(hook, NULL, WNOHANG) == 0)
        (void)kill(hook, SIGKILL);
    crew_free(crew);
    qk_close();
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
