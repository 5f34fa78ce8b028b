/* SPDX-License-Identifier: MIT
 * http - an HTTP client. Only http*.c know that it is made of curl.
 *
 * Follows no redirect, speaks http and https only, verifies certificates (with the file that
 * $SSL_CERT_FILE names, else with the system's), takes proxies from the environment as curl does
 * except for a URL of this very machine (url_is_loopback), which it asks without one, and sends no
 * cookies and no credentials but the given headers. Never prints anything of a request; wipes the
 * memory of headers.
 *
 * One client per thread. It keeps connections open for GET requests; all others use a new
 * connection, so that none is silently sent twice. The program must ignore SIGPIPE.
 */
#ifndef REMOTE_HTTP_H
#define REMOTE_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

/* All header bytes of an answer; an answer with more is HTTP_TOO_LARGE. */
#define HTTP_HEADERS_MAX ((size_t)64 * 1024)
#define HTTP_TYPE_MAX 128

struct http_header {
    const char *name;
    struct str value; /* ptr NULL ends a list; no CR, LF or NUL within */
};

struct http_request {
    const char *method; /* "GET", "POST", ... */
    const char *url;
    const struct http_header *headers; /* ends with a value of STR_NONE, or NULL for none */
    struct str body;                   /* STR_NONE: the file, or none */
    int body_fd;                       /* if body_size > 0: a regular file to send */
    uint64_t body_size;                /* of the file, from its beginning */
    size_t answer_max;                 /* the largest body of an answer */
    bool decode;                       /* decodes gzip and deflate */
    uint64_t connect_ms;               /* 0: five minutes */
    uint64_t total_ms;                 /* 0: no limit */
    uint64_t stall_ms; /* limit without any byte, rounded up to seconds; 0: no limit */
    /* Called now and then while a body is sent; may be NULL. */
    void (*progress)(void *context, uint64_t sent, uint64_t total);
    /* If set, gets the answer's body piece by piece and appends what is to be kept: in all at most
     * answer_max bytes. */
    void (*sieve)(void *context, struct buf *body, const char *bytes, size_t len);
    void *context; /* of both */
};

enum http_end {
    HTTP_ANSWERED,    /* the whole answer came, whatever its code */
    HTTP_UNREACHABLE, /* no connection: unknown name, refused, no route, too slow, proxy refuses */
    HTTP_UNTRUSTED,   /* TLS failed: untrusted certificate, no common protocol */
    HTTP_TIMED_OUT,   /* total_ms or stall_ms passed on a connection */
    HTTP_CUT_OFF,     /* the connection ended before the answer did, or it is not HTTP */
    HTTP_TOO_LARGE,   /* more than answer_max or HTTP_HEADERS_MAX */
    HTTP_FAILED,      /* our own failure: no memory, unreadable file, invalid URL */
};

#define HTTP_RETRY_UNSAID UINT64_MAX

struct http_answer {
    enum http_end end;
    int code;               /* 0: no status line came. Set whatever `end` is */
    uint64_t retry_after_s; /* HTTP_RETRY_UNSAID: no such header, or not in seconds */
    uint64_t took_ms;
    char type[HTTP_TYPE_MAX]; /* Content-Type, cut to fit, or "" */
    struct buf body;          /* as far as it came; at most answer_max bytes */
    char words[ERR_TEXT_MAX]; /* what went wrong, or "". Has no secret and no URL, but may have
                                 raw bytes from outside */
};

struct http;

/* STATUS_MEMORY is the only failure. */
enum status http_open(struct http **out, struct err *err) STATUS_CHECKED;
void http_close(struct http *http); /* NULL is fine */

/* Makes one request. Never fails as such: the answer says how it went. *answer needs no
 * initialising. Free it with http_answer_free. */
void http_ask(struct http *http, const struct http_request *request, struct http_answer *answer);
void http_answer_free(struct http_answer *answer);

/* Makes many requests, at most `parallel` at a time (1 to HTTP_PARALLEL_MAX; others count as the
 * nearest). `next` fills *request and returns true, or returns false if there are no more; what
 * *request points to must stay until `done` was called, once, with the same `which` (0, 1, ... in
 * the order of next) and an answer that is freed after the call. Answers come in any order. If done
 * returns false, open requests are dropped and no more are made. Both run in the calling thread and
 * must not use `http`. */
#define HTTP_PARALLEL_MAX 64
struct http_many {
    bool (*next)(void *context, size_t which, struct http_request *request);
    bool (*done)(void *context, size_t which, const struct http_answer *answer);
    void *context;
    unsigned parallel;
};
enum status http_ask_many(struct http *http, const struct http_many *many,
                          struct err *err) STATUS_CHECKED;

#endif
