/* SPDX-License-Identifier: MIT
 * cgi - one small face over the two ways in which a web server hands us a request: CGI (RFC 3875)
 * and FastCGI.
 *
 * What differs between them stays here: where the body ends (CGI: exactly CONTENT_LENGTH bytes
 * where given, else the end of stdin; FastCGI: the end of the stream), drained bodies (Apache's
 * mod_cgid drops the reply when bytes are left unread), signals, standard error, and how a reply is
 * finished.
 */
#ifndef CGI_CGI_H
#define CGI_CGI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct exchange; /* one request and its reply */

/* "NAME=VALUE", NULL-terminated; names may come twice. Valid until the handler returns. */
char *const *exchange_env(const struct exchange *x);
/* Monotonic time at which the request was accepted: the deadline counts from here. */
uint64_t exchange_accepted_ns(const struct exchange *x);

/* Up to `max` body bytes; *got 0 at the end of the body. STATUS_TRUNCATED: the client went away or
 * the server's stream broke. Fewer bytes than CONTENT_LENGTH is for the caller to see.
 * STATUS_DEADLINE past `deadline_ns`. */
enum status exchange_read(struct exchange *x, void *out, size_t max, uint64_t deadline_ns,
                          size_t *got, struct err *err) STATUS_CHECKED;
/* Reads and drops what is left of the body, at most `max` bytes and until `deadline_ns`. Never
 * fails. */
void exchange_drain(struct exchange *x, uint64_t max, uint64_t deadline_ns);
/* The reply, as a whole. A client that is gone is no error. */
void exchange_write(struct exchange *x, const void *bytes, size_t len);
/* One line for the web server's error log; len without newline. */
void exchange_log(struct exchange *x, const char *line, size_t len);

struct cgi_handler {
    void *context;
    /* Each thread that serves calls begin once and end once; what begin returns is handed to
     * `serve`. */
    void *(*begin)(void *context);
    void (*serve)(void *thread, struct exchange *x);
    /* After the reply has gone out completely; NULL where there is nothing to do. */
    void (*after)(void *thread);
    void (*end)(void *thread);
};

/* Whether this process was started as a FastCGI server (its descriptor 0 is a listening socket). Of
 * one that was, the signals that end it are held back from now on, until fcgi_serve. */
bool cgi_is_fastcgi(void);
/* Serves the one request of a CGI process. Returns an exit code. */
int cgi_serve(const struct cgi_handler *handler);
/* Serves until SIGTERM, SIGUSR1 or SIGINT: requests that have begun are answered first. SIGHUP is
 * ignored. Returns an exit code. */
int fcgi_serve(const struct cgi_handler *handler, unsigned threads);

#endif
