/* SPDX-License-Identifier: MIT
 * http - HTTP as a client. What is behind it, curl, shows nowhere else.
 *
 * Never follows a redirect, speaks http and https only, verifies certificates (by the file that
 * $SSL_CERT_FILE names, else by the system's), takes proxies from the environment as curl does,
 * sends no cookie and no credentials but the headers it is given. Nothing of a request is ever
 * printed; the memory in which headers were put together is wiped.
 *
 * One client a thread; a client keeps connections open for its next GET requests. Anything else
 * goes over a new connection, so that it is never silently sent twice. The program must ignore
 * SIGPIPE.
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
    struct str body;                   /* STR_NONE: none, unless body_fd is set */
    int body_fd;                       /* where body_size > 0: a regular file to be sent */
    uint64_t body_size;                /* of the file, from its beginning */
    size_t answer_max;                 /* bytes of the answer's body that are taken */
    bool decode;                       /* takes gzip and deflate off the answer's body */
    uint64_t connect_ms;               /* 0: five minutes */
    uint64_t total_ms;                 /* 0: none */
    uint64_t stall_ms; /* no byte moved for that long, rounded up to whole seconds; 0: none */
    /* Called now and then while a body is sent; may be NULL. */
    void (*progress)(void *context, uint64_t sent, uint64_t total);
    /* What came of the answer's body goes through it, where it is set: it appends what is to be
     * kept. What it makes of at most answer_max bytes must not be more. */
    void (*sieve)(void *context, struct buf *body, const char *bytes, size_t len);
    void *context; /* of both */
};

enum http_end {
    HTTP_ANSWERED,    /* the whole answer is there, whatever its code */
    HTTP_UNREACHABLE, /* no connection: name unknown, refused, no route, too slow, proxy says no */
    HTTP_UNTRUSTED,   /* TLS failed: a certificate that is not trusted, no common protocol */
    HTTP_TIMED_OUT,   /* total_ms or stall_ms went by after there was a connection */
    HTTP_CUT_OFF,     /* the connection ended before the whole answer had come, or it is no HTTP */
    HTTP_TOO_LARGE,   /* more than answer_max or HTTP_HEADERS_MAX */
    HTTP_FAILED,      /* our own trouble: no memory, the file cannot be read, a URL that is none */
};

#define HTTP_RETRY_UNSAID UINT64_MAX

struct http_answer {
    enum http_end end;
    int code; /* 0 where no status line came; else also where end is no HTTP_ANSWERED */
    uint64_t retry_after_s; /* HTTP_RETRY_UNSAID: no header of that name, or not in seconds */
    uint64_t took_ms;
    char type[HTTP_TYPE_MAX]; /* Content-Type as it came, cut to fit; "" for none */
    struct buf body;          /* what came of it; at most answer_max bytes */
    char words[ERR_TEXT_MAX]; /* one phrase of what went wrong; "" where HTTP_ANSWERED. Holds no
                                 secret, no URL; may hold raw bytes from outside */
};

struct http;

/* STATUS_MEMORY is the only failure. */
enum status http_open(struct http **out, struct err *err) STATUS_CHECKED;
void http_close(struct http *http); /* NULL is fine */

/* One request to its end. Never fails as such: the answer says how it went. *answer needs no
 * initialising, and is given back with http_answer_free. */
void http_ask(struct http *http, const struct http_request *request, struct http_answer *answer);
void http_answer_free(struct http_answer *answer);

/* Many requests, at most `parallel` of them at a time (1 to HTTP_PARALLEL_MAX, else taken for the
 * nearest). `next` fills *request with one more and returns true, or false where there are no more;
 * what it points to stays until `done` was called for it, once, with the same `which` (0, 1, ... in
 * the order of next) and an answer that is freed behind the call. The order of the `done` is that
 * of the answers. Where done returns false, no more is asked for, and what is under way is dropped.
 * Both run in the calling thread and may not use `http`. */
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
