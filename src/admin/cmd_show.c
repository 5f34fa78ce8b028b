/* SPDX-License-Identifier: MIT
 * cmd_show - stenohook show
 */
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "admin/command.h"
#include "admin/event_text.h"
#include "admin/select.h"
#include "base/print.h"
#include "store/segment.h"

enum { OPT_RAW = OPTIONS_LONG };

const struct options_row cmd_show_options[] = {
    {OPT_RAW, "raw", NULL, NULL, "the body exactly as it was received, and nothing else"},
    EVENT_FORMAT_ROW("text (default), or json: the record as it is in the journal"),
    {0},
};

/* More candidates than this are counted, not kept. */
#define SHOW_MATCHES_MAX 50

struct question {
    enum event_format format;
    bool raw;
    struct str wanted;
};

struct match {
    struct place place;
    bool exact;
    char subject[EVENT_ID_MAX + 1];
    char what[128]; /* kind and status */
};

struct matches {
    struct str wanted;
    struct match list[SHOW_MATCHES_MAX];
    uint64_t count;
    uint64_t exact; /* how many subjects are the wanted one, not only begin with it */
};

static enum status collect(void *context, const struct record *record,
                           const struct reader_item *item, struct err *err)
{
    struct matches *m = context;
    struct match *match;

    (void)err;
    if (record->subject.ptr == NULL || record->subject.len < m->wanted.len ||
        !str_eq((struct str){record->subject.ptr, m->wanted.len}, m->wanted))
        return STATUS_OK;
    /* Once the very subject was met, those that only begin with it do not count any more. */
    if (record->subject.len == m->wanted.len) {
        if (m->exact++ == 0)
            m->count = 0;
    } else if (m->exact > 0) {
        return STATUS_OK;
    }
    if (m->count < SHOW_MATCHES_MAX) {
        match = &m->list[m->count];
        match->place = item->place;
        snprintf(match->subject, sizeof match->subject, "%.*s", (int)record->subject.len,
                 record->subject.ptr);
        snprintf(match->what, sizeof match->what, "%.*s %.*s", (int)record->kind.len,
                 record->kind.ptr, (int)record->status.len,
                 record->status.ptr == NULL ? "" : record->status.ptr);
    }
    m->count++;
    return STATUS_OK;
}

static enum status print_record(const struct question *r, struct str line, struct err *err)
{
    struct record record;
    enum status status;
    struct buf out;

    status = record_parse(&record, line, true, err);
    if (status != STATUS_OK)
        return status;
    buf_init(&out, SIZE_MAX / 4);
    if (r->raw) {
        buf_add_str(&out, record.body);
    } else if (r->format == EVENT_FORMAT_JSON) {
        buf_add_str(&out, line);
        buf_add_char(&out, '\n');
    } else {
        event_text_full(&out, &record);
    }
    status = print_buf(&out, "the record", err);
    buf_free(&out);
    record_free(&record);
    return status;
}

static enum status print_place(const struct question *r, const struct spool *spool,
                               struct place place, struct err *err)
{
    enum status status;
    struct buf line;

    buf_init(&line, SEGMENT_LINE_MAX);
    status = reader_get(spool, place, &line, err);
    if (status == STATUS_OK)
        status = print_record(r, buf_str(&line), err);
    buf_free(&line);
    return status;
}

static bool one_subject(const struct matches *m)
{
    for (uint64_t i = 1; i < m->count && i < SHOW_MATCHES_MAX; i++)
        if (!str_is(str_of(m->list[0].subject), m->list[i].subject))
            return false;
    return m->count <= SHOW_MATCHES_MAX || m->exact > 0;
}

static enum status ambiguous(const struct question *r, const struct matches *m, struct err *err)
{
    for (uint64_t i = 0; i < m->count && i < SHOW_MATCHES_MAX; i++)
        print_hint("%u:%" PRIu64 "  %s  %s", (unsigned)m->list[i].place.segment,
                   m->list[i].place.offset, m->list[i].subject, m->list[i].what);
    if (m->count > SHOW_MATCHES_MAX)
        print_hint("and %" PRIu64 " more", m->count - SHOW_MATCHES_MAX);
    return err_set(err, STATUS_MISSING, "'%.*s' is not one event: give the id of one of these",
                   (int)r->wanted.len, r->wanted.ptr);
}

static enum status print_matches(const struct question *r, const struct spool *spool,
                                 const struct matches *m, struct err *err)
{
    enum status status = STATUS_OK;

    if (m->count == 0)
        return err_set(err, STATUS_MISSING,
                       "no event is called '%.*s': 'stenohook list' shows them", (int)r->wanted.len,
                       r->wanted.ptr);
    /* Several events of one transcript are shown one after the other; their bodies would run into
     * one another. */
    if (m->count > SHOW_MATCHES_MAX || !one_subject(m) || (r->raw && m->count > 1))
        return ambiguous(r, m, err);
    for (uint64_t i = 0; status == STATUS_OK && i < m->count; i++) {
        if (i > 0 && r->format == EVENT_FORMAT_TEXT)
            status = print_text("\n", err);
        if (status == STATUS_OK)
            status = print_place(r, spool, m->list[i].place, err);
    }
    return status;
}

static enum status show_subject(const struct question *r, const struct spool *spool,
                                struct err *err)
{
    struct matches *m = calloc(1, sizeof *m);
    static const struct filter all;
    enum status status;
    uint64_t rotten = 0;

    if (m == NULL)
        return err_set(err, STATUS_MEMORY, "no memory for the list of matches");
    m->wanted = r->wanted;
    status = select_walk(spool, &all, (struct place){0, 0}, 0, collect, m, &rotten, err);
    if (status == STATUS_OK && rotten > 0)
        print_warning("the journal is damaged, and events may be missing: run 'stenohook verify'");
    if (status == STATUS_OK)
        status = print_matches(r, spool, m, err);
    free(m);
    return status;
}

static enum status show(const struct question *r, const struct spool *spool, struct err *err)
{
    struct place place;

    if (record_id_parse(r->wanted, &place.segment, &place.offset))
        return print_place(r, spool, place, err);
    return show_subject(r, spool, err);
}

static enum status parse_options(struct question *r, int argc, char **argv, struct err *err)
{
    bool has_format = false;
    enum status status;
    int c;

    options_begin();
    while ((c = options_take(cmd_show_options, argc, argv, &status, err)) != -1) {
        if (c == OPT_RAW) {
            r->raw = true;
        } else if (c == EVENT_FORMAT_OPTION) {
            has_format = true;
            status = event_format_parse(&r->format, optarg, err);
        }
        if (status != STATUS_OK)
            return status;
    }
    if (r->raw && has_format)
        return err_set(err, STATUS_USAGE, "--raw prints the body as it is: take --format away");
    status = options_operands(argc, argv, 1, 1, err);
    if (status != STATUS_OK)
        return status;
    r->wanted = str_of(argv[optind]);
    if (r->wanted.len == 0)
        return err_set(err, STATUS_USAGE, "an empty ID: 'stenohook list' shows them");
    return STATUS_OK;
}

enum status cmd_show(int argc, char **argv, const char *config_path, struct err *err)
{
    struct question question = {.format = EVENT_FORMAT_TEXT};
    struct command_room room;
    enum status status;

    status = parse_options(&question, argc, argv, err);
    if (status != STATUS_OK)
        return status;
    status = command_enter(&room, config_path, err);
    if (status != STATUS_OK)
        return status;
    status = show(&question, &room.spool, err);
    command_leave(&room);
    return status;
}
