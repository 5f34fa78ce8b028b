/* SPDX-License-Identifier: MIT
 * send_report - makes the deliveries of remote/send.h and prints how they went.
 */
#include <inttypes.h>

#include "base/clock.h"
#include "base/text.h"
#include "cli/print.h"
#include "core/url.h"
#include "remote/reception.h"
#include "remote/send.h"

#define LINE_MAX_BYTES (2 * URL_MAX)

struct send_report {
    const struct send *send;
    enum status status; /* of stdout */
    struct err *err;
    uint64_t unrecorded; /* answered with a 2xx, but not by our gateway */
    struct buf cause;    /* of the last bad answer */
};

/* An endpoint that is sent a secret is ours: its answer must say that it recorded. */
static bool is_ours(const struct send *s)
{
    return s->target.endpoint != NULL || s->secret_file != NULL;
}

static void judge_answer(struct send_report *r, const struct http_answer *answer,
                         enum deliver_next next)
{
    char id[RECEPTION_ID_MAX];

    if (!is_ours(r->send) || next == DELIVER_AGAIN)
        return;
    buf_reset(&r->cause, LINE_MAX_BYTES);
    reception_cause(&r->cause, answer, r->send->body.len);
    r->unrecorded += next == DELIVER_DONE && reception_of(answer, id) != RECEPTION_RECORDED;
}

static struct str without_end(struct str s)
{
    while (s.len > 0 && (s.ptr[s.len - 1] == '\n' || s.ptr[s.len - 1] == '\r'))
        s.len--;
    return str_trim(s);
}

static void print_line(struct send_report *r, struct buf *line)
{
    buf_add_char(line, '\n');
    if (r->status == STATUS_OK)
        r->status = print_buf(line, "a line", r->err);
    /* Show it now: the next attempt is seconds away. */
    if (r->status == STATUS_OK)
        r->status = print_end(r->err);
    buf_free(line);
}

static void print_request(struct send_report *r)
{
    const struct send *s = r->send;
    struct buf line;

    buf_init(&line, LINE_MAX_BYTES);
    buf_add_text(&line, "--> POST ");
    text_log(&line, buf_str(&s->shown), URL_MAX);
    buf_printf(&line, " %s, %zu bytes", s->data != NULL ? "data" : s->kind, s->body.len);
    print_line(r, &line);
}

static void print_attempt(void *context, unsigned attempt, const struct http_answer *answer,
                          enum deliver_next next)
{
    struct send_report *r = context;
    const struct deliver_plan *plan = &r->send->plan;
    struct buf line;

    judge_answer(r, answer, next);
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
    print_line(r, &line);
}

static bool wait_ms(void *context, uint64_t ms)
{
    (void)context;
    clock_sleep_ns(ms * NS_PER_MS);
    return true;
}

static enum status judge_all(const struct send_report *r, uint64_t lost, struct err *err)
{
    uint64_t all = r->send->repeat;
    const char *cause = r->cause.len == 0 || r->send->bad_secret ? "" : r->cause.ptr;
    const char *colon = *cause == '\0' ? "" : ": ";

    if (lost > 0)
        return err_set(err, STATUS_MISSING, "%" PRIu64 " of %" PRIu64 " %s given up%s%s", lost, all,
                       lost == 1 ? "delivery was" : "deliveries were", colon, cause);
    if (r->unrecorded > 0)
        return err_set(err, STATUS_MISSING,
                       "%" PRIu64 " of %" PRIu64 " %s answered with a 2xx, but not recorded%s%s",
                       r->unrecorded, all, r->unrecorded == 1 ? "delivery was" : "deliveries were",
                       colon, cause);
    return STATUS_OK;
}

enum status send_deliver(const struct send *s, struct err *err)
{
    struct send_report report = {.send = s, .err = err};
    const struct deliver_watch watch = {print_attempt, wait_ms, &report};
    struct http *http = NULL;
    enum status status = http_open(&http, err);
    uint64_t lost = 0;

    buf_init(&report.cause, LINE_MAX_BYTES);
    for (uint64_t i = 0; i < s->repeat && status == STATUS_OK; i++) {
        print_request(&report);
        lost += deliver_all(http, &s->delivery, &s->plan, &watch) != DELIVER_DONE;
        status = report.status;
    }
    http_close(http);
    if (status == STATUS_OK)
        status = judge_all(&report, lost, err);
    buf_free(&report.cause);
    return status;
}
