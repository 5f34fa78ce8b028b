/* SPDX-License-Identifier: MIT
 * follow - see admin/follow.h.
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

static volatile sig_atomic_t stop_requested;

static void request_stop(int signum)
{
    (void)signum;
    stop_requested = 1;
}

/* Without SA_RESTART: a signal ends the wait. A reader that goes away while we write ends us as any
 * filter. */
static void catch_signals(void)
{
    struct sigaction action = {.sa_handler = request_stop};

    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    signal(SIGPIPE, SIG_DFL);
}

struct follower {
    struct listing *listing;
    const struct session *session;
    struct place at;      /* all before it was looked at */
    struct place durable; /* as it was when we looked last */
    struct place run;     /* the same in the log of results */
    struct buf text;      /* decoded strings of one result */
};

static struct place end_of(const struct reader_item *item)
{
    return (struct place){item->place.segment, item->place.offset + item->len};
}

static enum status offer_event(struct follower *f, const struct reader_item *item, struct err *err)
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
static enum status print_new(struct follower *f, struct err *err)
{
    struct reader *reader;
    struct place durable;
    enum status status;

    /* Before anything is recorded after a reboot nothing can have come. */
    if (journal_durable(&f->session->spool, &durable, NULL) != STATUS_OK ||
        place_pack(durable) == place_pack(f->durable))
        return STATUS_OK;
    status = reader_open(&reader, &f->session->spool, f->at, err);
    if (status != STATUS_OK)
        return status;
    while (status == STATUS_OK) {
        struct reader_item item;
        bool more;

        status = reader_next(reader, &item, &more, err);
        if (status != STATUS_OK || !more || place_pack(end_of(&item)) > place_pack(durable))
            break;
        f->at = end_of(&item);
        status = offer_event(f, &item, err);
    }
    reader_close(reader);
    f->durable = durable;
    return status;
}

static enum status print_attempt(void *context, struct place place, struct str line,
                                 struct err *err)
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
    return event_format_print(f->listing->format, out, "a run of a hook", err);
}

static enum status print_attempts(struct follower *f, struct err *err)
{
    return ledger_walk(&f->session->spool, LEDGER_RESULTS, f->run, print_attempt, f, &f->run, NULL,
                       err);
}

static enum status ignore_line(void *context, struct place place, struct str line, struct err *err)
{
    (void)context;
    (void)place;
    (void)line;
    (void)err;
    return STATUS_OK;
}

/* Where both logs end now; what is there already is the listing's. */
static enum status find_ends(struct follower *f, bool runs, struct err *err)
{
    enum status status = STATUS_OK;
    struct place end;

    if (journal_durable(&f->session->spool, &end, NULL) == STATUS_OK)
        f->at = f->durable = end;
    if (runs)
        status = ledger_since(&f->session->spool, LEDGER_RESULTS, INT64_MAX, &f->run, err);
    if (status == STATUS_OK && runs)
        status = ledger_walk(&f->session->spool, LEDGER_RESULTS, f->run, ignore_line, NULL, &f->run,
                             NULL, err);
    return status;
}

/* false: our output has no reader any more. */
static bool wait_a_little(void)
{
    struct pollfd out = {.fd = STDOUT_FILENO, .events = 0};

    return poll(&out, 1, INTERVAL_MS) <= 0 || (out.revents & (POLLERR | POLLHUP | POLLNVAL)) == 0;
}

/* Nothing that comes from now on can match. */
static bool is_over(const struct follower *f)
{
    const struct filter *filter = &f->listing->filter;

    return filter->has_until && clock_wall_ns() >= filter->until_ns;
}

static enum status follow_on(struct follower *f, bool runs, struct err *err)
{
    enum status status = print_end(err);
    bool last = false;

    /* What came before the end may be recorded a moment after it: one more look. */
    while (status == STATUS_OK && !stop_requested && !last && wait_a_little()) {
        last = is_over(f);
        status = print_new(f, err);
        if (status == STATUS_OK && runs)
            status = print_attempts(f, err);
        if (status == STATUS_OK)
            status = print_end(err);
    }
    return status;
}

enum status follow(struct listing *listing, const struct session *session, bool runs,
                   struct err *err)
{
    struct follower f = {.listing = listing, .session = session};
    enum status status;

    buf_init(&f.text, 4 * RESULT_LINE_MAX);
    catch_signals();
    status = find_ends(&f, runs, err);
    if (status == STATUS_OK)
        status = listing_run(listing, session, err);
    listing->last = 0;
    if (f.at.segment == 0)
        f.at = listing->latest;
    if (status == STATUS_OK)
        status = follow_on(&f, runs, err);
    buf_free(&f.text);
    return status;
}
