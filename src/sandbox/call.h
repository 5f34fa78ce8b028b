/* SPDX-License-Identifier: MIT
 * call - one request of the API on its way to an answer.
 */
#ifndef SANDBOX_CALL_H
#define SANDBOX_CALL_H

#include "cgi/cgi.h"
#include "core/request.h"
#include "sandbox/sandbox_setup.h"

/* A handler fills `out`, or fails with the code and the words of the answer. */
struct call {
    const struct sandbox *sandbox;
    struct exchange *x;
    struct request request;
    int64_t now_ms;
    char base[TRANSCRIPT_BASE_MAX]; /* our address as the client sees it */
    char id[TRANSCRIPT_ID_MAX];     /* from the path, or "" */
    struct buf text;                /* the stored transcript */
    struct transcript transcript;   /* borrows from text or body */
    struct buf body;
    struct buf out;
    const char *type;       /* Content-Type of out */
    uint64_t retry_after_s; /* 0: no such header */
};

/* Sets the code and the words of an error answer. A failed status while *code is still 200 is our
 * own failure: the answer is 500, and the words of err go to the log. */
enum status call_fail(struct err *err, int *code, int answer, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* Reads the transcript of the path into call->transcript. */
enum status call_transcript(struct call *call, int *code, struct err *err) STATUS_CHECKED;
/* Reads a parameter of the query, decoded; "" if it is missing. 400 if it does not fit. */
enum status call_param(const struct call *call, const char *name, char *out, size_t size, int *code,
                       struct err *err) STATUS_CHECKED;

#endif
