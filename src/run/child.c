/* SPDX-License-Identifier: MIT
 * child - see run/child.h.
 */
#include "run/child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "run/launch.h"

/* Of one stream in one step: a hook that floods us must not keep the others waiting. */
#define READS_MAX 16
#define BODY_NAME "hook"

/* ---- start */

/* A file of the body's bytes that no name leads to, at its start. */
static int make_body_file(const struct spool *spool, struct str body)
{
    char name[SPOOL_NAME_MAX];
    int fd = memfd_create(BODY_NAME, MFD_CLOEXEC);

    if (fd < 0) {
        (void)snprintf(name, sizeof name, SPOOL_RUN "/body.%ld", (long)getpid());
        fd = file_open(spool->dir, name, O_RDWR | O_CREAT | O_EXCL, 0600);
        if (fd >= 0)
            (void)unlinkat(spool->dir, name, 0);
    }
    if (fd >= 0 && (file_pwrite(fd, body.ptr, body.len, 0) != 0))
        file_close(&fd);
    return fd;
}

/* The reading end must not block us, the hook's must not fail it. */
static int make_output_pipe(struct child_output *output, int *hook_end)
{
    int ends[2];

    if (pipe2(ends, O_CLOEXEC) != 0)
        return -1;
    *hook_end = ends[1];
    output->fd = ends[0];
    output->len = 0;
    return fcntl(output->fd, F_SETFL, O_NONBLOCK);
}

static enum status prepare_files(struct child *child, const struct child_plan *plan,
                                 struct launch *launch, struct err *err)
{
    launch->fds[STDIN_FILENO] = make_body_file(plan->spool, plan->body);
    if (launch->fds[STDIN_FILENO] < 0)
        return err_errno(err, "cannot make the file that a hook reads its body from");
    if (make_output_pipe(&child->out, &launch->fds[STDOUT_FILENO]) != 0 ||
        make_output_pipe(&child->err, &launch->fds[STDERR_FILENO]) != 0)
        return err_errno(err, "cannot make a pipe for a hook");
    return STATUS_OK;
}

static void close_outputs(struct child *child)
{
    file_close(&child->out.fd);
    file_close(&child->err.fd);
}

enum status child_start(struct child *child, const struct child_plan *plan, uint64_t now_ns,
                        struct err *err)
{
    struct launch launch = {
        .argv = plan->argv,
        .envp = plan->envp,
        .foreign = plan->foreign,
        .context = plan->context,
        .folder = plan->home,
        .memory_max = plan->memory_max,
        .file_max = plan->file_max,
        .processes_max = plan->processes_max,
        .files = plan->files,
        .fds = {-1, -1, -1, plan->slot->fd},
        .attempt = plan->slot->attempt,
    };
    enum status status;

    child->out.fd = child->err.fd = -1;
    status = prepare_files(child, plan, &launch, err);
    if (status == STATUS_OK)
        status = launch_hook(&launch, err);
    for (int i = STDIN_FILENO; i <= STDERR_FILENO; i++)
        file_close(&launch.fds[i]);
    if (status != STATUS_OK) {
        close_outputs(child);
        return status;
    }
    child->pid = launch.pid;
    child->phase = CHILD_RUNS;
    child->timed_out = false;
    child->wait_status = 0;
    child->begun_ns = now_ns;
    child->next_ns = now_ns + plan->timeout_s * NS_PER_S;
    return STATUS_OK;
}

/* ---- output */

/* Keeps the end of what comes. */
static void take_output(struct child_output *output)
{
    for (int i = 0; output->fd >= 0 && i < READS_MAX; i++) {
        ssize_t got;

        if (output->len == sizeof output->bytes) {
            memmove(output->bytes, output->bytes + RESULT_TAIL_MAX, RESULT_TAIL_MAX);
            output->len = RESULT_TAIL_MAX;
        }
        got = read(output->fd, output->bytes + output->len, sizeof output->bytes - output->len);
        if (got > 0)
            output->len += (size_t)got;
        else if (got == 0 || (errno != EAGAIN && errno != EINTR))
            file_close(&output->fd);
        else if (errno == EAGAIN)
            return;
    }
}

static struct str output_tail(const struct child_output *output)
{
    size_t len = output->len < RESULT_TAIL_MAX ? output->len : RESULT_TAIL_MAX;

    return (struct str){output->bytes + output->len - len, len};
}

nfds_t child_wants(const struct child *child, struct pollfd polled[2])
{
    const int fds[2] = {child->out.fd, child->err.fd};
    nfds_t n = 0;

    for (int i = 0; i < 2; i++)
        if (fds[i] >= 0)
            polled[n++] = (struct pollfd){.fd = fds[i], .events = POLLIN};
    return n;
}

/* ---- the end */

static bool reap_child(struct child *child)
{
    pid_t pid;

    do {
        pid = waitpid(child->pid, &child->wait_status, WNOHANG);
    } while (pid < 0 && errno == EINTR);
    return pid == child->pid;
}

static void note_end(struct child *child, uint64_t now_ns)
{
    child->phase = CHILD_GRACE;
    child->ended_ns = now_ns;
    child->next_ns = now_ns + CHILD_GRACE_NS;
}

static void stop_group(struct child *child, enum child_phase phase, int signal, uint64_t next_ns)
{
    (void)kill(-child->pid, signal);
    child->timed_out = true;
    child->phase = phase;
    child->next_ns = next_ns;
}

static void watch_process(struct child *child, bool look, uint64_t now_ns)
{
    bool due = now_ns >= child->next_ns;

    switch (child->phase) {
    case CHILD_RUNS:
        if ((look || due) && reap_child(child))
            note_end(child, now_ns);
        else if (due)
            stop_group(child, CHILD_STOPPING, SIGTERM, now_ns + CHILD_TERM_NS);
        break;
    case CHILD_STOPPING:
        if (due)
            stop_group(child, CHILD_KILLED, SIGKILL, UINT64_MAX);
        break;
    case CHILD_KILLED:
    case CHILD_GRACE:
    case CHILD_OVER:
        break;
    }
    if (child->phase == CHILD_KILLED && reap_child(child))
        note_end(child, now_ns);
}

bool child_step(struct child *child, bool look, uint64_t now_ns)
{
    watch_process(child, look, now_ns);
    take_output(&child->out);
    take_output(&child->err);
    if (child->phase != CHILD_GRACE)
        return child->phase == CHILD_OVER;
    if (child->out.fd >= 0 || child->err.fd >= 0) {
        if (now_ns < child->next_ns)
            return false;
        close_outputs(child);
    }
    child->phase = CHILD_OVER;
    return true;
}

void child_outcome(struct child *child, struct result *result)
{
    result->took_ms = (child->ended_ns - child->begun_ns) / NS_PER_MS;
    result->out_tail = output_tail(&child->out);
    result->err_tail = output_tail(&child->err);
    result->code = 0;
    if (child->timed_out) {
        result->end = RESULT_TIMEOUT;
    } else if (WIFSIGNALED(child->wait_status)) {
        result->end = RESULT_SIGNAL;
        result->code = WTERMSIG(child->wait_status);
    } else {
        result->end = RESULT_EXIT;
        result->code = WEXITSTATUS(child->wait_status);
    }
}

void child_leave(struct child *child)
{
    close_outputs(child);
}
