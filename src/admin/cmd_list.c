/* SPDX-License-Identifier: MIT
 * cmd_list - stenohook list
 */
#include <getopt.h>

#include "admin/command.h"
#include "admin/event_text.h"
#include "admin/filter.h"
#include "base/print.h"
#include "admin/select.h"
#include "base/clock.h"
#include "base/num.h"

#define LIST_LAST_MAX 10000000
/* A record's members besides its body: headers, query and parameters are bounded far below. */
#define LIST_LINE_MAX ((size_t)16 * 1024 * 1024)

struct listing {
    struct filter filter;
    enum event_format format;
    uint64_t last; /* 0: all */
    uint64_t printed;
    struct buf line;
};

static enum status parse_last(struct listing *l, const char *text, struct err *err)
{
    if (!num_u64(str_of(text), &l->last) || l->last == 0 || l->last > LIST_LAST_MAX)
        return err_set(err, STATUS_USAGE, "-n '%s' is no number from 1 to %d", text, LIST_LAST_MAX);
    return STATUS_OK;
}

static enum status parse_option(struct listing *l, int c, int64_t now_ns, struct err *err)
{
    switch (c) {
    case 's':
        l->filter.has_since = true;
        return filter_time(&l->filter.since_ns, "--since", optarg, now_ns, err);
    case 'u':
        l->filter.has_until = true;
        return filter_time(&l->filter.until_ns, "--until", optarg, now_ns, err);
    case 'k':
        return filter_add_kinds(&l->filter.kinds, optarg, err);
    case 'S':
        return filter_add(&l->filter.statuses, "--status", optarg, err);
    case 'e':
        return filter_add(&l->filter.endpoints, "--endpoint", optarg, err);
    case 'f':
        return event_format_parse(&l->format, optarg, err);
    default:
        return parse_last(l, optarg, err);
    }
}

static enum status parse_options(struct listing *l, int argc, char **argv, struct err *err)
{
    static const struct option table[] = {
        {"since", required_argument, NULL, 's'},    {"until", required_argument, NULL, 'u'},
        {"kind", required_argument, NULL, 'k'},     {"status", required_argument, NULL, 'S'},
        {"endpoint", required_argument, NULL, 'e'}, {"last", required_argument, NULL, 'n'},
        {"format", required_argument, NULL, 'f'},   {NULL, 0, NULL, 0},
    };
    int64_t now_ns = clock_wall_ns();
    enum status status;
    int c;

    options_begin();
    while ((c = options_next(argc, argv, ":n:", table, &status, err)) != -1) {
        if (c != '?')
            status = parse_option(l, c, now_ns, err);
        if (status != STATUS_OK)
            return status;
    }
    return options_operands(argc, argv, 0, 0, err);
}

static enum status print_one(void *context, const struct record *record,
                             const struct reader_item *item, struct err *err)
{
    struct listing *l = context;
    struct record whole;
    enum status status;

    (void)record;
    /* Records that came in since the beginning was looked for are not among the last that were
     * asked for. */
    if (l->last != 0 && l->printed == l->last)
        return STATUS_OK;
    status = record_parse(&whole, item->line, true, err);
    if (status != STATUS_OK)
        return status;
    if (l->format == EVENT_FORMAT_JSON)
        event_json_line(&l->line, item->line, &whole);
    else
        event_text_line(&l->line, &whole);
    record_free(&whole);
    l->printed++;
    return print_buf(&l->line, "a line of the list", err);
}

static enum status list(struct listing *l, const struct spool *spool, struct err *err)
{
    struct place from = {0, 0};
    enum status status = STATUS_OK;
    uint64_t rotten = 0;

    if (l->last != 0)
        status = select_last(spool, &l->filter, l->last, &from, err);
    if (status == STATUS_OK)
        status = select_walk(spool, &l->filter, from, 0, print_one, l, &rotten, err);
    if (status == STATUS_OK && rotten > 0)
        status =
            err_set(err, STATUS_CORRUPT,
                    "the journal is damaged, and the list may lack events: run 'stenohook verify'");
    return status;
}

enum status cmd_list(int argc, char **argv, const char *config_path, struct err *err)
{
    struct listing listing = {.format = EVENT_FORMAT_TEXT};
    struct command_room room;
    enum status status;

    status = parse_options(&listing, argc, argv, err);
    if (status != STATUS_OK)
        return status;
    status = command_enter(&room, config_path, err);
    if (status != STATUS_OK)
        return status;
    buf_init(&listing.line, LIST_LINE_MAX);
    status = list(&listing, &room.spool, err);
    buf_free(&listing.line);
    command_leave(&room);
    return status;
}
