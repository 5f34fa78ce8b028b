/* SPDX-License-Identifier: MIT
 * health - the small report for a GET or HEAD that carries the secret: for monitors, and to try a
 * new installation. 503 where a delivery would not be recorded, 200 where it would; the words say
 * the rest.
 */
#include <stdarg.h>
#include <stdio.h>

#include "base/file.h"
#include "base/text.h"
#include "gate/gate.h"
#include "gate/reply.h"
#include "gate/visit.h"

#define SENTENCES_MAX 2048
#define HOOKS_MAX 512

void health_say(struct health *h, const char *format, ...)
{
    char text[ERR_TEXT_MAX];
    struct buf json;
    va_list args;

    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    buf_init(&json, SENTENCES_MAX);
    text_json(&json, str_of(text));
    if (json.failed == STATUS_OK && h->sentences.len + json.len + 1 <= SENTENCES_MAX) {
        if (h->sentences.len > 0)
            buf_add_char(&h->sentences, ',');
        buf_add_str(&h->sentences, buf_str(&json));
    }
    buf_free(&json);
}

/* A signature covers a body, so a GET cannot carry one: such endpoints give no report. A stranger
 * who shows nothing learns no more than of a URL that does not exist; whoever shows a secret is
 * told that it is wrong, as with a POST. */
static enum status may_see(struct visit *v)
{
    struct principal *p = NULL;
    struct err err = ERR_INIT;
    enum status status;

    if (v->endpoint == NULL || auth_needs_body(v->endpoint))
        return err_set(&v->err, STATUS_METHOD, "not a POST");
    status = auth_check(v->endpoint, visit_secrets(v), &v->request, STR_NONE, v->now_ns, &p, &err);
    principal_free(p);
    if (status == STATUS_UNAUTHORIZED && !auth_presented(v->endpoint, &v->request))
        return err_set(&v->err, STATUS_METHOD, "not a POST, and without a secret");
    return err_pass(&v->err, status, &err);
}

/* What would keep a delivery from being recorded. */
static enum status problem_of(struct visit *v)
{
    const struct config *config = v->settings->config;
    struct place place;
    uint64_t space;
    enum status status = v->spool_status;

    if (status != STATUS_OK)
        return err_pass(&v->err, status, &v->spool_err);
    if (file_free_space(visit_spool(v)->dir, &space) < 0)
        return err_errno(&v->err, "cannot tell the free space of %s", config->spool);
    if (space < config->free_space_min)
        return err_set(&v->err, STATUS_NO_SPACE, "%s has less free space than its reserve",
                       config->spool);
    status = journal_durable(visit_spool(v), &place, &v->err);
    /* Nothing was recorded since the machine was started: the first delivery recovers the journal.
     */
    if (status == STATUS_MISSING)
        return STATUS_OK;
    return status;
}

static void report(struct visit *v, enum status problem)
{
    struct health h;

    buf_init(&h.sentences, SENTENCES_MAX);
    buf_init(&h.hooks, HOOKS_MAX);
    if (problem != STATUS_OK)
        health_say(&h, "%s", v->err.text);
    if (!gate_settings_whole(v->thread->gate))
        health_say(&h,
                   "the configuration on disk cannot be used, and the last good one serves: see "
                   "stenohook.log");
    if (v->spool_status == STATUS_OK)
        health_hooks(v, &h);
    reply_health(&v->thread->reply,
                 &(struct reply_report){problem, buf_str(&h.sentences), buf_str(&h.hooks)},
                 v->request.method == METHOD_HEAD);
    buf_free(&h.sentences);
    buf_free(&h.hooks);
}

void health_unproved(struct visit *v, enum status status)
{
    reply_health(&v->thread->reply, &(struct reply_report){status, STR_NONE, STR_NONE},
                 v->request.method == METHOD_HEAD);
}

enum status health_answer(struct visit *v)
{
    enum status status = may_see(v);

    if (status == STATUS_METHOD)
        return status;
    if (status != STATUS_OK)
        visit_log_failure(v, status, "health report");
    if (status == STATUS_NO_SECRET) {
        health_unproved(v, status);
        return STATUS_OK;
    }
    if (status != STATUS_OK)
        return status;
    /* A monitor that asks keeps the hooks going where nothing else does. */
    hooks_due(v, NULL);
    status = problem_of(v);
    if (status != STATUS_OK)
        visit_log_failure(v, status, "health report");
    report(v, status);
    return STATUS_OK;
}
