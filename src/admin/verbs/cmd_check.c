/* SPDX-License-Identifier: MIT
 * cmd_check - stenohook check
 */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "admin/check_files.h"
#include "admin/check_hooks.h"
#include "admin/check_url.h"
#include "admin/finding.h"
#include "admin/quarantine_view.h"
#include "admin/verbs/verbs.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/trust.h"
#include "cli/print.h"
#include "core/config/config.h"
#include "store/budget.h"
#include "store/intake.h"
#include "store/queue/wake.h"

enum { CHECK_URL = OPTIONS_LONG, CHECK_ENDPOINT };

const struct options_row cmd_check_options[] = {
    {'v', "verbose", NULL, NULL, "print also what is in order"},
    {CHECK_URL, "url", NULL, NULL,
     "prove by trial deliveries that webhooks to URL, or to the url of each endpoint,\n"
     "are recorded (stenohook-remote)"},
    {CHECK_ENDPOINT, "endpoint", "NAME", NULL, "with --url: only this endpoint"},
    {0},
};

struct check_request {
    const char *config_path; /* or NULL */
    bool outside;            /* --url */
    const char *endpoint;    /* or NULL */
    const char *url;         /* or NULL */
};

#define GATEWAY LIBEXECDIR "/stenohook.fcgi"

static void warn_of_review(void *context, const char *text)
{
    finding_warning(context, "%s", text);
}

struct check_context {
    struct findings *findings;
    const struct settings *settings;
};

/* A secret that others can read is an error although it works, and so is one that others can
 * change. Another that cannot be used is an error only if no other is left: a retired one may be
 * deleted before the configuration changes. */
static void report_secret(void *context, const struct config_endpoint *endpoint, const char *file,
                          bool usable, const char *text)
{
    const struct check_context *c = context;
    size_t index = (size_t)(endpoint - c->settings->config->endpoints);

    if (usable || c->settings->secrets[index].count == 0 ||
        trust_path(file, NULL, NULL, NULL) == STATUS_UNTRUSTED)
        finding_error(c->findings, "endpoint \"%s\": %s", endpoint->name, text);
    else
        finding_warning(c->findings, "endpoint \"%s\": %s", endpoint->name, text);
}

static void check_endpoint(struct findings *f, const struct config_endpoint *e, size_t secrets)
{
    /* config_review says so if anybody can deliver. */
    if (e->scheme == AUTH_NONE)
        finding_good(f, "endpoint \"%s\" (auth = \"none\")", e->name);
    else if (secrets == 0)
        finding_error(f,
                      "endpoint \"%s\" has no usable secret: all its deliveries are answered 503",
                      e->name);
    else
        finding_good(f, "endpoint \"%s\" (secrets that work: %zu)", e->name, secrets);
    for (size_t i = 0; i < e->secret_file_count; i++)
        check_place(f, "the secret", e->secret_files[i]);
    if (e->hook != NULL)
        check_hook(f, e->hook);
    if (e->url == NULL)
        finding_note(f,
                     "endpoint \"%s\" has no url: 'send' and 'check --url' need its address as an "
                     "argument, and 'submit', 'reconcile' and 'show --curl' cannot be used for it",
                     e->name);
}

static void check_endpoints(struct findings *f, const struct settings *settings)
{
    struct check_context c = {f, settings};

    for (size_t i = 0; i < settings->config->endpoint_count; i++)
        check_endpoint(f, &settings->config->endpoints[i], settings->secrets[i].count);
    settings_problems(settings, report_secret, &c);
}

/* As the gateway finds it. */
static void check_runner(struct findings *f, const struct config *config)
{
    struct err err = ERR_INIT;
    char *path;

    if (wake_find_runner(&path, config, &err) != STATUS_OK) {
        finding_error(f, "hooks cannot be run: %s", err.text);
        return;
    }
    check_program(f, "the runner", path);
    if (!wake_runner_sure(path, config)) {
        finding_note(f,
                     "the gateway has not looked for the runner yet, and finds %s only if it lies "
                     "beside it: put the runner into your home, or let 'check --url' try it",
                     path);
        f->unproved = true;
    }
    free(path);
}

/* The installed gateway, and the one that noted itself. A missing note is no finding: there may not
 * have been a request yet. */
static void check_programs(struct findings *f, const struct config *config)
{
    char gateway[PATH_MAX];

    if (access(GATEWAY, F_OK) == 0)
        check_program(f, "the gateway", GATEWAY);
    if (wake_gateway(gateway, config) && strcmp(gateway, GATEWAY) != 0)
        check_program(f, "the gateway", gateway);
    if (config->runner != NULL || config_has_hook(config))
        check_runner(f, config);
}

struct measure {
    uint64_t size;
    const char *name;
};

static void compare_space(struct findings *f, const char *path, uint64_t got, uint64_t reserve,
                          const struct measure *unit)
{
    if (got < reserve)
        finding_error(f,
                      "%s has %" PRIu64 " %s free, less than free-space-min (%" PRIu64
                      " %s): all deliveries are answered 503",
                      path, got / unit->size, unit->name, reserve / unit->size, unit->name);
    else if (got / 2 < reserve)
        finding_warning(f,
                        "%s has %" PRIu64 " %s free, and deliveries are answered 503 below %" PRIu64
                        " %s (free-space-min)",
                        path, got / unit->size, unit->name, reserve / unit->size, unit->name);
    else
        finding_good(f, "%" PRIu64 " %s free for %s", got / unit->size, unit->name, path);
}

static void check_space(struct findings *f, const struct spool *spool, const struct config *config)
{
    static const struct measure mib = {(uint64_t)1024 * 1024, "MiB"},
                                inodes = {1, "inodes (files)"};
    struct reserve_rule rule = intake_options(config).reserve;
    struct file_space space;
    struct reserve reserve;

    if (file_free_space(spool->dir, &space) != 0) {
        finding_error(f, "cannot find the free space of %s: %s", spool->path, strerror(errno));
        return;
    }
    reserve = reserve_of(&rule, &space);
    compare_space(f, spool->path, space.bytes, reserve.bytes, &mib);
    if (reserve.inodes > 0)
        compare_space(f, spool->path, space.inodes, reserve.inodes, &inodes);
}

static void check_quarantine(struct findings *f, const struct spool *spool,
                             const struct config *config)
{
    struct quarantine_view view;
    struct err err = ERR_INIT;

    if (quarantine_view_take(&view, config, spool, clock_wall_ns(), &err) != STATUS_OK) {
        finding_error(f, "%s", err.text);
        return;
    }
    quarantine_view_warn(&view, warn_of_review, f);
    quarantine_view_free(&view);
}

/* Of endpoints that anybody can deliver to. */
static void check_budgets(struct findings *f, const struct spool *spool,
                          const struct config *config)
{
    for (size_t i = 0; i < config->endpoint_count; i++) {
        const struct config_endpoint *e = &config->endpoints[i];
        struct daily_budget used;

        if (!budget_applies(e))
            continue;
        budget_read(spool, e, clock_wall_ns(), &used);
        if (budget_spent(&used, e) || used.refused > 0)
            finding_warning(f,
                            "endpoint \"%s\": its budget of today (UTC) was too small for %" PRIu64
                            " request%s, answered 503; %" PRIu64 " events and %" PRIu64
                            " bytes are on record, see daily-events-max and daily-bytes-max",
                            e->name, used.refused, print_plural(used.refused), used.events,
                            used.bytes);
        else
            finding_good(f, "endpoint \"%s\": %" PRIu64 " events and %" PRIu64 " bytes today",
                         e->name, used.events, used.bytes);
    }
}

/* Unless check_foreign has said it. */
static void warn_of_folder(void *context, const char *text)
{
    const struct check_context *c = context;

    if (strstr(c->settings->foreign, text) == NULL)
        finding_warning(c->findings, "%s", text);
}

static void check_spool(struct findings *f, const struct settings *settings)
{
    struct check_context c = {f, settings};
    const struct config *config = settings->config;
    struct session session = {.settings = settings};
    struct err err = ERR_INIT;

    if (spool_open_telling(&session.spool, config->spool, warn_of_folder, &c, &err) != STATUS_OK) {
        finding_error(f, "%s", err.text);
        return;
    }
    check_spool_folder(f, &session.spool);
    if (access(config->spool, W_OK) != 0)
        finding_error(f, "the spool %s cannot be written to: %s", config->spool, strerror(errno));
    check_space(f, &session.spool, config);
    check_budgets(f, &session.spool, config);
    check_quarantine(f, &session.spool, config);
    if (config_has_hook(config))
        check_hooks(f, &session);
    spool_close(&session.spool);
}

/* Folders of others that lead to the configuration and the secrets. */
static void check_foreign(struct findings *f, const struct settings *settings)
{
    struct str line, rest = str_of(settings->foreign);

    while (str_cut(rest, '\n', &line, &rest))
        finding_warning(f, "%.*s", (int)line.len, line.ptr);
}

static void check_all(struct findings *f, const struct settings *settings)
{
    finding_good(f, "the configuration %s", settings->path);
    check_foreign(f, settings);
    check_place(f, "the configuration", settings->path);
    config_review(settings->config, warn_of_review, f);
    check_endpoints(f, settings);
    check_programs(f, settings->config);
    check_spool(f, settings);
}

/* As root, becomes the spool's owner, who is also the gateway's user: what this user cannot access
 * is missing for the gateway. */
static void check_as_owner(struct findings *f, const struct settings *settings)
{
    const struct settings *again;
    struct err err = ERR_INIT;

    if (spool_become_owner(settings->config->spool, &err) != STATUS_OK)
        finding_error(f, "%s", err.text);
    else if (settings_load(&again, settings->path, NULL, NULL, &err) != STATUS_OK)
        finding_error(f, "the owner of the spool cannot use the configuration: %s", err.text);
    else {
        check_all(f, again);
        settings_release(again);
    }
}

static enum status run_check(struct findings *f, const struct check_request *call)
{
    const struct settings *settings;
    struct err why = ERR_INIT;
    enum status status;

    status = session_settings(&settings, call->config_path, &why);
    if (status != STATUS_OK) {
        finding_error(f, "%s", why.text);
        return f->status != STATUS_OK ? f->status : status;
    }
    /* First: the gateway then notes its place, which the other checks look at. */
    if (call->outside)
        check_url(f, settings->path, call->endpoint, call->url);
    check_as_owner(f, settings);
    settings_release(settings);
    if (f->status != STATUS_OK)
        return f->status;
    if (f->errors == 0 && f->warnings == 0 && !f->unproved)
        print_hint("everything is in order");
    /* The findings were printed: no error text. */
    return f->errors > 0 ? STATUS_MISSING : STATUS_OK;
}

enum status cmd_check(int argc, char **argv, const char *config_path, struct err *err)
{
    struct findings findings = {.err = err};
    struct check_request call = {.config_path = config_path};
    enum status status;
    int c;

    options_begin();
    while ((c = options_take(cmd_check_options, argc, argv, &status, err)) != -1) {
        if (c == 'v')
            findings.verbose = true;
        else if (c == CHECK_URL)
            call.outside = true;
        else if (c == CHECK_ENDPOINT)
            call.endpoint = optarg;
        else
            return status;
    }
    status = options_operands(argc, argv, 0, call.outside ? 1 : 0, err);
    if (status == STATUS_OK && call.endpoint != NULL && !call.outside)
        status = err_set(err, STATUS_USAGE, "--endpoint needs --url");
    if (status == STATUS_OK && optind < argc)
        call.url = argv[optind];
    return status == STATUS_OK ? run_check(&findings, &call) : status;
}
