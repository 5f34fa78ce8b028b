/* SPDX-License-Identifier: MIT
 * health - the small report for a GET or HEAD that carries the secret: for monitors, and to try a
 * new installation.
 */
#include "gate/reply.h"
#include "gate/visit.h"

#include "base/file.h"
#include "store/standing.h"

/* A signature covers a body, so a GET cannot carry one: such endpoints give no report. */
static enum status may_see(struct visit *v)
{
    struct principal *p = NULL;
    struct err err = ERR_INIT;
    enum status status;

    if (v->endpoint == NULL || auth_needs_body(v->endpoint))
        return STATUS_METHOD;
    status = auth_check(v->endpoint, visit_secrets(v), &v->request, STR_NONE, v->now_ns, &p, &err);
    principal_free(p);
    return status == STATUS_OK ? STATUS_OK : STATUS_METHOD;
}

static enum status problem_of(struct visit *v)
{
    const struct config *config = v->settings->config;
    struct place place;
    uint64_t space;
    enum status status = v->spool_status;

    if (status != STATUS_OK)
        return err_set(&v->err, status, "%s", v->spool_err.text);
    if (file_free_space(visit_spool(v)->dir, &space) < 0)
        return err_errno(&v->err, "cannot tell the free space of %s", config->spool);
    if (space < config->free_space_min)
        return err_set(&v->err, STATUS_NO_SPACE, "%s has less free space than its reserve",
                       config->spool);
    status = journal_durable(visit_spool(v), &place, &v->err);
    /* Nothing was recorded since the machine was started: the first delivery recovers the journal.
     */
    if (status == STATUS_MISSING)
        status = STATUS_OK;
    /* Of interest where there is a hook. The runner logs it. */
    if (status == STATUS_OK && v->thread->hooks != NULL &&
        standing_check(visit_spool(v), NULL, &v->err) == STATUS_PAUSED)
        return STATUS_PAUSED;
    return status;
}

enum status health_answer(struct visit *v)
{
    enum status status = may_see(v);

    /* A stranger learns no more than of a URL that does not exist. */
    if (status != STATUS_OK)
        return err_set(&v->err, status, "not a POST, and without the right secret");
    /* A monitor that asks keeps the hooks going where nothing else does. */
    hooks_due(v, NULL);
    status = problem_of(v);
    if (status != STATUS_OK && status != STATUS_PAUSED)
        visit_log_failure(v, status, "health report");
    reply_health(&v->thread->reply, status, v->request.method == METHOD_HEAD);
    return STATUS_OK;
}
