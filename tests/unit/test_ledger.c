/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/file.h"
#include "fault_kit.h"
#include "journal_kit.h"
#include "store/queue/ledger.h"
#include "store/queue/standing.h"
#include "unit.h"

#define FIRST "run/results/00000001.jsonl"
#define SECOND "run/results/00000002.jsonl"
#define NO_PLACE ((struct place){0, 0})
#define EVERYWHERE ((struct place){PLACE_SEGMENT_MAX, 0})

static struct kit kit;
static struct ledger *ledger;
static struct err err;

static bool begin(void)
{
    err = (struct err)ERR_INIT;
    return kit_open(&kit) &&
           UNIT_TRUE(standing_make(&kit.spool, SPOOL_LEDGER_TMP, kit.now_ns, &err) == STATUS_OK) &&
           UNIT_TRUE(ledger_open(&ledger, &kit.spool, LEDGER_RESULTS, kit.now_ns, &err) ==
                     STATUS_OK);
}

static void end(void)
{
    ledger_close(ledger);
    ledger = NULL;
    kit_close(&kit);
}

static bool reopen(void)
{
    ledger_close(ledger);
    ledger = NULL;
    return UNIT_TRUE(ledger_open(&ledger, &kit.spool, LEDGER_RESULTS, kit.now_ns, &err) ==
                     STATUS_OK);
}

/* A line that says `name`. */
static enum status add(const char *name)
{
    char line[64];

    snprintf(line, sizeof line, "{\"n\":\"%s\"", name);
    err_clear(&err);
    return ledger_append(ledger, str_of(line), kit.now_ns, &err);
}

static enum status take_name(void *context, struct place place, struct str line, struct err *e)
{
    struct buf *seen = context;
    struct str head, rest;

    (void)place;
    (void)e;
    if (line.len > 6 && str_cut((struct str){line.ptr + 6, line.len - 6}, '"', &head, &rest))
        buf_add_str(seen, head);
    buf_add_char(seen, ' ');
    return STATUS_OK;
}

/* The names of the lines from `from` on; *end and the rotten ones. */
static const char *names(struct place from, struct place *behind, uint64_t *rotten)
{
    static char out[256];
    struct place end_place;
    struct buf seen;

    buf_init(&seen, sizeof out - 1);
    err_clear(&err);
    UNIT_STATUS(
        STATUS_OK,
        ledger_walk(&kit.spool, LEDGER_RESULTS, from, take_name, &seen, &end_place, rotten, &err),
        &err);
    snprintf(out, sizeof out, "%s", seen.ptr);
    buf_free(&seen);
    if (behind != NULL)
        *behind = end_place;
    return out;
}

static bool append_bytes(const char *name, const char *bytes)
{
    int fd = file_open(kit.spool.dir, name, O_WRONLY | O_APPEND, 0);
    bool done = fd >= 0 && file_write(fd, bytes, strlen(bytes)) == 0;

    file_close(&fd);
    return UNIT_TRUE(done);
}

static bool there(const char *name)
{
    return faccessat(kit.spool.dir, name, F_OK, 0) == 0;
}

UNIT_TEST(lines_are_met_in_their_order_and_a_walk_goes_on_where_one_ended)
{
    struct place behind, again;

    UNIT_REQUIRE(begin());
    UNIT_STATUS(STATUS_OK, add("a"), &err);
    UNIT_STATUS(STATUS_OK, add("b"), &err);
    UNIT_TEXT("a b ", names(NO_PLACE, &behind, NULL));
    UNIT_INT((int64_t)place_pack(ledger_end(ledger)), (int64_t)place_pack(behind));
    UNIT_TEXT("", names(behind, &again, NULL));
    UNIT_STATUS(STATUS_OK, add("c"), &err);
    UNIT_TEXT("c ", names(again, NULL, NULL));
    end();
}

UNIT_TEST(a_ledger_goes_on_in_its_last_file)
{
    UNIT_REQUIRE(begin());
    UNIT_STATUS(STATUS_OK, add("a"), &err);
    UNIT_REQUIRE(reopen());
    UNIT_STATUS(STATUS_OK, add("b"), &err);
    UNIT_TEXT("a b ", names(NO_PLACE, NULL, NULL));
    UNIT_FALSE(there(SECOND));
    end();
}

UNIT_TEST(a_spool_without_a_ledger_has_no_lines)
{
    struct place behind;

    UNIT_REQUIRE(kit_open(&kit));
    err = (struct err)ERR_INIT;
    UNIT_INT(0, unlinkat(kit.spool.dir, SPOOL_RESULTS, AT_REMOVEDIR));
    UNIT_TEXT("", names(NO_PLACE, &behind, NULL));
    UNIT_INT(0, behind.segment);
    kit_close(&kit);
}

UNIT_TEST(a_torn_line_is_passed_over_and_the_next_begins_a_line_of_its_own)
{
    uint64_t rotten = 7;
    struct place before;

    UNIT_REQUIRE(begin());
    UNIT_STATUS(STATUS_OK, add("a"), &err);
    UNIT_REQUIRE(append_bytes(FIRST, "{\"n\":\"to"));
    /* It may still be on its way: a walk does not go beyond it. */
    UNIT_TEXT("a ", names(NO_PLACE, &before, NULL));
    UNIT_REQUIRE(reopen());
    UNIT_STATUS(STATUS_OK, add("b"), &err);
    UNIT_TEXT("b ", names(before, NULL, NULL));
    UNIT_TEXT("a b ", names(NO_PLACE, NULL, &rotten));
    UNIT_INT(0, (int64_t)rotten);
    end();
}

UNIT_TEST(a_rotten_line_is_passed_over_and_counted)
{
    uint64_t rotten = 0;

    UNIT_REQUIRE(begin());
    UNIT_STATUS(STATUS_OK, add("a"), &err);
    UNIT_REQUIRE(append_bytes(FIRST, "{\"n\":\"x\",\"crc\":\"00000000\"}\n"));
    UNIT_REQUIRE(reopen());
    UNIT_STATUS(STATUS_OK, add("b"), &err);
    UNIT_TEXT("a b ", names(NO_PLACE, NULL, &rotten));
    UNIT_INT(1, (int64_t)rotten);
    end();
}

UNIT_TEST(a_write_that_was_cut_off_is_told_and_harms_no_other_line)
{
    UNIT_REQUIRE(begin());
    UNIT_STATUS(STATUS_OK, add("a"), &err);
    atomic_store(&kit_write_errno, ENOSPC);
    atomic_store(&kit_write_cut, 5);
    UNIT_STATUS(STATUS_NO_SPACE, add("b"), &err);
    UNIT_STATUS(STATUS_OK, add("c"), &err);
    atomic_store(&kit_write_errno, EIO);
    UNIT_STATUS(STATUS_IO, add("d"), &err);
    UNIT_STATUS(STATUS_OK, add("e"), &err);
    UNIT_TEXT("a c e ", names(NO_PLACE, NULL, NULL));
    end();
}

UNIT_TEST(after_a_failed_sync_all_that_was_not_synced_stands_once_in_a_new_file)
{
    UNIT_REQUIRE(begin());
    UNIT_STATUS(STATUS_OK, add("a"), &err);
    UNIT_STATUS(STATUS_OK, ledger_sync(ledger, kit.now_ns, &err), &err);
    UNIT_STATUS(STATUS_OK, add("b"), &err);
    atomic_store(&kit_syncs_to_fail, 1);
    UNIT_STATUS(STATUS_IO, ledger_sync(ledger, kit.now_ns, &err), NULL);
    err_clear(&err);
    UNIT_STATUS(STATUS_OK, ledger_sync(ledger, kit.now_ns, &err), &err);
    UNIT_TRUE(there(SECOND));
    UNIT_STATUS(STATUS_OK, add("c"), &err);
    UNIT_TEXT("a b c ", names(NO_PLACE, NULL, NULL));
    UNIT_TEXT("b c ", names((struct place){2, 0}, NULL, NULL));
    UNIT_REQUIRE(reopen());
    UNIT_STATUS(STATUS_OK, add("d"), &err);
    UNIT_TEXT("a b c d ", names(NO_PLACE, NULL, NULL));
    end();
}

UNIT_TEST(after_a_failed_sync_an_append_goes_to_a_new_file_too)
{
    UNIT_REQUIRE(begin());
    UNIT_STATUS(STATUS_OK, add("a"), &err);
    atomic_store(&kit_syncs_to_fail, 1);
    UNIT_STATUS(STATUS_IO, ledger_sync(ledger, kit.now_ns, &err), NULL);
    UNIT_STATUS(STATUS_OK, add("b"), &err);
    UNIT_TEXT("a b ", names((struct place){2, 0}, NULL, NULL));
    UNIT_TEXT("a b ", names(NO_PLACE, NULL, NULL));
    end();
}

UNIT_TEST(nothing_new_takes_no_sync)
{
    UNIT_REQUIRE(begin());
    UNIT_STATUS(STATUS_OK, add("a"), &err);
    UNIT_STATUS(STATUS_OK, ledger_sync(ledger, kit.now_ns, &err), &err);
    atomic_store(&kit_syncs, 0);
    UNIT_STATUS(STATUS_OK, ledger_sync(ledger, kit.now_ns, &err), &err);
    UNIT_INT(0, atomic_load(&kit_syncs));
    end();
}

UNIT_TEST(what_a_killed_writer_left_unsynced_is_synced_by_the_next)
{
    UNIT_REQUIRE(begin());
    UNIT_STATUS(STATUS_OK, add("a"), &err);
    UNIT_REQUIRE(reopen());
    atomic_store(&kit_syncs, 0);
    UNIT_STATUS(STATUS_OK, ledger_sync(ledger, kit.now_ns, &err), &err);
    UNIT_INT(1, atomic_load(&kit_syncs));
    end();
}

/* A line of `len` bytes with its checksum. */
static enum status add_long(size_t len)
{
    static const size_t around = sizeof "{\"n\":\"\"" - 1 + sizeof ",\"crc\":\"xxxxxxxx\"}" - 1;
    char *line = malloc(len);
    enum status status;

    if (line == NULL)
        return STATUS_MEMORY;
    memset(line, 'n', len);
    memcpy(line, "{\"n\":\"", 6);
    line[6 + len - around] = '"';
    err_clear(&err);
    status = ledger_append(ledger, (struct str){line, 7 + len - around}, kit.now_ns, &err);
    free(line);
    return status;
}

static enum status count_lines(void *context, struct place place, struct str line, struct err *e)
{
    size_t *longest = context;

    (void)place;
    (void)e;
    if (line.len > *longest)
        *longest = line.len;
    return STATUS_OK;
}

UNIT_TEST(the_longest_line_is_read_back_and_a_longer_one_refused)
{
    struct place behind;
    size_t longest = 0;

    UNIT_REQUIRE(begin());
    UNIT_STATUS(STATUS_OK, add_long(LEDGER_LINE_MAX), &err);
    UNIT_STATUS(STATUS_LIMIT, add_long(LEDGER_LINE_MAX + 1), NULL);
    err_clear(&err);
    UNIT_STATUS(STATUS_OK,
                ledger_walk(&kit.spool, LEDGER_RESULTS, NO_PLACE, count_lines, &longest, &behind,
                            NULL, &err),
                &err);
    UNIT_INT(LEDGER_LINE_MAX, (int64_t)longest);
    end();
}

UNIT_TEST(a_file_that_is_full_is_followed_by_another)
{
    struct stat sb;

    UNIT_REQUIRE(begin());
    while (!there(SECOND) && err.status == STATUS_OK)
        UNIT_STATUS(STATUS_OK, add_long(100000), &err);
    UNIT_INT(0, fstatat(kit.spool.dir, FIRST, &sb, 0));
    UNIT_TRUE((uint64_t)sb.st_size <= LEDGER_SEGMENT_MAX);
    UNIT_TRUE((uint64_t)sb.st_size > LEDGER_SEGMENT_MAX - 100001);
    end();
}

UNIT_TEST(memory_is_bounded_by_syncs_where_nobody_asks_for_one)
{
    UNIT_REQUIRE(begin());
    atomic_store(&kit_syncs, 0);
    for (unsigned i = 0; i < LEDGER_UNSYNCED_MAX / 100001; i++)
        UNIT_STATUS(STATUS_OK, add_long(100000), &err);
    UNIT_INT(0, atomic_load(&kit_syncs));
    UNIT_STATUS(STATUS_OK, add_long(100000), &err);
    UNIT_INT(1, atomic_load(&kit_syncs));
    end();
}

/* Three files, made at one day's distance: a, x b, x c. */
static bool three_days(void)
{
    if (!begin())
        return false;
    for (unsigned day = 0; day < 3; day++) {
        const char name[] = {(char)('a' + (int)day), '\0'};

        UNIT_STATUS(STATUS_OK, add(name), &err);
        if (day == 2)
            break;
        UNIT_STATUS(STATUS_OK, ledger_sync(ledger, kit.now_ns, &err), &err);
        kit.now_ns += KIT_DAY_NS;
        atomic_store(&kit_syncs_to_fail, 1);
        UNIT_STATUS(STATUS_OK, add("x"), &err);
        UNIT_STATUS(STATUS_IO, ledger_sync(ledger, kit.now_ns, &err), NULL);
        err_clear(&err);
        UNIT_STATUS(STATUS_OK, ledger_sync(ledger, kit.now_ns, &err), &err);
    }
    return UNIT_TRUE(there("run/results/00000003.jsonl"));
}

UNIT_TEST(a_walk_since_a_time_begins_in_the_file_that_was_open_then)
{
    struct place place;
    int64_t first;

    UNIT_REQUIRE(three_days());
    first = kit.now_ns - 2 * KIT_DAY_NS;
    UNIT_STATUS(STATUS_OK, ledger_since(&kit.spool, LEDGER_RESULTS, 0, &place, &err), &err);
    UNIT_INT(1, place.segment);
    UNIT_STATUS(STATUS_OK,
                ledger_since(&kit.spool, LEDGER_RESULTS, first + KIT_DAY_NS / 2, &place, &err),
                &err);
    UNIT_INT(1, place.segment);
    UNIT_STATUS(STATUS_OK,
                ledger_since(&kit.spool, LEDGER_RESULTS, first + KIT_DAY_NS + 1, &place, &err),
                &err);
    UNIT_INT(2, place.segment);
    UNIT_STATUS(STATUS_OK,
                ledger_since(&kit.spool, LEDGER_RESULTS, kit.now_ns + KIT_DAY_NS, &place, &err),
                &err);
    UNIT_INT(3, place.segment);
    end();
}

static int64_t pruned(int64_t before_ns, struct place keep_from, bool dry)
{
    struct spool_amount out = {99, 99};

    err_clear(&err);
    UNIT_STATUS(STATUS_OK,
                ledger_prune(&kit.spool, LEDGER_RESULTS, before_ns, keep_from, dry, &out, &err),
                &err);
    UNIT_TRUE((out.files == 0) == (out.bytes == 0));
    return (int64_t)out.files;
}

UNIT_TEST(files_whose_lines_are_all_older_are_pruned_and_the_last_one_never)
{
    int64_t first;

    UNIT_REQUIRE(three_days());
    first = kit.now_ns - 2 * KIT_DAY_NS;
    UNIT_INT(0, pruned(first + KIT_DAY_NS - 1000000, EVERYWHERE, false));
    UNIT_INT(1, pruned(first + KIT_DAY_NS + 1000000, EVERYWHERE, true));
    UNIT_TRUE(there(FIRST));
    UNIT_INT(1, pruned(first + KIT_DAY_NS + 1000000, EVERYWHERE, false));
    UNIT_FALSE(there(FIRST));
    UNIT_INT(1, pruned(kit.now_ns + KIT_DAY_NS, EVERYWHERE, false));
    UNIT_TRUE(there("run/results/00000003.jsonl"));
    end();
}

UNIT_TEST(files_that_somebody_still_reads_are_not_pruned)
{
    UNIT_REQUIRE(three_days());
    UNIT_INT(0, pruned(kit.now_ns + KIT_DAY_NS, NO_PLACE, false));
    UNIT_INT(0, pruned(kit.now_ns + KIT_DAY_NS, (struct place){1, 500}, false));
    UNIT_INT(1, pruned(kit.now_ns + KIT_DAY_NS, (struct place){2, 0}, false));
    UNIT_TRUE(there(SECOND));
    end();
}

UNIT_TEST(a_walk_from_a_file_that_was_pruned_goes_on_in_the_next)
{
    UNIT_REQUIRE(three_days());
    UNIT_INT(0, unlinkat(kit.spool.dir, FIRST, 0));
    UNIT_TEXT("x b x c ", names((struct place){1, 80}, NULL, NULL));
    end();
}

static enum status fail_late(void *context, struct place place, struct str line, struct err *e)
{
    (void)context;
    (void)line;
    return place.segment == 1 ? err_set(e, STATUS_IO, "what went wrong") : STATUS_OK;
}

UNIT_TEST(a_header_that_says_nothing_does_not_cover_up_what_goes_wrong_later)
{
    struct place behind;
    int fd;

    UNIT_REQUIRE(three_days());
    fd = file_open(kit.spool.dir, SECOND, O_WRONLY, 0);
    UNIT_TRUE(fd >= 0 && pwrite(fd, "#", 1, 1) == 1);
    file_close(&fd);
    err_clear(&err);
    UNIT_STATUS(
        STATUS_IO,
        ledger_walk(&kit.spool, LEDGER_RESULTS, NO_PLACE, fail_late, NULL, &behind, NULL, &err),
        NULL);
    UNIT_TEXT("what went wrong", err.text);
    end();
}

UNIT_TEST(where_nobody_can_tell_there_may_be_more_lines)
{
    struct place behind;

    UNIT_REQUIRE(begin());
    UNIT_STATUS(STATUS_OK, add("a"), &err);
    UNIT_TRUE(ledger_grown(&kit.spool, LEDGER_RESULTS, NO_PLACE));
    (void)names(NO_PLACE, &behind, NULL);
    UNIT_TRUE(!ledger_grown(&kit.spool, LEDGER_RESULTS, behind));
    fault_arm(FAULT_FSTATAT, 1, EIO);
    UNIT_TRUE(ledger_grown(&kit.spool, LEDGER_RESULTS, behind));
    UNIT_TRUE(fault_disarm());
    fault_arm(FAULT_OPENAT, 1, EMFILE);
    UNIT_TRUE(ledger_grown(&kit.spool, LEDGER_RESULTS, behind));
    UNIT_TRUE(fault_disarm());
    end();
}
