/* SPDX-License-Identifier: MIT
 * test_group - threads that append together: who waits for whom, and who may leave.
 *
 * The order in which threads arrive is not ours to choose, so a scene is played until it came out
 * in the order that the test is about; what must hold in any order is looked at each time.
 */
#include "journal_kit.h"
#include "unit.h"

#include "base/clock.h"

#include <limits.h>
#include <pthread.h>
#include <stdio.h>

#define MS UINT64_C(1000000)
#define LONG_NS (20000 * MS)
#define SHORT_NS (30 * MS)
#define ARRIVE_NS (5 * MS) /* mostly enough for a thread to come to where it waits */
#define SCENES 60

struct sender {
    pthread_t thread;
    struct kit kit; /* of its own journal, in the shared spool */
    char key[32];
    size_t body_len;
    uint64_t in_ns;
    enum status status;
};

static struct kit site;
static struct journal_group *group;
static unsigned scene;

static void *send(void *context)
{
    struct sender *s = context;
    const struct receipt *receipt;
    struct record_line line;

    if (!kit_line(&line, s->key, s->body_len, site.now_ns)) {
        s->status = STATUS_MEMORY;
        return NULL;
    }
    s->status = journal_append(s->kit.journal, str_of(s->key), &line, site.now_ns,
                               clock_mono_ns() + s->in_ns, &receipt, &s->kit.err);
    record_line_free(&line);
    return NULL;
}

static void start(struct sender *s, const char *name, size_t body_len, uint64_t in_ns)
{
    *s = (struct sender){.body_len = body_len, .in_ns = in_ns};
    snprintf(s->key, sizeof s->key, "calls transcript %s%u -", name, scene);
    UNIT_STATUS(STATUS_OK,
                journal_open(&s->kit.journal, &site.spool, group, &site.options, &s->kit.err),
                &s->kit.err);
    UNIT_INT(0, pthread_create(&s->thread, NULL, send, s));
    clock_sleep_ns(ARRIVE_NS);
}

static void finish(struct sender *s)
{
    pthread_join(s->thread, NULL);
    journal_close(s->kit.journal);
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
    UNIT_STATUS(STATUS_OK, kit_append(&site, "calls transcript first -"), &site.err);
    return journal_group_make(&group, &err) == STATUS_OK;
}

static void end(void)
{
    journal_group_free(group);
    kit_close(&site);
}

/* The next sync hangs until let_go. */
static void hold_syncs(int let)
{
    atomic_store(&kit_syncs, 0);
    atomic_store(&kit_syncs_let, let);
}

static void let_go(void)
{
    atomic_store(&kit_syncs_let, INT_MAX);
}

UNIT_TEST(those_who_come_during_a_sync_share_the_next_one)
{
    int least = INT_MAX;

    UNIT_REQUIRE(begin());
    for (scene = 1; scene <= SCENES && least > 2; scene++) {
        struct sender senders[5];

        hold_syncs(0);
        start(&senders[0], "leader", 20, LONG_NS);
        for (unsigned i = 1; i < 5; i++) {
            char name[16];

            snprintf(name, sizeof name, "late%u-", i);
            start(&senders[i], name, 20, LONG_NS);
        }
        let_go();
        for (unsigned i = 0; i < 5; i++)
            finish(&senders[i]);
        if (atomic_load(&kit_syncs) < least)
            least = atomic_load(&kit_syncs);
        for (unsigned i = 0; i < 5; i++) {
            UNIT_STATUS(STATUS_OK, senders[i].status, &senders[i].kit.err);
            check_once(&senders[i]);
        }
    }
    UNIT_INT(2, least);
    end();
}

UNIT_TEST(a_thread_whose_time_is_up_leaves_the_queue_and_its_event_is_not_recorded)
{
    bool seen = false;

    UNIT_REQUIRE(begin());
    for (scene = 1; scene <= SCENES && !seen; scene++) {
        struct sender leader, late;

        hold_syncs(0);
        start(&leader, "leader", 20, LONG_NS);
        start(&late, "late", 20, SHORT_NS);
        pthread_join(late.thread, NULL);
        seen = late.status == STATUS_DEADLINE && kit_count(&site, late.key) == 0;
        let_go();
        journal_close(late.kit.journal);
        finish(&leader);
        check_once(&leader);
        check_once(&late);
    }
    UNIT_TRUE(seen);
    end();
}

UNIT_TEST(a_thread_whose_time_is_up_leaves_while_the_disk_hangs_and_the_leader_does_not_miss_it)
{
    bool seen = false;

    UNIT_REQUIRE(begin());
    for (scene = 1; scene <= SCENES && !seen; scene++) {
        struct sender first, leader, follower;

        hold_syncs(0);
        start(&first, "first", 20, LONG_NS);
        start(&leader, "leader", 20, LONG_NS);
        start(&follower, "follower", 20, 4 * SHORT_NS);
        atomic_store(&kit_syncs_let, 1); /* the first's; that of leader and follower hangs */
        pthread_join(follower.thread, NULL);
        seen = follower.status == STATUS_DEADLINE && kit_count(&site, follower.key) == 1;
        journal_close(follower.kit.journal);
        let_go();
        finish(&first);
        finish(&leader);
        UNIT_STATUS(STATUS_OK, leader.status, &leader.kit.err);
        check_once(&first);
        check_once(&leader);
        check_once(&follower);
    }
    UNIT_TRUE(seen);
    end();
}

UNIT_TEST(a_sync_that_fails_tells_every_event_that_it_was_for)
{
    bool seen = false;

    UNIT_REQUIRE(begin());
    for (scene = 1; scene <= SCENES && !seen; scene++) {
        struct sender first, leader, follower;

        hold_syncs(0);
        start(&first, "first", 20, LONG_NS);
        start(&leader, "leader", 20, LONG_NS);
        start(&follower, "follower", 20, LONG_NS);
        atomic_store(&kit_syncs_to_fail, 1);
        let_go();
        finish(&first);
        finish(&leader);
        finish(&follower);
        atomic_store(&kit_syncs_to_fail, 0);
        seen = leader.status != STATUS_OK && follower.status != STATUS_OK;
        UNIT_TRUE(first.status == STATUS_OK);
        check_once(&first);
        check_once(&leader);
        check_once(&follower);
    }
    UNIT_TRUE(seen);
    end();
}

UNIT_TEST(an_event_whose_segment_was_sealed_unsynced_by_the_next_of_its_batch_is_refused)
{
    bool seen = false;

    UNIT_REQUIRE(begin());
    for (scene = 1; scene <= SCENES && !seen; scene++) {
        struct sender first, small, large;

        hold_syncs(0);
        start(&first, "first", 20, LONG_NS);
        start(&small, "small", 20, LONG_NS);
        start(&large, "large", site.options.segment_max, LONG_NS);
        atomic_store(&kit_syncs_to_fail, 1); /* that of the rotation which the large one causes */
        let_go();
        finish(&first);
        finish(&small);
        finish(&large);
        atomic_store(&kit_syncs_to_fail, 0);
        seen = small.status == STATUS_POISONED && large.status == STATUS_OK;
        check_once(&first);
        check_once(&small);
        check_once(&large);
    }
    UNIT_TRUE(seen);
    end();
}

static const struct unit_case cases[] = {
    UNIT_CASE(those_who_come_during_a_sync_share_the_next_one),
    UNIT_CASE(a_thread_whose_time_is_up_leaves_the_queue_and_its_event_is_not_recorded),
    UNIT_CASE(
        a_thread_whose_time_is_up_leaves_while_the_disk_hangs_and_the_leader_does_not_miss_it),
    UNIT_CASE(a_sync_that_fails_tells_every_event_that_it_was_for),
    UNIT_CASE(an_event_whose_segment_was_sealed_unsynced_by_the_next_of_its_batch_is_refused),
    UNIT_END,
};

const struct unit_suite suite_group = {"group", cases};
