/* SPDX-License-Identifier: MIT
 * order - what replay, retry and drop have in common.
 */
#include "admin/order.h"

#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>

#include "admin/find.h"
#include "admin/listing.h"
#include "base/clock.h"
#include "cli/print.h"
#include "store/queue/standing.h"
#include "store/queue/wake.h"

#define LOCK_WAIT_NS (10 * NS_PER_S)

struct job {
    const struct order *order;
    const struct session *room;
    struct listing listing;
    bool dry_run, yes, all;
    uint64_t *places; /* packed */
    size_t count, room_for;
};

static enum status keep(struct job *job, struct place place, struct err *err)
{
    if (job->count == job->room_for) {
        size_t larger = job->room_for == 0 ? 1024 : job->room_for * 2;
        uint64_t *moved;

        if (job->count >= ORDER_MAX)
            return err_set(err, STATUS_USAGE,
                           "more than %d events match: choose fewer with --since and --until",
                           ORDER_MAX);
        moved = realloc(job->places, larger * sizeof *moved);
        if (moved == NULL)
            return err_set(err, STATUS_MEMORY, "no memory for the places of %zu events", larger);
        job->places = moved;
        job->room_for = larger;
    }
    job->places[job->count++] = place_pack(place);
    return STATUS_OK;
}

/* An event that names no hook can run all the same, if hooks run for its kind and its endpoint has
 * one now. */
static bool may_run(const struct job *job, struct str endpoint, bool kind_runs)
{
    const struct config *config = job->room->settings->config;
    const struct config_endpoint *e = config_endpoint(config, endpoint, true);

    return kind_runs && e != NULL && e->hook != NULL;
}

static bool fits(const struct job *job, const struct record *record)
{
    struct hook_info hook;
    enum event_kind kind;
    bool kind_runs = event_kind_parse(record->kind, &kind) && event_kind_runs_hooks(kind);

    hookview_of(job->listing.view, record, &hook);
    return hook.state != HOOK_NONE || may_run(job, record->endpoint, kind_runs);
}

static enum status each(void *context, const struct record *record, const struct reader_item *item,
                        struct err *err)
{
    struct job *job = context;
    enum status status;

    if (!fits(job, record))
        return STATUS_OK;
    status = keep(job, item->place, err);
    if (status == STATUS_OK && job->dry_run)
        status = listing_print(&job->listing, record, item, err);
    return status;
}

/* ---- why no event was left */

struct tally {
    const struct hookview *view;
    size_t count[HOOK_DROPPED + 1], all;
};

static enum status tally_one(void *context, const struct record *record,
                             const struct reader_item *item, struct err *err)
{
    struct tally *t = context;
    struct hook_info hook;

    (void)item;
    (void)err;
    hookview_of(t->view, record, &hook);
    t->count[hook.state]++;
    t->all++;
    return STATUS_OK;
}

/* Why hooks in the state "none" cannot be meant. */
static const char *why_none(const struct job *job)
{
    if ((job->order->states & 1U << HOOK_NONE) != 0)
        return "the endpoint has none, or the event is a trial";
    return "stenohook replay runs the endpoint's hook for events of the past";
}

static enum status explain(const struct job *job, const struct tally *t, struct err *err)
{
    const char *matches = t->all == 1 ? "event matches" : "events match";
    enum status status;
    struct buf states;

    if (t->all == 0)
        return err_set(err, STATUS_MISSING, "no event matches");
    if (t->count[HOOK_NONE] == t->all)
        return err_set(err, STATUS_MISSING, "%zu %s, but without a hook to run: %s", t->all,
                       matches, why_none(job));
    buf_init(&states, 256);
    for (int i = HOOK_NONE; i <= HOOK_DROPPED; i++)
        if (t->count[i] > 0)
            buf_printf(&states, "%s%zu %s", states.len == 0 ? "" : ", ", t->count[i],
                       i == HOOK_NONE ? "without a hook" : event_hook_word((enum hook_state)i));
    status = err_set(err, STATUS_MISSING, "%zu %s, but not by the state of the hook (%s): %s",
                     t->all, matches, states.ptr, job->order->unfit);
    buf_free(&states);
    return status;
}

/* Looks a second time, whatever the states of the hooks are: only who meets nothing pays for it. */
static enum status none_left(struct job *job, bool by_state, struct err *err)
{
    struct tally t = {.view = job->listing.view};
    struct filter any = job->listing.filter;
    enum status status;
    uint64_t rotten = 0;

    filter_warn(&any, job->room->settings->config, job->room->settings->path);
    if (job->all)
        return err_set(err, STATUS_MISSING, "no event matches: no hook has failed");
    if (by_state)
        return err_set(err, STATUS_MISSING, "no event matches");
    any.hooks = 0;
    status =
        select_walk(&job->room->spool, &any, (struct place){0, 0}, 0, tally_one, &t, &rotten, err);
    return status == STATUS_OK ? explain(job, &t, err) : status;
}

static enum status by_filter(struct job *job, struct err *err)
{
    struct filter *filter = &job->listing.filter;
    bool by_state = filter->hooks != 0;
    enum status status;
    uint64_t rotten = 0;

    filter->hooks = filter->hooks == 0 ? job->order->states : filter->hooks & job->order->states;
    if (job->all && job->order->failed_states != 0)
        filter->hooks &= job->order->failed_states;
    if (filter->hooks == 0)
        return err_set(err, STATUS_USAGE, "--hook: no event in such a state is possible: %s",
                       job->order->unfit);
    status = listing_view(&job->listing, job->room, filter_since(filter), err);
    if (status == STATUS_OK)
        status = select_walk(&job->room->spool, filter, (struct place){0, 0}, 0, each, job, &rotten,
                             err);
    if (status == STATUS_OK && rotten > 0)
        print_warning("the journal is damaged, and events may be missing: run 'stenohook verify'");
    if (status == STATUS_OK && job->count == 0)
        status = none_left(job, by_state, err);
    return status;
}

static enum status print_place(struct job *job, struct place place, struct err *err)
{
    struct reader_item item = {.found = READER_RECORD, .place = place};
    enum status status;
    struct buf line;

    buf_init(&line, SIZE_MAX / 4);
    status = reader_get(&job->room->spool, place, &line, err);
    item.line = buf_str(&line);
    if (status == STATUS_OK)
        status = listing_print(&job->listing, NULL, &item, err);
    buf_free(&line);
    return status;
}

static enum status unfit(const struct job *job, struct str name, enum hook_state state,
                         struct err *err)
{
    if (state == HOOK_NONE)
        return err_set(err, STATUS_MISSING, "'%.*s' has no hook to run: %s", (int)name.len,
                       name.ptr, why_none(job));
    return err_set(err, STATUS_MISSING, "the hook of '%.*s' is \"%s\": %s", (int)name.len, name.ptr,
                   event_hook_word(state), job->order->unfit);
}

/* Of the events of one name, those that the order is for; none is a fault. */
static enum status take_found(struct job *job, const struct find *found, struct err *err)
{
    size_t before = job->count;
    enum status status = STATUS_OK;
    struct hook_info hook = {.state = HOOK_NONE};

    for (uint64_t i = 0; status == STATUS_OK && i < found->count; i++) {
        const struct find_match *m = &found->list[i];

        hookview_get(job->listing.view, m->place, str_of(m->endpoint), m->named, m->received_ns,
                     &hook);
        if ((job->order->states & 1U << hook.state) == 0 ||
            (hook.state == HOOK_NONE && !may_run(job, str_of(m->endpoint), m->may_run)))
            continue;
        status = keep(job, m->place, err);
        if (status == STATUS_OK && job->dry_run)
            status = print_place(job, m->place, err);
    }
    if (status == STATUS_OK && job->count == before)
        status = unfit(job, found->wanted, hook.state, err);
    return status;
}

static enum status by_name(struct job *job, char *const *names, size_t count, struct err *err)
{
    int64_t since_ns = INT64_MAX;
    struct find *found;
    enum status status;

    status = find_events(&found, &job->room->spool, names, count, err);
    if (status != STATUS_OK)
        return status;
    for (size_t i = 0; i < count; i++)
        for (uint64_t k = 0; k < found[i].count; k++)
            if (found[i].list[k].received_ns < since_ns)
                since_ns = found[i].list[k].received_ns;
    status = listing_view(&job->listing, job->room, since_ns, err);
    for (size_t i = 0; status == STATUS_OK && i < count; i++)
        status = take_found(job, &found[i], err);
    free(found);
    return status;
}

static enum status leave_orders(const struct job *job, struct err *err)
{
    int64_t now_ns = clock_wall_ns();
    struct orders *orders;
    enum status status, closed;

    status = orders_open(&orders, &job->room->spool, now_ns, clock_mono_ns() + LOCK_WAIT_NS, err);
    if (status != STATUS_OK)
        return status;
    for (size_t i = 0; status == STATUS_OK && i < job->count; i++) {
        struct place place = place_unpack(job->places[i]);
        char id[RECORD_ID_MAX];

        record_id_print(id, place.segment, place.offset);
        status = orders_add(orders, job->order->kind, str_of(id), now_ns, err);
    }
    closed = orders_close(orders, status == STATUS_OK ? err : NULL);
    return status == STATUS_OK ? closed : status;
}

/* Also if nothing was left to be ordered: the same command may have been killed before it could
 * wake the runner, and what it had ordered is what waits now. An order stands whether there is a
 * runner or not. */
static void wake(const struct job *job, enum status status)
{
    const struct session *room = job->room;
    struct err err = ERR_INIT;

    if (job->dry_run || status == STATUS_USAGE)
        return;
    if (wake_runner(&room->spool, room->settings->config, room->settings->path, &err) !=
            STATUS_OK &&
        status == STATUS_OK)
        print_warning("%s", err.text);
}

static enum status carry_out(struct job *job, struct err *err)
{
    enum status status;

    if (job->dry_run) {
        print_hint("would affect the hook%s of %zu event%s", print_plural(job->count), job->count,
                   print_plural(job->count));
        return STATUS_OK;
    }
    if (job->order->needs_yes && job->count > 1 && !job->yes)
        return err_set(err, STATUS_USAGE,
                       "%zu events match: add --yes to mean all of them, or --dry-run to see them",
                       job->count);
    /* Orders from before a resume do not count. */
    status = standing_check(&job->room->spool, NULL, err);
    if (status == STATUS_OK)
        status = leave_orders(job, err);
    if (status != STATUS_OK)
        return status;
    print_hint("the hook%s of %zu event%s %s", print_plural(job->count), job->count,
               print_plural(job->count), job->order->done);
    return STATUS_OK;
}

static enum status take_option(struct job *job, int c, int64_t now_ns, struct err *err)
{
    enum status status = STATUS_OK;

    switch (c) {
    case ORDER_DRY_RUN:
        job->dry_run = true;
        break;
    case ORDER_YES:
        job->yes = true;
        break;
    case ORDER_ALL:
        job->all = true;
        break;
    case EVENT_FORMAT_OPTION:
        status = event_format_parse(&job->listing.format, optarg, err);
        break;
    default:
        (void)filter_take(&job->listing.filter, c, optarg, now_ns, &status, err);
    }
    return status;
}

static enum status parse_options(struct job *job, int argc, char **argv, struct err *err)
{
    int64_t now_ns = clock_wall_ns();
    enum status status;
    bool chosen;
    int c;

    options_begin();
    while ((c = options_take(job->order->options, argc, argv, &status, err)) != -1) {
        if (status == STATUS_OK)
            status = take_option(job, c, now_ns, err);
        if (status != STATUS_OK)
            return status;
    }
    chosen = job->all || filter_given(&job->listing.filter);
    if (chosen && optind < argc)
        return err_set(err, STATUS_USAGE, "%s: give either IDs or options that choose, not both",
                       argv[0]);
    if (!chosen && optind == argc)
        return options_missing(argv[0], "ID, or an option that chooses", err);
    return STATUS_OK;
}

enum status order_run(const struct order *order, int argc, char **argv, const char *config_path,
                      struct err *err)
{
    struct job job = {.order = order};
    struct session room;
    enum status status;

    listing_init(&job.listing);
    status = parse_options(&job, argc, argv, err);
    if (status == STATUS_OK)
        status = session_open(&room, config_path, err);
    if (status == STATUS_OK) {
        job.room = &room;
        status = optind < argc ? by_name(&job, &argv[optind], (size_t)(argc - optind), err)
                               : by_filter(&job, err);
        if (status == STATUS_OK)
            status = carry_out(&job, err);
        wake(&job, status);
        session_close(&room);
    }
    free(job.places);
    listing_free(&job.listing);
    return status;
}
