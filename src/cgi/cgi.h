/* SPDX-License-Identifier: MIT
 * cgi - one interface for both transports of a web server's requests: CGI (RFC 3875) and FastCGI.
 *
 * This room hides their differences: the end of the body (CGI: CONTENT_LENGTH bytes if given, else
 * the end of stdin; FastCGI: the end of the stream), signals, standard error, and how a reply ends.
 */
#ifndef CGI_CGI_H
#define CGI_CGI_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct exchange; /* one request and its reply */

/* "NAME=VALUE", NULL-terminated; names may come twice. Valid until the handler returns. */
char *const *exchange_env(const struct exchange *x);
/* The monotonic time at which the request was accepted: deadlines count from here. */
uint64_t exchange_accepted_ns(const struct exchange *x);

/* Reads up to `max` body bytes; *got is 0 at the end of the body. STATUS_TRUNCATED: the client went
 * away or the server's stream broke; the caller compares the length with CONTENT_LENGTH.
 * STATUS_DEADLINE: past `deadline_ns`. */
enum status exchange_read(struct exchange *x, void *out, size_t max, uint64_t deadline_ns,
                          size_t *got, struct err *err) STATUS_CHECKED;
/* Whether exchange_read would have to wait for the sender now. A record of FastCGI counts as there
 * when its beginning is: web servers write whole ones. */
bool exchange_would_wait(const struct exchange *x);
/* Drops the rest of the body, at most `max` bytes and until `deadline_ns`. */
void exchange_drain(struct exchange *x, uint64_t max, uint64_t deadline_ns);
/* The reply need not wait for a sender who is slow with the rest: the connection may be lost. */
void exchange_leave(struct exchange *x);
/* Writes the whole reply. A client that is gone is no error. */
void exchange_write(struct exchange *x, const void *bytes, size_t len);
/* Writes a line to the web server's error log; len without newline. */
void exchange_log(struct exchange *x, const char *line, size_t len);

struct cgi_handler {
    void *context;
    /* Each thread that serves calls begin once and end once; what begin returns is handed to
     * `serve`. */
    void *(*begin)(void *context);
    void (*serve)(void *thread, struct exchange *x);
    /* Called after the whole reply is out; or NULL. */
    void (*after)(void *thread);
    void (*end)(void *thread);
    /* FastCGI: kept at the number of threads that serve or are about to; or NULL. */
    atomic_uint *able;
};

/* Whether this process was started as a FastCGI server (descriptor 0 is a listening socket). If so,
 * the signals that end it are blocked until fcgi_serve. */
bool cgi_is_fastcgi(void);
/* FastCGI: whether the listening socket is a TCP port that FCGI_WEB_SERVER_ADDRS does not close to
 * anybody. */
bool cgi_is_open(void);
/* Serves the one request of a CGI process. Returns an exit code. */
int cgi_serve(const struct cgi_handler *handler);
/* Serves until SIGTERM, SIGUSR1 or SIGINT: requests that have begun are answered first. SIGHUP is
 * ignored. Returns an exit code. */
int fcgi_serve(const struct cgi_handler *handler, unsigned threads);

#endif
