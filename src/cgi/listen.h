/* SPDX-License-Identifier: MIT
 * listen - the listening socket that a FastCGI process is started with: private to this room.
 */
#ifndef CGI_LISTEN_H
#define CGI_LISTEN_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#define LISTEN_FD 0

/* Closes the socket on exec, and makes accepting never block. */
bool listen_prepare(void);

/* Returns an epoll set for one thread to wait for connections and for `stop_fd`, or -1 with errno.
 * Each thread has its own, so that a connection wakes one of them and a stop wakes all. */
int listen_wait_set(int stop_fd);
/* true: there seems to be a connection. false: check whether to stop. */
bool listen_wait(int set);

/* Whether FCGI_WEB_SERVER_ADDRS of the FastCGI specification (3.2), a list with commas, admits the
 * peer. NULL (not set) admits all; an entry that is not an address admits none; a peer on a unix
 * socket is always admitted. */
bool listen_admits(const char *list, const struct sockaddr_storage *peer);

/* Whether the socket has a port. */
bool listen_is_tcp(void);

/* Returns a connection from a peer that `list` admits, with a limit for each read and write, or -1
 * with errno: another thread or process may have taken it. */
int listen_accept(const char *list, uint64_t timeout_ns);
/* Whether to accept again after this error: false if the socket is unusable. Sleeps if only time
 * can help (descriptors, memory). */
bool listen_error_passes(int error);

/* Sets SO_RCVTIMEO or SO_SNDTIMEO of a connection. */
void listen_set_timeout(int fd, int option, uint64_t ns);

#endif
