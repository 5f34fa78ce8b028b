/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include <stdio.h>

#include "reader_kit.h"
#include "store/verify.h"

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

static const struct unit_case cases[] = {
    UNIT_CASE(a_sound_journal_is_counted_and_nothing_is_told),
    UNIT_CASE(an_empty_journal_is_sound),
    UNIT_CASE(what_is_torn_and_what_is_rotten_is_told_apart),
    UNIT_CASE(records_of_one_key_are_counted_as_repeated),
    UNIT_END,
};
const struct unit_suite suite_verify = {"verify", cases};
