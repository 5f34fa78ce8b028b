/* SPDX-License-Identifier: MIT
 * cmd_stats - stenohook stats
 */
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "admin/stats.h"
#include "admin/stats_text.h"
#include "admin/verbs/verbs.h"
#include "base/clock.h"
#include "base/num.h"
#include "cli/print.h"
#include "cli/values.h"

#define OUTPUT_MAX ((size_t)1024 * 1024)

enum { OPT_FORMAT = OPTIONS_LONG, OPT_MAX_AGE, OPT_MAX_DEAD };

const struct options_row cmd_stats_options[] = {
    {OPT_FORMAT, "format", "F", "text json prometheus",
     "text (default), json: one object, or prometheus: its text format"},
    {OPT_MAX_AGE, "max-age", "T", NULL,
     "exit 1 if an event has waited for its hook for longer: 2h, 30m"},
    {OPT_MAX_DEAD, "max-dead", "N", NULL, "exit 1 if there are more dead letters"},
    {'q', "quiet", NULL, NULL, "with --max-age or --max-dead: print only which limit is exceeded"},
    {0},
};

struct stats_call {
    void (*print)(struct buf *out, const struct stats *stats);
    bool has_age, has_dead, has_format, quiet;
    uint64_t age_s, dead;
};

static void take_format(struct stats_call *w, const char *text)
{
    w->print = text[0] == 't' ? stats_text : text[0] == 'j' ? stats_json : stats_prometheus;
    w->has_format = true;
}

static enum status parse_options(struct stats_call *w, int argc, char **argv, struct err *err)
{
    enum status status;
    int c;

    options_begin();
    while ((c = options_take(cmd_stats_options, argc, argv, &status, err)) != -1) {
        if (c == OPT_FORMAT)
            take_format(w, optarg);
        else if (c == 'q')
            w->quiet = true;
        else if (c == OPT_MAX_AGE && !(w->has_age = num_duration(str_of(optarg), &w->age_s)))
            status =
                err_set(err, STATUS_USAGE, "--max-age: invalid value '%s' (use 30m, 2h)", optarg);
        else if (c == OPT_MAX_DEAD) {
            w->has_dead = true;
            status = value_number(&w->dead, "--max-dead", optarg, 0, UINT64_MAX, err);
        }
        if (status != STATUS_OK)
            return status;
    }
    if (w->quiet && !w->has_age && !w->has_dead)
        return err_set(err, STATUS_USAGE, "-q needs --max-age or --max-dead");
    if (w->quiet && w->has_format)
        return err_set(err, STATUS_USAGE, "-q prints no numbers: remove --format");
    return options_operands(argc, argv, 0, 0, err);
}

/* One sentence, which names each limit that is exceeded. */
static void add_trouble(struct buf *out, const struct stats_call *w, const struct stats *s)
{
    char age[PRINT_DURATION_MAX], most[PRINT_DURATION_MAX];

    if (w->has_age && stats_oldest_s(s) > w->age_s) {
        print_duration(age, stats_oldest_s(s));
        print_duration(most, w->age_s);
        buf_printf(out, "an event has waited %s for its hook (at most %s)", age, most);
    }
    if (w->has_dead && s->dead_letters > w->dead)
        buf_printf(out,
                   "%s%" PRIu64 " dead letter%s (at most %" PRIu64
                   "): 'stenohook list --hook dead' shows %s",
                   out->len > 0 ? "; " : "", s->dead_letters, print_plural(s->dead_letters),
                   w->dead, s->dead_letters == 1 ? "it" : "them");
}

static enum status check_limits(const struct stats_call *w, const struct stats *s, struct err *err)
{
    enum status status = STATUS_OK;
    struct buf trouble;

    buf_init(&trouble, ERR_TEXT_MAX);
    add_trouble(&trouble, w, s);
    if (trouble.len > 0 && !w->quiet) {
        status = err_set(err, STATUS_MISSING, "%s", trouble.ptr);
    } else if (trouble.len > 0) {
        buf_add_char(&trouble, '\n');
        status = print_buf(&trouble, "what exceeds the limits", err);
        /* Printed already: not again on stderr. */
        status = status == STATUS_OK ? STATUS_MISSING : status;
    }
    buf_free(&trouble);
    return status;
}

static void warn_of_quarantine(void *context, const char *sentence)
{
    (void)context;
    print_warning("%s", sentence);
}

static enum status print_stats(const struct stats_call *w, const struct session *session,
                               struct err *err)
{
    struct stats stats;
    enum status status;
    uint64_t rotten = 0;
    struct buf out;

    status = stats_take(&stats, session, clock_wall_ns(), &rotten, err);
    if (status != STATUS_OK)
        return status;
    buf_init(&out, OUTPUT_MAX);
    if (!w->quiet)
        w->print(&out, &stats);
    status = w->print == stats_json ? print_json(&out, "the numbers", err)
                                    : print_buf(&out, "the numbers", err);
    buf_free(&out);
    if (status == STATUS_OK && !w->quiet)
        quarantine_view_warn(&stats.quarantine, warn_of_quarantine, NULL);
    if (status == STATUS_OK && rotten > 0)
        print_warning("the journal is damaged, and numbers may be too low: run 'stenohook verify'");
    if (status == STATUS_OK)
        status = check_limits(w, &stats, err);
    stats_free(&stats);
    return status;
}

enum status cmd_stats(int argc, char **argv, const char *config_path, struct err *err)
{
    struct stats_call wish = {.print = stats_text};
    struct session session;
    enum status status;

    status = parse_options(&wish, argc, argv, err);
    if (status == STATUS_OK)
        status = session_open(&session, config_path, err);
    if (status != STATUS_OK)
        return status;
    status = print_stats(&wish, &session, err);
    session_close(&session);
    return status;
}
