/* SPDX-License-Identifier: MIT
 * test_group - threads that append together: who waits for whom, and who may leave.
 *
 * Syncs are held, and each thread is seen to hang in one or to wait for its leader before the next
 * one starts: the order is that of the scene, on a slow machine too.
 */
#include <limits.h>
#include <pthread.h>
#include <stdio.h>

#include "base/clock.h"
#include "journal_kit.h"
#include "unit.h"

#define MS UINT64_C(1000000)
#define LONG_NS (60000 * MS)
#define SHORT_NS (50 * MS)
/* Long enough to be taken by a leader first, mostly; else the scene is played again. */
#define TAKEN_NS (300 * MS)
#define SCENES 20
/* What takes a moment has not happened when that is over. */
#define PATIENCE_NS (10000 * MS)

struct sender {
    pthread_t thread;
    struct journal *journal; /* its own, in the shared spool */
    char key[48];
    size_t body_len;
    uint64_t in_ns;
    enum status status;
    struct err err;
    atomic_bool ended;
};

static struct kit site;
static struct journal_group *group;
static unsigned scene;

static void *send(void *context)
{
    struct sender *s = context;
    const struct receipt *receipt;
    struct record_line line;

    s->status = STATUS_MEMORY;
    if (!kit_line(&line, s->key, s->body_len, site.now_ns))
        return NULL;
    s->status = journal_append(s->journal, str_of(s->key), &line, site.now_ns,
                               clock_mono_ns() + s->in_ns, &receipt, &s->err);
    record_line_free(&line);
    atomic_store(&s->ended, true);
    return NULL;
}

static void start(struct sender *s, const char *name, size_t body_len, uint64_t in_ns)
{
    *s = (struct sender){.body_len = body_len, .in_ns = in_ns};
    snprintf(s->key, sizeof s->key, "calls transcript %s%u -", name, scene);
    UNIT_STATUS(STATUS_OK, journal_open(&s->journal, &site.spool, group, &site.options, &s->err),
                &s->err);
    UNIT_INT(0, pthread_create(&s->thread, NULL, send, s));
}

/* Syncs hang from now on, and this thread's does. */
static void start_leader(struct sender *s)
{
    atomic_store(&kit_syncs, 0);
    atomic_store(&kit_syncs_let, 0);
    start(s, "first", 20, LONG_NS);
    while (atomic_load(&kit_syncs) == 0)
        clock_sleep_ns(MS / 10);
}

/* Returns when it is in the queue. */
static void start_follower(struct sender *s, const char *name, size_t body_len, uint64_t in_ns)
{
    int waits = atomic_load(&kit_waits);

    start(s, name, body_len, in_ns);
    while (atomic_load(&kit_waits) == waits)
        clock_sleep_ns(MS / 10);
}

static void let_go(void)
{
    atomic_store(&kit_syncs_let, INT_MAX);
}

static void finish(struct sender *s)
{
    pthread_join(s->thread, NULL);
    journal_close(s->journal);
}

/* Whatever was answered: a retry is recorded or a duplicate, and then the event is on record once.
 */
static void check_once(const struct sender *s)
{
    if (s->status == STATUS_OK)
        UNIT_INT(1, kit_count(&site, s->key));
    UNIT_STATUS(STATUS_OK, kit_append(&site, s->key), &site.err);
    UNIT_INT(1, kit_count(&site, s->key));
}

static bool begin(void)
{
    struct err err = ERR_INIT;

    scene = 0;
    if (!kit_open(&site))
        return false;
    UNIT_STATUS(STATUS_OK, kit_append(&site, "calls transcript zero -"), &site.err);
    return journal_group_make(&group, &err) == STATUS_OK;
}

static void end(void)
{
    journal_group_free(group);
    kit_close(&site);
}

UNIT_TEST(those_who_come_during_a_sync_share_the_next_one)
{
    struct sender senders[5];

    UNIT_REQUIRE(begin());
    start_leader(&senders[0]);
    for (unsigned i = 1; i < 5; i++) {
        char name[16];

        snprintf(name, sizeof name, "late%u-", i);
        start_follower(&senders[i], name, 20, LONG_NS);
    }
    let_go();
    for (unsigned i = 0; i < 5; i++)
        finish(&senders[i]);
    UNIT_INT(2, atomic_load(&kit_syncs));
    for (unsigned i = 0; i < 5; i++) {
        UNIT_STATUS(STATUS_OK, senders[i].status, &senders[i].err);
        check_once(&senders[i]);
    }
    end();
}

/* More than are taken at once, and fewer than twice as many. */
#define CROWD 140

UNIT_TEST(so_many_that_one_leader_does_not_take_them_all_are_served_by_the_next)
{
    static struct sender senders[CROWD];
    struct sender first;
    unsigned recorded = 0;

    UNIT_REQUIRE(begin());
    start_leader(&first);
    for (unsigned i = 0; i < CROWD; i++) {
        char name[16];

        snprintf(name, sizeof name, "crowd%u-", i);
        start_follower(&senders[i], name, 20, LONG_NS);
    }
    let_go();
    finish(&first);
    for (unsigned i = 0; i < CROWD; i++)
        finish(&senders[i]);
    UNIT_INT(3, atomic_load(&kit_syncs));
    for (unsigned i = 0; i < CROWD; i++)
        recorded += senders[i].status == STATUS_OK && kit_count(&site, senders[i].key) == 1;
    UNIT_INT(CROWD, recorded);
    end();
}

UNIT_TEST(a_thread_whose_time_is_up_leaves_the_queue_and_its_event_is_not_recorded)
{
    struct sender leader, late, later;

    UNIT_REQUIRE(begin());
    start_leader(&leader);
    start_follower(&late, "late", 20, SHORT_NS);
    start_follower(&later, "later", 20, LONG_NS);
    finish(&late);
    UNIT_STATUS(STATUS_DEADLINE, late.status, &late.err);
    UNIT_INT(0, kit_count(&site, late.key));
    let_go();
    finish(&leader);
    finish(&later);
    UNIT_STATUS(STATUS_OK, later.status, &later.err);
    check_once(&leader);
    check_once(&late);
    check_once(&later);
    end();
}

UNIT_TEST(one_that_leaves_from_the_middle_or_the_end_of_the_queue_takes_no_other_with_it)
{
    struct sender leader, front, middle, back, late, last;

    UNIT_REQUIRE(begin());
    start_leader(&leader);
    start_follower(&front, "front", 20, LONG_NS);
    start_follower(&middle, "middle", 20, SHORT_NS);
    start_follower(&back, "back", 20, LONG_NS);
    finish(&middle);
    start_follower(&late, "late", 20, SHORT_NS);
    finish(&late);
    start_follower(&last, "last", 20, LONG_NS);
    let_go();
    finish(&leader);
    finish(&front);
    finish(&back);
    finish(&last);
    UNIT_STATUS(STATUS_DEADLINE, middle.status, &middle.err);
    UNIT_STATUS(STATUS_DEADLINE, late.status, &late.err);
    UNIT_STATUS(STATUS_OK, front.status, &front.err);
    UNIT_STATUS(STATUS_OK, back.status, &back.err);
    UNIT_STATUS(STATUS_OK, last.status, &last.err);
    UNIT_INT(0, kit_count(&site, middle.key));
    check_once(&front);
    check_once(&middle);
    check_once(&back);
    check_once(&late);
    check_once(&last);
    end();
}

UNIT_TEST(a_thread_whose_time_is_up_leaves_while_the_disk_hangs_and_its_leader_goes_on)
{
    bool seen = false;

    UNIT_REQUIRE(begin());
    for (scene = 1; scene <= SCENES && !seen; scene++) {
        struct sender first, leader, follower;

        start_leader(&first);
        start_follower(&leader, "leader", 20, LONG_NS);
        start_follower(&follower, "follower", 20, TAKEN_NS);
        atomic_store(&kit_syncs_let, 1); /* the first's; that of leader and follower hangs */
        finish(&follower);
        UNIT_STATUS(STATUS_DEADLINE, follower.status, &follower.err);
        seen = kit_count(&site, follower.key) == 1;
        let_go();
        finish(&first);
        finish(&leader);
        UNIT_STATUS(STATUS_OK, leader.status, &leader.err);
        check_once(&first);
        check_once(&leader);
        check_once(&follower);
    }
    UNIT_TRUE(seen);
    end();
}

static atomic_bool write_held;
static atomic_int writes_begun;

static void hold_write(void)
{
    atomic_fetch_add(&writes_begun, 1);
    while (atomic_load(&write_held))
        clock_sleep_ns(MS / 10);
}

/* Returns when that thread's time is up. false: it was not taken by its leader before that. */
static bool is_late_while_written(const struct sender *s, int late_waits)
{
    while (!atomic_load(&s->ended) && atomic_load(&kit_late_waits) == late_waits)
        clock_sleep_ns(MS / 10);
    return !atomic_load(&s->ended);
}

static bool ends_soon(const struct sender *s)
{
    uint64_t end_ns = clock_mono_ns() + PATIENCE_NS;

    while (!atomic_load(&s->ended) && clock_mono_ns() < end_ns)
        clock_sleep_ns(MS);
    return atomic_load(&s->ended);
}

UNIT_TEST(a_thread_whose_time_is_up_in_a_slow_write_leaves_before_the_sync_that_follows)
{
    bool seen = false;

    UNIT_REQUIRE(begin());
    for (scene = 1; scene <= SCENES && !seen; scene++) {
        int late_waits = atomic_load(&kit_late_waits);
        struct sender first, leader, late;

        start_leader(&first);
        start_follower(&leader, "leader", 20, LONG_NS);
        start_follower(&late, "late", 20, TAKEN_NS);
        atomic_store(&writes_begun, 0);
        atomic_store(&write_held, true);
        atomic_store(&kit_before_write, hold_write);
        atomic_store(&kit_syncs_let, 1); /* the first's; that of leader and late hangs */
        while (atomic_load(&writes_begun) == 0)
            clock_sleep_ns(MS / 10);
        seen = is_late_while_written(&late, late_waits);
        atomic_store(&write_held, false);
        UNIT_TRUE(ends_soon(&late));
        UNIT_FALSE(atomic_load(&leader.ended));
        let_go();
        finish(&first);
        finish(&leader);
        finish(&late);
        UNIT_STATUS(STATUS_OK, leader.status, &leader.err);
        UNIT_STATUS(STATUS_DEADLINE, late.status, &late.err);
        check_once(&first);
        check_once(&leader);
        check_once(&late);
    }
    UNIT_TRUE(seen);
    end();
}

UNIT_TEST(a_sync_that_fails_tells_every_event_that_it_was_for)
{
    struct sender first, leader, follower;

    UNIT_REQUIRE(begin());
    start_leader(&first);
    start_follower(&leader, "leader", 20, LONG_NS);
    start_follower(&follower, "follower", 20, LONG_NS);
    atomic_store(&kit_syncs_to_fail, 1);
    let_go();
    finish(&first);
    finish(&leader);
    finish(&follower);
    UNIT_STATUS(STATUS_OK, first.status, &first.err);
    UNIT_STATUS(STATUS_IO, leader.status, &leader.err);
    UNIT_STATUS(STATUS_IO, follower.status, &follower.err);
    check_once(&first);
    check_once(&leader);
    check_once(&follower);
    end();
}

UNIT_TEST(an_event_whose_segment_was_sealed_unsynced_by_the_next_of_its_batch_is_refused)
{
    struct sender first, small, large;

    UNIT_REQUIRE(begin());
    start_leader(&first);
    start_follower(&small, "small", 20, LONG_NS);
    start_follower(&large, "large", site.options.segment_max, LONG_NS);
    atomic_store(&kit_syncs_to_fail, 1); /* that of the rotation which the large one causes */
    let_go();
    finish(&first);
    finish(&small);
    finish(&large);
    UNIT_STATUS(STATUS_OK, first.status, &first.err);
    UNIT_STATUS(STATUS_POISONED, small.status, &small.err);
    UNIT_STATUS(STATUS_OK, large.status, &large.err);
    check_once(&first);
    check_once(&small);
    check_once(&large);
    end();
}
