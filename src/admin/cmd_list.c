/* SPDX-License-Identifier: MIT
 * cmd_list - stenohook list
 */
#include <getopt.h>

#include "admin/command.h"
#include "admin/event_text.h"
#include "admin/filter.h"
#include "admin/select.h"
#include "base/clock.h"
#include "base/num.h"
#include "base/print.h"

const struct options_row cmd_list_options[] = {
    FILTER_ROWS,
    {'n', "last", "N", NULL, "the last N that match"},
    EVENT_FORMAT_ROW("text (default), or json: one object a line, without the body"),
    {0},
};

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

static enum status parse_options(struct listing *l, int argc, char **argv, struct err *err)
{
    int64_t now_ns = clock_wall_ns();
    enum status status;
    int c;

    options_begin();
    while ((c = options_take(cmd_list_options, argc, argv, &status, err)) != -1) {
        if (c == 'n')
            status = parse_last(l, optarg, err);
        else if (c == EVENT_FORMAT_OPTION)
            status = event_format_parse(&l->format, optarg, err);
        else
            (void)filter_take(&l->filter, c, optarg, now_ns, &status, err);
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
