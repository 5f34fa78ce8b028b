/* SPDX-License-Identifier: MIT
 * hook_verb - what replay, retry and drop share.
 */
#include "admin/hook_verb.h"

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

struct hook_call {
    const struct hook_verb *verb;
    const struct session *session;
    struct listing listing;
    bool dry_run, yes, all;
    uint64_t *places; /* packed */
    size_t count, room_for;
};

static enum status add_place(struct hook_call *call, struct place place, struct err *err)
{
    if (call->count == call->room_for) {
        size_t larger = call->room_for == 0 ? 1024 : call->room_for * 2;
        uint64_t *moved;

        if (call->count >= HOOK_VERB_MAX)
            return err_set(err, STATUS_USAGE,
                           "more than %d events match: choose fewer with --since and --until",
                           HOOK_VERB_MAX);
        moved = realloc(call->places, larger * sizeof *moved);
        if (moved == NULL)
            return err_set(err, STATUS_MEMORY, "no memory for the places of %zu events", larger);
        call->places = moved;
        call->room_for = larger;
    }
    call->places[call->count++] = place_pack(place);
    return STATUS_OK;
}

/* An event that names no hook can run all the same, if hooks run for its kind and its endpoint has
 * one now. */
static bool may_run(const struct hook_call *call, struct str endpoint, bool kind_runs)
{
    const struct config *config = call->session->settings->config;
    const struct config_endpoint *e = config_endpoint(config, endpoint, true);

    return kind_runs && e != NULL && e->hook != NULL;
}

static bool has_hook(const struct hook_call *call, const struct record *record)
{
    struct hook_info hook;
    enum event_kind kind;
    bool kind_runs = event_kind_parse(record->kind, &kind) && event_kind_runs_hooks(kind);

    hookview_of(call->listing.view, record, &hook);
    return hook.state != HOOK_NONE || may_run(call, record->endpoint, kind_runs);
}

static enum status take_match(void *context, const struct record *record,
                              const struct reader_item *item, struct err *err)
{
    struct hook_call *call = context;
    enum status status;

    if (!has_hook(call, record))
        return STATUS_OK;
    status = add_place(call, item->place, err);
    if (status == STATUS_OK && call->dry_run)
        status = listing_print(&call->listing, record, item, err);
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
static const char *why_none(const struct hook_call *call)
{
    if ((call->verb->states & 1U << HOOK_NONE) != 0)
        return "the endpoint has none, or the event is a trial";
    return "stenohook replay runs the endpoint's hook for events of the past";
}

static enum status explain_states(const struct hook_call *call, const struct tally *t,
                                  struct err *err)
{
    const char *matches = t->all == 1 ? "event matches" : "events match";
    enum status status;
    struct buf states;

    if (t->all == 0)
        return err_set(err, STATUS_MISSING, "no event matches");
    if (t->count[HOOK_NONE] == t->all)
        return err_set(err, STATUS_MISSING, "%zu %s, but without a hook to run: %s", t->all,
                       matches, why_none(call));
    buf_init(&states, 256);
    for (int i = HOOK_NONE; i <= HOOK_DROPPED; i++)
        if (t->count[i] > 0)
            buf_printf(&states, "%s%zu %s", states.len == 0 ? "" : ", ", t->count[i],
                       i == HOOK_NONE ? "without a hook" : event_hook_word((enum hook_state)i));
    status = err_set(err, STATUS_MISSING, "%zu %s, but not by the state of the hook (%s): %s",
                     t->all, matches, states.ptr, call->verb->unfit);
    buf_free(&states);
    return status;
}

/* Looks a second time, whatever the states of the hooks are: only if nothing matched. */
static enum status explain_none(struct hook_call *call, bool by_state, struct err *err)
{
    struct tally t = {.view = call->listing.view};
    struct filter any = call->listing.filter;
    enum status status;
    uint64_t rotten = 0;

    filter_warn(&any, call->session->settings->config, call->session->settings->path);
    if (call->all)
        return err_set(err, STATUS_MISSING, "no event matches: no hook has failed");
    if (by_state)
        return err_set(err, STATUS_MISSING, "no event matches");
    any.hooks = 0;
    status = select_walk(&call->session->spool, &any, (struct place){0, 0}, 0, tally_one, &t,
                         &rotten, err);
    return status == STATUS_OK ? explain_states(call, &t, err) : status;
}

static enum status take_by_filter(struct hook_call *call, struct err *err)
{
    struct filter *filter = &call->listing.filter;
    bool by_state = filter->hooks != 0;
    enum status status;
    uint64_t rotten = 0;

    filter->hooks = filter->hooks == 0 ? call->verb->states : filter->hooks & call->verb->states;
    if (call->all && call->verb->failed_states != 0)
        filter->hooks &= call->verb->failed_states;
    if (filter->hooks == 0)
        return err_set(err, STATUS_USAGE, "--hook: not a state for this verb: %s",
                       call->verb->unfit);
    status = listing_view(&call->listing, call->session, filter_since(filter), err);
    if (status == STATUS_OK)
        status = select_walk(&call->session->spool, filter, (struct place){0, 0}, 0, take_match,
                             call, &rotten, err);
    if (status == STATUS_OK && rotten > 0)
        print_warning("the journal is damaged, and events may be missing: run 'stenohook verify'");
    if (status == STATUS_OK && call->count == 0)
        status = explain_none(call, by_state, err);
    return status;
}

static enum status print_place(struct hook_call *call, struct place place, struct err *err)
{
    struct reader_item item = {.found = READER_RECORD, .place = place};
    enum status status;
    struct buf line;

    buf_init(&line, SIZE_MAX / 4);
    status = reader_get(&call->session->spool, place, &line, err);
    item.line = buf_str(&line);
    if (status == STATUS_OK)
        status = listing_print(&call->listing, NULL, &item, err);
    buf_free(&line);
    return status;
}

static enum status refuse_state(const struct hook_call *call, struct str name,
                                enum hook_state state, struct err *err)
{
    if (state == HOOK_NONE)
        return err_set(err, STATUS_MISSING, "'%.*s' has no hook to run: %s", (int)name.len,
                       name.ptr, why_none(call));
    return err_set(err, STATUS_MISSING, "the hook of '%.*s' is \"%s\": %s", (int)name.len, name.ptr,
                   event_hook_word(state), call->verb->unfit);
}

/* Two names may mean one event, as its id and its subject. */
static bool is_taken(const struct hook_call *call, struct place place)
{
    for (size_t i = 0; i < call->count; i++)
        if (call->places[i] == place_pack(place))
            return true;
    return false;
}

/* Of the events of one name, those that the order is for; none is a fault. */
static enum status take_found(struct hook_call *call, const struct find *found, struct err *err)
{
    size_t fit = 0;
    enum status status = STATUS_OK;
    struct hook_info hook = {.state = HOOK_NONE};

    for (uint64_t i = 0; status == STATUS_OK && i < found->count; i++) {
        const struct find_match *m = &found->list[i];

        hookview_get(call->listing.view, m->place, str_of(m->endpoint), m->named, m->received_ns,
                     &hook);
        if ((call->verb->states & 1U << hook.state) == 0 ||
            (hook.state == HOOK_NONE && !may_run(call, str_of(m->endpoint), m->may_run)))
            continue;
        fit++;
        if (is_taken(call, m->place))
            continue;
        status = add_place(call, m->place, err);
        if (status == STATUS_OK && call->dry_run)
            status = print_place(call, m->place, err);
    }
    if (status == STATUS_OK && fit == 0)
        status = refuse_state(call, found->wanted, hook.state, err);
    return status;
}

static enum status take_by_name(struct hook_call *call, char *const *names, size_t count,
                                struct err *err)
{
    int64_t since_ns = INT64_MAX;
    struct find *found;
    enum status status;

    status = find_events(&found, &call->session->spool, names, count, err);
    if (status != STATUS_OK)
        return status;
    for (size_t i = 0; i < count; i++)
        for (uint64_t k = 0; k < found[i].count; k++)
            if (found[i].list[k].received_ns < since_ns)
                since_ns = found[i].list[k].received_ns;
    status = listing_view(&call->listing, call->session, since_ns, err);
    for (size_t i = 0; status == STATUS_OK && i < count; i++)
        status = take_found(call, &found[i], err);
    free(found);
    return status;
}

static enum status leave_orders(const struct hook_call *call, struct err *err)
{
    int64_t now_ns = clock_wall_ns();
    struct orders *orders;
    enum status status, closed;

    status =
        orders_open(&orders, &call->session->spool, now_ns, clock_mono_ns() + LOCK_WAIT_NS, err);
    if (status != STATUS_OK)
        return status;
    for (size_t i = 0; status == STATUS_OK && i < call->count; i++) {
        struct place place = place_unpack(call->places[i]);
        char id[RECORD_ID_MAX];

        record_id_print(id, place.segment, place.offset);
        status = orders_add(orders, call->verb->kind, str_of(id), now_ns, err);
    }
    closed = orders_close(orders, status == STATUS_OK ? err : NULL);
    return status == STATUS_OK ? closed : status;
}

/* Also if nothing is left to order: the same command may have been killed after its orders and
 * before it woke the runner. Orders stand without a runner, too. */
static void wake_the_runner(const struct hook_call *call, enum status status)
{
    const struct session *session = call->session;
    struct err err = ERR_INIT;

    if (call->dry_run || status == STATUS_USAGE)
        return;
    if (wake_runner(&session->spool, session->settings->config, session->settings->path, &err) !=
            STATUS_OK &&
        status == STATUS_OK)
        print_warning("%s", err.text);
}

static enum status carry_out(struct hook_call *call, struct err *err)
{
    enum status status;

    if (call->dry_run) {
        print_hint("would affect the hook%s of %zu event%s", print_plural(call->count), call->count,
                   print_plural(call->count));
        return STATUS_OK;
    }
    if (call->verb->needs_yes && call->count > 1 && !call->yes)
        return err_set(err, STATUS_USAGE,
                       "%zu events match: add --yes for all of them, or --dry-run to see them",
                       call->count);
    /* Orders from before a resume do not count. */
    status = standing_check(&call->session->spool, NULL, err);
    if (status == STATUS_OK)
        status = leave_orders(call, err);
    if (status != STATUS_OK)
        return status;
    print_hint("the hook%s of %zu event%s %s", print_plural(call->count), call->count,
               print_plural(call->count), call->verb->done);
    return STATUS_OK;
}

static enum status take_option(struct hook_call *call, int c, int64_t now_ns, struct err *err)
{
    enum status status = STATUS_OK;

    switch (c) {
    case HOOK_VERB_DRY_RUN:
        call->dry_run = true;
        break;
    case HOOK_VERB_YES:
        call->yes = true;
        break;
    case HOOK_VERB_ALL:
        call->all = true;
        break;
    case EVENT_FORMAT_OPTION:
        call->listing.format = event_format_named(optarg);
        break;
    default:
        (void)filter_take(&call->listing.filter, c, optarg, now_ns, &status, err);
    }
    return status;
}

static enum status parse_options(struct hook_call *call, int argc, char **argv, struct err *err)
{
    int64_t now_ns = clock_wall_ns();
    enum status status;
    bool chosen;
    int c;

    options_begin();
    while ((c = options_take(call->verb->options, argc, argv, &status, err)) != -1) {
        if (status == STATUS_OK)
            status = take_option(call, c, now_ns, err);
        if (status != STATUS_OK)
            return status;
    }
    chosen = call->all || filter_given(&call->listing.filter);
    if (chosen && optind < argc)
        return err_set(err, STATUS_USAGE, "%s: give either IDs or a filter, not both", argv[0]);
    if (!chosen && optind == argc)
        return options_missing(argv[0], "ID or filter", err);
    return STATUS_OK;
}

enum status hook_verb_run(const struct hook_verb *verb, int argc, char **argv,
                          const char *config_path, struct err *err)
{
    struct hook_call call = {.verb = verb};
    struct session session;
    enum status status;

    listing_init(&call.listing);
    status = parse_options(&call, argc, argv, err);
    if (status == STATUS_OK)
        status = session_open(&session, config_path, err);
    if (status == STATUS_OK) {
        call.session = &session;
        status = optind < argc ? take_by_name(&call, &argv[optind], (size_t)(argc - optind), err)
                               : take_by_filter(&call, err);
        if (status == STATUS_OK)
            status = carry_out(&call, err);
        wake_the_runner(&call, status);
        session_close(&session);
    }
    free(call.places);
    listing_free(&call.listing);
    return status;
}
