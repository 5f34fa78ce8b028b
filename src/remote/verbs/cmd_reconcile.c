/* SPDX-License-Identifier: MIT
 * cmd_reconcile - the verb reconcile: its options and its output.
 */
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "cli/print.h"
#include "cli/progress.h"
#include "cli/session.h"
#include "cli/values.h"
#include "remote/api.h"
#include "remote/missed.h"
#include "remote/reconcile.h"
#include "remote/verbs/remote_verbs.h"

#define SINCE_DEFAULT "24h"
/* The query takes six bytes for each of its at most 64 Ki. */
#define LINE_MAX_TEXT ((size_t)512 * 1024)

enum { RECONCILE_SINCE = OPTIONS_LONG, RECONCILE_ENDPOINT, RECONCILE_DRY_RUN, RECONCILE_FORMAT };

const struct options_row cmd_reconcile_options[] = {
    {RECONCILE_SINCE, "since", "TIME", NULL,
     "transcripts submitted since then: 24h (default), 7d, 2026-11-23, 2026-11-23T07:50:18Z;\n"
     "never longer ago than events are kept"},
    {RECONCILE_ENDPOINT, "endpoint", "NAME", NULL,
     "only webhooks to that endpoint (default: to any that has a url)"},
    {RECONCILE_DRY_RUN, "dry-run", NULL, NULL, "say what would be recorded, and record nothing"},
    {RECONCILE_FORMAT, "format", "F", "text json", "text (default), or json: one object a line"},
    API_OPTIONS,
    {0, NULL, NULL, NULL, NULL},
};

struct reconciling {
    struct api api;
    const char *endpoint;
    const char *since;
    bool dry_run;
    bool json;
    struct buf line;
    const struct config_endpoint *endpoints[CONFIG_ENDPOINTS_MAX];
    size_t endpoint_count;
};

/* ---- the command line */

static void take_option(struct reconciling *o, int option)
{
    if (api_take(&o->api, option, optarg))
        return;
    if (option == RECONCILE_SINCE)
        o->since = optarg;
    else if (option == RECONCILE_ENDPOINT)
        o->endpoint = optarg;
    else if (option == RECONCILE_DRY_RUN)
        o->dry_run = true;
    else
        o->json = strcmp(optarg, "json") == 0;
}

static enum status parse_options(struct reconciling *o, int argc, char **argv, struct err *err)
{
    enum status status;
    int c;

    options_begin();
    while ((c = options_take(cmd_reconcile_options, argc, argv, &status, err)) != -1) {
        if (c == '?')
            return status;
        take_option(o, c);
    }
    return options_operands(argc, argv, 0, 0, err);
}

/* ---- which transcripts */

static int64_t within_keep(int64_t since_ns, int64_t now_ns, uint64_t keep_s)
{
    int64_t reach_ns = missed_reach(since_ns, now_ns, keep_s);
    char kept[PRINT_DURATION_MAX];
    char text[CLOCK_ISO_MAX];

    clock_iso(reach_ns, text);
    print_duration(kept, keep_s);
    if (reach_ns > since_ns)
        print_warning(
            "--since is longer ago than keep (%s): forgotten transcripts would be recorded "
            "again, so those before %s are ignored",
            kept, text);
    return reach_ns;
}

static enum status choose_endpoints(struct reconciling *o, const struct settings *settings,
                                    struct err *err)
{
    const struct config *config = settings->config;
    bool named = false;

    for (size_t i = 0; i < config->endpoint_count; i++) {
        const struct config_endpoint *e = &config->endpoints[i];

        if (o->endpoint != NULL && strcmp(o->endpoint, e->name) != 0)
            continue;
        named = true;
        if (missed_possible(e))
            o->endpoints[o->endpoint_count++] = e;
    }
    if (!named)
        return err_set(err, STATUS_USAGE, "--endpoint: no endpoint \"%s\" in %s", o->endpoint,
                       settings->path);
    if (o->endpoint_count == 0)
        return err_set(
            err, STATUS_CONFIG,
            "%s: %s can get webhooks of transcripts: that requires a url, which was given to "
            "AssemblyAI, and no signatures",
            settings->path, o->endpoint == NULL ? "no endpoint" : "not that endpoint");
    return STATUS_OK;
}

/* ---- the output */

static void show_progress(void *context, const struct reconcile_sums *sums)
{
    const struct reconciling *o = context;

    progress_show("%" PRIu64 " listed, %" PRIu64 " on record, %" PRIu64 " %s", sums->listed,
                  sums->known, sums->recorded, o->dry_run ? "would be recorded" : "recorded");
}

static void add_json_line(struct buf *b, const struct event_facts *event, const char *id,
                          bool dry_run)
{
    buf_printf(b, "{\"outcome\":\"%s\",", dry_run ? "would record" : "recorded");
    if (id != NULL)
        buf_printf(b, "\"id\":\"%s\",", id);
    buf_printf(b, "\"endpoint\":\"%s\",\"transcript_id\":\"%s\",\"status\":\"%s\",\"query\":",
               event->endpoint, event->about.subject, event->about.status);
    text_json(b, event->query);
    buf_add_text(b, "}\n");
}

static enum status print_recorded(void *context, const struct event_facts *event, const char *id,
                                  struct err *err)
{
    struct reconciling *o = context;

    if (o->json)
        add_json_line(&o->line, event, id, o->dry_run);
    else
        buf_printf(&o->line, "%-12s %-10s  %s  %s  %s\n", o->dry_run ? "would record" : "recorded",
                   id == NULL ? "-" : id, event->endpoint, event->about.status,
                   event->about.subject);
    return o->json ? print_json(&o->line, "what was recorded", err)
                   : print_buf(&o->line, "what was recorded", err);
}

static void warn_failed(void *context, const char *id, const char *why)
{
    (void)context;
    print_warning("%s is skipped: %s", id, why);
}

static enum status print_sums(struct reconciling *o, const struct reconcile_sums *sums,
                              enum status status, struct err *err)
{
    print_hint("%" PRIu64 " transcript%s listed: %" PRIu64 " %s, %" PRIu64
               " on record before, %" PRIu64 " not for us, %" PRIu64 " not finished, %" PRIu64
               " skipped",
               sums->listed, print_plural(sums->listed), sums->recorded,
               o->dry_run ? "would be recorded" : "recorded", sums->known, sums->foreign,
               sums->unfinished, sums->failed);
    if (status == STATUS_OK && sums->failed > 0)
        return err_set(err, STATUS_MISSING, "%" PRIu64 " transcript%s skipped", sums->failed,
                       sums->failed == 1 ? " was" : "s were");
    return status;
}

static enum status reconcile_all(struct reconciling *o, int64_t now_ns, int64_t since_ns,
                                 struct err *err)
{
    const struct settings *settings = o->api.settings;
    struct reconcile r = {
        .aai = o->api.aai,
        .settings = settings,
        .endpoints = o->endpoints,
        .dry_run = o->dry_run,
        .recorded = print_recorded,
        .failed = warn_failed,
        .progress = show_progress,
        .context = o,
    };
    struct reconcile_sums sums;
    struct spool spool;
    enum status status = choose_endpoints(o, settings, err);

    if (status == STATUS_OK)
        status = session_open_spool(&spool, settings, err);
    if (status != STATUS_OK)
        return status;
    r.spool = &spool;
    r.endpoint_count = o->endpoint_count;
    r.since_ns = within_keep(since_ns, now_ns, settings->config->keep_s);
    status = reconcile_run(&r, &sums, err);
    spool_close(&spool);
    return print_sums(o, &sums, status, err);
}

enum status cmd_reconcile(int argc, char **argv, const char *config_path, struct err *err)
{
    struct reconciling o = {.since = SINCE_DEFAULT};
    int64_t now_ns = clock_wall_ns();
    int64_t since_ns;
    enum status status;

    api_init(&o.api);
    buf_init(&o.line, LINE_MAX_TEXT);
    status = parse_options(&o, argc, argv, err);
    if (status == STATUS_OK)
        status = value_time(&since_ns, "--since", o.since, now_ns, err);
    if (status == STATUS_OK)
        status = api_open(&o.api, config_path, true, err);
    if (status == STATUS_OK)
        status = reconcile_all(&o, now_ns, since_ns, err);
    api_close(&o.api);
    buf_free(&o.line);
    return status;
}
