/* SPDX-License-Identifier: MIT
 * check_hooks - whether hooks come to their end.
 */
#include "admin/check_hooks.h"

#include <inttypes.h>

#include "admin/stats.h"
#include "base/clock.h"
#include "base/program.h"
#include "cli/print.h"
#include "store/intake.h"
#include "store/queue/standing.h"
#include "store/retention.h"

static void check_endpoint_hook(struct findings *f, const struct hook_stats *hook)
{
    char at[CLOCK_ISO_MAX];

    if (!hook->suspended)
        return;
    clock_iso(hook->probe_ns, at);
    finding_warning(f, "the hook of endpoint \"%s\" is suspended: %s; it is retried at %s or later",
                    hook->endpoint, hook->why, at);
}

static void check_waiting(struct findings *f, const struct stats *s, const char *config_path)
{
    uint64_t waiting = stats_waiting(s);
    uint64_t oldest_s = stats_oldest_s(s);
    char self[PATH_MAX]; /* cron's PATH does not hold /usr/local/bin */
    char age[PRINT_DURATION_MAX];

    print_duration(age, oldest_s);
    for (size_t i = 0; i < s->count; i++)
        check_endpoint_hook(f, &s->endpoints[i].hook);
    if (s->dead_letters > 0)
        finding_warning(f,
                        "the hooks of %" PRIu64 " event%s were given up: see 'stenohook list "
                        "--hook dead', then retry or drop them",
                        s->dead_letters, print_plural(s->dead_letters));
    if (!s->runner && waiting > 0 && oldest_s > CHECK_WAIT_S)
        finding_warning(f,
                        "%" PRIu64 " event%s for hooks, the oldest for %s, and no runner is "
                        "running: write into the owner's crontab: * * * * * "
                        "%s --config %s run --once",
                        waiting, waiting == 1 ? " waits" : "s wait", age,
                        program_self(self) ? self : "stenohook", config_path);
    else
        finding_good(f, "the hooks of %" PRIu64 " event%s wait", waiting, print_plural(waiting));
}

/* Events older than `keep` that still wait for their hooks: at twice that age they are removed. */
static void check_age(struct findings *f, const struct session *session)
{
    const struct journal_options options = intake_options(session->settings->config);
    struct retention_report report;
    struct err err = ERR_INIT;

    if (retention_run(&session->spool, &options, true, clock_wall_ns(), 0, &report, &err) !=
        STATUS_OK)
        finding_error(f, "cannot find out what is too old: %s", err.text);
    else if (report.held.files > 0)
        finding_warning(f,
                        "%" PRIu64 " file%s of the journal (%" PRIu64
                        " bytes) would go because of 'keep', but hooks have still to run; at twice "
                        "that age they go all the same: see 'stenohook list --hook "
                        "waiting,running,retrying'",
                        report.held.files, print_plural(report.held.files), report.held.bytes);
}

static bool check_pause(struct findings *f, const struct session *session)
{
    struct err err = ERR_INIT;
    enum status status = standing_check(&session->spool, NULL, &err);

    if (status != STATUS_OK && status != STATUS_MISSING)
        finding_error(f, "%s", err.text);
    return status == STATUS_PAUSED;
}

void check_hooks(struct findings *f, const struct session *session)
{
    struct err err = ERR_INIT;
    struct stats stats;
    uint64_t rotten = 0;

    /* While hooks are paused, it is unknown what waits for them. */
    if (check_pause(f, session))
        return;
    if (stats_take(&stats, session, clock_wall_ns(), &rotten, &err) != STATUS_OK) {
        finding_error(f, "cannot find out which hooks have still to run: %s", err.text);
        return;
    }
    if (rotten > 0)
        finding_error(f, "the journal is damaged: run 'stenohook verify'");
    check_waiting(f, &stats, session->settings->path);
    check_age(f, session);
    stats_free(&stats);
}
