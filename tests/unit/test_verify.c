/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "reader_kit.h"
#include "store/journal/verify.h"
#include "unit.h"

struct told {
    unsigned torn, voided, rotten, progress, other;
};

static void tell(void *context, const struct reader_item *item, const struct verify_report *so_far)
{
    struct told *t = context;

    (void)so_far;
    if (item == NULL)
        t->progress++;
    else if (item->found == READER_TORN)
        t->torn++;
    else if (item->found == READER_VOID)
        t->voided++;
    else if (item->found == READER_ROTTEN)
        t->rotten++;
    else
        t->other++;
}

UNIT_TEST(a_sound_journal_is_counted_and_nothing_is_told)
{
    struct err err = ERR_INIT;
    struct verify_report report;
    struct told told = {0};
    struct reader_kit kit;

    UNIT_REQUIRE(reader_kit_open(&kit, 1));
    for (int i = 0; i < 3; i++)
        reader_kit_add(&kit, (const char *[]){"t0", "t1", "t2"}[i]);
    UNIT_STATUS(STATUS_OK, verify_run(&kit.spool, &report, tell, &told, &err), &err);
    UNIT_INT(3, report.segments);
    UNIT_INT(3, report.records);
    UNIT_INT(reader_kit_size(&kit, 1) + reader_kit_size(&kit, 2) + reader_kit_size(&kit, 3),
             report.bytes);
    UNIT_INT(0, report.torn + report.voided + report.rotten + report.repeated);
    UNIT_TRUE(report.all_compared);
    UNIT_INT(0, told.torn + told.voided + told.rotten + told.progress + told.other);
    reader_kit_close(&kit);
}

UNIT_TEST(an_empty_journal_is_sound)
{
    struct err err = ERR_INIT;
    struct verify_report report;
    struct reader_kit kit;

    UNIT_REQUIRE(reader_kit_open(&kit, 1));
    UNIT_STATUS(STATUS_OK, verify_run(&kit.spool, &report, NULL, NULL, &err), &err);
    UNIT_INT(0, report.segments + report.records + report.bytes);
    reader_kit_close(&kit);
}

UNIT_TEST(what_is_torn_and_what_is_rotten_is_told_apart)
{
    struct err err = ERR_INIT;
    struct verify_report report;
    struct told told = {0};
    struct place place;
    struct reader_kit kit;

    UNIT_REQUIRE(reader_kit_open(&kit, 1024 * 1024));
    place = reader_kit_add(&kit, "t0");
    UNIT_TRUE(reader_kit_append(&kit, 1, "{\"key\":\"calls tr", 16));
    reader_kit_add(&kit, "t1");
    UNIT_STATUS(STATUS_OK, verify_run(&kit.spool, &report, tell, &told, &err), &err);
    UNIT_INT(1, report.torn);
    UNIT_INT(0, report.rotten);
    UNIT_TRUE(reader_kit_write(&kit, 1, place.offset + 100, "\x01", 1));
    UNIT_STATUS(STATUS_OK, verify_run(&kit.spool, &report, tell, &told, &err), &err);
    UNIT_INT(1, report.rotten);
    UNIT_INT(1, report.records);
    UNIT_INT(2, told.torn);
    UNIT_INT(1, told.rotten);
    reader_kit_close(&kit);
}

/* Appends by hand what the index would have refused, and lets it count as after a reboot. */
UNIT_TEST(records_of_one_key_are_counted_as_repeated)
{
    struct err err = ERR_INIT;
    struct verify_report report;
    struct record_line line;
    char key[EVENT_KEY_MAX];
    struct reader_kit kit;
    struct str bytes;

    UNIT_REQUIRE(reader_kit_open(&kit, 1024 * 1024));
    reader_kit_add(&kit, "t0");
    reader_kit_add(&kit, "t1");
    UNIT_REQUIRE(reader_kit_line(&line, key, "t0", STR("{}")));
    bytes = record_seal(&line, 1, reader_kit_size(&kit, 1), false);
    UNIT_TRUE(reader_kit_append(&kit, 1, bytes.ptr, bytes.len));
    record_line_free(&line);
    UNIT_TRUE(reader_kit_reboot(&kit));
    UNIT_STATUS(STATUS_OK, verify_run(&kit.spool, &report, NULL, NULL, &err), &err);
    UNIT_INT(3, report.records);
    UNIT_INT(1, report.repeated);
    reader_kit_close(&kit);
}

#define MANY 3000

/* Adds records to the first segment by hand: the first `most` of them, each with a key of its own.
 */
static bool add_many(const struct reader_kit *kit, unsigned most)
{
    uint64_t at = reader_kit_size(kit, 1);
    struct buf bytes;
    bool ok = true;

    buf_init(&bytes, (size_t)16 * 1024 * 1024);
    for (unsigned i = 0; i < most && ok; i++) {
        char key[EVENT_KEY_MAX], transcript[16];
        struct record_line line;

        snprintf(transcript, sizeof transcript, "many-%u", i);
        ok = reader_kit_line(&line, key, transcript, STR("{}"));
        if (ok) {
            buf_add_str(&bytes, record_seal(&line, 1, at + bytes.len, false));
            record_line_free(&line);
        }
    }
    ok = ok && reader_kit_append(kit, 1, bytes.ptr, bytes.len);
    buf_free(&bytes);
    return ok;
}

UNIT_TEST(a_repeated_key_is_found_among_thousands)
{
    struct err err = ERR_INIT;
    struct verify_report report;
    struct reader_kit kit;

    UNIT_REQUIRE(reader_kit_open(&kit, 1024 * 1024));
    reader_kit_add(&kit, "t0");
    UNIT_REQUIRE(add_many(&kit, MANY) && add_many(&kit, 2));
    UNIT_TRUE(reader_kit_reboot(&kit));
    UNIT_STATUS(STATUS_OK, verify_run(&kit.spool, &report, NULL, NULL, &err), &err);
    UNIT_INT(MANY + 3, report.records);
    UNIT_INT(2, report.repeated);
    UNIT_TRUE(report.all_compared);
    reader_kit_close(&kit);
}

UNIT_TEST(progress_is_told_behind_so_many_bytes_and_not_before)
{
    struct err err = ERR_INIT;
    struct verify_report report;
    struct told told = {0};
    struct reader_kit kit;
    uint64_t before;

    UNIT_REQUIRE(reader_kit_open(&kit, 1024 * 1024));
    reader_kit_add(&kit, "t0");
    before = reader_kit_size(&kit, 1);
    /* A hole, whose one line ends so. */
    UNIT_TRUE(reader_kit_write(&kit, 1, VERIFY_PROGRESS - 2, "\n", 1));
    UNIT_TRUE(reader_kit_reboot(&kit));
    UNIT_STATUS(STATUS_OK, verify_run(&kit.spool, &report, tell, &told, &err), &err);
    UNIT_INT(VERIFY_PROGRESS - 1, report.bytes);
    UNIT_INT(0, told.progress);
    UNIT_TRUE(reader_kit_truncate(&kit, 1, before));
    UNIT_TRUE(reader_kit_write(&kit, 1, VERIFY_PROGRESS - 1, "\n", 1));
    UNIT_STATUS(STATUS_OK, verify_run(&kit.spool, &report, tell, &told, &err), &err);
    UNIT_INT(VERIFY_PROGRESS, report.bytes);
    UNIT_INT(1, told.progress);
    reader_kit_close(&kit);
}
