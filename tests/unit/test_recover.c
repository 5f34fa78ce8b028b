/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "fault_kit.h"
#include "journal_kit.h"
#include "store/journal/hints.h"
#include "store/journal/index.h"
#include "store/queue/snapshot.h"
#include "unit.h"

static struct kit kit;

/* Appends keys k0, k1, ... and says how many went wrong or were not as expected. */
static int append_keys(int from, int to, bool duplicate)
{
    int wrong = 0;

    for (int i = from; i < to; i++) {
        char key[32];

        snprintf(key, sizeof key, "k%d", i);
        if (kit_append(&kit, key) != STATUS_OK || kit.duplicate != duplicate)
            wrong++;
    }
    return wrong;
}

static bool state_is(struct journal_state *state)
{
    int fd = file_open(kit.spool.dir, SPOOL_STATE, O_RDONLY, 0);
    bool ok = journal_state_read(fd, state);

    file_close(&fd);
    return UNIT_TRUE(ok);
}

static bool small_segments(uint64_t segment_max)
{
    if (!kit_open(&kit))
        return false;
    kit.options.segment_max = segment_max;
    return kit_reopen(&kit);
}

/* A removed index, as by a person's hand. */
static void remove_index(void)
{
    char name[SPOOL_NAME_MAX];

    for (unsigned table = 0; table < INDEX_TABLES_MAX; table++) {
        spool_table_name(name, table);
        (void)unlinkat(kit.spool.idx, name, 0);
    }
    (void)unlinkat(kit.spool.idx, SPOOL_REACH, 0);
}

UNIT_TEST(after_a_reboot_a_new_segment_is_begun_and_duplicates_are_found)
{
    struct place durable;

    UNIT_REQUIRE(small_segments(4096));
    UNIT_INT(0, append_keys(0, 30, false));
    UNIT_REQUIRE(kit_reboot(&kit));
    UNIT_STATUS(STATUS_MISSING, journal_durable(&kit.spool, &durable, NULL), NULL);
    UNIT_INT(0, append_keys(0, 30, true));
    UNIT_INT(0, append_keys(30, 31, false));
    UNIT_STATUS(STATUS_OK, journal_durable(&kit.spool, &durable, &kit.err), &kit.err);
    UNIT_INT(kit_segments(&kit), durable.segment);
    for (int i = 0; i < 31; i++) {
        char key[32];

        snprintf(key, sizeof key, "k%d", i);
        UNIT_INT(1, kit_count(&kit, key));
    }
    kit_close(&kit);
}

UNIT_TEST(after_a_reboot_a_torn_tail_is_void_and_a_whole_line_counts)
{
    UNIT_REQUIRE(kit_open(&kit));
    UNIT_STATUS(STATUS_OK, kit_append(&kit, "k1"), &kit.err);
    UNIT_REQUIRE(kit_add_bytes(&kit, 1, "{\"key\":\"k2\",\"id\":\"1:300\",\0\0\0\0\0\0", 31));
    UNIT_REQUIRE(kit_reboot(&kit));
    UNIT_STATUS(STATUS_OK, kit_append(&kit, "k1"), &kit.err);
    UNIT_TRUE(kit.duplicate);
    UNIT_STATUS(STATUS_OK, kit_append(&kit, "k2"), &kit.err);
    UNIT_FALSE(kit.duplicate);
    UNIT_TRUE(strncmp(kit.id, "2:", 2) == 0);
    kit_close(&kit);
}

UNIT_TEST(a_reboot_loses_recent_index_pages_and_no_duplicate_slips_through)
{
    struct index index;

    UNIT_REQUIRE(small_segments(4096));
    UNIT_INT(0, append_keys(0, 20, false));
    UNIT_TRUE(kit_rebuild(&kit) >= 0);
    UNIT_INT(0, append_keys(20, 40, false));
    /* The power went: of the tables only what the checkpoint synced is left. Here nothing is. */
    index_init(&index, &kit.spool);
    UNIT_STATUS(STATUS_OK, index_reset(&index, 0, &kit.err), &kit.err);
    index_close(&index);
    UNIT_REQUIRE(kit_reboot(&kit));
    UNIT_TRUE(kit_rebuild(&kit) >= 0);
    UNIT_INT(0, append_keys(0, 40, true));
    kit_close(&kit);
}

UNIT_TEST(a_checkpoint_spares_the_replay_of_what_it_covers)
{
    struct index_reach reach;
    struct journal_state state;

    UNIT_REQUIRE(small_segments(4096));
    UNIT_INT(0, append_keys(0, 60, false));
    UNIT_TRUE(kit_rebuild(&kit) >= 1);
    UNIT_REQUIRE(index_reach_read(&kit.spool, &reach));
    UNIT_REQUIRE(state_is(&state));
    UNIT_INT(1, reach.first);
    UNIT_INT(state.segment - 1, reach.last);
    UNIT_INT(reach.last, state.checkpoint);
    UNIT_INT(1, kit_rebuild(&kit)); /* nothing is due: one look */

    UNIT_REQUIRE(kit_reboot(&kit));
    UNIT_INT(0, append_keys(59, 60, true));
    UNIT_REQUIRE(state_is(&state));
    UNIT_INT(1, state.index_first);
    UNIT_INT(0, append_keys(0, 60, true));
    kit_close(&kit);
}

UNIT_TEST(a_lost_index_is_rebuilt_in_slices_from_the_newest_segment_down)
{
    struct index_reach reach;
    struct journal_state state;
    uint32_t before;

    UNIT_REQUIRE(small_segments(4096));
    kit.now_ns -= 30 * KIT_DAY_NS; /* so old that no sender retries them */
    UNIT_INT(0, append_keys(0, 60, false));
    kit.now_ns += 30 * KIT_DAY_NS;
    UNIT_INT(0, append_keys(60, 62, false));
    remove_index();
    UNIT_REQUIRE(kit_reopen(&kit));
    UNIT_INT(0, append_keys(61, 62, true));
    UNIT_REQUIRE(state_is(&state));
    UNIT_TRUE(state.index_first > 1);
    before = state.index_first;
    while (state.index_first == before) {
        bool more = false;

        UNIT_STATUS(STATUS_OK,
                    journal_rebuild_slice(kit.journal, clock_mono_ns() + UINT64_C(5000000000),
                                          &more, &kit.err),
                    &kit.err);
        UNIT_REQUIRE(more);
        UNIT_REQUIRE(state_is(&state));
    }
    UNIT_INT(before - 1, state.index_first);
    UNIT_TRUE(kit_rebuild(&kit) > 2);
    UNIT_REQUIRE(state_is(&state));
    UNIT_INT(1, state.index_first);
    UNIT_REQUIRE(index_reach_read(&kit.spool, &reach));
    UNIT_INT(1, reach.first);
    UNIT_INT(state.segment - 1, reach.last);
    UNIT_INT(0, append_keys(0, 62, true));
    kit_close(&kit);
}

UNIT_TEST(a_rebuild_notes_on_its_way_how_far_it_came)
{
    struct index_reach reach;
    struct journal_state state;
    bool more = true;

    UNIT_REQUIRE(small_segments(1024));
    kit.now_ns -= 30 * KIT_DAY_NS;
    UNIT_INT(0, append_keys(0, 60, false));
    kit.now_ns += 30 * KIT_DAY_NS;
    UNIT_INT(0, append_keys(60, 62, false));
    remove_index();
    UNIT_REQUIRE(kit_reopen(&kit));
    UNIT_INT(0, append_keys(61, 62, true));
    UNIT_REQUIRE(state_is(&state));
    UNIT_REQUIRE(state.index_first > 17);
    /* All but the last slices, and then the machine boots. */
    while (more && state.index_first > 3) {
        UNIT_STATUS(STATUS_OK,
                    journal_rebuild_slice(kit.journal, clock_mono_ns() + UINT64_C(5000000000),
                                          &more, &kit.err),
                    &kit.err);
        UNIT_REQUIRE(state_is(&state));
    }
    UNIT_TRUE(more);
    UNIT_REQUIRE(index_reach_read(&kit.spool, &reach));
    UNIT_TRUE(reach.first > 3 && reach.first <= 16);
    UNIT_REQUIRE(kit_reboot(&kit));
    UNIT_INT(0, append_keys(61, 62, true));
    UNIT_REQUIRE(state_is(&state));
    UNIT_INT(reach.first, state.index_first);
    UNIT_TRUE(kit_rebuild(&kit) > 0);
    UNIT_INT(0, append_keys(0, 62, true));
    kit_close(&kit);
}

/* The index is empty, and what the checkpoint says of it is not of it, or nothing. */
static void check_reach_is_not_believed(const struct index_reach *said, bool this_generation)
{
    struct index_reach reach = *said;
    struct index index;

    index_init(&index, &kit.spool);
    UNIT_STATUS(STATUS_OK, index_reset(&index, 0, &kit.err), &kit.err);
    reach.generation = this_generation ? index.generation : index.generation + 1;
    index_close(&index);
    UNIT_STATUS(STATUS_OK, index_reach_write(&kit.spool, &reach, &kit.err), &kit.err);
    UNIT_REQUIRE(kit_reboot(&kit));
    UNIT_TRUE(kit_rebuild(&kit) >= 0);
    UNIT_INT(0, append_keys(0, 8, true));
}

UNIT_TEST(a_checkpoint_that_does_not_fit_the_index_is_not_believed)
{
    UNIT_REQUIRE(small_segments(1024));
    kit.now_ns -= 30 * KIT_DAY_NS;
    UNIT_INT(0, append_keys(0, 8, false));
    kit.now_ns += 30 * KIT_DAY_NS;
    check_reach_is_not_believed(&(struct index_reach){.tables = 1, .first = 1, .last = 99}, false);
    check_reach_is_not_believed(&(struct index_reach){.tables = 2, .first = 1, .last = 99}, true);
    check_reach_is_not_believed(&(struct index_reach){.tables = 1, .first = 2, .last = 1}, true);
    check_reach_is_not_believed(&(struct index_reach){.tables = 1, .first = 0, .last = 99}, true);
    kit_close(&kit);
}

/* More than are inserted at once. */
#define MANY 17000

static bool add_many(unsigned count)
{
    struct buf bytes;
    struct stat sb;
    bool ok = fstatat(kit.spool.log, "00000001.jsonl", &sb, 0) == 0;

    buf_init(&bytes, (size_t)64 * 1024 * 1024);
    for (unsigned i = 0; i < count && ok; i++) {
        struct record_line line;
        char key[32];

        snprintf(key, sizeof key, "k%u", i);
        ok = kit_line(&line, key, 1, kit.now_ns);
        if (ok) {
            buf_add_str(&bytes, record_seal(&line, 1, (uint64_t)sb.st_size + bytes.len, false));
            record_line_free(&line);
        }
    }
    ok = ok && kit_add_bytes(&kit, 1, bytes.ptr, bytes.len);
    buf_free(&bytes);
    return UNIT_TRUE(ok);
}

UNIT_TEST(a_segment_of_many_thousand_records_is_found_again_whole)
{
    UNIT_REQUIRE(kit_open(&kit));
    UNIT_STATUS(STATUS_OK, kit_append(&kit, "first"), &kit.err);
    UNIT_REQUIRE(add_many(MANY));
    remove_index();
    UNIT_REQUIRE(kit_reboot(&kit));
    UNIT_INT(0, append_keys(0, 3, true));
    UNIT_INT(0, append_keys(MANY / 2, MANY / 2 + 3, true));
    UNIT_INT(0, append_keys(MANY - 3, MANY, true));
    UNIT_INT(0, append_keys(MANY, MANY + 1, false));
    kit_close(&kit);
}

UNIT_TEST(a_lost_index_is_waited_for_also_where_another_process_rebuilds_it)
{
    struct journal_state state;
    struct err err = ERR_INIT;
    int fd;

    UNIT_REQUIRE(small_segments(4096));
    kit.now_ns -= 30 * KIT_DAY_NS;
    UNIT_INT(0, append_keys(0, 60, false));
    kit.now_ns += 30 * KIT_DAY_NS;
    remove_index();
    UNIT_REQUIRE(kit_reopen(&kit));
    fd = file_open(kit.spool.dir, SPOOL_REBUILD_LOCK, O_RDWR | O_CREAT, 0600);
    UNIT_INT(0, file_trylock(fd));
    UNIT_STATUS(STATUS_DEADLINE,
                journal_rebuild(kit.journal, clock_mono_ns() + UINT64_C(100000000), &err), &err);
    UNIT_REQUIRE(state_is(&state));
    UNIT_TRUE(state.index_first > 1);
    file_close(&fd);
    err_clear(&err);
    UNIT_STATUS(STATUS_OK,
                journal_rebuild(kit.journal, clock_mono_ns() + UINT64_C(20000000000), &err), &err);
    UNIT_REQUIRE(state_is(&state));
    UNIT_INT(1, state.index_first);
    UNIT_INT(0, append_keys(0, 60, true));
    kit_close(&kit);
}

UNIT_TEST(what_a_sender_may_still_retry_is_known_before_the_first_answer)
{
    UNIT_REQUIRE(small_segments(4096));
    UNIT_INT(0, append_keys(0, 60, false));
    remove_index();
    UNIT_REQUIRE(kit_reboot(&kit));
    UNIT_INT(0, append_keys(0, 60, true)); /* without a slice in between */
    kit_close(&kit);
}

UNIT_TEST(a_catch_up_that_runs_out_of_time_goes_on_where_it_was)
{
    struct journal_state state, later;
    int tries = 0;

    UNIT_REQUIRE(small_segments(4096));
    UNIT_INT(0, append_keys(0, 60, false));
    remove_index();
    UNIT_REQUIRE(kit_reboot(&kit));
    /* No time at all: the recovery is done, then the deadline is told. */
    UNIT_STATUS(STATUS_DEADLINE, kit_append_until(&kit, "k0", 0), NULL);
    UNIT_REQUIRE(state_is(&state));
    UNIT_TRUE(state.index_first > state.index_need);
    while (kit_append_until(&kit, "k0", 300000) == STATUS_DEADLINE && tries < 10000) {
        UNIT_REQUIRE(state_is(&later));
        UNIT_REQUIRE(later.index_first <= state.index_first && later.segment == state.segment);
        tries++;
    }
    UNIT_STATUS(STATUS_OK, kit_append(&kit, "k0"), &kit.err);
    UNIT_TRUE(kit.duplicate);
    kit_close(&kit);
}

UNIT_TEST(a_running_process_notices_that_the_index_was_made_anew)
{
    struct journal *other = NULL;
    struct kit mine;

    UNIT_REQUIRE(kit_open(&kit));
    UNIT_INT(0, append_keys(0, 5, false));
    UNIT_STATUS(STATUS_OK, journal_open(&other, &kit.spool, NULL, &kit.options, &kit.err),
                &kit.err);
    mine = kit;
    mine.journal = other;
    UNIT_STATUS(STATUS_OK, kit_append(&mine, "k1"), &mine.err);
    UNIT_TRUE(mine.duplicate);
    remove_index();
    UNIT_REQUIRE(kit_reopen(&kit));
    UNIT_INT(0, append_keys(5, 6, false));
    /* `other` still has the removed tables open: what it inserts there nobody else would ever find.
     */
    UNIT_STATUS(STATUS_OK, kit_append(&mine, "k6"), &mine.err);
    UNIT_FALSE(mine.duplicate);
    UNIT_INT(0, append_keys(0, 7, true));
    UNIT_STATUS(STATUS_OK, kit_append(&mine, "k5"), &mine.err);
    UNIT_TRUE(mine.duplicate);
    journal_close(other);
    kit_close(&kit);
}

UNIT_TEST(a_damaged_commit_word_is_recovered_from)
{
    UNIT_REQUIRE(kit_open(&kit));
    UNIT_INT(0, append_keys(0, 3, false));
    UNIT_REQUIRE(kit_spoil(&kit, SPOOL_COMMIT));
    UNIT_INT(0, append_keys(0, 3, true));
    UNIT_INT(0, append_keys(3, 4, false));
    UNIT_INT(2, kit_segments(&kit));
    kit_close(&kit);
}

UNIT_TEST(a_damaged_state_is_recovered_from)
{
    UNIT_REQUIRE(kit_open(&kit));
    UNIT_INT(0, append_keys(0, 3, false));
    UNIT_REQUIRE(kit_spoil(&kit, SPOOL_STATE));
    UNIT_INT(0, append_keys(0, 3, true));
    UNIT_INT(0, append_keys(3, 4, false));
    UNIT_INT(2, kit_segments(&kit));
    kit_close(&kit);
}

UNIT_TEST(a_commit_word_and_a_state_that_name_different_segments_are_recovered_from)
{
    const struct commit_word elsewhere = {.durable = {5, 400}};
    int fd;

    UNIT_REQUIRE(kit_open(&kit));
    UNIT_INT(0, append_keys(0, 3, false));
    fd = file_open(kit.spool.dir, SPOOL_COMMIT, O_RDWR, 0);
    UNIT_STATUS(STATUS_OK, commit_word_write(fd, &elsewhere, NULL), NULL);
    file_close(&fd);
    UNIT_INT(0, append_keys(0, 3, true));
    UNIT_INT(0, append_keys(3, 4, false));
    UNIT_INT(0, append_keys(0, 4, true));
    kit_close(&kit);
}

UNIT_TEST(an_index_that_is_not_the_one_of_the_state_is_recovered_from)
{
    struct journal_state state;
    int fd;

    UNIT_REQUIRE(kit_open(&kit));
    UNIT_INT(0, append_keys(0, 3, false));
    UNIT_REQUIRE(state_is(&state));
    state.generation++;
    fd = file_open(kit.spool.dir, SPOOL_STATE, O_RDWR, 0);
    UNIT_STATUS(STATUS_OK, journal_state_write(fd, &state, NULL), NULL);
    file_close(&fd);
    UNIT_INT(0, append_keys(0, 3, true));
    UNIT_INT(0, append_keys(3, 4, false));
    UNIT_INT(0, append_keys(0, 4, true));
    kit_close(&kit);
}

UNIT_TEST(what_no_descriptor_is_left_for_is_not_in_doubt)
{
    unsigned nth = 0;
    bool came;

    UNIT_REQUIRE(kit_open(&kit));
    UNIT_INT(0, append_keys(0, 3, false));
    do {
        enum status status;

        UNIT_REQUIRE(kit_reopen(&kit));
        fault_arm(FAULT_OPENAT, ++nth, EMFILE);
        status = kit_append(&kit, "k1");
        came = fault_disarm();
        UNIT_STATUS(came ? STATUS_IO : STATUS_OK, status, &kit.err);
    } while (came);
    UNIT_TRUE(nth > 1 && kit.duplicate);
    /* To recover would have begun another. */
    UNIT_INT(1, kit_segments(&kit));
    kit_close(&kit);
}

UNIT_TEST(a_damaged_index_table_is_recovered_from)
{
    UNIT_REQUIRE(kit_open(&kit));
    UNIT_INT(0, append_keys(0, 3, false));
    UNIT_REQUIRE(kit_spoil(&kit, "idx/00.idx"));
    UNIT_REQUIRE(kit_reopen(&kit));
    UNIT_INT(0, append_keys(0, 3, true));
    UNIT_INT(0, append_keys(3, 4, false));
    kit_close(&kit);
}

/* Overwrites one byte of segment 1, `at` bytes from the record that kit.id names. */
static void damage(int at, char byte)
{
    uint32_t segment;
    uint64_t offset;
    int fd = file_open(kit.spool.log, "00000001.jsonl", O_WRONLY, 0);

    UNIT_TRUE(record_id_parse(str_of(kit.id), &segment, &offset) && segment == 1);
    UNIT_INT(0, file_pwrite(fd, &byte, 1, (off_t)offset + at));
    file_close(&fd);
}

UNIT_TEST(a_record_that_no_longer_begins_a_line_is_no_duplicate)
{
    UNIT_REQUIRE(kit_open(&kit));
    UNIT_INT(0, append_keys(0, 2, false));
    damage(-1, '\0'); /* a hole before it, as a power cut leaves one */
    UNIT_STATUS(STATUS_OK, kit_append(&kit, "k1"), &kit.err);
    UNIT_FALSE(kit.duplicate);
    UNIT_INT(1, kit_count(&kit, "k1"));
    kit_close(&kit);
}

UNIT_TEST(a_record_whose_bytes_have_changed_is_no_duplicate)
{
    UNIT_REQUIRE(kit_open(&kit));
    UNIT_INT(0, append_keys(0, 2, false));
    damage(90, '~');
    UNIT_STATUS(STATUS_OK, kit_append(&kit, "k1"), &kit.err);
    UNIT_FALSE(kit.duplicate);
    UNIT_INT(1, kit_count(&kit, "k1"));
    kit_close(&kit);
}

UNIT_TEST(a_live_segment_that_was_removed_is_not_appended_to)
{
    UNIT_REQUIRE(kit_open(&kit));
    UNIT_INT(0, append_keys(0, 3, false));
    UNIT_INT(0, unlinkat(kit.spool.log, "00000001.jsonl", 0));
    UNIT_INT(0, append_keys(0, 3, false)); /* its records are gone, by a hand that was not ours */
    UNIT_INT(1, kit_count(&kit, "k1"));
    UNIT_TRUE(strncmp(kit.id, "2:", 2) == 0); /* ids are not used again */
    kit_close(&kit);
}

UNIT_TEST(a_live_segment_that_was_cut_off_is_not_appended_to)
{
    UNIT_REQUIRE(kit_open(&kit));
    UNIT_INT(0, append_keys(0, 3, false));
    {
        int fd = file_open(kit.spool.log, "00000001.jsonl", O_WRONLY, 0);

        UNIT_INT(0, ftruncate(fd, 300));
        file_close(&fd);
    }
    UNIT_STATUS(STATUS_OK, kit_append(&kit, "k9"), &kit.err);
    UNIT_TRUE(strncmp(kit.id, "2:", 2) == 0);
    UNIT_STATUS(STATUS_OK, kit_append(&kit, "k2"), &kit.err);
    UNIT_FALSE(kit.duplicate);
    kit_close(&kit);
}

UNIT_TEST(a_missing_older_segment_does_no_harm)
{
    UNIT_REQUIRE(small_segments(4096));
    UNIT_INT(0, append_keys(0, 60, false));
    UNIT_INT(0, unlinkat(kit.spool.log, "00000002.jsonl", 0));
    UNIT_STATUS(STATUS_OK, kit_append(&kit, "k59"), &kit.err);
    UNIT_TRUE(kit.duplicate);
    remove_index();
    UNIT_REQUIRE(kit_reboot(&kit));
    UNIT_STATUS(STATUS_OK, kit_append(&kit, "k59"), &kit.err);
    UNIT_TRUE(kit.duplicate);
    UNIT_STATUS(STATUS_OK, kit_append(&kit, "k0"), &kit.err);
    UNIT_TRUE(kit.duplicate);
    kit_close(&kit);
}

UNIT_TEST(segments_that_are_older_than_they_are_kept_go_with_housekeeping)
{
    UNIT_REQUIRE(kit_open(&kit));
    kit.options.keep_s = 10 * 86400;
    UNIT_REQUIRE(kit_reopen(&kit));
    for (int day = 0; day < 15; day++) {
        UNIT_INT(0, append_keys(day, day + 1, false));
        kit.now_ns += KIT_DAY_NS;
    }
    UNIT_INT(15, kit_segments(&kit));
    kit.now_ns -= KIT_DAY_NS;
    UNIT_INT(0, append_keys(14, 15, true));
    UNIT_TRUE(kit_rebuild(&kit) >= 0);
    /* A segment of day n goes once the next one's beginning, day n + 1, is more than ten days old.
     */
    UNIT_INT(12, kit_segments(&kit));
    UNIT_INT(0, kit_count(&kit, "k2"));
    UNIT_INT(1, kit_count(&kit, "k3"));
    UNIT_INT(0, append_keys(3, 15, true));
    UNIT_REQUIRE(kit_reboot(&kit));
    UNIT_INT(0, append_keys(14, 15, true));
    UNIT_TRUE(kit_rebuild(&kit) >= 0);
    UNIT_INT(0, append_keys(3, 15, true));
    kit_close(&kit);
}

/* Says that the hooks of all events before that segment have run. */
static bool hooks_have_passed(uint32_t segment)
{
    struct snapshot snapshot;
    struct snapshot_lane *lane;
    bool ok;

    snapshot_init(&snapshot);
    ok = spool_make_run(&kit.spool, NULL) == STATUS_OK &&
         snapshot_lane(&snapshot, STR("calls"), &lane, NULL) == STATUS_OK;
    if (ok) {
        lane->cursor = (struct place){segment, 100};
        ok = snapshot_write(&kit.spool, &snapshot, kit.now_ns, NULL) == STATUS_OK;
    }
    snapshot_free(&snapshot);
    return ok;
}

UNIT_TEST(events_whose_hook_has_not_run_stay_twice_as_long_and_no_longer)
{
    UNIT_REQUIRE(kit_open(&kit));
    kit.options.keep_s = 10 * 86400;
    kit.options.hold = snapshot_hold;
    UNIT_REQUIRE(kit_reopen(&kit));
    for (int day = 0; day < 15; day++) {
        UNIT_INT(0, append_keys(day, day + 1, false));
        kit.now_ns += KIT_DAY_NS;
    }
    UNIT_TRUE(kit_rebuild(&kit) >= 0);
    UNIT_INT(15, kit_segments(&kit));
    UNIT_REQUIRE(hooks_have_passed(3));
    UNIT_INT(0, append_keys(15, 16, false));
    UNIT_TRUE(kit_rebuild(&kit) >= 0);
    UNIT_INT(0, kit_count(&kit, "k1"));
    UNIT_INT(1, kit_count(&kit, "k2"));
    UNIT_INT(14, kit_segments(&kit));
    kit.now_ns += 9 * KIT_DAY_NS;
    UNIT_INT(0, append_keys(16, 17, false));
    UNIT_TRUE(kit_rebuild(&kit) >= 0);
    UNIT_INT(0, kit_count(&kit, "k2"));
    UNIT_INT(1, kit_count(&kit, "k3"));
    kit_close(&kit);
}

UNIT_TEST(many_reboots_in_a_row_lose_nothing)
{
    UNIT_REQUIRE(kit_open(&kit));
    for (int i = 0; i < 10; i++) {
        UNIT_INT(0, append_keys(i, i + 1, false));
        UNIT_REQUIRE(kit_reboot(&kit));
        UNIT_INT(0, append_keys(0, i + 1, true));
        UNIT_TRUE(kit_rebuild(&kit) >= 0);
    }
    for (int i = 0; i < 10; i++) {
        char key[32];

        snprintf(key, sizeof key, "k%d", i);
        UNIT_INT(1, kit_count(&kit, key));
    }
    kit_close(&kit);
}
