/* SPDX-License-Identifier: MIT
 * visit - what one request knows of its site, and what it says in the log.
 */
#include "gate/visit.h"

#include "base/log.h"
#include "gate/gate.h"
#include "store/box.h"

#include <inttypes.h>
#include <stdio.h>

const struct spool *visit_spool(const struct visit *v)
{
    return site_spool(v->thread->user.site);
}

const struct auth_secrets *visit_secrets(const struct visit *v)
{
    return &v->settings->secrets[v->endpoint - v->settings->config->endpoints];
}

static void log_to_server(void *context, const char *line, size_t len)
{
    exchange_log(context, line, len > 0 && line[len - 1] == '\n' ? len - 1 : len);
}

static struct log visit_log(const struct visit *v)
{
    struct log log = {
        .dir = v->spool_status == STATUS_OK ? visit_spool(v)->dir : -1,
        .name = SPOOL_LOG,
        .sink = log_to_server,
        .context = v->x,
        .program = gate_program(v->thread->gate),
    };

    return log;
}

void visit_log_failure(const struct visit *v, enum status status, const char *note)
{
    struct log log = visit_log(v);
    char others[48] = "";
    uint64_t suppressed = 0;

    if (v->principal == NULL && v->spool_status == STATUS_OK &&
        !box_should_log(visit_spool(v), v->now_ns, &suppressed))
        return;
    if (suppressed > 0)
        snprintf(others, sizeof others, " (and %" PRIu64 " more refused before)", suppressed);
    log_line(&log, status_level(status), "%d %s, endpoint \"%.*s\", from %.*s: %s%s%s%s",
             status_http(status), status_name(status), (int)(v->name.len < 64 ? v->name.len : 64),
             v->name.ptr == NULL ? "" : v->name.ptr,
             (int)(v->request.remote_addr.len < 64 ? v->request.remote_addr.len : 64),
             v->request.remote_addr.ptr == NULL ? "" : v->request.remote_addr.ptr, v->err.text,
             note[0] == '\0' ? "" : "; ", note, others);
}

/* Sentences about the configuration. A CGI process reads it anew for each request, so there they
 * count as refusals do. */
void visit_log_notes(const struct visit *v)
{
    struct log log = visit_log(v);
    struct buf notes;
    struct str line, rest;
    uint64_t suppressed;

    buf_init(&notes, GATE_NOTES_MAX);
    gate_take_notes(v->thread->gate, &notes);
    rest = buf_str(&notes);
    while (rest.len > 0) {
        (void)str_cut(rest, '\n', &line, &rest);
        if (v->thread->gate->fastcgi || v->spool_status != STATUS_OK ||
            box_should_log(visit_spool(v), v->now_ns, &suppressed))
            log_line(&log, LOG_LEVEL_WARNING, "%.*s", (int)line.len, line.ptr);
    }
    buf_free(&notes);
}
