/* SPDX-License-Identifier: MIT */
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../tools/child_end.h"
#include "base/clock.h"
#include "run/child.h"
#include "run/orphan.h"
#include "unit.h"

#define STARTED_NS (INT64_C(1795422005) * NS_PER_S)
#define MONO_NS ((uint64_t)7 * NS_PER_S)
#define TIMEOUT_S 60
#define LOOKS_MAX 2000

/* A hook that an earlier runner left, in a spool of its own. */
struct kit {
    struct spool spool;
    struct slot slot;
    struct orphan orphan;
    pid_t hook;
};

/* Both hold the slot; who does not heed lives on after SIGTERM. */
static _Noreturn void be_hook(struct slot *slot, bool heeds, bool its_child_heeds, int ready)
{
    struct slot_attempt attempt = slot->attempt;

    (void)setsid();
    (void)signal(SIGTERM, its_child_heeds ? SIG_DFL : SIG_IGN);
    if (fork() != 0) {
        (void)signal(SIGTERM, heeds ? SIG_DFL : SIG_IGN);
        if (slot_enter(slot->fd, &attempt) != 0 || write(ready, "", 1) != 1)
            child_end(1);
    }
    close(ready);
    for (;;)
        pause();
}

static bool kit_open(struct kit *k, bool heeds, bool its_child_heeds)
{
    const struct slot_attempt attempt = {
        .id = "1:103", .number = 1, .started_ns = STARTED_NS, .timeout_s = TIMEOUT_S};
    enum slot_state state;
    char path[128], byte;
    int ready[2];

    *k = (struct kit){.hook = -1};
    snprintf(path, sizeof path, "%s/spool", unit_folder());
    if (spool_create(path, NULL) != STATUS_OK || spool_open(&k->spool, path, NULL) != STATUS_OK ||
        slot_open(&k->slot, &k->spool, 0, true, &state, NULL) != STATUS_OK ||
        slot_begin(&k->slot, &attempt, NULL) != STATUS_OK || pipe(ready) != 0)
        return false;
    k->hook = fork();
    if (k->hook == 0)
        be_hook(&k->slot, heeds, its_child_heeds, ready[1]);
    close(ready[1]);
    if (k->hook > 0 && read(ready[0], &byte, 1) != 1)
        k->hook = -1;
    close(ready[0]);
    /* Its runner is gone. */
    slot_close(&k->slot);
    return k->hook > 0;
}

/* Another runner finds it, so long after its start. */
static void meet(struct kit *k, int64_t after_s)
{
    enum slot_state state = SLOT_ABSENT;

    slot_close(&k->slot);
    UNIT_STATUS(STATUS_OK, slot_open(&k->slot, &k->spool, 0, false, &state, NULL), NULL);
    UNIT_INT(SLOT_BUSY, state);
    orphan_meet(&k->orphan, &k->slot, MONO_NS, STARTED_NS + after_s * NS_PER_S);
}

static bool step(struct kit *k, uint64_t after_ns)
{
    return orphan_step(&k->orphan, &k->slot, MONO_NS + after_ns);
}

/* Somebody of its group lives. What was killed may take a moment to be gone. */
static bool group_lives(const struct kit *k)
{
    (void)waitpid(k->hook, NULL, WNOHANG);
    return kill(-k->hook, 0) == 0;
}

static bool ends(const struct kit *k)
{
    for (unsigned i = 0; i < LOOKS_MAX && group_lives(k); i++)
        clock_sleep_ns(NS_PER_MS);
    return !group_lives(k);
}

static bool leader_ends(const struct kit *k)
{
    for (unsigned i = 0; i < LOOKS_MAX; i++) {
        if (waitpid(k->hook, NULL, WNOHANG) == k->hook)
            return true;
        clock_sleep_ns(NS_PER_MS);
    }
    return false;
}

static void kit_close(struct kit *k)
{
    if (group_lives(k))
        (void)kill(-k->hook, SIGKILL);
    (void)waitpid(k->hook, NULL, 0);
    slot_close(&k->slot);
    spool_close(&k->spool);
}

UNIT_TEST(the_time_of_a_hook_counts_from_its_own_start_and_not_from_that_of_its_runner)
{
    static const struct {
        int64_t after_s, left_s;
    } cases[] = {{0, 60},   {1, 59},    {59, 1}, {60, 0},
                 {3600, 0}, {-3600, 60} /* the clock was set back: no more than a fresh one has */};

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct slot slot = {.attempt = {.started_ns = STARTED_NS, .timeout_s = TIMEOUT_S}};
        struct orphan orphan;

        orphan_meet(&orphan, &slot, MONO_NS, STARTED_NS + cases[i].after_s * NS_PER_S);
        UNIT_INT(MONO_NS + (uint64_t)cases[i].left_s * NS_PER_S, orphan.stop_ns);
        UNIT_FALSE(orphan.stopped || orphan.killed);
    }
}

UNIT_TEST(however_many_runners_die_a_hook_has_no_more_time)
{
    static const int64_t met_s[] = {1, 20, 45, 59};
    struct kit k;

    UNIT_REQUIRE(kit_open(&k, true, true));
    for (size_t i = 0; i < sizeof met_s / sizeof *met_s; i++) {
        meet(&k, met_s[i]);
        UNIT_FALSE(step(&k, 0));
        UNIT_FALSE(step(&k, (uint64_t)(TIMEOUT_S - met_s[i]) * NS_PER_S - 1));
        UNIT_TRUE(group_lives(&k));
        UNIT_FALSE(k.orphan.stopped);
    }
    meet(&k, TIMEOUT_S);
    UNIT_FALSE(step(&k, 0));
    UNIT_TRUE(k.orphan.stopped);
    UNIT_TRUE(ends(&k));
    kit_close(&k);
}

UNIT_TEST(when_its_time_is_up_it_is_told_with_all_that_it_started)
{
    struct kit k;

    UNIT_REQUIRE(kit_open(&k, true, true));
    meet(&k, TIMEOUT_S);
    UNIT_FALSE(step(&k, 0));
    UNIT_TRUE(ends(&k));
    UNIT_TRUE(step(&k, 1));
    kit_close(&k);
}

UNIT_TEST(what_does_not_heed_is_killed_ten_seconds_later_and_no_sooner)
{
    struct kit k;

    UNIT_REQUIRE(kit_open(&k, false, false));
    meet(&k, TIMEOUT_S);
    UNIT_FALSE(step(&k, 0));
    UNIT_FALSE(step(&k, CHILD_TERM_NS - 1));
    UNIT_TRUE(group_lives(&k));
    UNIT_FALSE(k.orphan.killed);
    (void)step(&k, CHILD_TERM_NS);
    UNIT_TRUE(k.orphan.killed);
    UNIT_TRUE(ends(&k));
    UNIT_TRUE(step(&k, CHILD_TERM_NS + 1));
    kit_close(&k);
}

UNIT_TEST(one_that_heeds_is_not_over_while_what_it_started_does_not_heed)
{
    struct kit k;

    UNIT_REQUIRE(kit_open(&k, true, false));
    meet(&k, TIMEOUT_S);
    UNIT_FALSE(step(&k, 0));
    UNIT_TRUE(leader_ends(&k));
    UNIT_FALSE(step(&k, CHILD_TERM_NS - 1));
    UNIT_TRUE(kill(-k.hook, 0) == 0);
    (void)step(&k, CHILD_TERM_NS);
    UNIT_TRUE(ends(&k));
    UNIT_TRUE(step(&k, CHILD_TERM_NS + 1));
    kit_close(&k);
}

UNIT_TEST(one_that_ends_by_itself_is_told_nothing)
{
    struct kit k;

    UNIT_REQUIRE(kit_open(&k, true, true));
    meet(&k, 1);
    UNIT_FALSE(step(&k, 0));
    UNIT_INT(0, kill(-k.hook, SIGKILL));
    UNIT_TRUE(ends(&k));
    UNIT_TRUE(step(&k, 1));
    UNIT_FALSE(k.orphan.stopped);
    kit_close(&k);
}
