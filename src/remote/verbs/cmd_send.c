/* SPDX-License-Identifier: MIT
 * cmd_send - the verb send: its options.
 */
#include <getopt.h>
#include <string.h>

#include "cli/values.h"
#include "remote/send.h"
#include "remote/verbs/remote_verbs.h"

#define REPEAT_MAX 1000000
#define ATTEMPTS_MAX 1000

enum {
    SEND_ENDPOINT = OPTIONS_LONG,
    SEND_TO,
    SEND_SECRET_FILE,
    SEND_HEADER,
    SEND_BAD_SECRET,
    SEND_SET,
    SEND_QUERY,
    SEND_DATA,
    SEND_RULE,
    SEND_ATTEMPTS,
    SEND_INTERVAL,
    SEND_TIMEOUT,
    SEND_REPEAT,
};

const struct options_row cmd_send_options[] = {
    {SEND_ENDPOINT, "endpoint", "NAME", NULL,
     "the endpoint of the configuration whose address and secret are used"},
    {SEND_TO, "to", "URL", NULL, "another address than the endpoint's"},
    {SEND_SECRET_FILE, "secret-file", "FILE", NULL, "the file that holds the secret"},
    {SEND_HEADER, "header", "NAME", NULL, "the header that carries it (default: X-Webhook-Secret)"},
    {SEND_BAD_SECRET, "bad-secret", NULL, NULL, "a wrong secret in place of the right one"},
    {SEND_SET, "set", "NAME=VALUE", NULL,
     "a member of the body; VALUE is JSON, or a text; may be repeated"},
    {SEND_QUERY, "query", "NAME=VALUE", NULL, "one more parameter of the address; may be repeated"},
    {SEND_DATA, "data", "BYTES", NULL, "the whole body; @FILE: what FILE holds"},
    {SEND_RULE, "rule", "RULE", "new old",
     "new (default): a 4xx is final; old: an unreachable host is, and a 4xx is retried"},
    {SEND_ATTEMPTS, "attempts", "N", NULL, "how many attempts to make (default: 10)"},
    {SEND_INTERVAL, "interval", "TIME", NULL, "the time between two attempts (default: 10s)"},
    {SEND_TIMEOUT, "timeout", "TIME", NULL, "how long an attempt may take (default: 10s)"},
    {SEND_REPEAT, "repeat", "N", NULL, "deliver the same N times, one after the other"},
    {0, NULL, NULL, NULL, NULL},
};

static enum status take_attempts(struct send *s, const char *text, struct err *err)
{
    uint64_t attempts = 0;
    enum status status = value_number(&attempts, "--attempts", text, 1, ATTEMPTS_MAX, err);

    if (status == STATUS_OK)
        s->plan.attempts = (unsigned)attempts;
    return status;
}

static enum status take_option(struct send *s, int option, struct err *err)
{
    switch (option) {
    case SEND_TO:
        s->to = optarg;
        return STATUS_OK;
    case SEND_ENDPOINT:
        s->endpoint = optarg;
        return STATUS_OK;
    case SEND_SECRET_FILE:
        s->secret_file = optarg;
        return STATUS_OK;
    case SEND_HEADER:
        s->header = optarg;
        return STATUS_OK;
    case SEND_BAD_SECRET:
        s->bad_secret = true;
        return STATUS_OK;
    case SEND_SET:
        return words_add(&s->sets, optarg, "--set", err);
    case SEND_QUERY:
        return words_add(&s->queries, optarg, "--query", err);
    case SEND_DATA:
        s->data = optarg;
        return STATUS_OK;
    case SEND_RULE:
        s->plan.rule = strcmp(optarg, "old") == 0 ? DELIVER_OLD : DELIVER_NEW;
        return STATUS_OK;
    case SEND_ATTEMPTS:
        return take_attempts(s, optarg, err);
    case SEND_INTERVAL:
        return value_duration(&s->plan.interval_ms, "--interval", optarg, err);
    case SEND_TIMEOUT:
        return value_duration(&s->plan.timeout_ms, "--timeout", optarg, err);
    default:
        return value_number(&s->repeat, "--repeat", optarg, 1, REPEAT_MAX, err);
    }
}

static enum status check_options(const struct send *s, struct err *err)
{
    if (s->secret_file != NULL && s->endpoint != NULL)
        return err_set(err, STATUS_USAGE,
                       "--secret-file cannot be used with --endpoint, which has a secret");
    if (s->secret_file != NULL && s->to == NULL)
        return err_set(err, STATUS_USAGE, "--secret-file needs --to");
    if (s->header != NULL && s->secret_file == NULL && !s->bad_secret)
        return err_set(err, STATUS_USAGE, "--header needs --secret-file or --bad-secret");
    if (s->data != NULL && s->sets.count > 0)
        return err_set(err, STATUS_USAGE,
                       "--set cannot be used with --data, which is the whole body");
    if (s->plan.timeout_ms == 0)
        return err_set(err, STATUS_USAGE, "--timeout must be at least 1s");
    return STATUS_OK;
}

static enum status parse_options(struct send *s, int argc, char **argv, struct err *err)
{
    enum status status;
    int c;

    options_begin();
    while ((c = options_take(cmd_send_options, argc, argv, &status, err)) != -1) {
        if (c != '?')
            status = take_option(s, c, err);
        if (status != STATUS_OK)
            return status;
    }
    status = options_operands(argc, argv, 0, 1, err);
    if (status == STATUS_OK && optind < argc)
        s->kind = argv[optind];
    return status == STATUS_OK ? check_options(s, err) : status;
}

enum status cmd_send(int argc, char **argv, const char *config_path, struct err *err)
{
    struct send s = {.kind = "completed", .repeat = 1, .plan = deliver_plan_default()};
    enum status status = parse_options(&s, argc, argv, err);

    if (status == STATUS_OK)
        status = send_prepare(&s, config_path, err);
    if (status == STATUS_OK)
        status = send_deliver(&s, err);
    send_free(&s);
    return status;
}
