/* SPDX-License-Identifier: MIT
 * stats_text - the numbers of a spool in words.
 */
#include "admin/stats_text.h"

#include <inttypes.h>

#include "base/clock.h"
#include "base/text.h"
#include "cli/print.h"

#define MIB (1024 * 1024)

static uint64_t age_s(const struct stats *s, const struct stats_endpoint *e)
{
    if (e->oldest_ns == 0 || e->oldest_ns > s->now_ns)
        return 0;
    return (uint64_t)((s->now_ns - e->oldest_ns) / NS_PER_S);
}

struct part {
    const char *name;
    const struct spool_amount *part;
};

enum { PARTS = 6 };

static void name_parts(const struct census *c, struct part out[PARTS])
{
    const struct part parts[PARTS] = {
        {"journal", &c->journal},   {"index", &c->index},           {"results", &c->results},
        {"commands", &c->commands}, {"quarantine", &c->quarantine}, {"refused", &c->refused},
    };

    for (int i = 0; i < PARTS; i++)
        out[i] = parts[i];
}

/* ---- for a person */

static void text_endpoint(struct buf *out, const struct stats *s, const struct stats_endpoint *e)
{
    const struct hook_stats *h = &e->hook;
    char ago[PRINT_DURATION_MAX];
    char at[CLOCK_ISO_MAX];

    buf_printf(out, "%-14s %s%s: now %" PRIu64 " event%s waiting, %" PRIu64 " of them begun\n",
               "hook", h->endpoint, h->has_hook ? "" : " (has no hook now)", e->waiting,
               print_plural(e->waiting), h->retries);
    if (e->oldest_ns != 0) {
        clock_iso(e->oldest_ns, at);
        print_duration(ago, age_s(s, e));
        buf_printf(out, "%-14s   the oldest that waits was received %s, %s ago\n", "", at, ago);
    }
    buf_printf(out,
               "%-14s   since the beginning %" PRIu64 " done, %" PRIu64 " given up, %" PRIu64
               " dropped; %" PRIu64 " attempt%s failed, %" PRIu64 " lost\n",
               "", h->done, h->dead, h->dropped, h->failed, print_plural(h->failed), h->lost);
    if (h->suspended) {
        clock_iso(h->probe_ns, at);
        buf_printf(out, "%-14s   suspended, tried again %s: ", "", at);
        text_log(out, str_of(h->why), out->max);
        buf_add_char(out, '\n');
    }
}

static void text_limit(struct buf *out, uint64_t max)
{
    if (max > 0)
        buf_printf(out, " of %" PRIu64, max);
}

static void text_budget(struct buf *out, const struct stats_budget *b)
{
    buf_printf(out, "%-14s %s: today %" PRIu64, "budget", b->endpoint->name, b->used.events);
    text_limit(out, b->endpoint->daily_events_max);
    buf_printf(out, " events, %" PRIu64, b->used.bytes);
    text_limit(out, b->endpoint->daily_bytes_max);
    buf_printf(out, " bytes; %" PRIu64 " request%s refused\n", b->used.refused,
               print_plural(b->used.refused));
}

static void text_quarantine(struct buf *out, const struct quarantine_state *q)
{
    char age[PRINT_DURATION_MAX];

    if (q->tally.count == 0)
        return;
    print_duration(age, q->oldest_s);
    buf_printf(out,
               "%-14s %s: %" PRIu64 " entr%s, %" PRIu64 " byte%s, %u percent of its room, the "
               "oldest came last %s ago\n",
               "quarantine", q->endpoint->name, q->tally.count, q->tally.count == 1 ? "y" : "ies",
               q->tally.bytes, print_plural(q->tally.bytes), q->percent, age);
}

void stats_text(struct buf *out, const struct stats *s)
{
    struct part parts[PARTS];

    name_parts(&s->census, parts);
    for (int i = 0; i < PARTS; i++)
        buf_printf(out, "%-14s %" PRIu64 " file%s, %" PRIu64 " byte%s\n", parts[i].name,
                   parts[i].part->files, print_plural(parts[i].part->files), parts[i].part->bytes,
                   print_plural(parts[i].part->bytes));
    for (size_t i = 0; i < s->quarantine.count; i++)
        text_quarantine(out, &s->quarantine.endpoints[i]);
    buf_printf(out, "%-14s %" PRIu64 " MiB", "free", s->census.space.bytes / MIB);
    if (s->census.space.inodes_all > 0)
        buf_printf(out, ", %" PRIu64 " inodes", s->census.space.inodes);
    buf_add_char(out, '\n');
    buf_printf(out, "%-14s %s", "runner", s->runner ? "at work" : "not running");
    if (s->runner_why != NULL) {
        buf_add_text(out, ", and cannot be started: ");
        text_log(out, str_of(s->runner_why), out->max);
    }
    buf_add_char(out, '\n');
    buf_printf(out, "%-14s %" PRIu64 "\n", "dead letters", s->dead_letters);
    if (s->orders > 0)
        buf_printf(out, "%-14s %" PRIu64 " of replay, retry or drop not carried out yet\n",
                   "orders", s->orders);
    for (size_t i = 0; i < s->budget_count; i++)
        text_budget(out, &s->budgets[i]);
    for (size_t i = 0; i < s->count; i++)
        text_endpoint(out, s, &s->endpoints[i]);
}

/* ---- for a program */

static void json_endpoint(struct buf *out, const struct stats *s, const struct stats_endpoint *e)
{
    const struct hook_stats *h = &e->hook;
    char at[CLOCK_ISO_MAX];

    buf_add_text(out, "{\"endpoint\":");
    text_json_lossy(out, str_of(h->endpoint));
    buf_printf(out,
               ",\"has_hook\":%s,\"waiting\":%" PRIu64 ",\"begun\":%" PRIu64
               ",\"oldest_seconds\":%" PRIu64 ",\"done\":%" PRIu64 ",\"failed\":%" PRIu64
               ",\"given_up\":%" PRIu64 ",\"dropped\":%" PRIu64 ",\"lost\":%" PRIu64
               ",\"suspended\":%s",
               h->has_hook ? "true" : "false", e->waiting, h->retries, age_s(s, e), h->done,
               h->failed, h->dead, h->dropped, h->lost, h->suspended ? "true" : "false");
    if (h->suspended) {
        clock_iso(h->probe_ns, at);
        buf_printf(out, ",\"probe_at\":\"%s\",\"why\":", at);
        text_json_lossy(out, str_of(h->why));
    }
    buf_add_char(out, '}');
}

static void json_budget(struct buf *out, const struct stats_budget *b)
{
    buf_printf(out,
               "{\"endpoint\":\"%s\",\"events\":%" PRIu64 ",\"events_max\":%" PRIu64
               ",\"bytes\":%" PRIu64 ",\"bytes_max\":%" PRIu64 ",\"refused\":%" PRIu64 "}",
               b->endpoint->name, b->used.events, b->endpoint->daily_events_max, b->used.bytes,
               b->endpoint->daily_bytes_max, b->used.refused);
}

static void json_quarantines(struct buf *out, const struct quarantine_view *view)
{
    buf_add_text(out, ",\"quarantines\":[");
    for (size_t i = 0; i < view->count; i++) {
        const struct quarantine_state *q = &view->endpoints[i];

        buf_add_text(out, i > 0 ? ",{\"endpoint\":" : "{\"endpoint\":");
        text_json_lossy(out, str_of(q->endpoint->name));
        buf_printf(out,
                   ",\"files\":%" PRIu64 ",\"bytes\":%" PRIu64
                   ",\"percent\":%u,\"oldest_seconds\":%" PRIu64 "}",
                   q->tally.count, q->tally.bytes, q->percent, q->oldest_s);
    }
    buf_add_char(out, ']');
}

void stats_json(struct buf *out, const struct stats *s)
{
    struct part parts[PARTS];
    char at[CLOCK_ISO_MAX];

    clock_iso(s->now_ns, at);
    buf_printf(out, "{\"at\":\"%s\"", at);
    name_parts(&s->census, parts);
    for (int i = 0; i < PARTS; i++)
        buf_printf(out, ",\"%s\":{\"files\":%" PRIu64 ",\"bytes\":%" PRIu64 "}", parts[i].name,
                   parts[i].part->files, parts[i].part->bytes);
    buf_printf(out,
               ",\"free_bytes\":%" PRIu64 ",\"runner\":%s,\"dead_letters\":%" PRIu64
               ",\"orders\":%" PRIu64,
               s->census.space.bytes, s->runner ? "true" : "false", s->dead_letters, s->orders);
    if (s->census.space.inodes_all > 0)
        buf_printf(out, ",\"free_inodes\":%" PRIu64, s->census.space.inodes);
    json_quarantines(out, &s->quarantine);
    if (s->runner_why != NULL) {
        buf_add_text(out, ",\"runner_problem\":");
        text_json_lossy(out, str_of(s->runner_why));
    }
    buf_add_text(out, ",\"budgets\":[");
    for (size_t i = 0; i < s->budget_count; i++) {
        if (i > 0)
            buf_add_char(out, ',');
        json_budget(out, &s->budgets[i]);
    }
    buf_add_text(out, "],\"endpoints\":[");
    for (size_t i = 0; i < s->count; i++) {
        if (i > 0)
            buf_add_char(out, ',');
        json_endpoint(out, s, &s->endpoints[i]);
    }
    buf_add_text(out, "]}\n");
}

/* ---- for Prometheus */

static void add_head(struct buf *out, const char *name, const char *type, const char *help)
{
    buf_printf(out, "# HELP stenohook_%s %s\n# TYPE stenohook_%s %s\n", name, help, name, type);
}

/* Of a label's value: backslash, quote and line break are escaped. */
static void add_label(struct buf *out, const char *value)
{
    buf_add_char(out, '"');
    for (; *value != '\0'; value++) {
        if (*value == '\n') {
            buf_add_text(out, "\\n");
            continue;
        }
        if (*value == '\\' || *value == '"')
            buf_add_char(out, '\\');
        buf_add_char(out, *value);
    }
    buf_add_char(out, '"');
}

static void add_single(struct buf *out, const char *name, const char *help, uint64_t value)
{
    add_head(out, name, "gauge", help);
    buf_printf(out, "stenohook_%s %" PRIu64 "\n", name, value);
}

enum number { WAITING, BEGUN, OLDEST, SUSPENDED, DONE, FAILED, GIVEN_UP, DROPPED, LOST };

static uint64_t number_of(const struct stats *s, const struct stats_endpoint *e, enum number which)
{
    const uint64_t numbers[] = {
        [WAITING] = e->waiting,          [BEGUN] = e->hook.retries,   [OLDEST] = age_s(s, e),
        [SUSPENDED] = e->hook.suspended, [DONE] = e->hook.done,       [FAILED] = e->hook.failed,
        [GIVEN_UP] = e->hook.dead,       [DROPPED] = e->hook.dropped, [LOST] = e->hook.lost,
    };

    return numbers[which];
}

static const struct family {
    const char *name, *type, *help;
} families[] = {
    [WAITING] = {"hook_waiting_events", "gauge",
                 "Events whose hook has still to run, or runs, or runs again."},
    [BEGUN] = {"hook_begun_events", "gauge",
               "Of the waiting ones, those that were begun at least once or asked for again."},
    [OLDEST] = {"hook_oldest_waiting_seconds", "gauge",
                "Age of the oldest waiting event, 0 for none."},
    [SUSPENDED] = {"hook_suspended", "gauge", "1 while the hook cannot be executed and rests."},
    [DONE] = {"hook_done_total", "counter", "Events whose hook was done."},
    [FAILED] = {"hook_failed_total", "counter", "Attempts of the hook that failed."},
    [GIVEN_UP] = {"hook_given_up_total", "counter", "Events that became dead letters."},
    [DROPPED] = {"hook_dropped_total", "counter", "Events that were dropped by an operator."},
    [LOST] = {"hook_lost_total", "counter", "Attempts of the hook whose end is unknown."},
};

static void add_parts(struct buf *out, const struct census *census)
{
    struct part parts[PARTS];

    name_parts(census, parts);
    add_head(out, "spool_files", "gauge", "Files of each part of the spool; entries of its boxes.");
    for (int i = 0; i < PARTS; i++)
        buf_printf(out, "stenohook_spool_files{part=\"%s\"} %" PRIu64 "\n", parts[i].name,
                   parts[i].part->files);
    add_head(out, "spool_bytes", "gauge", "Bytes of each part of the spool.");
    for (int i = 0; i < PARTS; i++)
        buf_printf(out, "stenohook_spool_bytes{part=\"%s\"} %" PRIu64 "\n", parts[i].name,
                   parts[i].part->bytes);
}

static void add_budget(struct buf *out, const struct stats *s, const char *name, const char *help,
                       int which)
{
    add_head(out, name, "gauge", help);
    for (size_t i = 0; i < s->budget_count; i++) {
        const struct stats_budget *b = &s->budgets[i];
        const uint64_t numbers[] = {b->used.events, b->used.bytes, b->used.refused};

        buf_printf(out, "stenohook_%s{endpoint=\"%s\"} %" PRIu64 "\n", name, b->endpoint->name,
                   numbers[which]);
    }
}

static void add_budgets(struct buf *out, const struct stats *s)
{
    if (s->budget_count == 0)
        return;
    add_budget(out, s, "budget_events", "Events of today of an endpoint without any proof.", 0);
    add_budget(out, s, "budget_bytes", "Their bytes in the journal.", 1);
    add_budget(out, s, "budget_refused", "Requests of today beyond the daily budget.", 2);
}

static void add_quarantine(struct buf *out, const struct quarantine_view *view, const char *name,
                           const char *help, bool age)
{
    add_head(out, name, "gauge", help);
    for (size_t i = 0; i < view->count; i++) {
        buf_printf(out, "stenohook_%s{endpoint=", name);
        add_label(out, view->endpoints[i].endpoint->name);
        buf_printf(out, "} %" PRIu64 "\n",
                   age ? view->endpoints[i].oldest_s : view->endpoints[i].percent);
    }
}

void stats_prometheus(struct buf *out, const struct stats *s)
{
    add_parts(out, &s->census);
    add_single(out, "spool_free_bytes", "Bytes free on the file system of the spool.",
               s->census.space.bytes);
    if (s->census.space.inodes_all > 0)
        add_single(out, "spool_free_inodes", "Inodes free on the file system of the spool.",
                   s->census.space.inodes);
    if (s->quarantine.count > 0) {
        add_quarantine(out, &s->quarantine, "quarantine_percent",
                       "How full the quarantine of the endpoint is; from 100 on it takes no more.",
                       false);
        add_quarantine(out, &s->quarantine, "quarantine_oldest_seconds",
                       "Since its oldest entry came last, 0 for none.", true);
    }
    add_single(out, "runner_up", "1 while a runner of hooks is at work.", s->runner ? 1 : 0);
    add_single(out, "dead_letters", "Events whose hook was given up.", s->dead_letters);
    add_single(out, "orders", "Orders of replay, retry and drop that are not carried out yet.",
               s->orders);
    add_budgets(out, s);
    for (size_t f = 0; s->count > 0 && f < sizeof families / sizeof *families; f++) {
        add_head(out, families[f].name, families[f].type, families[f].help);
        for (size_t i = 0; i < s->count; i++) {
            buf_printf(out, "stenohook_%s{endpoint=", families[f].name);
            add_label(out, s->endpoints[i].hook.endpoint);
            buf_printf(out, "} %" PRIu64 "\n", number_of(s, &s->endpoints[i], (enum number)f));
        }
    }
}
