/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "base/buf.h"
#include "cgi/wire.h"
#include "unit.h"

enum { BEGIN = 1, ABORT = 2, PARAMS = 4, BODY = 5, VALUES = 9 };

#define ROOM ((size_t)4 << 20)
#define RECORD_MAX ((size_t)65535)

static void add_record(struct buf *b, int type, unsigned id, const void *bytes, size_t len,
                       unsigned padding)
{
    const unsigned char head[8] = {
        1,
        (unsigned char)type,
        (unsigned char)(id >> 8),
        (unsigned char)id,
        (unsigned char)(len >> 8),
        (unsigned char)len,
        (unsigned char)padding,
        0,
    };
    const char zeros[255] = {0};

    buf_add(b, head, sizeof head);
    buf_add(b, bytes, len);
    buf_add(b, zeros, padding);
}

static void add_begin(struct buf *b)
{
    buf_init(b, ROOM);
    add_record(b, BEGIN, 1, "\0\1\0\0\0\0\0\0", 8, 0);
}

static void add_length(struct buf *b, uint32_t n)
{
    const char bytes[4] = {(char)(n >> 24 | 0x80), (char)(n >> 16), (char)(n >> 8), (char)n};

    buf_add(b, bytes, sizeof bytes);
}

/* A stream of parameters in records as large as they can be. */
static void add_params(struct buf *b, const struct buf *pairs)
{
    for (size_t at = 0; at < pairs->len; at += RECORD_MAX) {
        size_t len = pairs->len - at < RECORD_MAX ? pairs->len - at : RECORD_MAX;

        add_record(b, PARAMS, 1, pairs->ptr + at, len, 0);
    }
    add_record(b, PARAMS, 1, "", 0, 0);
}

/* What is to be seen of it, in pieces of that size. */
static size_t take(struct wire *w, const struct buf *b, size_t piece)
{
    size_t seen = 0;

    wire_begin(w);
    for (size_t at = 0; at < b->len && !w->broken; at += piece) {
        size_t len = b->len - at < piece ? b->len - at : piece;

        seen += wire_take(w, (const unsigned char *)b->ptr + at, len);
    }
    return seen;
}

/* Good in any pieces. */
static void passes(struct buf *b, uint64_t body_len)
{
    static const size_t pieces[] = {1, 2, 7, 8, 9, 64, 8192, ROOM};

    for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++) {
        struct wire w;

        UNIT_INT(b->len, take(&w, b, pieces[i]));
        UNIT_FALSE(w.broken);
        UNIT_TRUE(w.ended);
        UNIT_INT(body_len, w.body_len);
    }
    buf_free(b);
}

/* Nothing from `at` on is seen, however it comes. */
static void breaks_at(struct buf *b, size_t at)
{
    static const size_t pieces[] = {1, 3, 8192, ROOM};

    for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++) {
        struct wire w;

        UNIT_INT(at, take(&w, b, pieces[i]));
        UNIT_TRUE(w.broken);
        UNIT_INT(0, wire_take(&w, (const unsigned char *)"x", 1));
    }
    buf_free(b);
}

static void add_end(struct buf *b)
{
    add_record(b, PARAMS, 1, "", 0, 0);
    add_record(b, BODY, 1, "{}", 2, 6);
    add_record(b, BODY, 1, "", 0, 0);
}

UNIT_TEST(a_request_passes_in_any_pieces)
{
    struct buf b;

    add_begin(&b);
    add_record(&b, PARAMS, 1, "\1\1AB\0\0\1\0C", 9, 7);
    add_record(&b, PARAMS, 1, "\2\3abxyz", 7, 1);
    add_end(&b);
    passes(&b, 2);
}

UNIT_TEST(what_follows_the_end_of_the_body_is_not_looked_at)
{
    struct buf b;

    add_begin(&b);
    add_end(&b);
    buf_add(&b, "\377\377\377\377\377\377\377\377\377\377", 10);
    passes(&b, 2);
}

UNIT_TEST(lengths_that_libfcgi_would_not_survive_are_not_seen)
{
    static const uint32_t lengths[][2] = {
        {0x7fffffff, 0x7fffffff}, {0x7fffffff, 0}, {0, 0x7fffffff},
        {0x40000000, 0x3fffffff}, {0x7ffffffe, 1}, {1 << 20, 0},
    };

    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        struct buf b, pairs;
        size_t at;

        add_begin(&b);
        at = b.len + 8 + 7;
        buf_init(&pairs, ROOM);
        add_length(&pairs, lengths[i][0]);
        add_length(&pairs, lengths[i][1]);
        add_params(&b, &pairs);
        buf_free(&pairs);
        breaks_at(&b, at);
    }
}

/* A name and a value that take so much room together. */
static void add_pair(struct buf *pairs, uint64_t room)
{
    uint32_t len = (uint32_t)(room - WIRE_PAIR_COST);

    add_length(pairs, 1);
    add_length(pairs, len - 1);
    memset(buf_room(pairs, len), 'a', len);
    buf_grew(pairs, len);
}

UNIT_TEST(all_parameters_together_have_a_bound)
{
    for (uint64_t more = 0; more < 2; more++) {
        struct buf b, pairs;
        struct wire w;

        add_begin(&b);
        buf_init(&pairs, ROOM);
        add_pair(&pairs, WIRE_PARAMS_MAX / 2);
        add_pair(&pairs, WIRE_PARAMS_MAX / 2 + more);
        add_params(&b, &pairs);
        add_record(&b, BODY, 1, "", 0, 0);
        (void)take(&w, &b, ROOM);
        UNIT_INT(more == 1, w.broken);
        UNIT_INT(more == 0, w.ended);
        buf_free(&pairs);
        buf_free(&b);
    }
}

UNIT_TEST(so_have_parameters_that_are_empty)
{
    size_t most = WIRE_PARAMS_MAX / WIRE_PAIR_COST;

    for (size_t more = 0; more < 2; more++) {
        struct buf b, pairs;
        struct wire w;

        add_begin(&b);
        buf_init(&pairs, ROOM);
        for (size_t i = 0; i < most + more; i++)
            buf_add(&pairs, "\0\0", 2);
        add_params(&b, &pairs);
        add_record(&b, BODY, 1, "", 0, 0);
        (void)take(&w, &b, ROOM);
        UNIT_INT(more == 1, w.broken);
        buf_free(&pairs);
        buf_free(&b);
    }
}

UNIT_TEST(three_values_may_be_asked_for_at_a_time)
{
    struct buf b;

    buf_init(&b, ROOM);
    add_record(&b, VALUES, 0, "\1\0A\1\0B\1\0C", 9, 3);
    add_record(&b, BEGIN, 1, "\0\1\0\0\0\0\0\0", 8, 0);
    add_record(&b, PARAMS, 1, "\1", 1, 0);
    add_record(&b, VALUES, 0, "\1\0A\1\0B\1\0C", 9, 3);
    add_record(&b, PARAMS, 1, "\1AB", 3, 0);
    add_end(&b);
    passes(&b, 2);
    buf_init(&b, ROOM);
    add_record(&b, VALUES, 0, "\1\0A\1\0B\1\0C\1\0D", 12, 0);
    breaks_at(&b, 8 + 9 + 1);
    buf_init(&b, ROOM);
    add_record(&b, VALUES, 0, "\200\0\4\0\0", 5, 0);
    breaks_at(&b, 8 + 4);
}

UNIT_TEST(records_of_other_requests_are_passed_over)
{
    struct buf b;

    add_begin(&b);
    add_record(&b, PARAMS, 2, "\377\377\377\377\377\377\377\377", 8, 3);
    add_record(&b, PARAMS, 1, "\1\1A", 3, 0);
    add_record(&b, BEGIN, 3, "\0\1\0\0\0\0\0\0", 8, 0);
    add_record(&b, ABORT, 258, "\377", 1, 0);
    add_record(&b, PARAMS, 1, "B", 1, 0);
    add_end(&b);
    passes(&b, 2);
}

/* libfcgi compares both bytes of an id. If we did not, one request could hide from us what libfcgi
 * reads, or break off another. */
UNIT_TEST(requests_whose_numbers_differ_in_one_byte_are_others)
{
    static const unsigned others[] = {0x0001, 0x0201, 0x0002, 0x0100, 0x0102};

    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        struct buf b;

        buf_init(&b, ROOM);
        add_record(&b, BEGIN, 0x0101, "\0\1\0\0\0\0\0\0", 8, 0);
        add_record(&b, PARAMS, others[i], "\377\377\377\377\377\377\377\377", 8, 0);
        add_record(&b, PARAMS, 0x0101, "\1\1AB", 4, 0);
        add_record(&b, PARAMS, 0x0101, "", 0, 0);
        add_record(&b, BODY, others[i], "{", 1, 0);
        add_record(&b, BODY, 0x0101, "{}", 2, 0);
        add_record(&b, BODY, 0x0101, "", 0, 0);
        passes(&b, 2);
    }
}

/* Or a length would be taken for a value's bytes. */
UNIT_TEST(what_libfcgi_skips_after_an_empty_record_of_another_request_is_skipped)
{
    struct buf b;
    size_t at;

    add_begin(&b);
    add_record(&b, ABORT, 2, "", 0, 0);
    add_record(&b, PARAMS, 1, "\1\177A", 3, 0);
    at = b.len + 8 + 7;
    add_record(&b, PARAMS, 1, "\377\377\377\377\377\377\377\377", 8, 0);
    breaks_at(&b, at);
    add_begin(&b);
    add_record(&b, ABORT, 2, "", 0, 0);
    add_record(&b, PARAMS, 1, "\377\377\377\377\377\377\377\377", 8, 0);
    add_record(&b, ABORT, 2, "", 0, 0);
    add_end(&b);
    passes(&b, 2);
}

UNIT_TEST(records_at_a_wrong_place_or_of_a_wrong_shape_end_it)
{
    static const struct {
        bool begun;
        const char *head;
    } wrong[] = {
        {false, "\1\4\0\1\0\1\0\0"}, /* parameters first */
        {false, "\2\1\0\1\0\10\0\0"}, {false, "\1\1\0\1\0\7\0\0"},  {false, "\1\1\0\0\0\10\0\0"},
        {false, "\1\1\0\1\0\10\1\0"}, /* padding that libfcgi would take for a record */
        {true, "\1\4\0\1\0\0\1\0"},   {true, "\1\5\0\1\0\1\0\0"},   /* body before parameters */
        {true, "\1\2\0\1\0\0\0\0"},   {true, "\1\143\0\0\0\1\0\0"}, /* content of an unknown kind */
    };

    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct buf b;
        size_t at;

        buf_init(&b, ROOM);
        if (wrong[i].begun)
            add_begin(&b);
        at = b.len + 7;
        buf_add(&b, wrong[i].head, 8);
        buf_add(&b, "\0\0\0\0\0\0\0\0", 8);
        breaks_at(&b, at);
    }
}
