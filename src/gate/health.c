/* SPDX-License-Identifier: MIT
 * health - the small report for a GET or HEAD that carries the secret: for monitors, and to try a
 * new installation. 503 if a delivery would not be recorded, 200 if it would; the words say
 * the rest.
 */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "gate/gate_parts.h"
#include "gate/reply.h"
#include "store/budget.h"
#include "store/intake.h"

#define HOOKS_MAX 512

/* A signature covers a body, so a GET cannot carry one: such endpoints give no report. A request
 * without a secret learns no more than of an unknown URL; a wrong secret is answered as with a
 * POST.
 */
static enum status authorize(struct visit *v)
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

/* Other denials than this are of new files only. */
static enum status check_writable(struct visit *v)
{
    const struct spool *spool = visit_spool(v);

    if (faccessat(spool->log, ".", W_OK, AT_EACCESS) != 0 && errno == EROFS)
        return err_errno(&v->err, "cannot write to the spool %s", spool->path);
    return STATUS_OK;
}

/* What would keep a delivery from being recorded. */
static enum status find_problem(struct visit *v)
{
    struct reserve_rule reserve = intake_options(v->settings->config).reserve;
    struct daily_budget used;
    struct place place;
    enum status status = v->spool_status;

    if (status != STATUS_OK)
        return err_pass(&v->err, status, &v->spool_err);
    status = check_writable(v);
    if (status != STATUS_OK)
        return status;
    status = reserve_check(visit_spool(v)->dir, &reserve, 1, 0, &v->err);
    if (status != STATUS_OK)
        return status;
    if (budget_applies(v->endpoint)) {
        budget_read(visit_spool(v), v->endpoint, v->now_ns, &used);
        if (budget_spent(&used, v->endpoint))
            return err_set(
                &v->err, STATUS_BUDGET,
                "the budget of today (UTC) is used up: deliveries are answered 503 until "
                "midnight; see daily-events-max and daily-bytes-max");
    }
    status = journal_durable(visit_spool(v), &place, &v->err);
    /* Nothing was recorded since the machine was started: the first delivery recovers the journal.
     */
    if (status == STATUS_MISSING)
        return STATUS_OK;
    return status;
}

static void write_report(struct visit *v, enum status problem)
{
    struct buf sentences, hooks;

    buf_init(&sentences, REPLY_SENTENCES_MAX);
    buf_init(&hooks, HOOKS_MAX);
    if (problem != STATUS_OK)
        reply_add_sentence(&sentences, "%s", v->err.text);
    if (!gate_settings_whole(v->thread->gate))
        reply_add_sentence(
            &sentences,
            "the configuration on disk cannot be used, and the last good one serves: see "
            "stenohook.log");
    if (v->spool_status == STATUS_OK)
        health_hooks(v, &sentences, &hooks);
    reply_health(&v->thread->reply,
                 &(struct reply_report){problem, buf_str(&sentences), buf_str(&hooks)},
                 v->request.method == METHOD_HEAD);
    buf_free(&sentences);
    buf_free(&hooks);
}

void health_unproved(struct visit *v, enum status status)
{
    reply_health(&v->thread->reply, &(struct reply_report){status, STR_NONE, STR_NONE},
                 v->request.method == METHOD_HEAD);
}

enum status health_answer(struct visit *v)
{
    enum status status = authorize(v);

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
    /* A monitor that asks keeps the hooks going if nothing else does. */
    wake_later_note(v, NULL);
    status = find_problem(v);
    if (status != STATUS_OK)
        visit_log_failure(v, status, "health report");
    write_report(v, status);
    return STATUS_OK;
}
