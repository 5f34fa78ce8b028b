/* SPDX-License-Identifier: MIT
 * listen - see cgi/listen.h.
 */
#include "cgi/listen.h"

#include "base/clock.h"
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/time.h>

#define NS_PER_S UINT64_C(1000000000)
/* After an error that only time can mend (no descriptors, no memory). */
#define PAUSE_NS (NS_PER_S / 20)

bool listen_prepare(void)
{
    /* Not blocking: another process of ours may take the connection between our wait and our
     * accept. */
    int flags = fcntl(LISTEN_FD, F_GETFL);

    return flags >= 0 && fcntl(LISTEN_FD, F_SETFL, flags | O_NONBLOCK) == 0 &&
           fcntl(LISTEN_FD, F_SETFD, FD_CLOEXEC) == 0;
}

int listen_wait_set(int stop_fd)
{
    struct epoll_event connection = {.events = EPOLLIN | EPOLLEXCLUSIVE, .data.fd = LISTEN_FD};
    struct epoll_event stop = {.events = EPOLLIN, .data.fd = stop_fd};
    int set = epoll_create1(EPOLL_CLOEXEC);

    if (set >= 0 && (epoll_ctl(set, EPOLL_CTL_ADD, LISTEN_FD, &connection) < 0 ||
                     epoll_ctl(set, EPOLL_CTL_ADD, stop_fd, &stop) < 0))
        file_close(&set);
    return set;
}

bool listen_wait(int set)
{
    struct epoll_event event;
    int n;

    do
        n = epoll_wait(set, &event, 1, -1);
    while (n < 0 && errno == EINTR);
    return n == 1 && event.data.fd == LISTEN_FD;
}

void listen_set_timeout(int fd, int option, uint64_t ns)
{
    struct timeval tv = {.tv_sec = (time_t)(ns / NS_PER_S),
                         .tv_usec = (suseconds_t)(ns % NS_PER_S / 1000)};

    /* A zero would mean "for ever". */
    if (tv.tv_sec == 0 && tv.tv_usec == 0)
        tv.tv_usec = 1;
    (void)setsockopt(fd, SOL_SOCKET, option, &tv, sizeof tv);
}

int listen_accept(uint64_t timeout_ns)
{
    int fd = accept4(LISTEN_FD, NULL, NULL, SOCK_CLOEXEC);

    if (fd >= 0) {
        listen_set_timeout(fd, SO_RCVTIMEO, timeout_ns);
        listen_set_timeout(fd, SO_SNDTIMEO, timeout_ns);
    }
    return fd;
}

bool listen_error_passes(int error)
{
    switch (error) {
    case EBADF:
    case EINVAL:
    case ENOTSOCK:
    case EOPNOTSUPP:
        return false;
    case EMFILE:
    case ENFILE:
    case ENOMEM:
    case ENOBUFS:
        clock_sleep_ns(PAUSE_NS);
        return true;
    default:
        return true;
    }
}
