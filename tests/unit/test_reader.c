/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reader_kit.h"
#include "store/journal/segment.h"
#include "unit.h"

#define ONE_SEGMENT ((uint64_t)16 * 1024 * 1024)
#define SMALL 1 /* every record in a segment of its own */

/* t0 and t1 in one segment; *second is t1's place. */
static bool open_two_records(struct reader_kit *kit, struct place *second)
{
    if (!reader_kit_open(kit, ONE_SEGMENT))
        return false;
    reader_kit_add(kit, "t0");
    *second = reader_kit_add(kit, "t1");
    return true;
}

UNIT_TEST(an_empty_spool_has_nothing_to_read)
{
    struct reader_kit kit;

    UNIT_REQUIRE(reader_kit_open(&kit, ONE_SEGMENT));
    UNIT_TEXT("", reader_kit_found(&kit));
    reader_kit_close(&kit);
}

UNIT_TEST(records_come_in_their_order_with_their_places)
{
    struct place places[3];
    struct err err = ERR_INIT;
    struct reader *reader;
    struct reader_kit kit;

    UNIT_REQUIRE(reader_kit_open(&kit, SMALL));
    for (int i = 0; i < 3; i++)
        places[i] = reader_kit_add(&kit, (const char *[]){"t0", "t1", "t2"}[i]);
    UNIT_TEXT("HRHRHR", reader_kit_found(&kit));
    UNIT_STATUS(STATUS_OK, reader_open(&reader, &kit.spool, (struct place){0, 0}, &err), &err);
    for (int i = 0; i < 6; i++) {
        struct reader_item item;
        bool more;

        UNIT_STATUS(STATUS_OK, reader_next(reader, &item, &more, &err), &err);
        UNIT_TRUE(more);
        if (i % 2 == 0)
            continue;
        UNIT_INT(places[i / 2].segment, item.place.segment);
        UNIT_INT(places[i / 2].offset, item.place.offset);
        UNIT_TRUE(record_ok(item.line));
        UNIT_INT(item.line.len + 1, item.len);
    }
    reader_close(reader);
    reader_kit_close(&kit);
}

UNIT_TEST(reading_begins_where_it_is_asked_to)
{
    char found[KIT_FOUND_MAX];
    struct place second, third;
    struct reader_kit kit;

    UNIT_REQUIRE(open_two_records(&kit, &second));
    third = reader_kit_add(&kit, "t2");
    reader_kit_walk(&kit, second, found);
    UNIT_TEXT("RR", found);
    second.offset++; /* in the middle of a line: the next one */
    reader_kit_walk(&kit, second, found);
    UNIT_TEXT("R", found);
    third.segment++;
    reader_kit_walk(&kit, third, found);
    UNIT_TEXT("", found);
    reader_kit_close(&kit);
}

UNIT_TEST(reading_that_begins_behind_a_segment_goes_on_with_the_next)
{
    char found[KIT_FOUND_MAX];
    struct reader_kit kit;

    UNIT_REQUIRE(reader_kit_open(&kit, SMALL));
    reader_kit_add(&kit, "t0");
    reader_kit_add(&kit, "t1");
    reader_kit_walk(&kit, (struct place){1, reader_kit_size(&kit, 1)}, found);
    UNIT_TEXT("HR", found);
    reader_kit_walk(&kit, (struct place){1, reader_kit_size(&kit, 1) + 1000}, found);
    UNIT_TEXT("HR", found);
    reader_kit_close(&kit);
}

UNIT_TEST(a_write_that_was_cut_off_is_torn_wherever_it_stands)
{
    char key[EVENT_KEY_MAX];
    struct record_line line;
    struct place first;
    struct reader_kit kit;
    struct str bytes;

    UNIT_REQUIRE(reader_kit_open(&kit, ONE_SEGMENT));
    first = reader_kit_add(&kit, "t0");
    UNIT_REQUIRE(reader_kit_line(&line, key, "lost", STR("{}")));
    bytes = record_seal(&line, first.segment, reader_kit_size(&kit, first.segment), false);
    UNIT_TRUE(reader_kit_append(&kit, first.segment, bytes.ptr, bytes.len / 2));
    record_line_free(&line);
    UNIT_TEXT("HRt", reader_kit_found(&kit));
    reader_kit_add(&kit, "t1");
    UNIT_TEXT("HRtR", reader_kit_found(&kit));
    reader_kit_close(&kit);
}

UNIT_TEST(a_line_that_lacked_only_its_newline_counts_once_the_next_writer_ended_it)
{
    char key[EVENT_KEY_MAX];
    struct record_line line;
    struct place first;
    struct reader_kit kit;
    struct str bytes;

    UNIT_REQUIRE(reader_kit_open(&kit, ONE_SEGMENT));
    first = reader_kit_add(&kit, "t0");
    UNIT_REQUIRE(reader_kit_line(&line, key, "t1", STR("{}")));
    bytes = record_seal(&line, first.segment, reader_kit_size(&kit, first.segment), false);
    UNIT_TRUE(reader_kit_append(&kit, first.segment, bytes.ptr, bytes.len - 1));
    record_line_free(&line);
    UNIT_TEXT("HRt", reader_kit_found(&kit));
    reader_kit_add(&kit, "t2");
    UNIT_TEXT("HRRR", reader_kit_found(&kit));
    reader_kit_close(&kit);
}

UNIT_TEST(a_whole_line_that_is_not_durable_is_void)
{
    struct err err = ERR_INIT;
    char key[EVENT_KEY_MAX];
    struct record_line line;
    struct place place;
    struct reader_kit kit;
    struct str bytes;
    struct buf out;

    UNIT_REQUIRE(reader_kit_open(&kit, ONE_SEGMENT));
    place = reader_kit_add(&kit, "t0");
    place.offset = reader_kit_size(&kit, place.segment);
    UNIT_REQUIRE(reader_kit_line(&line, key, "t1", STR("{}")));
    bytes = record_seal(&line, place.segment, place.offset, false);
    UNIT_TRUE(reader_kit_append(&kit, place.segment, bytes.ptr, bytes.len));
    record_line_free(&line);
    UNIT_TEXT("HRv", reader_kit_found(&kit));
    buf_init(&out, 4096);
    UNIT_STATUS(STATUS_MISSING, reader_get(&kit.spool, place, &out, &err), &err);
    buf_free(&out);
    reader_kit_close(&kit);
}

UNIT_TEST(bytes_behind_what_counts_are_never_called_damage)
{
    struct place place;
    struct reader_kit kit;

    UNIT_REQUIRE(reader_kit_open(&kit, ONE_SEGMENT));
    place = reader_kit_add(&kit, "t0");
    UNIT_TRUE(reader_kit_append(&kit, place.segment, "\0\0\0\0 rubbish\n{}\n\n", 17));
    UNIT_TEXT("HRttt", reader_kit_found(&kit));
    reader_kit_close(&kit);
}

/* Writes the header of segment 2 by hand. */
static bool second_segment(const struct reader_kit *kit, uint64_t previous_valid)
{
    struct record_header header = {.segment = 2, .previous = 1, .previous_valid = previous_valid};
    char path[512];
    struct buf b;
    FILE *file;
    bool done;

    buf_init(&b, 1024);
    record_header_print(&b, &header);
    snprintf(path, sizeof path, "%s/log/00000002.jsonl", kit->path);
    file = fopen(path, "w");
    done = file != NULL && fwrite(b.ptr, 1, b.len, file) == b.len;
    if (file != NULL)
        fclose(file);
    buf_free(&b);
    return done;
}

UNIT_TEST(the_next_header_says_what_counts_of_a_segment)
{
    struct place second;
    struct reader_kit kit;

    UNIT_REQUIRE(open_two_records(&kit, &second));
    UNIT_REQUIRE(second.segment == 1);
    UNIT_TRUE(second_segment(&kit, second.offset));
    UNIT_TEXT("HRvH", reader_kit_found(&kit));
    reader_kit_close(&kit);
}

UNIT_TEST(a_line_that_ends_behind_what_counts_is_void)
{
    struct place second;
    struct reader_kit kit;

    UNIT_REQUIRE(open_two_records(&kit, &second));
    UNIT_TRUE(second_segment(&kit, second.offset + 20));
    UNIT_TEXT("HRvH", reader_kit_found(&kit));
    UNIT_TRUE(reader_kit_truncate(&kit, 1, second.offset + 30));
    UNIT_TEXT("HRtH", reader_kit_found(&kit));
    UNIT_TRUE(reader_kit_write(&kit, 1, second.offset + 2, "K", 1));
    UNIT_TEXT("HRXH", reader_kit_found(&kit));
    reader_kit_close(&kit);
}

UNIT_TEST(a_line_that_is_damaged_behind_what_counts_is_torn_and_no_damage)
{
    struct place second;
    struct reader_kit kit;

    UNIT_REQUIRE(open_two_records(&kit, &second));
    UNIT_TRUE(second_segment(&kit, second.offset + 20));
    UNIT_TRUE(reader_kit_write(&kit, 1, second.offset + 60, "#", 1));
    UNIT_TEXT("HRtH", reader_kit_found(&kit));
    reader_kit_close(&kit);
}

UNIT_TEST(after_a_reboot_all_whole_lines_of_the_last_segment_count)
{
    struct place last;
    struct reader_kit kit;

    UNIT_REQUIRE(reader_kit_open(&kit, ONE_SEGMENT));
    reader_kit_add(&kit, "t0");
    last = reader_kit_add(&kit, "t1");
    UNIT_TRUE(reader_kit_append(&kit, last.segment, "\0\0\0\0\n{\"key\":\"", 13));
    UNIT_TRUE(reader_kit_reboot(&kit));
    UNIT_TEXT("HRRtt", reader_kit_found(&kit));
    reader_kit_close(&kit);
}

/* Its header was on disk before it had its name. */
UNIT_TEST(after_a_reboot_an_empty_last_segment_is_damage)
{
    struct reader_kit kit;

    UNIT_REQUIRE(reader_kit_open(&kit, SMALL));
    reader_kit_add(&kit, "t0");
    reader_kit_add(&kit, "t1");
    UNIT_TRUE(reader_kit_truncate(&kit, 2, 0));
    UNIT_TRUE(reader_kit_reboot(&kit));
    UNIT_TEXT("HRX", reader_kit_found(&kit));
    reader_kit_close(&kit);
}

UNIT_TEST(bytes_that_are_missing_from_the_end_are_damage)
{
    struct place last;
    struct reader_kit kit;

    UNIT_REQUIRE(reader_kit_open(&kit, ONE_SEGMENT));
    reader_kit_add(&kit, "t0");
    last = reader_kit_add(&kit, "t1");
    UNIT_TRUE(reader_kit_truncate(&kit, last.segment, last.offset + 40));
    UNIT_TEXT("HRtX", reader_kit_found(&kit));
    UNIT_TRUE(reader_kit_truncate(&kit, last.segment, last.offset));
    UNIT_TEXT("HRX", reader_kit_found(&kit));
    UNIT_TRUE(reader_kit_truncate(&kit, last.segment, 0));
    UNIT_TEXT("X", reader_kit_found(&kit));
    reader_kit_close(&kit);
}

UNIT_TEST(segments_may_be_removed_from_the_oldest_on_but_from_nowhere_else)
{
    struct reader_kit kit;

    UNIT_REQUIRE(reader_kit_open(&kit, SMALL));
    for (int i = 0; i < 5; i++)
        reader_kit_add(&kit, (const char *[]){"t0", "t1", "t2", "t3", "t4"}[i]);
    UNIT_TRUE(reader_kit_remove(&kit, 1));
    UNIT_TEXT("HRHRHRHR", reader_kit_found(&kit));
    UNIT_TRUE(reader_kit_remove(&kit, 3));
    UNIT_TEXT("HRXHRHR", reader_kit_found(&kit));
    UNIT_TRUE(reader_kit_remove(&kit, 5));
    UNIT_TEXT("HRXHRX", reader_kit_found(&kit));
    reader_kit_close(&kit);
}

/* The next item is of that segment, and is that. */
static void check_next(struct reader *reader, enum reader_found found, uint32_t segment)
{
    struct err err = ERR_INIT;
    struct reader_item item = {.found = READER_VOID};
    bool more = false;

    UNIT_STATUS(STATUS_OK, reader_next(reader, &item, &more, &err), &err);
    UNIT_TRUE(more);
    UNIT_INT(found, item.found);
    UNIT_INT(segment, item.place.segment);
}

UNIT_TEST(a_segment_that_goes_while_one_reads_was_pruned_only_where_it_is_the_oldest)
{
    struct err err = ERR_INIT;
    struct reader *reader;
    struct reader_kit kit;

    UNIT_REQUIRE(reader_kit_open(&kit, SMALL));
    for (int i = 0; i < 6; i++)
        reader_kit_add(&kit, (const char *[]){"t0", "t1", "t2", "t3", "t4", "t5"}[i]);
    UNIT_STATUS(STATUS_OK, reader_open(&reader, &kit.spool, (struct place){0, 0}, &err), &err);
    check_next(reader, READER_HEADER, 1);
    UNIT_TRUE(reader_kit_remove(&kit, 1));
    UNIT_TRUE(reader_kit_remove(&kit, 2));
    /* What is open is read to its end. */
    check_next(reader, READER_RECORD, 1);
    check_next(reader, READER_HEADER, 3);
    check_next(reader, READER_RECORD, 3);
    UNIT_TRUE(reader_kit_remove(&kit, 4));
    check_next(reader, READER_ROTTEN, 4);
    check_next(reader, READER_HEADER, 5);
    reader_close(reader);
    reader_kit_close(&kit);
}

UNIT_TEST(every_changed_byte_of_a_segment_is_noticed)
{
    struct buf bytes;
    struct reader_kit kit;
    size_t wrong = 0;

    UNIT_REQUIRE(reader_kit_open(&kit, ONE_SEGMENT));
    for (int i = 0; i < 3; i++)
        reader_kit_add(&kit, (const char *[]){"t0", "t1", "t2"}[i]);
    buf_init(&bytes, 65536);
    UNIT_REQUIRE(reader_kit_read(&kit, 1, &bytes));
    for (size_t i = 0; i < bytes.len; i++) {
        static const unsigned char changes[] = {0x01, 0x20, 0x80, 0xff};

        for (size_t k = 0; k <= sizeof changes; k++) {
            /* The last round makes two lines of one, and hides the ends of lines. */
            char changed =
                k < sizeof changes ? (char)((unsigned char)bytes.ptr[i] ^ changes[k]) : '\n';

            if (changed == bytes.ptr[i])
                changed = ' ';
            UNIT_REQUIRE(reader_kit_write(&kit, 1, i, &changed, 1));
            if (strchr(reader_kit_found(&kit), 'X') == NULL)
                wrong++;
        }
        UNIT_REQUIRE(reader_kit_write(&kit, 1, i, bytes.ptr + i, 1));
    }
    UNIT_INT(0, wrong);
    UNIT_TEXT("HRRR", reader_kit_found(&kit));
    buf_free(&bytes);
    reader_kit_close(&kit);
}

UNIT_TEST(a_record_is_found_by_its_place_and_by_no_other)
{
    struct err err = ERR_INIT;
    struct place place;
    struct reader_kit kit;
    struct buf out;

    UNIT_REQUIRE(reader_kit_open(&kit, ONE_SEGMENT));
    reader_kit_add(&kit, "t0");
    place = reader_kit_add(&kit, "t1");
    reader_kit_add(&kit, "t2");
    buf_init(&out, 4096);
    UNIT_STATUS(STATUS_OK, reader_get(&kit.spool, place, &out, &err), &err);
    UNIT_TRUE(record_ok(buf_str(&out)));
    UNIT_STR("calls transcript t1 completed", record_key(buf_str(&out)));
    for (uint64_t offset = 0; offset < reader_kit_size(&kit, 1) + 2; offset++) {
        struct place other = {1, offset};
        struct err ignored = ERR_INIT;
        bool is = false;

        buf_reset(&out, 4096);
        if (reader_get(&kit.spool, other, &out, &ignored) == STATUS_OK)
            is = record_ok(buf_str(&out));
        else
            UNIT_INT(STATUS_MISSING, ignored.status);
        if (offset == place.offset)
            UNIT_TRUE(is);
    }
    UNIT_STATUS(STATUS_MISSING, reader_get(&kit.spool, (struct place){2, place.offset}, &out, NULL),
                NULL);
    UNIT_STATUS(STATUS_MISSING, reader_get(&kit.spool, (struct place){0, 0}, &out, NULL), NULL);
    buf_free(&out);
    reader_kit_close(&kit);
}

UNIT_TEST(a_damaged_record_is_told_as_such_when_asked_for)
{
    struct err err = ERR_INIT;
    struct place place;
    struct reader_kit kit;
    struct buf out;

    UNIT_REQUIRE(reader_kit_open(&kit, ONE_SEGMENT));
    place = reader_kit_add(&kit, "t0");
    UNIT_TRUE(reader_kit_write(&kit, 1, place.offset + 60, "#", 1));
    buf_init(&out, 4096);
    UNIT_STATUS(STATUS_CORRUPT, reader_get(&kit.spool, place, &out, &err), &err);
    UNIT_INT(0, out.len);
    buf_free(&out);
    reader_kit_close(&kit);
}

UNIT_TEST(a_record_of_megabytes_is_read_whole)
{
    size_t len = 3 * 1024 * 1024;
    struct err err = ERR_INIT;
    struct record record;
    struct place place;
    struct reader_kit kit;
    char *body = malloc(len);
    struct buf out;

    UNIT_REQUIRE(body != NULL);
    for (size_t i = 0; i < len; i++)
        body[i] = "\"\\\nabc "[i % 7];
    UNIT_REQUIRE(reader_kit_open(&kit, ONE_SEGMENT));
    reader_kit_add(&kit, "t0");
    place = reader_kit_add_body(&kit, "t1", (struct str){body, len});
    reader_kit_add(&kit, "t2");
    UNIT_TEXT("HRRR", reader_kit_found(&kit));
    buf_init(&out, 16 * 1024 * 1024);
    UNIT_STATUS(STATUS_OK, reader_get(&kit.spool, place, &out, &err), &err);
    UNIT_STATUS(STATUS_OK, record_parse(&record, buf_str(&out), true, &err), &err);
    UNIT_TRUE(str_eq((struct str){body, len}, record.body));
    record_free(&record);
    buf_free(&out);
    free(body);
    reader_kit_close(&kit);
}

UNIT_TEST(segments_are_listed_in_ascending_order)
{
    struct err err = ERR_INIT;
    struct segment_list list;
    struct reader_kit kit;

    UNIT_REQUIRE(reader_kit_open(&kit, SMALL));
    for (int i = 0; i < 3; i++)
        reader_kit_add(&kit, (const char *[]){"t0", "t1", "t2"}[i]);
    UNIT_STATUS(STATUS_OK, segment_list_read(&kit.spool, &list, &err), &err);
    UNIT_INT(3, list.count);
    for (size_t i = 0; i < list.count; i++)
        UNIT_INT(i + 1, list.numbers[i]);
    segment_list_free(&list);
    reader_kit_close(&kit);
}
