/* SPDX-License-Identifier: MIT
 * web - see sandbox/web.h: which address does what, to whom, and how answers look.
 */
#include "sandbox/web.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mac.h"
#include "base/text.h"
#include "core/query.h"
#include "sandbox/answer.h"

#define HEAD_MAX 512
#define HOST_CHARS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-:[]"
#define HOST_MAX 200
#define PORT_MAX 6
/* Of a body that is not wanted. */
#define DRAIN_MAX ((uint64_t)4 * 1024 * 1024)
#define DRAIN_NS (5 * NS_PER_S)
/* What a thread keeps of its buffers. */
#define KEEP ((size_t)64 * 1024)

enum status call_fail(struct err *err, int *code, int answer, const char *format, ...)
{
    char words[ERR_TEXT_MAX];
    va_list args;

    va_start(args, format);
    (void)vsnprintf(words, sizeof words, format, args);
    va_end(args);
    *code = answer;
    return err_set(err, STATUS_MALFORMED, "%s", words);
}

/* ---- addresses */

struct route {
    const char *method;
    const char *path; /* "*" stands for an id */
    bool open;        /* without the key, and not counted */
    call_handler handle;
};

static const struct route routes[] = {
    {"POST", "/v2/upload", false, web_upload},
    {"POST", "/v2/transcript", false, web_submit},
    {"GET", "/v2/transcript", false, web_list},
    {"GET", "/v2/transcript/*", false, web_get},
    {"DELETE", "/v2/transcript/*", false, web_delete},
    {"GET", "/v2/transcript/*/srt", false, web_srt},
    {"GET", "/v2/transcript/*/vtt", false, web_vtt},
    {"GET", "/v2/transcript/*/sentences", false, web_sentences},
    {"GET", "/v2/transcript/*/paragraphs", false, web_paragraphs},
    {"GET", "/v2/transcript/*/word-search", false, web_word_search},
    {"GET", "/v2/transcript/*/redacted-audio", false, web_redacted_audio},
    {"GET", "/redacted-audio/*.wav", true, web_redacted_file},
};

/* *id: what stands in the place of the "*". */
static bool path_is(struct str path, const char *pattern, struct str *id)
{
    const char *star = strchr(pattern, '*');
    size_t before, behind;

    *id = STR_NONE;
    if (star == NULL)
        return str_is(path, pattern);
    before = (size_t)(star - pattern);
    behind = strlen(star + 1);
    if (path.len <= before + behind || memcmp(path.ptr, pattern, before) != 0 ||
        !str_ends(path, star + 1))
        return false;
    *id = (struct str){path.ptr + before, path.len - before - behind};
    return memchr(id->ptr, '/', id->len) == NULL;
}

static enum status find_route(const struct call *v, const struct route **out, struct str *id,
                              int *code, struct err *err)
{
    bool known = false;

    for (size_t i = 0; i < sizeof routes / sizeof *routes; i++) {
        if (!path_is(v->request.path, routes[i].path, id))
            continue;
        known = true;
        if (!str_is(v->request.method_text, routes[i].method))
            continue;
        *out = &routes[i];
        return STATUS_OK;
    }
    if (known)
        return call_fail(err, code, 405, "Method not allowed");
    return call_fail(err, code, 404, "Not found");
}

/* ---- who may ask */

static enum status check_key(const struct call *v, int *code, struct err *err)
{
    unsigned count;
    struct str given = request_header(&v->request, "Authorization", &count);

    if (count == 0 || given.len == 0)
        return call_fail(err, code, 401, "Authentication error, API token missing");
    if (count != 1 || !mac_secret_equal(buf_str(&v->sandbox->key), given))
        return call_fail(err, code, 401, "Authentication error, API token invalid");
    return STATUS_OK;
}

static enum status check_rate(struct call *v, int *code, struct err *err)
{
    const struct sandbox *s = v->sandbox;
    enum status status =
        transcripts_count(&s->store, s->rate, s->rate_seconds, v->now_ms, &v->retry_after_s, err);

    if (status != STATUS_OK || v->retry_after_s == 0)
        return status;
    return call_fail(err, code, 429,
                     "Too many requests: at most %" PRIu64 " in %" PRIu64
                     " seconds are admitted; try again in %" PRIu64 " seconds",
                     s->rate, s->rate_seconds, v->retry_after_s);
}

static enum status answer(struct call *v, int *code, struct err *err)
{
    const struct route *route = NULL;
    struct err unknown = ERR_INIT;
    struct str id = STR_NONE;
    int unknown_code = 200;
    enum status found = find_route(v, &route, &id, &unknown_code, &unknown);
    enum status status = STATUS_OK;

    /* Who has no key learns nothing of what there is. */
    if (route == NULL || !route->open)
        status = check_key(v, code, err);
    if (status == STATUS_OK && found != STATUS_OK)
        return call_fail(err, code, unknown_code, "%s", unknown.text);
    if (status == STATUS_OK && !route->open)
        status = check_rate(v, code, err);
    if (status != STATUS_OK)
        return status;
    if (id.len > 0) {
        if (!sandbox_id_ok(id))
            return call_fail(err, code, 400, "Transcript lookup error, transcript id not found");
        memcpy(v->id, id.ptr, SANDBOX_ID_LEN);
    }
    return route->handle(v, code, err);
}

/* ---- what handlers share */

enum status call_transcript(struct call *v, int *code, struct err *err)
{
    enum status status = transcripts_read(&v->sandbox->store, v->id, &v->text, &v->transcript, err);

    if (status != STATUS_MISSING)
        return status;
    err_clear(err);
    return call_fail(err, code, 400, "Transcript lookup error, transcript id not found");
}

enum status call_param(const struct call *v, const char *name, char *out, size_t size, int *code,
                       struct err *err)
{
    struct str raw;
    struct buf value;
    bool fits;

    out[0] = '\0';
    if (query_find(v->request.query, str_of(name), &raw) == 0)
        return STATUS_OK;
    buf_init(&value, size - 1);
    text_percent_decode(&value, raw, true);
    fits = value.failed == STATUS_OK && memchr(value.ptr, '\0', value.len) == NULL;
    if (fits)
        memcpy(out, value.ptr, value.len + 1);
    buf_free(&value);
    return fits ? STATUS_OK
                : call_fail(err, code, 400, "%s holds a NUL, or is longer than %zu bytes", name,
                            size - 1);
}

/* ---- the answer */

static const char *reason_of(int code)
{
    static const struct {
        int code;
        const char *reason;
    } reasons[] = {
        {200, "OK"},
        {400, "Bad Request"},
        {401, "Unauthorized"},
        {404, "Not Found"},
        {405, "Method Not Allowed"},
        {413, "Content Too Large"},
        {429, "Too Many Requests"},
    };

    for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++)
        if (reasons[i].code == code)
            return reasons[i].reason;
    return "Internal Server Error";
}

static void log_to_server(void *context, const char *line, size_t len)
{
    exchange_log(context, line, len > 0 ? len - 1 : 0);
}

static void log_trouble(struct call *v, const struct err *err)
{
    struct log log = {
        .dir = -1, .sink = log_to_server, .context = v->x, .program = "stenohook-sandbox.fcgi"};

    log_line(&log, LOG_LEVEL_ERROR, "%s", err->text);
}

static void write_answer(struct call *v, int code)
{
    struct buf head;

    buf_init(&head, HEAD_MAX);
    buf_printf(&head, "Status: %d %s\r\nContent-Type: %s\r\n", code, reason_of(code), v->type);
    if (v->retry_after_s > 0)
        buf_printf(&head, "Retry-After: %" PRIu64 "\r\n", v->retry_after_s);
    buf_add_text(&head, "\r\n");
    exchange_write(v->x, head.ptr, head.len);
    exchange_write(v->x, v->out.ptr, v->out.len);
    buf_free(&head);
}

static void set_base(struct call *v)
{
    struct str host = request_header(&v->request, "Host", NULL);
    struct str port = request_var(&v->request, "SERVER_PORT", NULL);

    if (host.len > 0 && host.len <= HOST_MAX && str_only(host, HOST_CHARS))
        (void)snprintf(v->base, sizeof v->base, "http://%.*s", (int)host.len, host.ptr);
    else
        (void)snprintf(v->base, sizeof v->base, "http://127.0.0.1:%.*s",
                       (int)(port.len < PORT_MAX ? port.len : 0), port.len > 0 ? port.ptr : "");
}

void web_serve(void *thread, struct exchange *x)
{
    struct call *v = thread;
    struct err err = ERR_INIT;
    enum status status;
    int code = 200;

    v->x = x;
    v->now_ms = clock_wall_ns() / NS_PER_MS;
    v->type = "application/json";
    v->retry_after_s = 0;
    v->id[0] = '\0';
    buf_reset(&v->body, KEEP);
    buf_reset(&v->out, KEEP);
    status = request_parse(&v->request, exchange_env(x), &err);
    set_base(v);
    if (status == STATUS_OK)
        status = answer(v, &code, &err);
    else
        code = 400;
    if (status != STATUS_OK) {
        if (code == 200) {
            log_trouble(v, &err);
            code = 500;
        }
        buf_reset(&v->out, KEEP);
        v->type = "application/json";
        answer_error(&v->out,
                     code == 500 ? "The sandbox has trouble: its log says which" : err.text);
    }
    exchange_drain(x, DRAIN_MAX, clock_mono_ns() + DRAIN_NS);
    write_answer(v, code);
}

void *web_begin(void *context)
{
    struct call *v = calloc(1, sizeof *v);

    if (v == NULL)
        return NULL;
    v->sandbox = context;
    buf_init(&v->text, JOB_TEXT_MAX);
    buf_init(&v->body, JOB_SUBMISSION_MAX + 1);
    buf_init(&v->out, JOB_ANSWER_MAX);
    return v;
}

void web_end(void *thread)
{
    struct call *v = thread;

    buf_wipe(&v->text);
    buf_wipe(&v->body);
    buf_free(&v->out);
    free(v);
}
