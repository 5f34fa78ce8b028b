/* SPDX-License-Identifier: MIT
 * fcgi - the FastCGI transport: several threads on one listening socket.
 *
 * libfcgi 2.4 has no timeouts and does not repeat an interrupted read; its accept loop can lose a
 * signal, and ends on transient errors. So every thread blocks signals and one waits for them,
 * connections are accepted here, with timeouts, and libfcgi gets the connected descriptor. It reads
 * from that through its function OS_Read, which this file replaces: see "what libfcgi reads".
 */
#include <errno.h>
#include <fcgiapp.h>
#include <fcgios.h>
#include <fcntl.h>
#include <limits.h>
#include <malloc.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "cgi/cgi.h"
#include "cgi/cgi_parts.h"
#include "cgi/listen.h"
#include "cgi/wire.h"

/* A peer that is silent for so long in the middle of a record, does not take our reply, or needs
 * longer for all parameters, loses its connection. */
#define IO_TIMEOUT_NS (5 * NS_PER_S)
/* So long the rest of a body is taken after the reply: closing sooner could reset the connection
 * during it. */
#define LINGER_NS (2 * NS_PER_S)
/* A connection that the web server keeps open for further requests holds its thread no longer than
 * this, and no more threads than this part of them: half may wait for the bodies of strangers
 * (gate_wait_begin), and some must be left for deliveries. */
#define KEEP_IDLE_MS 5000
#define KEEP_PART 4
/* Descriptors: of a thread (connection, locks, segment, index tables), and of the process. */
#define THREAD_DESCRIPTORS 24
#define PROCESS_DESCRIPTORS 32
#define STACK_SIZE ((size_t)256 * 1024)
#define ARENAS 2
#define MMAP_THRESHOLD (256 * 1024)

struct server {
    const struct cgi_handler *handler;
    pthread_t main;
    int stop_read, stop_write; /* a pipe: closing its write end wakes all threads */
    const char *peers;         /* FCGI_WEB_SERVER_ADDRS, or NULL */
    unsigned threads;
    atomic_uint able;    /* threads that could begin */
    atomic_uint keeping; /* threads that wait on a kept connection */
    atomic_bool stopping;
    atomic_bool broken; /* the listening socket is unusable */
};

struct fcgi_exchange {
    struct exchange base;
    FCGX_Request *request;
    bool at_end;          /* the whole body has been read */
    uint64_t taken;       /* bytes of it that have been read */
    uint64_t deadline_ns; /* of the last read */
};

/* ---- what libfcgi reads */

/* What this thread's request has sent, and until when reading may wait for more. */
static _Thread_local struct wire wire;
static _Thread_local uint64_t wait_until_ns;

static void begin_wire(uint64_t now_ns)
{
    wire_begin(&wire);
    wait_until_ns = now_ns + IO_TIMEOUT_NS;
}

#ifdef STATIC_PROGRAM
/* Linked with --wrap: libfcgi's own function comes with others of its file. */
#define OS_Read __wrap_OS_Read
int OS_Read(int fd, char *bytes, size_t len);
#endif

/* Replaces libfcgi's. It gets no byte of a record that it would not survive, and no more time by
 * bytes that trickle. */
int OS_Read(int fd, char *bytes, size_t len)
{
    ssize_t n;

    do
        n = wire.broken ? 0
                        : recv(fd, bytes, len, clock_mono_ns() < wait_until_ns ? 0 : MSG_DONTWAIT);
    while (n < 0 && errno == EINTR);
    return n <= 0 ? (int)n : (int)wire_take(&wire, (const unsigned char *)bytes, (size_t)n);
}

/* ---- the body and the reply */

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

/* FCGX_GetStr waits for all that it is asked for, so a trickling client would hold it beyond the
 * deadline. FCGX_GetChar waits for one record at most, the rest of which is then taken without
 * waiting. */
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
            listen_set_timeout(f->request->ipcFd, SO_RCVTIMEO, deadline_ns - now);
        wait_until_ns = deadline_ns;
        f->deadline_ns = deadline_ns;
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
    f->taken += n;
    *got = n;
    return STATUS_OK;
}

/* libfcgi may hold what follows the parameters, where no poll sees it. */
static bool stream_would_wait(const struct exchange *x)
{
    const struct fcgi_exchange *f = (const struct fcgi_exchange *)x;
    struct pollfd p = {.fd = f->request->ipcFd, .events = POLLIN};

    return !f->at_end && !wire.ended && wire.body_len <= f->taken &&
           FCGX_GetError(f->request->in) == 0 && poll(&p, 1, 0) == 0;
}

static void write_stream(struct exchange *x, const void *bytes, size_t len)
{
    struct fcgi_exchange *f = (struct fcgi_exchange *)x;

    /* The client may be gone. */
    if (len <= INT_MAX)
        (void)FCGX_PutStr(bytes, (int)len, f->request->out);
}

static void log_stream(struct exchange *x, const char *line, size_t len)
{
    struct fcgi_exchange *f = (struct fcgi_exchange *)x;

    (void)FCGX_PutStr(line, (int)len, f->request->err);
    (void)FCGX_FFlush(f->request->err);
}

static const struct exchange_calls calls = {read_stream, stream_would_wait, write_stream,
                                            log_stream};

/* ---- connections */

static void give_up(struct server *s)
{
    atomic_store(&s->broken, true);
    atomic_store(&s->stopping, true);
    pthread_kill(s->main, SIGTERM);
}

/* Waits on a connection that the web server keeps open (FCGI_KEEP_CONN). Threads that wait so serve
 * no other connection. */
static bool kept_is_readable(struct server *s, int fd)
{
    struct pollfd p[2] = {{.fd = fd, .events = POLLIN}, {.fd = s->stop_read, .events = POLLIN}};
    bool readable = false;

    if (atomic_fetch_add(&s->keeping, 1) < s->threads / KEEP_PART)
        readable = poll(p, 2, KEEP_IDLE_MS) > 0 && p[1].revents == 0;
    atomic_fetch_sub(&s->keeping, 1);
    /* The last request may have left less time. */
    if (readable)
        listen_set_timeout(fd, SO_RCVTIMEO, IO_TIMEOUT_NS);
    return readable;
}

/* Closes a connection with nothing under way. */
static void drop_connection(FCGX_Request *request)
{
    file_close(&request->ipcFd);
    request->keepConnection = 0;
}

/* Makes the request's connection ready to be read. ipcFd and keepConnection are not for
 * applications, but libfcgi has no other way to take a connection: keepConnection keeps
 * FCGX_Accept_r, which first finishes the previous request, from closing it. `detached` keeps it
 * from lingering when it closes one: it waits two seconds for the peer, after each byte anew. */
static bool connect_request(struct server *s, int set, FCGX_Request *request)
{
    if (request->ipcFd >= 0) {
        if (kept_is_readable(s, request->ipcFd))
            return true;
        drop_connection(request);
        return false;
    }
    if (!listen_wait(set) || atomic_load(&s->stopping))
        return false;
    request->ipcFd = listen_accept(s->peers, IO_TIMEOUT_NS);
    request->keepConnection = 1;
    if (request->ipcFd < 0 && !listen_error_passes(errno))
        give_up(s);
    return request->ipcFd >= 0;
}

/* libfcgi does not report parameters that were cut off by an abort, an error or a timeout: a
 * delivery would be refused, for good, because its secret was missing. End such a request without a
 * response; the web server then sends its own 5xx. */
static bool parameters_are_whole(FCGX_Request *request)
{
    if (FCGX_GetError(request->in) == 0)
        return true;
    request->keepConnection = 1;
    FCGX_Finish_r(request);
    drop_connection(request);
    return false;
}

static bool next_request(struct server *s, int set, FCGX_Request *request, uint64_t *accepted_ns)
{
    while (!atomic_load(&s->stopping)) {
        if (!connect_request(s, set, request))
            continue;
        *accepted_ns = clock_mono_ns();
        begin_wire(*accepted_ns);
        request->detached = 1;
        /* libfcgi closes a connection without a whole request, and then fails to accept from the
         * socket that it does not know: ignore that. */
        if (FCGX_Accept_r(request) == 0 && parameters_are_whole(request))
            return true;
    }
    return false;
}

/* Takes the rest of a body that is larger than anybody wants, if its sender is not too slow. */
static void linger(const struct fcgi_exchange *f)
{
    int fd = f->request->ipcFd;
    uint64_t now = clock_mono_ns(), end = now + LINGER_NS;
    char trash[4096];

    if (f->deadline_ns < end)
        end = f->deadline_ns;
    (void)shutdown(fd, SHUT_WR);
    while (now < end) {
        listen_set_timeout(fd, SO_RCVTIMEO, end - now);
        if (recv(fd, trash, sizeof trash, 0) <= 0)
            return;
        now = clock_mono_ns();
    }
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
    /* We close, after all is written. libfcgi closes itself if the body broke off. */
    keep = request->keepConnection != 0;
    request->keepConnection = 1;
    FCGX_Finish_r(request);
    request->keepConnection = keep;
    if (request->ipcFd >= 0 && !f.at_end) {
        /* The rest of an unread body would be taken for the next request. */
        if (!f.base.left)
            linger(&f);
        drop_connection(request);
    } else if (!keep) {
        drop_connection(request);
    }
    if (s->handler->after != NULL)
        s->handler->after(thread);
}

/* Descriptors or memory may not suffice for all threads: the others serve on. */
static void could_not_begin(struct server *s, unsigned threads)
{
    if (s->handler->able != NULL)
        atomic_fetch_sub(s->handler->able, threads);
    if (threads > 0 && atomic_fetch_sub(&s->able, threads) == threads)
        give_up(s);
}

static void *worker(void *context)
{
    struct server *s = context;
    FCGX_Request request;
    uint64_t accepted_ns;
    int set = listen_wait_set(s->stop_read);
    void *thread = set < 0 ? NULL : s->handler->begin(s->handler->context);

    if (thread == NULL) {
        could_not_begin(s, 1);
        file_close(&set);
        return NULL;
    }
    FCGX_InitRequest(&request, -1, 0);
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

static const int stops[] = {SIGTERM, SIGUSR1, SIGINT};

static sigset_t stop_signals(void)
{
    sigset_t set;

    sigemptyset(&set);
    for (size_t i = 0; i < sizeof stops / sizeof *stops; i++)
        sigaddset(&set, stops[i]);
    return set;
}

/* Installs handlers that never run, as the signals are blocked: libfcgi installs its own if there
 * are none, and not every system waits for a signal that is ignored on entry. */
static void set_signals(void)
{
    struct sigaction handle = {.sa_handler = on_signal};
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    sigset_t blocked = stop_signals();

    sigaddset(&blocked, SIGCHLD);
    pthread_sigmask(SIG_BLOCK, &blocked, NULL);
    sigemptyset(&handle.sa_mask);
    for (size_t i = 0; i < sizeof stops / sizeof *stops; i++)
        sigaction(stops[i], &handle, NULL);
    sigaction(SIGHUP, &ignore, NULL);
    sigaction(SIGPIPE, &ignore, NULL);
    /* A file size limit of the host is then an error that is answered. */
    sigaction(SIGXFSZ, &ignore, NULL);
}

/* Few arenas and a fixed threshold: the process gives back the memory of a burst of large bodies.
 */
static void set_memory(void)
{
#ifdef __GLIBC__
    mallopt(M_ARENA_MAX, ARENAS);
    mallopt(M_MMAP_THRESHOLD, MMAP_THRESHOLD);
#endif
}

/* Returns as many threads as there are descriptors for: with more, each would fail at times. */
static unsigned fit_threads(unsigned threads)
{
    rlim_t wanted = PROCESS_DESCRIPTORS + (rlim_t)threads * THREAD_DESCRIPTORS;
    struct rlimit limit;
    rlim_t have;

    if (threads == 0)
        return 1;
    if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
        return threads;
    have = limit.rlim_cur;
    if (have < wanted) {
        limit.rlim_cur = limit.rlim_max < wanted ? limit.rlim_max : wanted;
        if (setrlimit(RLIMIT_NOFILE, &limit) == 0)
            have = limit.rlim_cur;
    }
    if (have >= wanted)
        return threads;
    if (have < PROCESS_DESCRIPTORS + 2 * THREAD_DESCRIPTORS)
        return 1;
    return (unsigned)((have - PROCESS_DESCRIPTORS) / THREAD_DESCRIPTORS);
}

static const char *admitted_peers(void)
{
    return getenv("FCGI_WEB_SERVER_ADDRS");
}

static bool set_socket(struct server *s)
{
    int ends[2];

    if (!listen_prepare() || pipe2(ends, O_CLOEXEC) < 0)
        return false;
    s->stop_read = ends[0];
    s->stop_write = ends[1];
    s->peers = admitted_peers();
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

static void run_until_signal(struct server *s)
{
    sigset_t waited = stop_signals();
    pthread_t *ids = calloc(s->threads, sizeof *ids);
    unsigned started = ids == NULL ? 0 : start_threads(s, ids);
    int signal;

    could_not_begin(s, s->threads - started);
    (void)sigwait(&waited, &signal);
    atomic_store(&s->stopping, true);
    file_close(&s->stop_write);
    for (unsigned i = 0; i < started; i++)
        pthread_join(ids[i], NULL);
    free(ids);
}

bool cgi_is_fastcgi(void)
{
    sigset_t blocked = stop_signals(), before;
    bool fastcgi;

    /* libfcgi installs handlers here that swallow signals until fcgi_serve waits for them. */
    pthread_sigmask(SIG_BLOCK, &blocked, &before);
    fastcgi = !FCGX_IsCGI();
    if (!fastcgi)
        pthread_sigmask(SIG_SETMASK, &before, NULL);
    return fastcgi;
}

bool cgi_is_open(void)
{
    return listen_is_tcp() && admitted_peers() == NULL;
}

int fcgi_serve(const struct cgi_handler *handler, unsigned threads)
{
    struct server s = {.handler = handler, .main = pthread_self(), .threads = fit_threads(threads)};

    set_signals();
    if (FCGX_Init() != 0 || !set_socket(&s))
        return EXIT_FAILURE;
    set_memory();
    atomic_store(&s.able, s.threads);
    if (handler->able != NULL)
        atomic_store(handler->able, s.threads);
    run_until_signal(&s);
    file_close(&s.stop_read);
    return atomic_load(&s.broken) ? EXIT_FAILURE : EXIT_SUCCESS;
}
