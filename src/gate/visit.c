/* SPDX-License-Identifier: MIT
 * visit - the spool and the secrets of a request, and its lines in the log.
 */
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "gate/gate_parts.h"

/* Notes that stay the same are logged again after this. */
#define NOTES_EVERY_NS (3600 * NS_PER_S)

const struct spool *visit_spool(const struct visit *v)
{
    return spool_pool_spool(&v->thread->user);
}

const struct auth_secrets *visit_secrets(const struct visit *v)
{
    return &v->settings->secrets[v->endpoint - v->settings->config->endpoints];
}

bool visit_is_stranger(const struct visit *v)
{
    return !v->known || !auth_proves(v->endpoint);
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

bool gate_line_due(const struct log *log, const struct spool *spool, enum log_kind kind,
                   enum status status, int64_t now_ns)
{
    char closing[LOG_BUDGET_CLOSING_MAX];
    bool due = log_budget_take(spool, kind, status, now_ns, closing);

    if (closing[0] != '\0')
        log_line(log, LOG_LEVEL_WARNING, "%s", closing);
    return due;
}

/* Without a spool only the web server's log is left, which has a line of each request anyway. */
static bool line_is_due(const struct visit *v, const struct log *log, enum log_kind kind,
                        enum status status)
{
    return v->spool_status != STATUS_OK ||
           gate_line_due(log, visit_spool(v), kind, status, v->now_ns);
}

void visit_log_failure(const struct visit *v, enum status status, const char *note)
{
    struct log log = visit_log(v);
    /* The name that the boxes and the configuration use, if the address has none. */
    struct str name = v->endpoint != NULL ? str_of(v->endpoint->name) : v->name;

    if (!line_is_due(v, &log, visit_is_stranger(v) ? LOG_OF_STRANGERS : LOG_OF_SENDERS, status))
        return;
    log_line(&log, status_level(status), "%d %s, endpoint \"%.*s\", from %.*s: %s%s%s",
             status_http(status), status_name(status), (int)(name.len < 64 ? name.len : 64),
             name.ptr == NULL ? "" : name.ptr,
             (int)(v->request.remote_addr.len < 64 ? v->request.remote_addr.len : 64),
             v->request.remote_addr.ptr == NULL ? "" : v->request.remote_addr.ptr, v->err.text,
             note[0] == '\0' ? "" : "; ", note);
}

/* Each CGI process finds the same again: whether these are not the notes that one of them logged
 * last, or not within the hour. Notes that cannot be compared are logged. */
static bool notes_are_news(const struct spool *spool, struct str notes, int64_t now_ns)
{
    char last[GATE_NOTES_MAX];
    int fd = file_open(spool->dir, SPOOL_NOTED, O_RDWR | O_CREAT | O_NOFOLLOW, 0600);
    ssize_t got = fd < 0 ? -1 : file_pread(fd, last, sizeof last, 0);
    bool news = true;
    struct stat sb;

    if (got >= 0 && fstat(fd, &sb) == 0) {
        int64_t age_ns = now_ns - (int64_t)sb.st_mtim.tv_sec * NS_PER_S;

        news = !str_eq(notes, (struct str){last, (size_t)got}) || age_ns < 0 ||
               age_ns > NOTES_EVERY_NS;
        if (news && ftruncate(fd, 0) == 0)
            (void)file_pwrite(fd, notes.ptr, notes.len, 0);
    }
    file_close(&fd);
    return news;
}

/* Each CGI process finds the same again. */
static bool note_is_due(const struct visit *v, const struct log *log)
{
    return v->thread->gate->fastcgi || line_is_due(v, log, LOG_OF_NOTES, STATUS_OK);
}

void visit_log_notes(const struct visit *v)
{
    struct log log = visit_log(v);
    struct buf notes;
    struct str line, rest;

    if (v->spool_status == STATUS_OK && spool_pool_mode_is_news(&v->thread->user) &&
        note_is_due(v, &log))
        log_line(&log, LOG_LEVEL_WARNING, SPOOL_NOT_PRIVATE, visit_spool(v)->path,
                 visit_spool(v)->path);
    buf_init(&notes, GATE_NOTES_MAX);
    gate_take_notes(v->thread->gate, &notes);
    rest = buf_str(&notes);
    if (rest.len > 0 && !v->thread->gate->fastcgi && v->spool_status == STATUS_OK &&
        !notes_are_news(visit_spool(v), rest, v->now_ns))
        rest = STR_NONE;
    while (rest.len > 0) {
        (void)str_cut(rest, '\n', &line, &rest);
        if (note_is_due(v, &log))
            log_line(&log, LOG_LEVEL_WARNING, "%.*s", (int)line.len, line.ptr);
    }
    buf_free(&notes);
}
