/* SPDX-License-Identifier: MIT
 * cgi - one request a process (RFC 3875): environment, stdin, stdout, stderr.
 */
#include "cgi/cgi.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/num.h"
#include "cgi/cgi_parts.h"

extern char **environ;

struct cgi_exchange {
    struct exchange base;
    bool bounded;  /* CONTENT_LENGTH is known */
    uint64_t left; /* if bounded: body bytes not yet read */
    bool ended;
};

/* Milliseconds for poll, rounded up; 0 when time is up. */
static int time_left_ms(uint64_t deadline_ns)
{
    uint64_t now = clock_mono_ns();
    uint64_t left;

    if (now >= deadline_ns)
        return 0;
    left = (deadline_ns - now + NS_PER_MS - 1) / NS_PER_MS;
    return left > 1000000 ? 1000000 : (int)left;
}

/* Waits until stdin can be read without blocking. A silent client must not hold us beyond the
 * deadline: web servers time out much later than the sender does. */
static enum status wait_for_stdin(uint64_t deadline_ns, struct err *err)
{
    for (;;) {
        struct pollfd p = {.fd = STDIN_FILENO, .events = POLLIN};
        int left = time_left_ms(deadline_ns);
        int n;

        if (left == 0)
            return err_set(err, STATUS_DEADLINE, "the body did not come in time");
        n = poll(&p, 1, left);
        if (n > 0)
            return STATUS_OK;
        if (n < 0 && errno != EINTR)
            return err_errno(err, "cannot wait for the body");
    }
}

static enum status read_stdin(struct exchange *x, void *out, size_t max, uint64_t deadline_ns,
                              size_t *got, struct err *err)
{
    struct cgi_exchange *c = (struct cgi_exchange *)x;

    *got = 0;
    if (c->bounded && max > c->left)
        max = (size_t)c->left;
    if (c->ended || max == 0)
        return STATUS_OK;
    for (;;) {
        enum status status = wait_for_stdin(deadline_ns, err);
        ssize_t n;

        if (status != STATUS_OK)
            return status;
        n = read(STDIN_FILENO, out, max);
        if (n < 0 && (errno == EINTR || errno == EAGAIN))
            continue;
        if (n < 0) {
            c->ended = true;
            return err_set(err, STATUS_TRUNCATED, "the web server broke the body off");
        }
        if (n == 0)
            c->ended = true;
        c->left -= c->bounded ? (uint64_t)n : 0;
        *got = (size_t)n;
        return STATUS_OK;
    }
}

static bool stdin_would_wait(const struct exchange *x)
{
    const struct cgi_exchange *c = (const struct cgi_exchange *)x;
    struct pollfd p = {.fd = STDIN_FILENO, .events = POLLIN};

    return !c->ended && !(c->bounded && c->left == 0) && poll(&p, 1, 0) == 0;
}

static void write_stdout(struct exchange *x, const void *bytes, size_t len)
{
    struct sigaction ignore = {.sa_handler = SIG_IGN};

    (void)x;
    /* Apache sends SIGTERM as soon as the reply has ended, and SIGKILL three seconds later: what is
     * left to do fits in between. */
    sigaction(SIGTERM, &ignore, NULL);
    /* The client may be gone. */
    if (file_write(STDOUT_FILENO, bytes, len) < 0)
        return;
}

static void log_stderr(struct exchange *x, const char *line, size_t len)
{
    (void)x;
    if (file_write(STDERR_FILENO, line, len) < 0)
        return;
}

static const struct exchange_calls calls = {read_stdin, stdin_would_wait, write_stdout, log_stderr};

/* libfcgi has installed handlers for SIGTERM and SIGUSR1: without this the web server's SIGTERM
 * would not end us. */
static void restore_signals(void)
{
    struct sigaction standard = {.sa_handler = SIG_DFL};
    struct sigaction ignore = {.sa_handler = SIG_IGN};

    sigaction(SIGTERM, &standard, NULL);
    sigaction(SIGUSR1, &standard, NULL);
    sigaction(SIGPIPE, &ignore, NULL);
    /* A file size limit of the host is then an error that is answered. */
    sigaction(SIGXFSZ, &ignore, NULL);
}

/* A reply ends when its descriptors are closed: the client must not wait for the work after it. */
static void end_reply(void)
{
    int fd = file_open(AT_FDCWD, "/dev/null", O_RDWR, 0);

    if (fd < 0)
        return;
    for (int i = STDIN_FILENO; i <= STDERR_FILENO; i++)
        (void)dup2(fd, i);
    file_close(&fd);
}

int cgi_serve(const struct cgi_handler *handler)
{
    struct cgi_exchange c = {
        .base = {.calls = &calls, .env = environ, .accepted_ns = clock_mono_ns()},
    };
    void *thread;

    restore_signals();
    c.bounded = num_u64(str_of(getenv("CONTENT_LENGTH")), &c.left);
    thread = handler->begin(handler->context);
    if (thread == NULL)
        return EXIT_FAILURE;
    handler->serve(thread, &c.base);
    if (handler->after != NULL) {
        end_reply();
        handler->after(thread);
    }
    handler->end(thread);
    return EXIT_SUCCESS;
}
