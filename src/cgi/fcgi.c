/* SPDX-License-Identifier: MIT
 * fcgi - the FastCGI transport: several threads over one listening socket. The only file that sees
 * fcgiapp.h.
 *
 * libfcgi 2.4 has no timeouts and does not repeat an interrupted read, and its own accept loop can
 * lose a signal and leaves a process on errors that pass. So signals are blocked in every thread
 * and taken by sigwait, connections are accepted here, with receive and send timeouts, and libfcgi
 * gets the connected descriptor.
 */
#include "cgi/cgi.h"

#include "base/clock.h"
#include "base/file.h"
#include "cgi/exchange.h"

#include <errno.h>
#include <fcgiapp.h>
#include <fcntl.h>
#include <limits.h>
#include <malloc.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#define LISTEN_FD 0
#define NS_PER_S UINT64_C(1000000000)
/* A peer that is silent for so long in the middle of a record, or does not take our reply, loses
 * its connection. */
#define IO_TIMEOUT_NS (5 * NS_PER_S)
/* A connection that the web server keeps open for further requests holds its thread no longer than
 * this. */
#define KEEP_IDLE_MS 5000
/* After an error that only time can mend (no descriptors, no memory). */
#define PAUSE_NS (NS_PER_S / 20)
#define STACK_SIZE ((size_t)256 * 1024)
#define ARENAS 2
#define MMAP_THRESHOLD (256 * 1024)

struct server {
    const struct cgi_handler *handler;
    pthread_t main;
    int stop_read, stop_write; /* a pipe: closing its write end wakes whoever waits */
    bool own_accept;
    unsigned threads;
    atomic_uint keeping; /* threads that wait on a kept connection */
    atomic_bool stopping;
    atomic_bool broken; /* the listening socket is of no use any more */
};

struct fcgi_exchange {
    struct exchange base;
    FCGX_Request *request;
    bool at_end; /* the whole body has been read */
};

/* ---- the body and the reply */

static void set_timeout(int fd, int option, uint64_t ns)
{
    struct timeval tv = {.tv_sec = (time_t)(ns / NS_PER_S),
                         .tv_usec = (suseconds_t)(ns % NS_PER_S / 1000)};

    /* A zero would mean "for ever". */
    if (tv.tv_sec == 0 && tv.tv_usec == 0)
        tv.tv_usec = 1;
    (void)setsockopt(fd, SOL_SOCKET, option, &tv, sizeof tv);
}

static enum status end_of_stream(struct fcgi_exchange *f, struct err *err)
{
    int error = FCGX_GetError(f->request->in);

    if (error == 0) {
        f->at_end = true;
        return STATUS_OK;
    }
    if (error == EAGAIN)
        return err_set(err, STATUS_DEADLINE, "the body did not come in time");
    return err_set(err, STATUS_TRUNCATED, "the client or the web server broke the body off");
}

static size_t buffered(const FCGX_Stream *in)
{
    return (size_t)(in->stop - in->rdNext);
}

/* FCGX_GetStr waits until all that was asked for is there, so a client that trickles would hold it
 * beyond the deadline. One FCGX_GetChar waits for one record at most; what it brought is then taken
 * without waiting. */
static enum status read_stream(struct exchange *x, void *out, size_t max, uint64_t deadline_ns,
                               size_t *got, struct err *err)
{
    struct fcgi_exchange *f = (struct fcgi_exchange *)x;
    FCGX_Stream *in = f->request->in;
    char *bytes = out;
    size_t n = 0;

    *got = 0;
    if (f->at_end || max == 0)
        return STATUS_OK;
    if (buffered(in) == 0) {
        uint64_t now = clock_mono_ns();
        int c;

        if (now >= deadline_ns)
            return err_set(err, STATUS_DEADLINE, "the body did not come in time");
        if (deadline_ns - now < IO_TIMEOUT_NS)
            set_timeout(f->request->ipcFd, SO_RCVTIMEO, deadline_ns - now);
        c = FCGX_GetChar(in);
        if (c == EOF)
            return end_of_stream(f, err);
        bytes[n++] = (char)c;
    }
    max = max - n < buffered(in) ? max - n : buffered(in);
    if (max > INT_MAX)
        max = INT_MAX;
    if (max > 0)
        n += (size_t)FCGX_GetStr(bytes + n, (int)max, in);
    *got = n;
    return STATUS_OK;
}

static void write_stream(struct exchange *x, const void *bytes, size_t len)
{
    struct fcgi_exchange *f = (struct fcgi_exchange *)x;

    /* A client that is gone cannot be told anything. */
    if (len <= INT_MAX)
        (void)FCGX_PutStr(bytes, (int)len, f->request->out);
}

static void log_stream(struct exchange *x, const char *line, size_t len)
{
    struct fcgi_exchange *f = (struct fcgi_exchange *)x;

    (void)FCGX_PutStr(line, (int)len, f->request->err);
    (void)FCGX_FFlush(f->request->err);
}

static const struct exchange_calls calls = {read_stream, write_stream, log_stream};

/* ---- connections */

static void give_up(struct server *s)
{
    atomic_store(&s->broken, true);
    pthread_kill(s->main, SIGTERM);
}

/* What an error of accept means for the server: most of them are a peer's or pass. */
static void after_accept_error(struct server *s, int error)
{
    switch (error) {
    case EBADF:
    case EINVAL:
    case ENOTSOCK:
    case EOPNOTSUPP:
        give_up(s);
        clock_sleep_ns(PAUSE_NS);
        break;
    case EMFILE:
    case ENFILE:
    case ENOMEM:
    case ENOBUFS:
        clock_sleep_ns(PAUSE_NS);
        break;
    default:
        break;
    }
}

/* Each thread has a set of its own, so that a connection wakes one of them and a stop wakes all. */
static int make_wait_set(const struct server *s)
{
    struct epoll_event connection = {.events = EPOLLIN | EPOLLEXCLUSIVE, .data.fd = LISTEN_FD};
    struct epoll_event stop = {.events = EPOLLIN, .data.fd = s->stop_read};
    int set = epoll_create1(EPOLL_CLOEXEC);

    if (set >= 0 && (epoll_ctl(set, EPOLL_CTL_ADD, LISTEN_FD, &connection) < 0 ||
                     epoll_ctl(set, EPOLL_CTL_ADD, s->stop_read, &stop) < 0))
        file_close(&set);
    return set;
}

/* Until there seems to be a connection. */
static bool wait_for_connection(const struct server *s, int set)
{
    struct epoll_event event;
    int n;

    do
        n = epoll_wait(set, &event, 1, -1);
    while (n < 0 && errno == EINTR);
    return n == 1 && event.data.fd == LISTEN_FD && !atomic_load(&s->stopping);
}

static int accept_one(struct server *s)
{
    int fd = accept4(LISTEN_FD, NULL, NULL, SOCK_CLOEXEC);

    if (fd < 0) {
        after_accept_error(s, errno);
        return -1;
    }
    set_timeout(fd, SO_RCVTIMEO, IO_TIMEOUT_NS);
    set_timeout(fd, SO_SNDTIMEO, IO_TIMEOUT_NS);
    return fd;
}

/* The web server asked for the connection to be kept (FCGI_KEEP_CONN). Threads that wait on such
 * connections serve nobody else, so no more than half of them may. */
static bool kept_is_readable(struct server *s, int fd)
{
    struct pollfd p[2] = {{.fd = fd, .events = POLLIN}, {.fd = s->stop_read, .events = POLLIN}};
    bool readable = false;

    if (atomic_fetch_add(&s->keeping, 1) < s->threads / 2)
        readable = poll(p, 2, KEEP_IDLE_MS) > 0 && p[1].revents == 0;
    atomic_fetch_sub(&s->keeping, 1);
    /* The last request may have left less time. */
    if (readable)
        set_timeout(fd, SO_RCVTIMEO, IO_TIMEOUT_NS);
    return readable;
}

/* Where nothing is under way in either direction there is nothing to linger for: FCGX_Free would
 * wait up to two seconds until the peer has closed its end too. */
static void drop_connection(FCGX_Request *request)
{
    file_close(&request->ipcFd);
    request->keepConnection = 0;
}

/* Makes the request's connection ready to be read. ipcFd and keepConnection are not for
 * applications, but libfcgi has no other way to be handed a connection: keepConnection stops
 * FCGX_Accept_r, which first finishes what went before, from closing it. Where the environment
 * restricts peers by address libfcgi accepts itself, because only it does that check. */
static bool connect_request(struct server *s, int set, FCGX_Request *request)
{
    if (request->ipcFd >= 0) {
        if (kept_is_readable(s, request->ipcFd))
            return true;
        drop_connection(request);
        return false;
    }
    if (!wait_for_connection(s, set))
        return false;
    if (!s->own_accept)
        return true;
    request->ipcFd = accept_one(s);
    request->keepConnection = 1;
    return request->ipcFd >= 0;
}

static bool next_request(struct server *s, int set, FCGX_Request *request, uint64_t *accepted_ns)
{
    while (!atomic_load(&s->stopping)) {
        int code;

        if (!connect_request(s, set, request))
            continue;
        *accepted_ns = clock_mono_ns();
        code = FCGX_Accept_r(request);
        if (code == 0)
            return true;
        /* A connection that brought no whole request was closed by libfcgi; it then tried to accept
         * from the socket that it does not know (EBADF) or that another thread emptied (EAGAIN).
         * Neither concerns us. */
        if (!s->own_accept)
            after_accept_error(s, -code);
    }
    return false;
}

static void serve_request(struct server *s, void *thread, FCGX_Request *request,
                          uint64_t accepted_ns)
{
    struct fcgi_exchange f = {
        .base = {.calls = &calls, .env = request->envp, .accepted_ns = accepted_ns},
        .request = request,
    };
    bool keep;

    s->handler->serve(thread, &f.base);
    /* Closing is ours: libfcgi would linger although the web server has nothing more to say once
     * its body was read. */
    keep = request->keepConnection != 0;
    request->keepConnection = 1;
    FCGX_Finish_r(request);
    request->keepConnection = keep;
    if (request->ipcFd >= 0 && !f.at_end)
        /* The rest of an unread body would be taken for the next request, or reset the connection
         * under our reply. */
        FCGX_Free(request, 1);
    else if (!keep)
        drop_connection(request);
    if (s->handler->after != NULL)
        s->handler->after(thread);
}

static void *worker(void *context)
{
    struct server *s = context;
    FCGX_Request request;
    uint64_t accepted_ns;
    int set = make_wait_set(s);
    void *thread = set < 0 ? NULL : s->handler->begin(s->handler->context);

    if (thread == NULL) {
        give_up(s);
        file_close(&set);
        return NULL;
    }
    FCGX_InitRequest(&request, s->own_accept ? -1 : LISTEN_FD, 0);
    while (next_request(s, set, &request, &accepted_ns))
        serve_request(s, thread, &request, accepted_ns);
    drop_connection(&request);
    s->handler->end(thread);
    file_close(&set);
    return NULL;
}

/* ---- the process */

static void on_signal(int signal)
{
    (void)signal;
}

/* Handlers of our own, because libfcgi installs one wherever it finds none, and a signal that is
 * ignored on entry would not be waited for everywhere. They never run: the signals stay blocked. */
static void set_signals(sigset_t *waited)
{
    static const int stops[] = {SIGTERM, SIGUSR1, SIGINT};
    struct sigaction handle = {.sa_handler = on_signal};
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    sigset_t blocked;

    sigemptyset(&handle.sa_mask);
    sigemptyset(waited);
    for (size_t i = 0; i < sizeof stops / sizeof *stops; i++) {
        sigaction(stops[i], &handle, NULL);
        sigaddset(waited, stops[i]);
    }
    sigaction(SIGHUP, &ignore, NULL);
    sigaction(SIGPIPE, &ignore, NULL);
    blocked = *waited;
    sigaddset(&blocked, SIGCHLD);
    pthread_sigmask(SIG_BLOCK, &blocked, NULL);
}

/* Few arenas and a fixed threshold keep what a burst of large bodies took from staying with the
 * process. */
static void set_memory(void)
{
#ifdef __GLIBC__
    mallopt(M_ARENA_MAX, ARENAS);
    mallopt(M_MMAP_THRESHOLD, MMAP_THRESHOLD);
#endif
}

static bool set_socket(struct server *s)
{
    const char *peers = getenv("FCGI_WEB_SERVER_ADDRS");
    int ends[2];
    int flags;

    /* Not blocking: another process of ours may take the connection between our poll and our
     * accept. */
    flags = fcntl(LISTEN_FD, F_GETFL);
    if (flags < 0 || fcntl(LISTEN_FD, F_SETFL, flags | O_NONBLOCK) < 0 ||
        fcntl(LISTEN_FD, F_SETFD, FD_CLOEXEC) < 0 || pipe2(ends, O_CLOEXEC) < 0)
        return false;
    s->stop_read = ends[0];
    s->stop_write = ends[1];
    s->own_accept = peers == NULL;
    return true;
}

static unsigned start_threads(struct server *s, pthread_t *ids)
{
    pthread_attr_t attr;
    unsigned started = 0;

    if (pthread_attr_init(&attr) != 0)
        return 0;
    (void)pthread_attr_setstacksize(&attr, STACK_SIZE);
    while (started < s->threads && pthread_create(&ids[started], &attr, worker, s) == 0)
        started++;
    pthread_attr_destroy(&attr);
    return started;
}

static void run_until_signal(struct server *s, const sigset_t *waited)
{
    pthread_t *ids = calloc(s->threads, sizeof *ids);
    unsigned started = ids == NULL ? 0 : start_threads(s, ids);
    int signal;

    if (started == 0)
        atomic_store(&s->broken, true);
    else
        (void)sigwait(waited, &signal);
    atomic_store(&s->stopping, true);
    file_close(&s->stop_write);
    for (unsigned i = 0; i < started; i++)
        pthread_join(ids[i], NULL);
    free(ids);
}

bool cgi_is_fastcgi(void)
{
    return !FCGX_IsCGI();
}

int fcgi_serve(const struct cgi_handler *handler, unsigned threads)
{
    struct server s = {
        .handler = handler, .main = pthread_self(), .threads = threads == 0 ? 1 : threads};
    sigset_t waited;

    set_signals(&waited);
    if (FCGX_Init() != 0 || !set_socket(&s))
        return EXIT_FAILURE;
    set_memory();
    run_until_signal(&s, &waited);
    file_close(&s.stop_read);
    return atomic_load(&s.broken) ? EXIT_FAILURE : EXIT_SUCCESS;
}
