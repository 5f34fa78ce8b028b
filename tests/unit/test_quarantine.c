/* SPDX-License-Identifier: MIT */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/crc32c.h"
#include "base/file.h"
#include "fault_kit.h"
#include "store/boxes/box.h"
#include "store/boxes/quarantine_counts.h"
#include "store/boxes/quarantine_tidy.h"
#include "unit.h"

#define NOW_S INT64_C(1795420218)
#define DAY_S 86400
#define WIDE ((uint64_t)1 << 30)

static struct spool spool;

static bool make_spool(void)
{
    static char path[128];

    snprintf(path, sizeof path, "%s", unit_folder());
    spool = (struct spool){.path = path, .log = -1, .idx = -1, .refused = -1};
    spool.dir = file_open(AT_FDCWD, path, O_RDONLY | O_DIRECTORY, 0);
    (void)mkdirat(spool.dir, "quarantine", 0700);
    spool.quarantine = file_open(spool.dir, "quarantine", O_RDONLY | O_DIRECTORY, 0);
    return spool.dir >= 0 && spool.quarantine >= 0;
}

static struct box_entry entry_of(const char *endpoint, const char *query)
{
    return (struct box_entry){.reason = STATUS_MALFORMED,
                              .detail = "broken",
                              .endpoint = endpoint,
                              .query = str_of(query),
                              .kept_max = WIDE,
                              .received_ns = NOW_S * NS_PER_S};
}

static enum status put_entry(const struct box_entry *entry, uint64_t bytes_max, const char *body,
                             bool *again)
{
    const struct box_limits limits = {.bytes_max = bytes_max};
    struct box *box;
    struct err err = ERR_INIT;
    enum status status = box_begin(&box, &spool, BOX_QUARANTINED, entry, &limits, &err);

    if (status != STATUS_OK)
        return status;
    status = box_add(box, body, strlen(body), &err);
    UNIT_STATUS(STATUS_OK, status, &err);
    return box_end(box, true, again, &err);
}

static enum status put(const char *endpoint, const char *body, uint64_t bytes_max)
{
    struct box_entry entry = entry_of(endpoint, "");

    return put_entry(&entry, bytes_max, body, NULL);
}

/* A file in the quarantine that came last at that time. */
static void make_entry(const char *name, int64_t at_s)
{
    struct timespec at[2] = {{.tv_sec = (time_t)at_s}, {.tv_sec = (time_t)at_s}};
    int fd = file_open(spool.quarantine, name, O_WRONLY | O_CREAT, 0600);

    UNIT_REQUIRE(fd >= 0);
    UNIT_INT(0, futimens(fd, at));
    file_close(&fd);
}

static void print_name(char out[64], const char *endpoint, unsigned number)
{
    snprintf(out, 64, "%032x%08" PRIx32 ".box", number, quarantine_tag(endpoint));
}

static void make_entries(const char *endpoint, unsigned from, unsigned to, int64_t at_s)
{
    for (unsigned n = from; n < to; n++) {
        char name[64];

        print_name(name, endpoint, n);
        make_entry(name, at_s);
    }
}

static struct quarantine_tally tally_of(const char *endpoint)
{
    struct quarantine_tally row = {.tag = quarantine_tag(endpoint)}, all;

    UNIT_STATUS(STATUS_OK, quarantine_count(&spool, &row, 1, &all, NULL), NULL);
    return row;
}

static uint64_t in_all(void)
{
    struct quarantine_tally all = {.count = 0};

    UNIT_STATUS(STATUS_OK, quarantine_count(&spool, NULL, 0, &all, NULL), NULL);
    return all.count;
}

/* ---- names */

static unsigned names_of(const char *endpoint, bool unproved)
{
    unsigned before = (unsigned)in_all();

    for (unsigned n = 0; n < 3; n++) {
        char query[16];
        struct box_entry entry;

        snprintf(query, sizeof query, "n=%u", n);
        entry = entry_of(endpoint, query);
        entry.query_unproved = unproved;
        UNIT_STATUS(STATUS_OK, put_entry(&entry, WIDE, "{", NULL), NULL);
    }
    return (unsigned)in_all() - before;
}

UNIT_TEST(a_query_that_the_proof_does_not_cover_makes_no_other_entry)
{
    UNIT_REQUIRE(make_spool());
    UNIT_INT(1, names_of("signed", true));
    UNIT_INT(3, names_of("static", false));
}

UNIT_TEST(a_name_is_32_digits_of_a_digest_and_8_of_its_endpoint)
{
    const struct dirent *e;
    char tag[16];
    unsigned found = 0;
    DIR *d;

    UNIT_REQUIRE(make_spool());
    UNIT_STATUS(STATUS_OK, put("calls", "{", WIDE), NULL);
    snprintf(tag, sizeof tag, "%08" PRIx32 ".box", quarantine_tag("calls"));
    d = fdopendir(dup(spool.quarantine));
    while ((e = readdir(d)) != NULL)
        if (str_ends(str_of(e->d_name), ".box")) {
            UNIT_TRUE(str_ends(str_of(e->d_name), tag));
            UNIT_INT(SPOOL_BOX_DIGITS, strspn(e->d_name, "0123456789abcdef"));
            found++;
        }
    closedir(d);
    UNIT_INT(1, found);
    UNIT_TRUE(quarantine_tag("calls") != quarantine_tag("other"));
}

/* ---- quota */

UNIT_TEST(an_endpoint_has_room_for_ten_thousand_entries_and_others_have_theirs)
{
    UNIT_REQUIRE(make_spool());
    make_entries("calls", 0, QUARANTINE_COUNT_MAX - 1, NOW_S);
    UNIT_STATUS(STATUS_OK, put("calls", "{1", WIDE), NULL);
    UNIT_STATUS(STATUS_LIMIT, put("calls", "{2", WIDE), NULL);
    UNIT_STATUS(STATUS_OK, put("other", "{2", WIDE), NULL);
    UNIT_INT(QUARANTINE_COUNT_MAX, tally_of("calls").count);
    UNIT_INT(1, tally_of("other").count);
}

/* Instead of so many files: the count of all in the file, which stands after the magic, the
 * checksum of what follows it, and the number of rows. */
static void say_all(uint64_t all)
{
    unsigned char bytes[1024];
    int fd = file_open(spool.quarantine, SPOOL_BOX_COUNTS, O_RDWR, 0);
    ssize_t len = file_pread(fd, bytes, sizeof bytes, 0);
    uint32_t crc;

    UNIT_REQUIRE(len >= 32);
    memcpy(bytes + 16, &all, sizeof all);
    crc = crc32c(0, bytes + 12, (size_t)len - 12);
    memcpy(bytes + 8, &crc, sizeof crc);
    UNIT_INT(0, file_pwrite(fd, bytes, (size_t)len, 0));
    file_close(&fd);
}

UNIT_TEST(all_endpoints_together_have_room_for_a_hundred_thousand_entries)
{
    UNIT_REQUIRE(make_spool());
    UNIT_STATUS(STATUS_OK, put("calls", "{1", WIDE), NULL);
    say_all(QUARANTINE_ALL_MAX - 1);
    UNIT_STATUS(STATUS_OK, put("calls", "{2", WIDE), NULL);
    UNIT_STATUS(STATUS_LIMIT, put("calls", "{3", WIDE), NULL);
    UNIT_INT(2, in_all());
}

UNIT_TEST(an_endpoint_has_room_for_so_many_bytes)
{
    uint64_t size;

    UNIT_REQUIRE(make_spool());
    UNIT_STATUS(STATUS_OK, put("calls", "{1", WIDE), NULL);
    size = tally_of("calls").bytes;
    UNIT_STATUS(STATUS_LIMIT, put("calls", "{2", 2 * size - 1), NULL);
    UNIT_STATUS(STATUS_OK, put("calls", "{2", 2 * size), NULL);
    UNIT_STATUS(STATUS_LIMIT, put("calls", "{3", 2 * size), NULL);
    UNIT_STATUS(STATUS_LIMIT, put("calls", "{3", size - 1), NULL);
    UNIT_STATUS(STATUS_OK, put("other", "{3", 2 * size), NULL);
    UNIT_INT(2, tally_of("calls").count);
}

UNIT_TEST(a_retry_of_an_entry_of_a_full_quarantine_is_the_same_entry)
{
    struct box_entry entry = entry_of("calls", "");
    uint64_t size;
    bool again = false;

    UNIT_REQUIRE(make_spool());
    UNIT_STATUS(STATUS_OK, put("calls", "{1", WIDE), NULL);
    size = tally_of("calls").bytes;
    UNIT_STATUS(STATUS_LIMIT, put("calls", "{2", size), NULL);
    UNIT_STATUS(STATUS_OK, put_entry(&entry, size, "{1", &again), NULL);
    UNIT_TRUE(again);
    UNIT_INT(1, in_all());
}

UNIT_TEST(entries_of_an_older_version_count_for_the_whole_box_only)
{
    struct quarantine_tally row;

    UNIT_REQUIRE(make_spool());
    make_entry("0123456789abcdef0123456789abcdef01234567.box", NOW_S);
    make_entry("short.box", NOW_S);
    make_entry(".old-short.box", NOW_S);
    UNIT_STATUS(STATUS_OK, put("calls", "{1", WIDE), NULL);
    row = tally_of("calls");
    UNIT_INT(1, row.count);
    UNIT_INT(3, in_all());
}

UNIT_TEST(a_quarantine_of_no_entries_is_empty)
{
    struct quarantine_tally all;

    UNIT_REQUIRE(make_spool());
    UNIT_STATUS(STATUS_OK, quarantine_count(&spool, NULL, 0, &all, NULL), NULL);
    UNIT_INT(0, all.count);
    UNIT_TRUE(all.oldest_ns == INT64_MAX);
}

static void damage(off_t at)
{
    int fd = file_open(spool.quarantine, SPOOL_BOX_COUNTS, O_WRONLY, 0);

    UNIT_INT(0, file_pwrite(fd, "rubbish", 7, at));
    file_close(&fd);
}

UNIT_TEST(damaged_or_missing_counts_are_counted_again)
{
    uint64_t size;

    UNIT_REQUIRE(make_spool());
    UNIT_STATUS(STATUS_OK, put("calls", "{1", WIDE), NULL);
    size = tally_of("calls").bytes;
    for (off_t at = 0; at < 48; at += 4) {
        damage(at);
        UNIT_STATUS(STATUS_LIMIT, put("calls", "{2", 2 * size - 1), NULL);
    }
    UNIT_INT(0, unlinkat(spool.quarantine, SPOOL_BOX_COUNTS, 0));
    UNIT_STATUS(STATUS_LIMIT, put("calls", "{2", 2 * size - 1), NULL);
    UNIT_STATUS(STATUS_OK, put("calls", "{2", 2 * size), NULL);
}

UNIT_TEST(who_holds_the_counts_is_waited_for_until_the_deadline)
{
    const struct quarantine_quota quota = {WIDE, 0};
    char name[64];
    bool charged = true;
    int fd;

    UNIT_REQUIRE(make_spool());
    UNIT_STATUS(STATUS_OK, put("calls", "{1", WIDE), NULL);
    fd = file_open(spool.quarantine, SPOOL_BOX_COUNTS, O_RDWR, 0);
    UNIT_INT(0, file_trylock(fd));
    print_name(name, "calls", 7);
    UNIT_STATUS(STATUS_DEADLINE, quarantine_charge(&spool, name, 1, &quota, &charged, NULL), NULL);
    UNIT_FALSE(charged);
    UNIT_STATUS(STATUS_DEADLINE, put("calls", "{2", WIDE), NULL);
    UNIT_STATUS(STATUS_OK, put("calls", "{1", WIDE), NULL);
    file_close(&fd);
    UNIT_STATUS(STATUS_OK, put("calls", "{2", WIDE), NULL);
    UNIT_INT(2, in_all());
}

UNIT_TEST(room_that_is_given_back_can_be_taken_again)
{
    const struct quarantine_quota quota = {100, 0};
    char name[64];
    bool charged;

    UNIT_REQUIRE(make_spool());
    print_name(name, "calls", 7);
    UNIT_STATUS(STATUS_OK, quarantine_charge(&spool, name, 100, &quota, &charged, NULL), NULL);
    UNIT_TRUE(charged);
    UNIT_STATUS(STATUS_LIMIT, quarantine_charge(&spool, name, 1, &quota, &charged, NULL), NULL);
    quarantine_discharge(&spool, name, 100, &quota);
    quarantine_discharge(&spool, name, 100, &quota);
    UNIT_STATUS(STATUS_OK, quarantine_charge(&spool, name, 100, &quota, &charged, NULL), NULL);
    UNIT_TRUE(charged);
}

UNIT_TEST(more_endpoints_than_are_counted_at_a_time_push_out_those_without_entries)
{
    const struct quarantine_quota quota = {WIDE, 0};
    char name[64], endpoint[16];
    bool charged;

    UNIT_REQUIRE(make_spool());
    make_entries("kept", 0, 1, NOW_S);
    for (unsigned n = 0; n < 2 * QUARANTINE_ROWS; n++) {
        snprintf(endpoint, sizeof endpoint, "e%u", n);
        print_name(name, endpoint, n);
        UNIT_STATUS(STATUS_OK, quarantine_charge(&spool, name, 1, &quota, &charged, NULL), NULL);
        quarantine_discharge(&spool, name, 1, &quota);
    }
    print_name(name, "kept", 7);
    UNIT_STATUS(STATUS_OK, quarantine_charge(&spool, name, 1, &quota, &charged, NULL), NULL);
    UNIT_INT(1, tally_of("kept").count);
}

static enum status put_one(void *context, struct err *err)
{
    (void)err;
    return put("calls", context, WIDE);
}

UNIT_TEST(what_cannot_be_counted_is_not_kept)
{
    char body[] = "{1";

    UNIT_REQUIRE(make_spool());
    fault_each(FAULT_OPENAT, EMFILE, STATUS_IO, put_one, body);
    UNIT_INT(1, in_all());
}

/* ---- sweep */

static void tidy(int64_t now_s)
{
    quarantine_tidy(&spool, 90 * DAY_S, now_s * NS_PER_S);
}

UNIT_TEST(once_a_minute_what_came_last_too_long_ago_goes)
{
    UNIT_REQUIRE(make_spool());
    tidy(NOW_S);
    make_entries("calls", 0, 1, NOW_S + QUARANTINE_SWEEP_S - 90 * DAY_S - 1);
    make_entries("calls", 1, 2, NOW_S + QUARANTINE_SWEEP_S - 90 * DAY_S);
    tidy(NOW_S + QUARANTINE_SWEEP_S - 1);
    UNIT_INT(2, in_all());
    tidy(NOW_S + QUARANTINE_SWEEP_S);
    UNIT_INT(1, in_all());
    UNIT_TRUE(tally_of("calls").oldest_ns == (NOW_S + QUARANTINE_SWEEP_S - 90 * DAY_S) * NS_PER_S);
}

UNIT_TEST(a_clock_that_was_set_back_stops_no_sweep)
{
    UNIT_REQUIRE(make_spool());
    tidy(NOW_S + DAY_S);
    make_entries("calls", 0, 1, NOW_S - 91 * DAY_S);
    tidy(NOW_S);
    UNIT_INT(0, in_all());
}

UNIT_TEST(a_sweep_removes_a_thousand_entries_at_most)
{
    UNIT_REQUIRE(make_spool());
    make_entries("calls", 0, QUARANTINE_EXPIRE_MAX + 1, NOW_S - 91 * DAY_S);
    tidy(NOW_S);
    UNIT_INT(1, in_all());
    tidy(NOW_S + QUARANTINE_SWEEP_S);
    UNIT_INT(0, in_all());
}

UNIT_TEST(a_sweep_sees_the_room_that_a_person_made)
{
    const struct quarantine_quota quota = {WIDE, 0};
    char name[64];
    bool charged;

    UNIT_REQUIRE(make_spool());
    make_entries("calls", 0, QUARANTINE_COUNT_MAX, NOW_S);
    print_name(name, "calls", QUARANTINE_COUNT_MAX);
    UNIT_STATUS(STATUS_LIMIT, quarantine_charge(&spool, name, 1, &quota, &charged, NULL), NULL);
    print_name(name, "calls", 0);
    UNIT_INT(0, unlinkat(spool.quarantine, name, 0));
    UNIT_STATUS(STATUS_LIMIT, quarantine_charge(&spool, name, 1, &quota, &charged, NULL), NULL);
    tidy(NOW_S);
    UNIT_STATUS(STATUS_OK, quarantine_charge(&spool, name, 1, &quota, &charged, NULL), NULL);
}

UNIT_TEST(a_sweep_waits_for_nobody)
{
    int fd;

    UNIT_REQUIRE(make_spool());
    tidy(NOW_S);
    make_entries("calls", 0, 1, NOW_S - 91 * DAY_S);
    fd = file_open(spool.quarantine, SPOOL_BOX_COUNTS, O_RDWR, 0);
    UNIT_INT(0, file_trylock(fd));
    tidy(NOW_S + QUARANTINE_SWEEP_S);
    UNIT_INT(1, in_all());
    file_close(&fd);
    tidy(NOW_S + QUARANTINE_SWEEP_S);
    UNIT_INT(0, in_all());
}

UNIT_TEST(how_full_it_is_follows_from_what_is_nearer_to_its_end)
{
    struct quarantine_tally tally = {.count = QUARANTINE_COUNT_MAX / 2, .bytes = 1000};

    UNIT_INT(50, quarantine_percent(&tally, 10000));
    UNIT_INT(100, quarantine_percent(&tally, 1000));
    UNIT_INT(200, quarantine_percent(&tally, 500));
    tally.count = QUARANTINE_COUNT_MAX;
    UNIT_INT(100, quarantine_percent(&tally, WIDE));
}
