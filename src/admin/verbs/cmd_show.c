/* SPDX-License-Identifier: MIT
 * cmd_show - stenohook show
 */
#include <getopt.h>
#include <stdlib.h>

#include "admin/attempt_text.h"
#include "admin/curl_text.h"
#include "admin/event_text.h"
#include "admin/find.h"
#include "admin/verbs/verbs.h"
#include "cli/print.h"
#include "store/journal/reader.h"
#include "store/journal/segment.h"
#include "store/queue/hookview.h"

enum { OPT_RAW = OPTIONS_LONG, OPT_CURL, OPT_ATTEMPTS };

const struct options_row cmd_show_options[] = {
    {OPT_RAW, "raw", NULL, NULL, "the body exactly as it was received, and nothing else"},
    {OPT_ATTEMPTS, "attempts", NULL, NULL, "the attempts of its hook, and nothing else"},
    {OPT_CURL, "curl", NULL, NULL,
     "a command for sh that delivers it again; it reads the secret from its file"},
    EVENT_FORMAT_ROW("text (default), or json: one object, with the body; with --attempts one\n"
                     "object an attempt"),
    {0},
};

enum show_what { SHOW_ALL, SHOW_RAW, SHOW_CURL, SHOW_ATTEMPTS };

struct question {
    enum event_format format;
    enum show_what what;
    const struct session *session;
    struct hookview *view; /* SHOW_ALL */
};

struct attempts_text {
    enum event_format format;
    struct buf *out;
    struct result before; /* without its texts */
    bool more;            /* there is one before */
};

static enum status add_attempt(void *context, const struct result *result, struct err *err)
{
    struct attempts_text *a = context;

    (void)err;
    if (a->format == EVENT_FORMAT_JSON) {
        attempt_json_line(a->out, result);
    } else {
        if (a->more && attempt_asked_for(&a->before, result))
            buf_printf(a->out, "%-14s by replay or retry: attempts count from 1 again\n",
                       "asked for");
        attempt_text_full(a->out, result);
    }
    a->before =
        (struct result){.state = result->state, .end = result->end, .attempt = result->attempt};
    a->more = true;
    return STATUS_OK;
}

static enum status add_attempts(const struct question *q, struct buf *out,
                                const struct record *record, struct err *err)
{
    struct attempts_text a = {.format = q->format, .out = out};

    return hookview_attempts(&q->session->spool, record->id, record->received_ns, add_attempt, &a,
                             err);
}

static enum status add_all(const struct question *q, struct buf *out, struct str line,
                           const struct record *record, struct err *err)
{
    struct hook_info hook;
    enum status status;

    hookview_of(q->view, record, &hook);
    if (q->format == EVENT_FORMAT_JSON) {
        event_json_line(out, line, record, &hook, true);
        return STATUS_OK;
    }
    event_text_head(out, record, &hook);
    status = add_attempts(q, out, record, err);
    buf_add_char(out, '\n');
    event_text_body(out, record->body, "");
    return status;
}

static enum status add_curl(const struct question *q, struct buf *out, const struct record *record,
                            struct err *err)
{
    const struct settings *s = q->session->settings;
    const struct config_endpoint *endpoint = config_endpoint(s->config, record->endpoint, true);

    if (endpoint == NULL)
        return err_set(err, STATUS_CONFIG, "endpoint \"%.*s\" is no longer in %s",
                       (int)record->endpoint.len, record->endpoint.ptr, s->path);
    return curl_text(out, record, endpoint, s->path, err);
}

static enum status add_record(const struct question *q, struct buf *out, struct str line,
                              const struct record *record, struct err *err)
{
    switch (q->what) {
    case SHOW_RAW:
        buf_add_str(out, record->body);
        return STATUS_OK;
    case SHOW_CURL:
        return add_curl(q, out, record, err);
    case SHOW_ATTEMPTS:
        return add_attempts(q, out, record, err);
    case SHOW_ALL:
        break;
    }
    return add_all(q, out, line, record, err);
}

static enum status print_place(const struct question *q, struct place place, struct err *err)
{
    struct record record;
    enum status status;
    struct buf line, out;

    buf_init(&line, SEGMENT_LINE_MAX);
    buf_init(&out, SIZE_MAX / 4);
    status = reader_get(&q->session->spool, place, &line, err);
    if (status == STATUS_OK)
        status = record_parse(&record, buf_str(&line), true, err);
    if (status == STATUS_OK) {
        status = add_record(q, &out, buf_str(&line), &record, err);
        record_free(&record);
    }
    if (status == STATUS_OK)
        status = event_format_print(q->format, &out, "the record", err);
    buf_free(&line);
    buf_free(&out);
    return status;
}

static enum status print_found(struct question *q, const struct find *found, struct err *err)
{
    enum status status = STATUS_OK;

    /* Several events of one transcript are shown one after the other; their bodies would run into
     * one another. */
    if (q->what != SHOW_ALL && q->what != SHOW_ATTEMPTS && found->count > 1)
        return find_ambiguous(found, err);
    if (q->what == SHOW_ALL) {
        int64_t since_ns = INT64_MAX;

        for (uint64_t i = 0; i < found->count; i++)
            if (found->list[i].received_ns < since_ns)
                since_ns = found->list[i].received_ns;
        status = hookview_open(&q->view, &q->session->spool, q->session->settings->config, since_ns,
                               err);
    }
    for (uint64_t i = 0; status == STATUS_OK && i < found->count; i++) {
        if (i > 0 && q->format == EVENT_FORMAT_TEXT)
            status = print_text("\n", err);
        if (status == STATUS_OK)
            status = print_place(q, found->list[i].place, err);
    }
    if (q->view != NULL)
        hookview_close(q->view);
    return status;
}

static enum status show_event(struct question *q, char *const *name, struct err *err)
{
    struct find *found;
    enum status status;

    status = find_events(&found, &q->session->spool, name, 1, err);
    if (status != STATUS_OK)
        return status;
    status = print_found(q, found, err);
    free(found);
    return status;
}

static enum status choose_what(struct question *q, enum show_what what, struct err *err)
{
    if (q->what != SHOW_ALL && q->what != what)
        return err_set(err, STATUS_USAGE, "--raw, --attempts and --curl exclude each other");
    q->what = what;
    return STATUS_OK;
}

static enum status parse_options(struct question *q, int argc, char **argv, struct err *err)
{
    bool has_format = false;
    enum status status;
    int c;

    options_begin();
    while ((c = options_take(cmd_show_options, argc, argv, &status, err)) != -1) {
        if (c == OPT_RAW)
            status = choose_what(q, SHOW_RAW, err);
        else if (c == OPT_CURL)
            status = choose_what(q, SHOW_CURL, err);
        else if (c == OPT_ATTEMPTS)
            status = choose_what(q, SHOW_ATTEMPTS, err);
        else if (c == EVENT_FORMAT_OPTION) {
            has_format = true;
            q->format = event_format_named(optarg);
        }
        if (status != STATUS_OK)
            return status;
    }
    if (has_format && (q->what == SHOW_RAW || q->what == SHOW_CURL))
        return err_set(err, STATUS_USAGE, "%s has no format: remove --format",
                       q->what == SHOW_RAW ? "--raw prints the body as it is, which" : "--curl");
    if (optind == argc)
        return options_missing(argv[0], "ID", err);
    return options_operands(argc, argv, 1, 1, err);
}

enum status cmd_show(int argc, char **argv, const char *config_path, struct err *err)
{
    struct question question = {.format = EVENT_FORMAT_TEXT};
    struct session session;
    enum status status;

    status = parse_options(&question, argc, argv, err);
    if (status != STATUS_OK)
        return status;
    status = session_open(&session, config_path, err);
    if (status != STATUS_OK)
        return status;
    question.session = &session;
    status = show_event(&question, &argv[optind], err);
    session_close(&session);
    return status;
}
