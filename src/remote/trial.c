/* SPDX-License-Identifier: MIT
 * trial - see remote/trial.h.
 */
#include "remote/trial.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/id.h"
#include "base/text.h"
#include "remote/deliver.h"
#include "remote/reception.h"
#include "remote/sample.h"
#include "remote/sign.h"
#include "remote/target.h"
#include "remote/trial_parts.h"

#define WORDS_MAX_BYTES 1024
#define BODY_MAX ((size_t)1024 * 1024)
#define SMALL 400
#define SHOWN_MAX 200

/* ---- the ways to send a secret */

struct way {
    const char *name;
    const char *header; /* or NULL */
    bool in_query;
};

/* Each way suffices, so each is tried alone: one that works would hide that the other is lost. */
static size_t ways_of(const struct config_endpoint *e, struct way out[2])
{
    size_t n = 0;

    if (e->scheme != AUTH_STATIC) {
        out[n++] =
            (struct way){e->scheme == AUTH_NONE ? "without a secret" : "signed", NULL, false};
        return n;
    }
    if (e->auth_header != NULL)
        out[n++] = (struct way){e->auth_header, e->auth_header, false};
    if (e->auth_query != NULL)
        out[n++] = (struct way){"the secret in the query", NULL, true};
    return n;
}

static enum status url_of(struct buf *out, const struct trial *t, const struct way *way,
                          struct err *err)
{
    buf_add_text(out, t->url);
    if (way->in_query)
        return target_add_token(out, t->endpoint, t->secret, err);
    return buf_status(out, "the address", err);
}

/* ---- the delivery */

/* Has characters of other alphabets, escapes, and blanks after the end, so that any change on the
 * way shows; nothing that a filter takes for an attack. */
static void make_body(struct buf *out, const char *id, size_t size)
{
    static const char end[] = "\"}\r\n \n";

    buf_printf(out,
               "{\"stenohook\": \"trial\", \"event_id\": \"%s\",\n\t\"text\": \"Z\xc3\xbcrich, "
               "\xe6\x97\xa5\xe6\x9c\xac, \\u00e9 \\\"quoted\\\" 100%%25 + 1\", \"filler\": \"",
               id);
    for (unsigned i = 0; out->failed == STATUS_OK && out->len + sizeof end - 1 < size; i++)
        buf_add_char(out, i % 64 == 63 ? ' ' : (char)('a' + i * 7 % 26));
    buf_add_text(out, end);
}

struct parcel {
    char id[SAMPLE_ID_MAX];
    struct buf url, body;
    struct signature signature;
    struct delivery delivery;
};

static enum status pack_parcel(struct parcel *p, const struct trial *t, const struct way *way,
                               size_t size, struct err *err)
{
    uint8_t random[16];
    enum status status = id_random(random, sizeof random, err);

    if (status == STATUS_OK)
        status = url_of(&p->url, t, way, err);
    if (status != STATUS_OK)
        return status;
    sample_id(random, p->id);
    make_body(&p->body, p->id, size);
    status = buf_status(&p->body, "a body", err);
    if (status == STATUS_OK)
        status = sign_body(&p->signature, t->endpoint->scheme, t->secret, buf_str(&p->body),
                           str_of(p->id), (uint64_t)(clock_wall_ns() / NS_PER_S), err);
    p->delivery = (struct delivery){.url = p->url.ptr,
                                    .body = buf_str(&p->body),
                                    .header_name = way->header,
                                    .header_value = t->secret,
                                    .extra = p->signature.headers};
    return status;
}

/* ---- the answer */

static void find_cause(const struct trial *t, const char *what, const struct http_answer *answer,
                       size_t sent)
{
    struct buf cause;

    buf_init(&cause, WORDS_MAX_BYTES);
    reception_cause(&cause, answer, sent);
    if (answer->code == 0)
        trial_finding(t, TRIAL_ERROR, "%s: no answer: %s", what, answer->words);
    else
        trial_finding(t, TRIAL_ERROR, "%s is answered %d%s%s", what, answer->code,
                      cause.len == 0 ? "" : ": ", cause.len == 0 ? "" : cause.ptr);
    buf_free(&cause);
}

/* Returns whether to go on. */
static bool judge_delivery(const struct trial *t, const char *what, const struct parcel *p,
                           const struct http_answer *answer)
{
    char id[RECEPTION_ID_MAX];

    switch (reception_of(answer, id)) {
    case RECEPTION_RECORDED:
        return trial_recorded(t, what, id, p->id, buf_str(&p->body));
    case RECEPTION_REFUSED:
        if (trial_kept(t, what, buf_str(&p->body)))
            return false;
        break;
    case RECEPTION_REPORT:
    case RECEPTION_FOREIGN:
        break;
    }
    find_cause(t, what, answer, p->body.len);
    return false;
}

static enum status deliver_parcel(const struct trial *t, struct http *http, const struct way *way,
                                  size_t size, bool *good, struct err *err)
{
    struct deliver_plan plan = deliver_plan_default();
    struct parcel p = {.id = ""};
    struct http_answer answer;
    enum status status;
    char what[SHOWN_MAX];

    buf_init(&p.url, BODY_MAX);
    buf_init(&p.body, BODY_MAX);
    plan.timeout_ms = t->timeout_ms;
    status = pack_parcel(&p, t, way, size, err);
    if (status == STATUS_OK) {
        (void)snprintf(what, sizeof what, "a delivery of %zu bytes, %s,", p.body.len, way->name);
        deliver_once(http, &p.delivery, &plan, &answer);
        *good = judge_delivery(t, what, &p, &answer);
        http_answer_free(&answer);
    }
    buf_wipe(&p.url);
    buf_free(&p.body);
    return status;
}

/* ---- the report */

static bool judge_report(const struct trial *t, const struct http_answer *answer)
{
    struct str body = buf_str(&answer->body);
    char id[RECEPTION_ID_MAX];

    while (body.len > 0 && (body.ptr[body.len - 1] == '\n' || body.ptr[body.len - 1] == '\r'))
        body.len--;
    switch (reception_of(answer, id)) {
    case RECEPTION_REPORT:
        trial_finding(t,
                      str_is(body, "{\"status\":\"ok\"}") || str_starts(body, "{\"status\":\"ok\",")
                          ? TRIAL_GOOD
                          : TRIAL_WARNING,
                      "the report of %s: %.*s", t->url, (int)body.len, body.ptr);
        return true;
    case RECEPTION_REFUSED:
        /* The delivery reports a wrong secret or a refused address better. */
        if (answer->code == 401 || answer->code == 403 || answer->code == 405)
            return true;
        trial_finding(t, TRIAL_ERROR, "the report of %s: %.*s", t->url, (int)body.len, body.ptr);
        return true;
    case RECEPTION_RECORDED:
    case RECEPTION_FOREIGN:
        break;
    }
    find_cause(t, "a GET", answer, 0);
    return false;
}

static enum status ask_report(const struct trial *t, struct http *http, const struct way *way,
                              bool *good, struct err *err)
{
    const struct http_header headers[] = {
        {way->header == NULL ? "Accept" : way->header,
         way->header == NULL ? STR("*/*") : t->secret},
        {NULL, STR_NONE},
    };
    struct http_answer answer;
    enum status status;
    struct buf url;

    /* A signature covers a body: a GET has none, so no report. */
    if (t->endpoint->scheme != AUTH_STATIC && t->endpoint->scheme != AUTH_NONE) {
        *good = true;
        return STATUS_OK;
    }
    buf_init(&url, BODY_MAX);
    status = url_of(&url, t, way, err);
    if (status == STATUS_OK) {
        const struct http_request request = {.method = "GET",
                                             .url = url.ptr,
                                             .headers = headers,
                                             .answer_max = DELIVER_ANSWER_MAX,
                                             .decode = true,
                                             .connect_ms = t->timeout_ms,
                                             .total_ms = t->timeout_ms};

        http_ask(http, &request, &answer);
        *good = judge_report(t, &answer);
        http_answer_free(&answer);
    }
    buf_wipe(&url);
    return status;
}

/* ---- all of it */

static size_t large_of(const struct trial *t)
{
    return t->endpoint->body_max < TRIAL_LARGE ? (size_t)t->endpoint->body_max : TRIAL_LARGE;
}

enum status trial_run(const struct trial *t, struct err *err)
{
    struct http *http = NULL;
    struct way ways[2];
    size_t count = ways_of(t->endpoint, ways);
    enum status status = http_open(&http, err);
    bool good = false, all_good = true;

    if (status == STATUS_OK)
        status = ask_report(t, http, &ways[0], &good, err);
    all_good = good;
    for (size_t i = 0; status == STATUS_OK && good && i < count; i++) {
        bool this_good = false;

        status = deliver_parcel(t, http, &ways[i], SMALL, &this_good, err);
        all_good = all_good && this_good;
    }
    if (status == STATUS_OK && all_good)
        status = deliver_parcel(t, http, &ways[0], large_of(t), &good, err);
    http_close(http);
    return status;
}
