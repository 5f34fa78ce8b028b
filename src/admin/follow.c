/* SPDX-License-Identifier: MIT
 * follow - prints what is recorded while we look.
 */
#include "admin/follow.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include "admin/attempt_text.h"
#include "base/clock.h"
#include "cli/print.h"
#include "store/journal/journal.h"
#include "store/queue/ledger.h"

#define INTERVAL_MS 250

static volatile sig_atomic_t told_to_stop;

static void stop(int signum)
{
    (void)signum;
    told_to_stop = 1;
}

/* Without SA_RESTART: a signal ends the wait. A reader that goes away while we write ends us as any
 * filter. */
static void catch_signals(void)
{
    struct sigaction action = {.sa_handler = stop};

    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    signal(SIGPIPE, SIG_DFL);
}

struct follower {
    struct listing *listing;
    const struct session *room;
    struct place at;      /* all before it was looked at */
    struct place durable; /* as it was when we looked last */
    struct place run;     /* the same in the log of results */
    struct buf text;      /* decoded strings of one result */
};

static struct place behind(const struct reader_item *item)
{
    return (struct place){item->place.segment, item->place.offset + item->len};
}

static enum status offer(struct follower *f, const struct reader_item *item, struct err *err)
{
    struct record record;
    enum status status;

    /* The listing may have met what came while it began. */
    if (place_pack(item->place) <= place_pack(f->listing->latest) || item->found != READER_RECORD)
        return STATUS_OK;
    status = record_parse(&record, item->line, false, err);
    if (status != STATUS_OK)
        return err_ignore(err, status, STATUS_CORRUPT);
    if (filter_has(&f->listing->filter, &record))
        status = listing_print(f->listing, &record, item, err);
    record_free(&record);
    return status;
}

/* What lies between `at` and the durable place. A line that is not yet wholly before that is met
 * again next time. */
static enum status look(struct follower *f, struct err *err)
{
    struct reader *reader;
    struct place durable;
    enum status status;

    /* Before anything is recorded after a reboot nothing can have come. */
    if (journal_durable(&f->room->spool, &durable, NULL) != STATUS_OK ||
        place_pack(durable) == place_pack(f->durable))
        return STATUS_OK;
    status = reader_open(&reader, &f->room->spool, f->at, err);
    if (status != STATUS_OK)
        return status;
    while (status == STATUS_OK) {
        struct reader_item item;
        bool more;

        status = reader_next(reader, &item, &more, err);
        if (status != STATUS_OK || !more || place_pack(behind(&item)) > place_pack(durable))
            break;
        f->at = behind(&item);
        status = offer(f, &item, err);
    }
    reader_close(reader);
    f->durable = durable;
    return status;
}

static enum status each_run(void *context, struct place place, struct str line, struct err *err)
{
    struct follower *f = context;
    struct buf *out = &f->listing->line;
    const struct filter_list *endpoints = &f->listing->filter.endpoints;
    struct result result;
    enum status status;

    (void)place;
    buf_reset(&f->text, RESULT_LINE_MAX);
    status = result_parse(&result, &f->text, line, err);
    if (status != STATUS_OK)
        return err_ignore(err, status, STATUS_CORRUPT); /* of a later version */
    if (!filter_list_has(endpoints, result.endpoint))
        return STATUS_OK;
    if (f->listing->format == EVENT_FORMAT_JSON)
        attempt_json_line(out, &result);
    else
        attempt_text_line(out, &result);
    return print_buf(out, "a run of a hook", err);
}

static enum status look_at_runs(struct follower *f, struct err *err)
{
    return ledger_walk(&f->room->spool, LEDGER_RESULTS, f->run, each_run, f, &f->run, NULL, err);
}

static enum status nothing(void *context, struct place place, struct str line, struct err *err)
{
    (void)context;
    (void)place;
    (void)line;
    (void)err;
    return STATUS_OK;
}

/* Where both logs end now; what is there already is the listing's. */
static enum status begin(struct follower *f, bool runs, struct err *err)
{
    enum status status = STATUS_OK;
    struct place end;

    if (journal_durable(&f->room->spool, &end, NULL) == STATUS_OK)
        f->at = f->durable = end;
    if (runs)
        status = ledger_since(&f->room->spool, LEDGER_RESULTS, INT64_MAX, &f->run, err);
    if (status == STATUS_OK && runs)
        status =
            ledger_walk(&f->room->spool, LEDGER_RESULTS, f->run, nothing, NULL, &f->run, NULL, err);
    return status;
}

/* false: nobody reads our output any more. */
static bool wait_a_little(void)
{
    struct pollfd out = {.fd = STDOUT_FILENO, .events = 0};

    return poll(&out, 1, INTERVAL_MS) <= 0 || (out.revents & (POLLERR | POLLHUP | POLLNVAL)) == 0;
}

/* Nothing that comes from now on can match. */
static bool over(const struct follower *f)
{
    const struct filter *filter = &f->listing->filter;

    return filter->has_until && clock_wall_ns() >= filter->until_ns;
}

static enum status go_on(struct follower *f, bool runs, struct err *err)
{
    enum status status = print_end(err);
    bool last = false;

    /* What came before the end may be recorded a moment after it: one more look. */
    while (status == STATUS_OK && !told_to_stop && !last && wait_a_little()) {
        last = over(f);
        status = look(f, err);
        if (status == STATUS_OK && runs)
            status = look_at_runs(f, err);
        if (status == STATUS_OK)
            status = print_end(err);
    }
    return status;
}

enum status follow(struct listing *listing, const struct session *room, bool runs, struct err *err)
{
    struct follower f = {.listing = listing, .room = room};
    enum status status;

    buf_init(&f.text, 4 * RESULT_LINE_MAX);
    catch_signals();
    status = begin(&f, runs, err);
    if (status == STATUS_OK)
        status = listing_run(listing, room, err);
    listing->last = 0;
    if (f.at.segment == 0)
        f.at = listing->latest;
    if (status == STATUS_OK)
        status = go_on(&f, runs, err);
    buf_free(&f.text);
    return status;
}
