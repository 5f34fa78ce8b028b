/* SPDX-License-Identifier: MIT
 * test_clock - the journal under a wall clock that jumps: ids stay in order, nothing is recorded
 * twice, and a jump costs one segment at most.
 *
 * What jumps do to the queue is in test_queue_faults.c.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "journal_kit.h"
#include "unit.h"

#define HOUR_NS (3600 * NS_PER_S)
#define YEAR_NS (365 * KIT_DAY_NS)
#define EACH 4

static struct kit site;
static int recorded;          /* keys so far: k0, k1, ... */
static unsigned long segment; /* of the last id */
static unsigned long offset;

static int64_t at(const char *iso)
{
    int64_t ns = -1;

    UNIT_TRUE(clock_iso_parse(str_of(iso), &ns));
    return ns;
}

/* Behind the last one, as everybody who goes through the journal by ids relies on. */
static void check_id(void)
{
    unsigned long s = 0;
    unsigned long o = 0;
    char *end;

    s = strtoul(site.id, &end, 10);
    UNIT_INT(':', *end);
    o = strtoul(end + 1, &end, 10);
    UNIT_INT('\0', *end);
    UNIT_TRUE(s > segment || (s == segment && o > offset));
    segment = s;
    offset = o;
}

static void record_some(void)
{
    for (int i = 0; i < EACH; i++) {
        char key[32];

        snprintf(key, sizeof key, "k%d", recorded++);
        UNIT_STATUS(STATUS_OK, kit_append(&site, key), &site.err);
        UNIT_FALSE(site.duplicate);
        check_id();
        site.now_ns += NS_PER_S / 10;
    }
}

/* The sender comes again, whatever the clock says by now. */
static void check_all_once(void)
{
    for (int i = 0; i < recorded; i++) {
        char key[32];

        snprintf(key, sizeof key, "k%d", i);
        UNIT_STATUS(STATUS_OK, kit_append(&site, key), &site.err);
        UNIT_TRUE(site.duplicate);
        UNIT_INT(1, kit_count(&site, key));
    }
}

static bool begin(const char *iso)
{
    recorded = 0;
    segment = offset = 0;
    if (!kit_open(&site))
        return false;
    site.now_ns = at(iso);
    /* The spool itself was made today: that is one jump more, and not the one of the scene. */
    record_some();
    return true;
}

static void jump(int64_t ns)
{
    site.now_ns += ns;
    record_some();
}

UNIT_TEST(an_hour_back_begins_no_segment_even_across_midnight)
{
    int before;

    UNIT_REQUIRE(begin("2027-03-28T12:00:00Z"));
    before = kit_segments(&site);
    jump(-HOUR_NS);
    jump(HOUR_NS);
    UNIT_INT(before, kit_segments(&site));
    site.now_ns = at("2027-03-29T00:10:00Z");
    record_some();
    UNIT_INT(before + 1, kit_segments(&site));
    for (int i = 0; i < 5; i++) {
        jump(-HOUR_NS);
        jump(HOUR_NS);
    }
    UNIT_INT(before + 1, kit_segments(&site));
    check_all_once();
    kit_close(&site);
}

UNIT_TEST(a_year_forward_and_back_costs_a_segment_each)
{
    int before;

    UNIT_REQUIRE(begin("2026-11-26T12:00:00Z"));
    before = kit_segments(&site);
    jump(YEAR_NS);
    record_some();
    UNIT_INT(before + 1, kit_segments(&site));
    jump(-YEAR_NS);
    record_some();
    UNIT_INT(before + 2, kit_segments(&site));
    check_all_once();
    UNIT_INT(before + 2, kit_segments(&site));
    UNIT_REQUIRE(kit_reboot(&site));
    check_all_once();
    record_some();
    UNIT_INT(before + 3, kit_segments(&site)); /* that of the reboot */
    kit_close(&site);
}

UNIT_TEST(days_are_those_of_utc_whatever_the_zone_and_its_summer_time)
{
    static const char *const zones[] = {"Europe/Berlin", "CET-1CEST,M3.5.0,M10.5.0/3",
                                        "EST5EDT,M3.2.0,M11.1.0", "<+14>-14"};
    char zone[64] = "";
    const char *was = getenv("TZ");

    if (was != NULL)
        snprintf(zone, sizeof zone, "%s", was);
    for (size_t i = 0; i < sizeof zones / sizeof *zones; i++) {
        char text[CLOCK_ISO_MAX];
        int before;

        setenv("TZ", zones[i], 1);
        tzset();
        /* Summer time begins at 01:00 UTC in Europe, and midnight of each zone is in this day. */
        UNIT_REQUIRE(begin("2027-03-28T00:00:00Z"));
        before = kit_segments(&site);
        for (int hour = 1; hour < 24; hour++)
            jump(HOUR_NS - EACH * NS_PER_S / 10);
        UNIT_INT(before, kit_segments(&site));
        clock_iso(at("2027-03-28T01:00:00Z"), text);
        UNIT_TEXT("2027-03-28T01:00:00.000Z", text);
        kit_close(&site);
        unit_fresh_folder();
    }
    if (was != NULL)
        setenv("TZ", zone, 1);
    else
        unsetenv("TZ");
    tzset();
}

/* Where 32 bits end: signed seconds, unsigned seconds; and where the nanoseconds of 64 bits nearly
 * do. */
UNIT_TEST(no_year_is_too_late_for_the_journal)
{
    static const char *const ends[] = {"2038-01-19T03:14:07.900Z", "2106-02-07T06:28:15.900Z",
                                       "2200-02-28T23:59:59.900Z"};

    UNIT_REQUIRE(begin("2026-11-26T12:00:00Z"));
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        int before = kit_segments(&site);

        site.now_ns = at(ends[i]);
        record_some();
        jump(NS_PER_S);
        UNIT_INT(before + 1 + (i == 2), kit_segments(&site)); /* the last one passes midnight */
    }
    check_all_once();
    UNIT_REQUIRE(kit_reboot(&site));
    check_all_once();
    kit_close(&site);
}

UNIT_TEST(times_around_the_ends_of_32_bits_are_printed_and_read_back)
{
    static const struct {
        int64_t s;
        const char *text;
    } moments[] = {
        {INT64_C(2147483647), "2038-01-19T03:14:07.999Z"},
        {INT64_C(2147483648), "2038-01-19T03:14:08.999Z"},
        {INT64_C(4294967295), "2106-02-07T06:28:15.999Z"},
        {INT64_C(4294967296), "2106-02-07T06:28:16.999Z"},
        {INT64_C(4107542400), "2100-03-01T00:00:00.999Z"}, /* no leap year */
    };

    for (size_t i = 0; i < sizeof moments / sizeof *moments; i++) {
        int64_t ns = moments[i].s * NS_PER_S + 999 * NS_PER_S / 1000;
        char text[CLOCK_ISO_MAX];

        clock_iso(ns, text);
        UNIT_TEXT(moments[i].text, text);
        UNIT_INT(ns, at(text));
    }
}
