/* SPDX-License-Identifier: MIT
 * cmd_tail - stenohook tail
 */
#include <getopt.h>

#include "admin/follow.h"
#include "admin/listing.h"
#include "admin/verbs/verbs.h"
#include "base/clock.h"
#include "cli/values.h"

#define TAIL_LAST 10

enum { OPT_RUNS = OPTIONS_LONG };

const struct options_row cmd_tail_options[] = {
    {'f', "follow", NULL, NULL, "go on and print events as they are recorded, until --until"},
    {OPT_RUNS, "runs", NULL, NULL, "with -f: print also how each attempt of a hook ended"},
    {'n', "last", "N", NULL, "begin with the last N that match (default: 10)"},
    FILTER_ROWS,
    EVENT_FORMAT_ROW("text (default), or json: one object a line, without the body"),
    {0},
};

struct tail {
    struct listing listing;
    bool follow, runs;
};

static enum status check_options(const struct tail *t, int64_t now_ns, struct err *err)
{
    const struct filter *filter = &t->listing.filter;

    if (t->runs && !t->follow)
        return err_set(err, STATUS_USAGE,
                       "--runs needs -f: 'stenohook show' prints the attempts of one event");
    if (t->follow && filter->hooks != 0)
        return err_set(err, STATUS_USAGE,
                       "--hook cannot be followed, since the hook of a new event has only begun: "
                       "remove -f");
    if (t->follow && filter->has_until && filter->until_ns <= now_ns)
        return err_set(err, STATUS_USAGE,
                       "--until is in the past, so no new event can match: remove -f");
    return STATUS_OK;
}

static enum status parse_options(struct tail *t, int argc, char **argv, struct err *err)
{
    int64_t now_ns = clock_wall_ns();
    enum status status;
    int c;

    options_begin();
    while ((c = options_take(cmd_tail_options, argc, argv, &status, err)) != -1) {
        if (c == 'f')
            t->follow = true;
        else if (c == OPT_RUNS)
            t->runs = true;
        else if (c == 'n')
            status = value_number(&t->listing.last, "-n", optarg, 1, LISTING_LAST_MAX, err);
        else if (c == EVENT_FORMAT_OPTION)
            t->listing.format = event_format_named(optarg);
        else
            (void)filter_take(&t->listing.filter, c, optarg, now_ns, &status, err);
        if (status != STATUS_OK)
            return status;
    }
    status = check_options(t, now_ns, err);
    if (status != STATUS_OK)
        return status;
    return options_operands(argc, argv, 0, 0, err);
}

enum status cmd_tail(int argc, char **argv, const char *config_path, struct err *err)
{
    struct tail tail = {.follow = false};
    struct session session;
    enum status status;

    listing_init(&tail.listing);
    tail.listing.last = TAIL_LAST;
    status = parse_options(&tail, argc, argv, err);
    if (status == STATUS_OK)
        status = session_open(&session, config_path, err);
    if (status == STATUS_OK) {
        status = tail.follow ? follow(&tail.listing, &session, tail.runs, err)
                             : listing_run(&tail.listing, &session, err);
        session_close(&session);
    }
    listing_free(&tail.listing);
    return status;
}
