/* SPDX-License-Identifier: MIT
 * web - see sandbox/web.h.
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
#include "cli/programs.h"
#include "sandbox/answer.h"
#include "sandbox/web_parts.h"

#define HEAD_MAX 512
#define HOST_CHARS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-:[]"
#define HOST_MAX 200
#define PORT_MAX 6
/* Of an unread body. */
#define DRAIN_MAX ((uint64_t)4 * 1024 * 1024)
#define DRAIN_NS (5 * NS_PER_S)
/* The size to which a thread's buffers shrink. */
#define KEEP ((size_t)64 * 1024)

/* ---- addresses */

struct route {
    const char *method;
    const char *path; /* "*" stands for an id */
    bool open;        /* without the key, and not counted */
    web_handler handle;
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

static enum status find_route(const struct call *call, const struct route **out, struct str *id,
                              int *code, struct err *err)
{
    bool known = false;

    for (size_t i = 0; i < sizeof routes / sizeof *routes; i++) {
        if (!path_is(call->request.path, routes[i].path, id))
            continue;
        known = true;
        if (!str_is(call->request.method_text, routes[i].method))
            continue;
        *out = &routes[i];
        return STATUS_OK;
    }
    if (known)
        return call_fail(err, code, 405, "Method not allowed");
    return call_fail(err, code, 404, "Not found");
}

/* ---- key and rate */

static enum status check_key(const struct call *call, int *code, struct err *err)
{
    unsigned count;
    struct str given = request_header(&call->request, "Authorization", &count);

    if (count == 0 || given.len == 0)
        return call_fail(err, code, 401, "Authentication error, API token missing");
    if (count != 1 || !mac_secret_equal(buf_str(&call->sandbox->key), given))
        return call_fail(err, code, 401, "Authentication error, API token invalid");
    return STATUS_OK;
}

static enum status check_rate(struct call *call, int *code, struct err *err)
{
    const struct sandbox *s = call->sandbox;
    enum status status = transcripts_count(&s->state, s->rate, s->rate_seconds, call->now_ms,
                                           &call->retry_after_s, err);

    if (status != STATUS_OK || call->retry_after_s == 0)
        return status;
    return call_fail(err, code, 429,
                     "Too many requests: at most %" PRIu64 " in %" PRIu64
                     " seconds; try again in %" PRIu64 " seconds",
                     s->rate, s->rate_seconds, call->retry_after_s);
}

static enum status answer_request(struct call *call, int *code, struct err *err)
{
    const struct route *route = NULL;
    struct err unknown = ERR_INIT;
    struct str id = STR_NONE;
    int unknown_code = 200;
    enum status found = find_route(call, &route, &id, &unknown_code, &unknown);
    enum status status = STATUS_OK;

    /* Without the key, do not reveal which addresses exist. */
    if (route == NULL || !route->open)
        status = check_key(call, code, err);
    if (status == STATUS_OK && found != STATUS_OK)
        return call_fail(err, code, unknown_code, "%s", unknown.text);
    if (status == STATUS_OK && !route->open)
        status = check_rate(call, code, err);
    if (status != STATUS_OK)
        return status;
    if (id.len > 0) {
        if (!transcript_id_ok(id))
            return call_fail(err, code, 400, "Transcript lookup error, transcript id not found");
        memcpy(call->id, id.ptr, TRANSCRIPT_ID_LEN);
    }
    return route->handle(call, code, err);
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

static void log_trouble(struct call *call, const struct err *err)
{
    struct log log = {
        .dir = -1, .sink = log_to_server, .context = call->x, .program = PROGRAM_SANDBOX};

    log_line(&log, LOG_LEVEL_ERROR, "%s", err->text);
}

static void write_answer(struct call *call, int code)
{
    struct buf head;

    buf_init(&head, HEAD_MAX);
    buf_printf(&head, "Status: %d %s\r\nContent-Type: %s\r\n", code, reason_of(code), call->type);
    if (call->retry_after_s > 0)
        buf_printf(&head, "Retry-After: %" PRIu64 "\r\n", call->retry_after_s);
    buf_add_text(&head, "\r\n");
    exchange_write(call->x, head.ptr, head.len);
    exchange_write(call->x, call->out.ptr, call->out.len);
    buf_free(&head);
}

static void set_base(struct call *call)
{
    struct str host = request_header(&call->request, "Host", NULL);
    struct str port = request_var(&call->request, "SERVER_PORT", NULL);

    if (host.len > 0 && host.len <= HOST_MAX && str_only(host, HOST_CHARS))
        (void)snprintf(call->base, sizeof call->base, "http://%.*s", (int)host.len, host.ptr);
    else
        (void)snprintf(call->base, sizeof call->base, "http://127.0.0.1:%.*s",
                       (int)(port.len < PORT_MAX ? port.len : 0), port.len > 0 ? port.ptr : "");
}

void web_serve(void *thread, struct exchange *x)
{
    struct call *call = thread;
    struct err err = ERR_INIT;
    enum status status;
    int code = 200;

    call->x = x;
    call->now_ms = clock_wall_ns() / NS_PER_MS;
    call->type = "application/json";
    call->retry_after_s = 0;
    call->id[0] = '\0';
    buf_reset(&call->body, KEEP);
    buf_reset(&call->out, KEEP);
    status = request_parse(&call->request, exchange_env(x), &err);
    set_base(call);
    if (status == STATUS_OK)
        status = answer_request(call, &code, &err);
    else
        code = 400;
    if (status != STATUS_OK) {
        if (code == 200) {
            log_trouble(call, &err);
            code = 500;
        }
        buf_reset(&call->out, KEEP);
        call->type = "application/json";
        answer_error(&call->out, code == 500 ? "The sandbox failed: see its log" : err.text);
    }
    exchange_drain(x, DRAIN_MAX, clock_mono_ns() + DRAIN_NS);
    write_answer(call, code);
}

void *web_begin(void *context)
{
    struct call *call = calloc(1, sizeof *call);

    if (call == NULL)
        return NULL;
    call->sandbox = context;
    buf_init(&call->text, TRANSCRIPT_TEXT_MAX);
    buf_init(&call->body, TRANSCRIPT_SUBMISSION_MAX + 1);
    buf_init(&call->out, TRANSCRIPT_ANSWER_MAX);
    return call;
}

void web_end(void *thread)
{
    struct call *call = thread;

    buf_wipe(&call->text);
    buf_wipe(&call->body);
    buf_free(&call->out);
    free(call);
}
