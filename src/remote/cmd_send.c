/* SPDX-License-Identifier: MIT
 * send - delivers a sample webhook as AssemblyAI would.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <string.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/id.h"
#include "base/text.h"
#include "cli/print.h"
#include "cli/session.h"
#include "core/url.h"
#include "remote/deliver.h"
#include "remote/reception.h"
#include "remote/remote_verbs.h"
#include "remote/sample.h"
#include "remote/sign.h"
#include "remote/target.h"

#define BODY_MAX ((size_t)256 * 1024 * 1024)
#define REPEAT_MAX 1000000
#define ATTEMPTS_MAX 1000
#define LINE_MAX_BYTES (2 * URL_MAX)

/* For whoever wants to be refused. The second is well-formed for Standard Webhooks as well. */
#define WRONG_SECRET STR("not-the-secret")
#define WRONG_KEY STR("whsec_bm90LXRoZS1zZWNyZXQ=")

struct send {
    const char *kind;
    const char *to;
    const char *endpoint;
    const char *secret_file;
    const char *header;
    const char *data;
    bool bad_secret;
    uint64_t repeat;
    struct deliver_plan plan;
    struct words sets;
    struct words queries;

    /* What comes of it. */
    const struct settings *settings; /* or NULL */
    struct target target;            /* endpoint NULL: none */
    struct buf own_secret;           /* of --secret-file */
    struct buf shown;                /* the address without a token */
    struct buf url;
    struct buf body;
    char id[SAMPLE_ID_MAX];
    struct signature signature;
    struct delivery delivery;
};

/* ---- the command line */

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
     "new (default): a 4xx is final; old: it is not, but an unreachable host is"},
    {SEND_ATTEMPTS, "attempts", "N", NULL, "how often it is tried (default: 10)"},
    {SEND_INTERVAL, "interval", "TIME", NULL,
     "how long is waited between two attempts (default: 10s)"},
    {SEND_TIMEOUT, "timeout", "TIME", NULL, "how long an attempt may take (default: 10s)"},
    {SEND_REPEAT, "repeat", "N", NULL, "deliver the same N times, one after the other"},
    {0, NULL, NULL, NULL, NULL},
};

static enum status take_rule(struct send *s, const char *rule, struct err *err)
{
    if (strcmp(rule, "new") != 0 && strcmp(rule, "old") != 0)
        return err_set(err, STATUS_USAGE, "--rule: '%s' is neither new nor old", rule);
    s->plan.rule = rule[0] == 'o' ? DELIVER_OLD : DELIVER_NEW;
    return STATUS_OK;
}

static enum status take_attempts(struct send *s, const char *text, struct err *err)
{
    uint64_t attempts = 0;
    enum status status = option_number(text, "--attempts", 1, ATTEMPTS_MAX, &attempts, err);

    if (status == STATUS_OK)
        s->plan.attempts = (unsigned)attempts;
    return status;
}

static enum status take(struct send *s, int option, struct err *err)
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
        return take_rule(s, optarg, err);
    case SEND_ATTEMPTS:
        return take_attempts(s, optarg, err);
    case SEND_INTERVAL:
        return option_duration(optarg, "--interval", &s->plan.interval_ms, err);
    case SEND_TIMEOUT:
        return option_duration(optarg, "--timeout", &s->plan.timeout_ms, err);
    default:
        return option_number(optarg, "--repeat", 1, REPEAT_MAX, &s->repeat, err);
    }
}

static enum status check_options(const struct send *s, struct err *err)
{
    if (s->secret_file != NULL && s->endpoint != NULL)
        return err_set(err, STATUS_USAGE, "--endpoint has a secret: leave out --secret-file");
    if (s->secret_file != NULL && s->to == NULL)
        return err_set(err, STATUS_USAGE, "--secret-file needs --to");
    if (s->header != NULL && s->secret_file == NULL && !s->bad_secret)
        return err_set(err, STATUS_USAGE, "--header goes with --secret-file");
    if (s->data != NULL && s->sets.count > 0)
        return err_set(err, STATUS_USAGE, "--data is the whole body: leave out --set");
    if (s->plan.timeout_ms == 0)
        return err_set(err, STATUS_USAGE, "--timeout must be at least 1s");
    return STATUS_OK;
}

static enum status parse(struct send *s, int argc, char **argv, struct err *err)
{
    enum status status;
    int c;

    options_begin();
    while ((c = options_take(cmd_send_options, argc, argv, &status, err)) != -1) {
        if (c != '?')
            status = take(s, c, err);
        if (status != STATUS_OK)
            return status;
    }
    status = options_operands(argc, argv, 0, 1, err);
    if (status == STATUS_OK && optind < argc)
        s->kind = argv[optind];
    return status == STATUS_OK ? check_options(s, err) : status;
}

/* ---- to whom, and with what secret */

static void tell_secret(void *context, bool usable, const char *text)
{
    (void)context;
    (void)usable;
    print_warning("%s", text);
}

static enum status read_own_secret(struct send *s, struct err *err)
{
    bool usable;
    enum status status =
        settings_secret(s->secret_file, &s->own_secret, &usable, tell_secret, NULL, err);

    if (status == STATUS_OK && !usable)
        status = err_set(err, STATUS_NO_SECRET, "%s holds no secret", s->secret_file);
    return status;
}

static enum status find_target(struct send *s, const char *config_path, struct err *err)
{
    enum status status;

    if (s->secret_file != NULL)
        return read_own_secret(s, err);
    if (s->to != NULL && s->endpoint == NULL)
        return STATUS_OK;
    status = session_settings(&s->settings, config_path, err);
    if (status == STATUS_OK)
        status = target_find(&s->target, s->settings, s->endpoint, err);
    if (status == STATUS_OK && s->to == NULL && s->target.endpoint->url == NULL)
        return err_set(err, STATUS_USAGE, "endpoint \"%s\" has no url: write one, or give --to",
                       s->target.endpoint->name);
    return status;
}

static struct str secret_of(const struct send *s)
{
    if (s->bad_secret)
        return s->target.endpoint != NULL && s->target.endpoint->scheme == AUTH_STANDARD_WEBHOOKS
                   ? WRONG_KEY
                   : WRONG_SECRET;
    return s->secret_file != NULL ? buf_str(&s->own_secret) : s->target.secret;
}

static enum status address(struct send *s, struct err *err)
{
    const char *to = s->to != NULL ? s->to : s->target.endpoint->url;
    enum status status = target_url(&s->shown, to, s->queries.at, s->queries.count, err);

    if (status != STATUS_OK)
        return status;
    buf_add_str(&s->url, buf_str(&s->shown));
    return target_add_token(&s->url, s->target.endpoint, secret_of(s), err);
}

/* ---- what */

static enum status read_data(struct send *s, struct err *err)
{
    if (s->data[0] != '@')
        buf_add_text(&s->body, s->data);
    else if (file_slurp(AT_FDCWD, s->data + 1, &s->body) != 0 && errno != EFBIG)
        return err_errno(err, "cannot read %s", s->data + 1);
    return buf_status(&s->body, "the body", err);
}

static enum status make_body(struct send *s, struct err *err)
{
    struct members members;
    enum status status;

    members_init(&members);
    status = sample_fill(&members, s->kind, s->id, clock_wall_ns(), err);
    for (size_t i = 0; i < s->sets.count && status == STATUS_OK; i++)
        status = members_param(&members, str_of(s->sets.at[i]), err);
    if (status == STATUS_OK)
        members_print(&members, &s->body);
    members_free(&members);
    return status == STATUS_OK ? buf_status(&s->body, "the body", err) : status;
}

static enum status compose(struct send *s, struct err *err)
{
    const struct config_endpoint *e = s->target.endpoint;
    enum auth_scheme scheme = e == NULL ? AUTH_STATIC : e->scheme;
    uint8_t random[16];
    enum status status = id_random(random, sizeof random, err);

    if (status != STATUS_OK)
        return status;
    sample_id(random, s->id);
    status = s->data != NULL ? read_data(s, err) : make_body(s, err);
    if (status == STATUS_OK)
        status = sign_body(&s->signature, scheme, secret_of(s), buf_str(&s->body), str_of(s->id),
                           (uint64_t)(clock_wall_ns() / NS_PER_S), err);
    if (status != STATUS_OK)
        return status;
    s->delivery = (struct delivery){
        .url = s->url.ptr, .body = buf_str(&s->body), .extra = s->signature.headers};
    if (e != NULL)
        s->delivery.header_name = e->auth_header;
    else if (s->secret_file != NULL || s->bad_secret)
        s->delivery.header_name = s->header == NULL ? "X-Webhook-Secret" : s->header;
    s->delivery.header_value = secret_of(s);
    return STATUS_OK;
}

/* ---- saying what happens */

struct teller {
    const struct send *send;
    enum status status; /* of stdout */
    struct err *err;
    uint64_t unrecorded; /* deliveries that were answered with a 2xx, but not by our gateway */
    struct buf cause;    /* of the last answer that was not as it should be */
};

/* Whoever is sent a secret is an endpoint of ours, and a 2xx is not enough of it. */
static bool is_ours(const struct send *s)
{
    return s->target.endpoint != NULL || s->secret_file != NULL;
}

static void judge(struct teller *t, const struct http_answer *answer, enum deliver_next next)
{
    char id[RECEPTION_ID_MAX];

    if (!is_ours(t->send) || next == DELIVER_AGAIN)
        return;
    buf_reset(&t->cause, LINE_MAX_BYTES);
    reception_cause(&t->cause, answer, t->send->body.len);
    t->unrecorded += next == DELIVER_DONE && reception_of(answer, id) != RECEPTION_RECORDED;
}

/* A line's end belongs to the answer, not to what is worth reading in it. */
static struct str without_end(struct str s)
{
    while (s.len > 0 && (s.ptr[s.len - 1] == '\n' || s.ptr[s.len - 1] == '\r'))
        s.len--;
    return str_trim(s);
}

static void say(struct teller *t, struct buf *line)
{
    buf_add_char(line, '\n');
    if (t->status == STATUS_OK)
        t->status = print_buf(line, "a line", t->err);
    /* Seen at once: the next attempt is seconds away. */
    if (t->status == STATUS_OK)
        t->status = print_end(t->err);
    buf_free(line);
}

static void say_request(struct teller *t)
{
    const struct send *s = t->send;
    struct buf line;

    buf_init(&line, LINE_MAX_BYTES);
    buf_add_text(&line, "--> POST ");
    text_log(&line, buf_str(&s->shown), URL_MAX);
    buf_printf(&line, " %s, %zu bytes", s->data != NULL ? "data" : s->kind, s->body.len);
    say(t, &line);
}

static void tell(void *context, unsigned attempt, const struct http_answer *answer,
                 enum deliver_next next)
{
    struct teller *t = context;
    const struct deliver_plan *plan = &t->send->plan;
    struct buf line;

    judge(t, answer, next);
    buf_init(&line, LINE_MAX_BYTES);
    if (answer->code != 0)
        buf_printf(&line, "<-- %d in %" PRIu64 " ms", answer->code, answer->took_ms);
    else
        buf_printf(&line, "<-- no answer in %" PRIu64 " ms", answer->took_ms);
    if (answer->words[0] != '\0') {
        buf_add_text(&line, ": ");
        text_log(&line, str_of(answer->words), PRINT_FIELD_MAX);
    } else if (answer->body.len > 0) {
        buf_add_text(&line, " ");
        text_log(&line, without_end(buf_str(&answer->body)), PRINT_FIELD_MAX);
    }
    if (next == DELIVER_AGAIN)
        buf_printf(&line, "; attempt %u of %u, again in %" PRIu64 " s", attempt, plan->attempts,
                   plan->interval_ms / 1000);
    else if (next == DELIVER_LOST)
        buf_printf(&line, "; attempt %u of %u, given up: AssemblyAI would not retry", attempt,
                   plan->attempts);
    say(t, &line);
}

static bool wait_ms(void *context, uint64_t ms)
{
    (void)context;
    clock_sleep_ns(ms * NS_PER_MS);
    return true;
}

static enum status count(const struct teller *t, uint64_t lost, struct err *err)
{
    uint64_t all = t->send->repeat;
    const char *cause = t->cause.len == 0 || t->send->bad_secret ? "" : t->cause.ptr;
    const char *colon = *cause == '\0' ? "" : ": ";

    if (lost > 0)
        return err_set(err, STATUS_MISSING, "%" PRIu64 " of %" PRIu64 " %s given up%s%s", lost, all,
                       lost == 1 ? "delivery was" : "deliveries were", colon, cause);
    if (t->unrecorded > 0)
        return err_set(err, STATUS_MISSING,
                       "%" PRIu64 " of %" PRIu64 " %s answered with a 2xx, but not recorded%s%s",
                       t->unrecorded, all, t->unrecorded == 1 ? "delivery was" : "deliveries were",
                       colon, cause);
    return STATUS_OK;
}

static enum status deliver(const struct send *s, struct err *err)
{
    struct teller teller = {.send = s, .err = err};
    const struct deliver_watch watch = {tell, wait_ms, &teller};
    struct http *http = NULL;
    enum status status = http_open(&http, err);
    uint64_t lost = 0;

    buf_init(&teller.cause, LINE_MAX_BYTES);
    for (uint64_t i = 0; i < s->repeat && status == STATUS_OK; i++) {
        say_request(&teller);
        lost += deliver_all(http, &s->delivery, &s->plan, &watch) != DELIVER_DONE;
        status = teller.status;
    }
    http_close(http);
    if (status == STATUS_OK)
        status = count(&teller, lost, err);
    buf_free(&teller.cause);
    return status;
}

enum status cmd_send(int argc, char **argv, const char *config_path, struct err *err)
{
    struct send s = {.kind = "completed", .repeat = 1, .plan = deliver_plan_default()};
    enum status status;

    buf_init(&s.own_secret, SETTINGS_SECRET_MAX);
    buf_init(&s.shown, URL_MAX);
    buf_init(&s.url, URL_MAX);
    buf_init(&s.body, BODY_MAX);
    status = parse(&s, argc, argv, err);
    if (status == STATUS_OK)
        status = find_target(&s, config_path, err);
    if (status == STATUS_OK)
        status = address(&s, err);
    if (status == STATUS_OK)
        status = compose(&s, err);
    if (status == STATUS_OK)
        status = deliver(&s, err);
    buf_wipe(&s.own_secret);
    buf_wipe(&s.url);
    buf_free(&s.shown);
    buf_free(&s.body);
    settings_release(s.settings);
    return status;
}
