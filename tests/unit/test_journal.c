/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../tools/child_end.h"
#include "base/clock.h"
#include "base/file.h"
#include "fault_kit.h"
#include "journal_kit.h"
#include "store/journal/index.h"
#include "unit.h"

static struct kit kit;

static enum status kit_find(const char *key, bool *found)
{
    err_clear(&kit.err);
    return journal_find(kit.journal, str_of(key), kit.now_ns,
                        clock_mono_ns() + UINT64_C(5000000000), found, &kit.err);
}

UNIT_TEST(the_first_record_of_a_fresh_spool_is_durable)
{
    struct place durable;

    UNIT_REQUIRE(kit_open(&kit));
    UNIT_STATUS(STATUS_MISSING, journal_durable(&kit.spool, &durable, NULL), NULL);
    UNIT_STATUS(STATUS_OK, kit_append(&kit, "calls transcript 1 completed"), &kit.err);
    UNIT_FALSE(kit.duplicate);
    UNIT_INT(1, kit_count(&kit, "calls transcript 1 completed"));
    UNIT_STATUS(STATUS_OK, journal_durable(&kit.spool, &durable, &kit.err), &kit.err);
    UNIT_INT(1, durable.segment);
    UNIT_TRUE(durable.offset > 100);
    kit_close(&kit);
}

UNIT_TEST(a_receipt_names_the_place_of_the_record)
{
    struct place durable;
    uint32_t segment = 0;
    uint64_t offset = 0;
    char line[64] = "";
    char name[SPOOL_NAME_MAX];
    int fd;

    UNIT_REQUIRE(kit_open(&kit));
    UNIT_STATUS(STATUS_OK, kit_append(&kit, "k0"), &kit.err);
    UNIT_STATUS(STATUS_OK, journal_durable(&kit.spool, &durable, &kit.err), &kit.err);
    UNIT_STATUS(STATUS_OK, kit_append(&kit, "k1"), &kit.err);
    UNIT_TRUE(record_id_parse(str_of(kit.id), &segment, &offset));
    UNIT_INT(durable.segment, segment);
    UNIT_HEX(durable.offset, offset);
    spool_segment_name(name, segment);
    fd = file_open(kit.spool.log, name, O_RDONLY, 0);
    UNIT_TRUE(file_pread(fd, line, sizeof line - 1, (off_t)offset) > 0);
    UNIT_TRUE(strncmp(line, "{\"key\":\"k1\",", 12) == 0);
    file_close(&fd);
    kit_close(&kit);
}

UNIT_TEST(a_retry_gets_the_receipt_of_the_first_and_no_second_record)
{
    char first[RECORD_ID_MAX];

    UNIT_REQUIRE(kit_open(&kit));
    UNIT_STATUS(STATUS_OK, kit_append(&kit, "k1"), &kit.err);
    snprintf(first, sizeof first, "%s", kit.id);
    UNIT_STATUS(STATUS_OK, kit_append(&kit, "k2"), &kit.err);
    UNIT_STATUS(STATUS_OK, kit_append(&kit, "k1"), &kit.err);
    UNIT_TRUE(kit.duplicate);
    UNIT_TEXT(first, kit.id);
    UNIT_REQUIRE(kit_reopen(&kit));
    UNIT_STATUS(STATUS_OK, kit_append(&kit, "k1"), &kit.err);
    UNIT_TRUE(kit.duplicate);
    UNIT_INT(1, kit_count(&kit, "k1"));
    kit_close(&kit);
}

UNIT_TEST(a_key_that_begins_like_another_is_another)
{
    UNIT_REQUIRE(kit_open(&kit));
    UNIT_STATUS(STATUS_OK, kit_append(&kit, "calls transcript 12"), &kit.err);
    UNIT_STATUS(STATUS_OK, kit_append(&kit, "calls transcript 1"), &kit.err);
    UNIT_FALSE(kit.duplicate);
    UNIT_STATUS(STATUS_OK, kit_append(&kit, "calls transcript 123"), &kit.err);
    UNIT_FALSE(kit.duplicate);
    kit_close(&kit);
}

UNIT_TEST(a_key_with_the_fingerprint_of_another_is_another)
{
    struct index index;
    struct place place;

    UNIT_REQUIRE(kit_open(&kit));
    UNIT_STATUS(STATUS_OK, kit_append(&kit, "k1"), &kit.err);
    UNIT_REQUIRE(record_id_parse(str_of(kit.id), &place.segment, &place.offset));
    index_init(&index, &kit.spool);
    UNIT_STATUS(STATUS_OK, index_open(&index, index_tables(&kit.spool), &kit.err), &kit.err);
    UNIT_STATUS(STATUS_OK,
                index_insert(&index, index_fingerprint(&kit.spool, STR("k2")), place, &kit.err),
                &kit.err);
    index_close(&index);
    UNIT_STATUS(STATUS_OK, kit_append(&kit, "k2"), &kit.err);
    UNIT_FALSE(kit.duplicate);
    UNIT_INT(1, kit_count(&kit, "k2"));
    kit_close(&kit);
}

UNIT_TEST(a_torn_tail_is_left_and_the_next_record_is_found)
{
    UNIT_REQUIRE(kit_open(&kit));
    UNIT_STATUS(STATUS_OK, kit_append(&kit, "k1"), &kit.err);
    UNIT_REQUIRE(kit_add_bytes(&kit, 1, "{\"key\":\"k2\",\"id\":\"1:", 20));
    UNIT_STATUS(STATUS_OK, kit_append(&kit, "k2"), &kit.err);
    UNIT_FALSE(kit.duplicate);
    UNIT_INT(1, kit_count(&kit, "k2"));
    UNIT_STATUS(STATUS_OK, kit_append(&kit, "k2"), &kit.err);
    UNIT_TRUE(kit.duplicate);
    UNIT_INT(1, kit_segments(&kit));
    kit_close(&kit);
}

UNIT_TEST(a_write_that_is_cut_off_is_refused_and_its_retry_is_recorded)
{
    UNIT_REQUIRE(kit_open(&kit));
    UNIT_STATUS(STATUS_OK, kit_append(&kit, "k0"), &kit.err);
    atomic_store(&kit_write_cut, 30);
    atomic_store(&kit_write_errno, ENOSPC);
    UNIT_STATUS(STATUS_NO_SPACE, kit_append(&kit, "k1"), &kit.err);
    UNIT_INT(0, kit_count(&kit, "k1"));
    UNIT_STATUS(STATUS_OK, kit_append(&kit, "k1"), &kit.err);
    UNIT_FALSE(kit.duplicate);
    UNIT_INT(1, kit_count(&kit, "k1"));
    kit_close(&kit);
}

UNIT_TEST(a_write_that_fails_is_refused_by_its_kind)
{
    UNIT_REQUIRE(kit_open(&kit));
    UNIT_STATUS(STATUS_OK, kit_append(&kit, "k0"), &kit.err);
    atomic_store(&kit_write_errno, ENOSPC);
    UNIT_STATUS(STATUS_NO_SPACE, kit_append(&kit, "k1"), &kit.err);
    atomic_store(&kit_write_errno, EIO);
    UNIT_STATUS(STATUS_IO, kit_append(&kit, "k1"), &kit.err);
    UNIT_INT(0, kit_count(&kit, "k1"));
    UNIT_STATUS(STATUS_OK, kit_append(&kit, "k1"), &kit.err);
    UNIT_INT(1, kit_count(&kit, "k1"));
    kit_close(&kit);
}

UNIT_TEST(below_the_reserve_new_events_are_refused_and_retries_answered)
{
    UNIT_REQUIRE(kit_open(&kit));
    kit.options.reserve.bytes = 1000000;
    UNIT_REQUIRE(kit_reopen(&kit));
    atomic_store(&kit_free_bytes, 2000000);
    UNIT_STATUS(STATUS_OK, kit_append(&kit, "k1"), &kit.err);
    atomic_store(&kit_free_bytes, 1000010);
    UNIT_STATUS(STATUS_NO_SPACE, kit_append(&kit, "k2"), &kit.err);
    UNIT_STATUS(STATUS_OK, kit_append(&kit, "k1"), &kit.err);
    UNIT_TRUE(kit.duplicate);
    UNIT_INT(0, kit_count(&kit, "k2"));
    kit_close(&kit);
}

UNIT_TEST(before_the_last_inodes_new_events_are_refused_and_retries_answered)
{
    UNIT_REQUIRE(kit_open(&kit));
    kit.options.reserve.bytes = 1;
    UNIT_REQUIRE(kit_reopen(&kit));
    atomic_store(&kit_free_inodes, RESERVE_INODES);
    UNIT_STATUS(STATUS_OK, kit_append(&kit, "k1"), &kit.err);
    atomic_store(&kit_free_inodes, RESERVE_INODES - 1);
    UNIT_STATUS(STATUS_NO_SPACE, kit_append(&kit, "k2"), &kit.err);
    UNIT_TRUE(strstr(kit.err.text, "inodes") != NULL);
    UNIT_STATUS(STATUS_OK, kit_append(&kit, "k1"), &kit.err);
    UNIT_TRUE(kit.duplicate);
    kit_close(&kit);
}

UNIT_TEST(a_retry_of_a_line_that_is_not_yet_durable_waits_for_its_sync)
{
    int before;

    UNIT_REQUIRE(kit_open(&kit));
    UNIT_STATUS(STATUS_OK, kit_append(&kit, "k0"), &kit.err);
    /* The line is written, but its sync is cut off by the deadline: somebody else holds the commit
     * lock. */
    {
        int fd = file_open(kit.spool.dir, SPOOL_COMMIT, O_RDWR, 0);

        UNIT_INT(0, file_trylock(fd));
        UNIT_STATUS(STATUS_DEADLINE, kit_append_until(&kit, "k1", 20000000), &kit.err);
        file_close(&fd);
    }
    UNIT_INT(1, kit_count(&kit, "k1"));
    before = atomic_load(&kit_syncs);
    UNIT_STATUS(STATUS_OK, kit_append(&kit, "k1"), &kit.err);
    UNIT_TRUE(kit.duplicate);
    UNIT_INT(before + 1, atomic_load(&kit_syncs));
    UNIT_STATUS(STATUS_OK, kit_append(&kit, "k1"), &kit.err);
    UNIT_INT(before + 1, atomic_load(&kit_syncs));
    kit_close(&kit);
}

UNIT_TEST(what_is_on_record_is_found_and_only_when_it_is_durable)
{
    bool found = true;
    int before;

    UNIT_REQUIRE(kit_open(&kit));
    UNIT_STATUS(STATUS_OK, kit_find("k0", &found), &kit.err);
    UNIT_FALSE(found);
    UNIT_STATUS(STATUS_OK, kit_append(&kit, "k0"), &kit.err);
    before = atomic_load(&kit_syncs);
    UNIT_STATUS(STATUS_OK, kit_find("k0", &found), &kit.err);
    UNIT_TRUE(found);
    UNIT_STATUS(STATUS_OK, kit_find("k", &found), &kit.err);
    UNIT_FALSE(found);
    UNIT_INT(before, atomic_load(&kit_syncs));
    /* Written by somebody who was cut off before its sync. */
    {
        int fd = file_open(kit.spool.dir, SPOOL_COMMIT, O_RDWR, 0);

        UNIT_INT(0, file_trylock(fd));
        UNIT_STATUS(STATUS_DEADLINE, kit_append_until(&kit, "k1", 20000000), &kit.err);
        file_close(&fd);
    }
    UNIT_STATUS(STATUS_OK, kit_find("k1", &found), &kit.err);
    UNIT_TRUE(found);
    UNIT_INT(before + 1, atomic_load(&kit_syncs));
    UNIT_INT(1, kit_count(&kit, "k1"));
    kit_close(&kit);
}

UNIT_TEST(what_cannot_be_made_durable_is_not_found)
{
    bool found = false;

    UNIT_REQUIRE(kit_open(&kit));
    UNIT_STATUS(STATUS_OK, kit_append(&kit, "k1"), &kit.err);
    atomic_store(&kit_syncs_to_fail, 1);
    UNIT_STATUS(STATUS_IO, kit_append(&kit, "k2"), &kit.err);
    UNIT_STATUS(STATUS_OK, kit_find("k2", &found), &kit.err);
    UNIT_FALSE(found);
    UNIT_STATUS(STATUS_OK, kit_find("k1", &found), &kit.err);
    UNIT_TRUE(found);
    kit_close(&kit);
}

UNIT_TEST(a_held_append_lock_ends_in_time)
{
    uint64_t began, took;
    int fd;

    UNIT_REQUIRE(kit_open(&kit));
    UNIT_STATUS(STATUS_OK, kit_append(&kit, "k0"), &kit.err);
    fd = file_open(kit.spool.dir, SPOOL_APPEND_LOCK, O_RDWR, 0);
    UNIT_INT(0, file_trylock(fd));
    began = clock_mono_ns();
    UNIT_STATUS(STATUS_DEADLINE, kit_append_until(&kit, "k1", 50000000), &kit.err);
    took = clock_mono_ns() - began;
    UNIT_TRUE(took >= 50000000 && took < 1000000000);
    file_close(&fd);
    UNIT_STATUS(STATUS_OK, kit_append(&kit, "k1"), &kit.err);
    UNIT_FALSE(kit.duplicate);
    kit_close(&kit);
}

UNIT_TEST(a_failed_sync_poisons_the_segment_and_the_retry_is_recorded_anew)
{
    UNIT_REQUIRE(kit_open(&kit));
    UNIT_STATUS(STATUS_OK, kit_append(&kit, "k1"), &kit.err);
    atomic_store(&kit_syncs_to_fail, 1);
    UNIT_STATUS(STATUS_IO, kit_append(&kit, "k2"), &kit.err);
    /* The page cache still shows the line, and a sync of a fresh descriptor would succeed: neither
     * may count. */
    UNIT_REQUIRE(kit_reopen(&kit));
    UNIT_STATUS(STATUS_OK, kit_append(&kit, "k2"), &kit.err);
    UNIT_FALSE(kit.duplicate);
    UNIT_TRUE(strncmp(kit.id, "2:", 2) == 0);
    UNIT_INT(1, kit_count(&kit, "k2"));
    UNIT_STATUS(STATUS_OK, kit_append(&kit, "k1"), &kit.err);
    UNIT_TRUE(kit.duplicate);
    UNIT_STATUS(STATUS_OK, kit_append(&kit, "k2"), &kit.err);
    UNIT_TRUE(kit.duplicate);
    kit_close(&kit);
}

/* ---- threads and processes */

#define THREADS 16
#define EACH 25

struct worker {
    pthread_t thread;
    struct journal_group *group;
    unsigned number;
    unsigned recorded, failed;
};

static void *work(void *context)
{
    struct worker *w = context;
    struct kit mine = kit;

    mine.journal = NULL;
    if (journal_open(&mine.journal, &kit.spool, w->group, &kit.options, &mine.err) != STATUS_OK)
        return NULL;
    for (unsigned i = 0; i < EACH; i++) {
        char key[32];

        snprintf(key, sizeof key, "t%u-%u", w->number, i);
        if (kit_append(&mine, key) == STATUS_OK && !mine.duplicate)
            w->recorded++;
        else
            w->failed++;
        snprintf(key, sizeof key, "shared-%u", i); /* all threads compete for this one */
        if (kit_append(&mine, key) != STATUS_OK)
            w->failed++;
    }
    journal_close(mine.journal);
    return NULL;
}

UNIT_TEST(threads_share_their_syncs_and_record_each_key_once)
{
    struct worker workers[THREADS] = {0};
    struct journal_group *group = NULL;
    unsigned recorded = 0, failed = 0;

    UNIT_REQUIRE(kit_open(&kit));
    /* Long enough for others to come meanwhile: a sync in memory takes no time. */
    atomic_store(&kit_sync_ns, 1000000);
    kit.options.segment_max = 20000;
    UNIT_STATUS(STATUS_OK, journal_group_make(&group, &kit.err), &kit.err);
    for (unsigned i = 0; i < THREADS; i++) {
        workers[i].group = group;
        workers[i].number = i;
        UNIT_INT(0, pthread_create(&workers[i].thread, NULL, work, &workers[i]));
    }
    for (unsigned i = 0; i < THREADS; i++) {
        pthread_join(workers[i].thread, NULL);
        recorded += workers[i].recorded;
        failed += workers[i].failed;
    }
    journal_group_free(group);
    UNIT_INT(THREADS * EACH, recorded);
    UNIT_INT(0, failed);
    UNIT_TRUE(atomic_load(&kit_syncs) < THREADS * EACH + EACH);
    for (unsigned i = 0; i < EACH; i++) {
        char key[32];

        snprintf(key, sizeof key, "shared-%u", i);
        UNIT_INT(1, kit_count(&kit, key));
        snprintf(key, sizeof key, "t%u-%u", i % THREADS, i);
        UNIT_INT(1, kit_count(&kit, key));
    }
    kit_close(&kit);
}

UNIT_TEST(processes_that_compete_for_keys_record_each_once)
{
    pid_t pids[4];

    UNIT_REQUIRE(kit_open(&kit));
    for (size_t p = 0; p < 4; p++) {
        pids[p] = fork();
        if (pids[p] == 0) {
            int failed = 0;

            if (journal_open(&kit.journal, &kit.spool, NULL, &kit.options, NULL) != STATUS_OK)
                child_end(9);
            for (int i = 0; i < 40; i++) {
                char key[32];

                snprintf(key, sizeof key, "k%d", i);
                failed |= kit_append(&kit, key) != STATUS_OK;
            }
            child_end(failed);
        }
    }
    for (size_t p = 0; p < 4; p++) {
        int status = -1;

        UNIT_TRUE(waitpid(pids[p], &status, 0) == pids[p]);
        UNIT_INT(0, status);
    }
    for (int i = 0; i < 40; i++) {
        char key[32];

        snprintf(key, sizeof key, "k%d", i);
        UNIT_INT(1, kit_count(&kit, key));
    }
    kit_close(&kit);
}

/* A sector that stays unreadable would refuse the event for good. */
UNIT_TEST(a_record_that_the_disk_cannot_read_is_recorded_again_and_not_refused)
{
    unsigned nth = 0, again = 0;
    bool came;

    do {
        enum status status;

        UNIT_REQUIRE(kit_open(&kit));
        UNIT_STATUS(STATUS_OK, kit_append(&kit, "k0"), &kit.err);
        UNIT_STATUS(STATUS_OK, kit_append(&kit, "k1"), &kit.err);
        fault_arm(FAULT_PREAD, ++nth, EIO);
        status = kit_append(&kit, "k0");
        came = fault_disarm();
        if (status == STATUS_OK && !kit.duplicate) {
            again++;
            UNIT_TRUE(came);
            UNIT_INT(2, kit_count(&kit, "k0"));
        }
        kit_close(&kit);
    } while (came);
    UNIT_INT(1, again);
}
