/* SPDX-License-Identifier: MIT
 * listen - see cgi/listen.h.
 */
#include "cgi/listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/str.h"

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

bool listen_is_tcp(void)
{
    struct sockaddr_storage own = {.ss_family = AF_UNSPEC};
    socklen_t len = sizeof own;

    return getsockname(LISTEN_FD, (struct sockaddr *)&own, &len) == 0 &&
           (own.ss_family == AF_INET || own.ss_family == AF_INET6);
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

    /* Zero would mean no timeout. */
    if (tv.tv_sec == 0 && tv.tv_usec == 0)
        tv.tv_usec = 1;
    (void)setsockopt(fd, SOL_SOCKET, option, &tv, sizeof tv);
}

/* ---- who may speak to us */

/* IPv4 as IPv6 writes it (RFC 4291, 2.5.5.2): a socket for both kinds tells its peers so. */
static struct in6_addr mapped(struct in_addr four)
{
    struct in6_addr six = {.s6_addr = {[10] = 0xff, [11] = 0xff}};

    memcpy(&six.s6_addr[12], &four, sizeof four);
    return six;
}

static bool parse_address(struct str text, struct in6_addr *out)
{
    char name[INET6_ADDRSTRLEN];
    struct in_addr four;

    if (text.len >= sizeof name)
        return false;
    memcpy(name, text.ptr, text.len);
    name[text.len] = '\0';
    if (inet_pton(AF_INET6, name, out) == 1)
        return true;
    if (inet_pton(AF_INET, name, &four) != 1)
        return false;
    *out = mapped(four);
    return true;
}

static bool peer_address(const struct sockaddr_storage *peer, struct in6_addr *out)
{
    if (peer->ss_family == AF_INET)
        *out = mapped(((const struct sockaddr_in *)peer)->sin_addr);
    else if (peer->ss_family == AF_INET6)
        *out = ((const struct sockaddr_in6 *)peer)->sin6_addr;
    else
        return false;
    return true;
}

bool listen_admits(const char *list, const struct sockaddr_storage *peer)
{
    struct str rest = str_of(list), item;
    struct in6_addr theirs, listed;

    if (list == NULL || !peer_address(peer, &theirs))
        return true;
    while (rest.ptr != NULL) {
        (void)str_cut(rest, ',', &item, &rest);
        item = str_trim(item);
        if (item.len > 0 && parse_address(item, &listed) &&
            memcmp(&theirs, &listed, sizeof theirs) == 0)
            return true;
    }
    return false;
}

int listen_accept(const char *list, uint64_t timeout_ns)
{
    struct sockaddr_storage peer = {.ss_family = AF_UNSPEC};
    socklen_t len = sizeof peer;
    int fd = accept4(LISTEN_FD, (struct sockaddr *)&peer, &len, SOCK_CLOEXEC);
    int on = 1;

    if (fd < 0)
        return -1;
    if (!listen_admits(list, &peer)) {
        file_close(&fd);
        errno = EACCES;
        return -1;
    }
    /* On a kept connection the end of a reply must not wait until its beginning is acknowledged. */
    if (peer.ss_family == AF_INET || peer.ss_family == AF_INET6)
        (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    listen_set_timeout(fd, SO_RCVTIMEO, timeout_ns);
    listen_set_timeout(fd, SO_SNDTIMEO, timeout_ns);
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
