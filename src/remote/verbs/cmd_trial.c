/* SPDX-License-Identifier: MIT
 * cmd_trial - what `stenohook check --url` starts: trials of endpoints, by their addresses.
 */
#include <getopt.h>
#include <string.h>

#include "base/text.h"
#include "cli/print.h"
#include "cli/session.h"
#include "cli/values.h"
#include "core/url.h"
#include "remote/deliver.h"
#include "remote/target.h"
#include "remote/trial.h"
#include "remote/verbs/remote_verbs.h"

#define LINE_BYTES 4096

enum { TRIAL_ENDPOINT = OPTIONS_LONG, TRIAL_TIMEOUT };

const struct options_row cmd_trial_options[] = {
    {TRIAL_ENDPOINT, "endpoint", "NAME", NULL, "only this endpoint (default: each that has a url)"},
    {TRIAL_TIMEOUT, "timeout", "TIME", NULL, "how long an answer may take (default: 10s)"},
    {0, NULL, NULL, NULL, NULL},
};

struct trial_options {
    const char *endpoint; /* or NULL */
    const char *url;      /* or NULL */
    uint64_t timeout_ms;
};

/* ---- the command line */

static enum status parse_options(struct trial_options *c, int argc, char **argv, struct err *err)
{
    enum status status;
    int option;

    options_begin();
    while ((option = options_take(cmd_trial_options, argc, argv, &status, err)) != -1) {
        if (option == TRIAL_ENDPOINT)
            c->endpoint = optarg;
        else if (option == TRIAL_TIMEOUT)
            status = value_duration(&c->timeout_ms, "--timeout", optarg, err);
        if (status != STATUS_OK)
            return status;
    }
    if (c->timeout_ms == 0)
        return err_set(err, STATUS_USAGE, "--timeout must be at least 1s");
    status = options_operands(argc, argv, 0, 1, err);
    if (status == STATUS_OK && optind < argc)
        c->url = argv[optind];
    return status;
}

/* ---- what is found */

struct trial_findings {
    unsigned errors;
    enum status status; /* of stdout */
    struct err *err;
};

static void print_finding(void *context, enum trial_grade grade, const char *text)
{
    static const char *const grades[] = {"ok", "warning", "error"};
    struct trial_findings *t = context;
    struct buf line;

    t->errors += grade == TRIAL_ERROR;
    buf_init(&line, LINE_BYTES);
    buf_printf(&line, "%s: ", grades[grade]);
    text_log(&line, str_of(text), LINE_BYTES - 64);
    buf_add_char(&line, '\n');
    if (t->status == STATUS_OK)
        t->status = print_buf(&line, "a finding", t->err);
    /* Show it now: the next answer may take seconds. */
    if (t->status == STATUS_OK)
        t->status = print_end(t->err);
    buf_free(&line);
}

/* ---- which endpoints */

static enum status try_one(const struct trial_options *c, const struct session *room,
                           const char *name, struct trial_findings *findings, struct err *err)
{
    struct target target;
    enum status status = target_find(&target, room->settings, name, err);
    struct trial trial = {.spool = &room->spool,
                          .timeout_ms = c->timeout_ms,
                          .finding = print_finding,
                          .context = findings};
    struct buf url;

    if (status != STATUS_OK)
        return status;
    trial.endpoint = target.endpoint;
    trial.secret = target.secret;
    trial.url = c->url != NULL ? c->url : target.endpoint->url;
    if (trial.url == NULL)
        return err_set(
            err, STATUS_USAGE,
            "endpoint \"%s\" has no url: add one to the configuration, or give the address",
            target.endpoint->name);
    buf_init(&url, URL_MAX);
    status = target_url(&url, trial.url, NULL, 0, err);
    if (status == STATUS_OK)
        status = trial_run(&trial, err);
    buf_free(&url);
    return status == STATUS_OK ? findings->status : status;
}

static enum status try_all(const struct trial_options *c, const struct session *room,
                           struct trial_findings *findings, struct err *err)
{
    const struct config *config = room->settings->config;
    enum status status = STATUS_OK;
    size_t tried = 0;

    if (c->endpoint != NULL || c->url != NULL)
        return try_one(c, room, c->endpoint, findings, err);
    for (size_t i = 0; status == STATUS_OK && i < config->endpoint_count; i++) {
        if (config->endpoints[i].url == NULL)
            continue;
        tried++;
        status = try_one(c, room, config->endpoints[i].name, findings, err);
    }
    if (status == STATUS_OK && tried == 0)
        status =
            err_set(err, STATUS_USAGE,
                    "no endpoint has a url: add one to the configuration, or give the address");
    return status;
}

enum status cmd_trial(int argc, char **argv, const char *config_path, struct err *err)
{
    struct trial_options options = {.timeout_ms = DELIVER_TIMEOUT_MS};
    struct trial_findings findings = {.err = err};
    struct session room;
    enum status status = parse_options(&options, argc, argv, err);

    if (status == STATUS_OK)
        status = session_open(&room, config_path, err);
    if (status != STATUS_OK)
        return status;
    status = try_all(&options, &room, &findings, err);
    session_close(&room);
    /* The findings were printed: no further error. */
    return status == STATUS_OK && findings.errors > 0 ? STATUS_MISSING : status;
}
