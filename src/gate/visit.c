/* SPDX-License-Identifier: MIT
 * visit - the spool and the secrets of a request, and its lines in the log.
 */
#include <inttypes.h>
#include <stdio.h>

#include "base/log.h"
#include "gate/gate_parts.h"
#include "store/boxes/box.h"

const struct spool *visit_spool(const struct visit *v)
{
    return spool_pool_spool(&v->thread->user);
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
    return (struct log){
        .dir = v->spool_status == STATUS_OK ? visit_spool(v)->dir : -1,
        .name = SPOOL_LOG,
        .sink = log_to_server,
        .context = v->x,
        .program = gate_program(v->thread->gate),
    };
}

void visit_log_failure(const struct visit *v, enum status status, const char *note)
{
    struct log log = visit_log(v);
    /* The name that the boxes and the configuration use, if the address has none. */
    struct str name = v->endpoint != NULL ? str_of(v->endpoint->name) : v->name;
    char others[48] = "";
    uint64_t suppressed = 0;

    /* Where nothing is proved, a stranger is known too. */
    if (!(v->known && auth_proves(v->endpoint)) && v->spool_status == STATUS_OK &&
        !box_should_log(visit_spool(v), v->now_ns, &suppressed))
        return;
    if (suppressed > 0)
        snprintf(others, sizeof others, " (and %" PRIu64 " more refused before)", suppressed);
    log_line(&log, status_level(status), "%d %s, endpoint \"%.*s\", from %.*s: %s%s%s%s",
             status_http(status), status_name(status), (int)(name.len < 64 ? name.len : 64),
             name.ptr == NULL ? "" : name.ptr,
             (int)(v->request.remote_addr.len < 64 ? v->request.remote_addr.len : 64),
             v->request.remote_addr.ptr == NULL ? "" : v->request.remote_addr.ptr, v->err.text,
             note[0] == '\0' ? "" : "; ", note, others);
}

/* Each CGI process finds the same again, so its warnings are rate-limited. */
static bool note_is_due(const struct visit *v)
{
    uint64_t suppressed;

    return v->thread->gate->fastcgi || v->spool_status != STATUS_OK ||
           box_should_log(visit_spool(v), v->now_ns, &suppressed);
}

void visit_log_notes(const struct visit *v)
{
    struct log log = visit_log(v);
    struct buf notes;
    struct str line, rest;

    if (v->spool_status == STATUS_OK && spool_pool_mode_is_news(&v->thread->user) && note_is_due(v))
        log_line(&log, LOG_LEVEL_WARNING, SPOOL_NOT_PRIVATE, visit_spool(v)->path,
                 visit_spool(v)->path);
    buf_init(&notes, GATE_NOTES_MAX);
    gate_take_notes(v->thread->gate, &notes);
    rest = buf_str(&notes);
    while (rest.len > 0) {
        (void)str_cut(rest, '\n', &line, &rest);
        if (note_is_due(v))
            log_line(&log, LOG_LEVEL_WARNING, "%.*s", (int)line.len, line.ptr);
    }
    buf_free(&notes);
}
