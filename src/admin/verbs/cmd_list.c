/* SPDX-License-Identifier: MIT
 * cmd_list - stenohook list
 */
#include <getopt.h>

#include "admin/listing.h"
#include "admin/verbs/verbs.h"
#include "base/clock.h"
#include "cli/values.h"

const struct options_row cmd_list_options[] = {
    FILTER_ROWS,
    {'n', "last", "N", NULL, "the last N that match"},
    EVENT_FORMAT_ROW("text (default), or json: one object a line, without the body"),
    {0},
};

static enum status parse_options(struct listing *l, int argc, char **argv, struct err *err)
{
    int64_t now_ns = clock_wall_ns();
    enum status status;
    int c;

    options_begin();
    while ((c = options_take(cmd_list_options, argc, argv, &status, err)) != -1) {
        if (c == 'n')
            status = value_number(&l->last, "-n", optarg, 1, LISTING_LAST_MAX, err);
        else if (c == EVENT_FORMAT_OPTION)
            l->format = event_format_named(optarg);
        else
            (void)filter_take(&l->filter, c, optarg, now_ns, &status, err);
        if (status != STATUS_OK)
            return status;
    }
    return options_operands(argc, argv, 0, 0, err);
}

enum status cmd_list(int argc, char **argv, const char *config_path, struct err *err)
{
    struct session session;
    struct listing listing;
    enum status status;

    listing_init(&listing);
    status = parse_options(&listing, argc, argv, err);
    if (status == STATUS_OK)
        status = session_open(&session, config_path, err);
    if (status == STATUS_OK) {
        status = listing_run(&listing, &session, err);
        session_close(&session);
    }
    listing_free(&listing);
    return status;
}
