/* SPDX-License-Identifier: MIT
 * find - the events that a person names.
 */
#include "admin/find.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "admin/select.h"
#include "cli/print.h"
#include "store/journal/segment.h"
#include "store/queue/hookview.h"

struct find_search {
    struct find *finds;
    size_t count;
};

static void add_match(struct find *f, const struct record *record, struct place place, bool named)
{
    struct find_match *m = &f->list[f->count];
    enum event_kind kind;

    if (f->count++ >= FIND_MATCHES_MAX)
        return;
    m->place = place;
    m->received_ns = record->received_ns;
    m->named = hookview_named(record);
    m->may_run = event_kind_parse(record->kind, &kind) && event_kind_runs_hooks(kind);
    snprintf(m->endpoint, sizeof m->endpoint, "%.*s", (int)record->endpoint.len,
             record->endpoint.ptr);
    snprintf(m->subject, sizeof m->subject, "%.*s", named ? (int)record->subject.len : 0,
             record->subject.ptr == NULL ? "" : record->subject.ptr);
    snprintf(m->what, sizeof m->what, "%.*s %.*s", (int)record->kind.len, record->kind.ptr,
             (int)record->status.len, record->status.ptr == NULL ? "" : record->status.ptr);
}

static void compare_subject(struct find *f, const struct record *record, struct place place)
{
    if (record->subject.len < f->wanted.len ||
        !str_eq((struct str){record->subject.ptr, f->wanted.len}, f->wanted))
        return;
    /* Once the very subject was met, those that only begin with it do not count any more. */
    if (record->subject.len == f->wanted.len) {
        if (f->exact++ == 0)
            f->count = 0;
    } else if (f->exact > 0) {
        return;
    }
    add_match(f, record, place, true);
}

/* An id names a place: nothing has to be searched for. */
static bool is_id(const struct find *f, struct place *place)
{
    return record_id_parse(f->wanted, &place->segment, &place->offset);
}

static enum status collect_match(void *context, const struct record *record,
                                 const struct reader_item *item, struct err *err)
{
    const struct find_search *s = context;
    struct place place;

    (void)err;
    if (record->subject.ptr == NULL)
        return STATUS_OK;
    for (size_t i = 0; i < s->count; i++)
        if (!is_id(&s->finds[i], &place))
            compare_subject(&s->finds[i], record, item->place);
    return STATUS_OK;
}

static enum status look_up_id(const struct spool *spool, struct find *f, struct place place,
                              struct err *err)
{
    struct record record;
    enum status status;
    struct buf line;

    buf_init(&line, SEGMENT_LINE_MAX);
    status = reader_get(spool, place, &line, err);
    if (status == STATUS_OK)
        status = record_parse(&record, buf_str(&line), false, err);
    if (status == STATUS_OK) {
        add_match(f, &record, place, false);
        record_free(&record);
    }
    buf_free(&line);
    return status;
}

static bool one_subject(const struct find *f)
{
    for (uint64_t i = 1; i < f->count && i < FIND_MATCHES_MAX; i++)
        if (!str_is(str_of(f->list[0].subject), f->list[i].subject))
            return false;
    return f->count <= FIND_MATCHES_MAX;
}

enum status find_ambiguous(const struct find *f, struct err *err)
{
    for (uint64_t i = 0; i < f->count && i < FIND_MATCHES_MAX; i++)
        print_hint("%u:%" PRIu64 "  %s  %s", (unsigned)f->list[i].place.segment,
                   f->list[i].place.offset, f->list[i].subject, f->list[i].what);
    if (f->count > FIND_MATCHES_MAX)
        print_hint("and %" PRIu64 " more", f->count - FIND_MATCHES_MAX);
    return err_set(err, STATUS_MISSING, "'%.*s' matches %" PRIu64 " events: give one of these ids",
                   (int)f->wanted.len, f->wanted.ptr, f->count);
}

static enum status check_found(const struct find *f, struct err *err)
{
    if (f->count == 0)
        return err_set(err, STATUS_MISSING,
                       "no event has the id '%.*s': 'stenohook list' shows all", (int)f->wanted.len,
                       f->wanted.ptr);
    return one_subject(f) ? STATUS_OK : find_ambiguous(f, err);
}

static enum status search_events(const struct spool *spool, struct find *finds, size_t count,
                                 struct err *err)
{
    struct find_search s = {finds, count};
    static const struct filter all;
    enum status status = STATUS_OK;
    uint64_t rotten = 0;
    bool walk = false;

    for (size_t i = 0; status == STATUS_OK && i < count; i++) {
        struct place place;

        if (is_id(&finds[i], &place))
            status = look_up_id(spool, &finds[i], place, err);
        else
            walk = true;
    }
    if (status == STATUS_OK && walk)
        status = select_walk(spool, &all, (struct place){0, 0}, 0, collect_match, &s, &rotten, err);
    if (status == STATUS_OK && rotten > 0)
        print_warning("the journal is damaged, and events may be missing: run 'stenohook verify'");
    for (size_t i = 0; status == STATUS_OK && i < count; i++)
        status = check_found(&finds[i], err);
    return status;
}

enum status find_events(struct find **out, const struct spool *spool, char *const *names,
                        size_t count, struct err *err)
{
    struct find *finds;
    enum status status;

    if (count > FIND_NAMES_MAX)
        return err_set(err, STATUS_USAGE, "too many IDs (got %zu, at most %d)", count,
                       FIND_NAMES_MAX);
    for (size_t i = 0; i < count; i++)
        if (names[i][0] == '\0')
            return err_set(err, STATUS_USAGE, "empty ID: 'stenohook list' shows all");
    finds = calloc(count, sizeof *finds);
    if (finds == NULL)
        return err_set(err, STATUS_MEMORY, "no memory for the events of %zu IDs", count);
    for (size_t i = 0; i < count; i++)
        finds[i].wanted = str_of(names[i]);
    status = search_events(spool, finds, count, err);
    if (status == STATUS_OK)
        *out = finds;
    else
        free(finds);
    return status;
}
