/* SPDX-License-Identifier: MIT
 * web - the sandbox's side of HTTP: what a request is, and its answer.
 */
#ifndef SANDBOX_WEB_H
#define SANDBOX_WEB_H

#include "cgi/cgi.h"
#include "core/request.h"
#include "sandbox/sandbox_setup.h"

/* One request. A handler fills `out`, or fails with the code and the words of the answer. */
struct call {
    const struct sandbox *sandbox;
    struct exchange *x;
    struct request request;
    int64_t now_ms;
    char base[JOB_BASE_MAX];      /* where the client sees us */
    char id[SANDBOX_ID_MAX];      /* of the path, or "" */
    struct buf text;              /* a transcript as it is stored */
    struct transcript transcript; /* borrows from text or body */
    struct buf body;
    struct buf out;
    const char *type;       /* Content-Type of out */
    uint64_t retry_after_s; /* 0: is not said */
};

/* The answer of a failure: `code` for the API's own, with its words; 500 for all that is ours. */
enum status call_fail(struct err *err, int *code, int answer, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* What each address does: *code is 200, and set where it is another. A failed status with *code 200
 * is our own trouble, whose words are for the log. */
typedef enum status (*call_handler)(struct call *v, int *code, struct err *err);
enum status web_submit(struct call *v, int *code, struct err *err);
enum status web_get(struct call *v, int *code, struct err *err);
enum status web_delete(struct call *v, int *code, struct err *err);
enum status web_srt(struct call *v, int *code, struct err *err);
enum status web_vtt(struct call *v, int *code, struct err *err);
enum status web_sentences(struct call *v, int *code, struct err *err);
enum status web_paragraphs(struct call *v, int *code, struct err *err);
enum status web_word_search(struct call *v, int *code, struct err *err);
enum status web_redacted_audio(struct call *v, int *code, struct err *err);
enum status web_list(struct call *v, int *code, struct err *err);
enum status web_upload(struct call *v, int *code, struct err *err);
enum status web_redacted_file(struct call *v, int *code, struct err *err);

/* Reads the transcript of the path into v->transcript. */
enum status call_transcript(struct call *v, int *code, struct err *err) STATUS_CHECKED;
/* A parameter of the query, decoded; "" where it is not there. 400 where it does not fit. */
enum status call_param(const struct call *v, const char *name, char *out, size_t size, int *code,
                       struct err *err) STATUS_CHECKED;

/* cgi.h's handler; the context is a struct sandbox. */
void *web_begin(void *context);
void web_serve(void *thread, struct exchange *x);
void web_end(void *thread);

#endif
