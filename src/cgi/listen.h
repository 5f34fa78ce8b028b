/* SPDX-License-Identifier: MIT
 * listen - the listening socket that a FastCGI process is started with: private to this room.
 */
#ifndef CGI_LISTEN_H
#define CGI_LISTEN_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#define LISTEN_FD 0

/* Makes the socket ours alone after an exec, and accepting never block. */
bool listen_prepare(void);

/* What one thread waits with, for connections and for `stop_fd` to become readable. -1 with errno.
 * Each thread has a set of its own, so that a connection wakes one of them and a stop wakes all. */
int listen_wait_set(int stop_fd);
/* true: there seems to be a connection. false: look whether to stop. */
bool listen_wait(int set);

/* Whether the FCGI_WEB_SERVER_ADDRS of the FastCGI specification (3.2), a list with commas, admits
 * the peer. NULL, where the variable is not set, admits all; an entry that is no address admits
 * nobody; a peer without an address (on a unix socket) is always admitted. */
bool listen_admits(const char *list, const struct sockaddr_storage *peer);

/* A connection from a peer that `list` admits, with a limit for each read and write, or -1 with
 * errno: another thread or process took it, or worse. */
int listen_accept(const char *list, uint64_t timeout_ns);
/* What an error of accept means: false where the socket is of no use any more. Most errors are a
 * peer's, or pass; where only time can help some has gone by. */
bool listen_error_passes(int error);

/* SO_RCVTIMEO or SO_SNDTIMEO of a connection. */
void listen_set_timeout(int fd, int option, uint64_t ns);

#endif
