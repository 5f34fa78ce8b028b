/* SPDX-License-Identifier: MIT
 * listing - events one a line.
 */
#include "admin/listing.h"

#include "cli/print.h"

/* A record's members besides its body: headers, query and parameters are bounded far below. */
#define LINE_MAX_BYTES ((size_t)16 * 1024 * 1024)

void listing_init(struct listing *l)
{
    *l = (struct listing){.format = EVENT_FORMAT_TEXT, .colours = print_colours()};
    buf_init(&l->line, LINE_MAX_BYTES);
}

void listing_free(struct listing *l)
{
    buf_free(&l->line);
    if (l->view != NULL)
        hookview_close(l->view);
}

enum status listing_view(struct listing *l, const struct session *session, int64_t since_ns,
                         struct err *err)
{
    enum status status =
        hookview_open(&l->view, &session->spool, session->settings->config, since_ns, err);

    l->filter.view = l->view;
    return status;
}

enum status listing_print(void *context, const struct record *record,
                          const struct reader_item *item, struct err *err)
{
    struct listing *l = context;
    struct hook_info hook;
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
    hookview_of(l->view, &whole, &hook);
    if (l->format == EVENT_FORMAT_JSON)
        event_json_line(&l->line, item->line, &whole, &hook, false);
    else
        event_text_line(&l->line, &whole, &hook, l->colours);
    record_free(&whole);
    l->printed++;
    l->latest = item->place;
    return event_format_print(l->format, &l->line, "a line of the list", err);
}

enum status listing_run(struct listing *l, const struct session *session, struct err *err)
{
    int64_t since_ns = filter_since(&l->filter);
    struct place from = {0, 0};
    enum status status = STATUS_OK;
    uint64_t rotten = 0;

    if (l->filter.hooks != 0)
        status = listing_view(l, session, since_ns, err);
    if (status == STATUS_OK && l->last != 0)
        status = select_last(&session->spool, &l->filter, l->last, &from, &since_ns, err);
    /* Known only now, and for few events: the results of a long history are not read. */
    if (status == STATUS_OK && l->view == NULL)
        status = listing_view(l, session, since_ns, err);
    if (status == STATUS_OK)
        status = select_walk(&session->spool, &l->filter, from, 0, listing_print, l, &rotten, err);
    if (status == STATUS_OK && l->printed == 0)
        filter_warn(&l->filter, session->settings->config, session->settings->path);
    if (status == STATUS_OK && rotten > 0)
        status =
            err_set(err, STATUS_CORRUPT,
                    "the journal is damaged, and the list may lack events: run 'stenohook verify'");
    return status;
}
