/* SPDX-License-Identifier: MIT
 * cmd_resume - stenohook resume
 */
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "admin/verbs/verbs.h"
#include "base/clock.h"
#include "cli/print.h"
#include "cli/values.h"
#include "store/queue/queue.h"
#include "store/queue/wake.h"

/* How long it waits for a runner that is about to leave. */
#define WAIT_NS (10 * NS_PER_S)
#define STEP_NS (50 * NS_PER_MS)

enum { OPT_FROM = OPTIONS_LONG, OPT_DRY_RUN, OPT_YES };

const struct options_row cmd_resume_options[] = {
    {OPT_FROM, "from", "T", NULL,
     "now: run no hook for what is on record; start: run hooks for all of it that is\n"
     "not known to be settled; a time: for what was received then or later:\n"
     "24h (ago), 2026-11-23, 2026-11-23T07:50:18Z"},
    {OPT_DRY_RUN, "dry-run", NULL, NULL,
     "print for how many events hooks would run, and do nothing"},
    {OPT_YES, "yes", NULL, NULL, "needed if hooks of more than one event will run"},
    {0},
};

struct resume_call {
    bool given, dry_run, yes;
    int64_t from_ns, now_ns;
};

static enum status take_from(struct resume_call *w, const char *text, struct err *err)
{
    w->given = true;
    if (strcmp(text, "now") == 0)
        w->from_ns = INT64_MAX;
    else if (strcmp(text, "start") == 0)
        w->from_ns = 0;
    else
        return value_time(&w->from_ns, "--from", text, w->now_ns, err);
    return STATUS_OK;
}

static enum status parse_options(struct resume_call *w, int argc, char **argv, struct err *err)
{
    enum status status;
    int c;

    options_begin();
    while ((c = options_take(cmd_resume_options, argc, argv, &status, err)) != -1) {
        if (c == '?')
            return status;
        if (c == OPT_FROM)
            status = take_from(w, optarg, err);
        w->dry_run |= c == OPT_DRY_RUN;
        w->yes |= c == OPT_YES;
        if (status != STATUS_OK)
            return status;
    }
    status = options_operands(argc, argv, 0, 0, err);
    if (status == STATUS_OK && !w->given)
        status = err_set(err, STATUS_USAGE,
                         "resume: missing --from: add --from now, --from start, or --from and a "
                         "time");
    return status;
}

static enum status try_resume(const struct session *session, const struct resume_call *w, bool dry,
                              struct queue_resumed *out, struct err *err)
{
    uint64_t deadline_ns = clock_mono_ns() + WAIT_NS;

    for (;;) {
        struct err why = ERR_INIT;
        enum status status = queue_resume(&session->spool, session->settings->config, w->from_ns,
                                          dry, w->now_ns, out, &why);

        if (status == STATUS_OK)
            return STATUS_OK;
        if (status != STATUS_DEADLINE || clock_mono_ns() >= deadline_ns)
            return err_pass(err, status, &why);
        clock_sleep_ns(STEP_NS);
    }
}

static void wake_hooks(const struct session *session)
{
    struct err err = ERR_INIT;

    if (wake_runner(&session->spool, session->settings->config, session->settings->path, &err) !=
        STATUS_OK)
        print_warning("%s", err.text);
}

static enum status resume_hooks(const struct session *session, const struct resume_call *w,
                                struct err *err)
{
    struct queue_resumed r;
    enum status status = try_resume(session, w, true, &r, err);

    if (status != STATUS_OK)
        return status;
    if (!r.paused) {
        print_hint("hooks are not paused: nothing to do");
        return STATUS_OK;
    }
    if (w->dry_run) {
        print_hint("hooks would run for %" PRIu64 " event%s on record, and not for %" PRIu64,
                   r.runs, print_plural(r.runs), r.rest);
        return STATUS_OK;
    }
    if (r.runs > 1 && !w->yes)
        return err_set(err, STATUS_USAGE,
                       "would run hooks for %" PRIu64
                       " events on record: add --yes to do that, or --from now to run none",
                       r.runs);
    status = try_resume(session, w, false, &r, err);
    if (status != STATUS_OK)
        return status;
    wake_hooks(session);
    print_hint("hooks run again: for %" PRIu64 " event%s on record, and for all new ones", r.runs,
               print_plural(r.runs));
    return STATUS_OK;
}

enum status cmd_resume(int argc, char **argv, const char *config_path, struct err *err)
{
    struct resume_call wish = {.now_ns = clock_wall_ns()};
    struct session session;
    enum status status = parse_options(&wish, argc, argv, err);

    if (status == STATUS_OK)
        status = session_open(&session, config_path, err);
    if (status != STATUS_OK)
        return status;
    status = resume_hooks(&session, &wish, err);
    session_close(&session);
    return status;
}
