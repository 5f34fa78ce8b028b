/* SPDX-License-Identifier: MIT
 * aai_many - gets many transcripts, several at a time.
 *
 * A round ends when all of it was asked for, or when the API says that it is busy. Open requests
 * then end, the pause is waited for without any, and the next round asks for the rest.
 */
#include <stdio.h>
#include <stdlib.h>

#include "core/url.h"
#include "remote/aai_parts.h"
#include "remote/sieve.h"

#define WHAT "the transcript"
/* Of one round, so that no wait for the pace has open requests. */
#define ROUND_MAX 200

/* One request under way. */
struct errand {
    char *url;
    struct sieve sieve;
};

struct aai_crowd {
    struct aai *aai;
    const struct aai_many *many;
    struct errand **errands;
    unsigned char *attempts;
    bool *settled;
    size_t round[ROUND_MAX]; /* which are asked for in this one */
    size_t round_count;
    bool busy; /* the API is busy: this round asks for no more */
    uint64_t pause_ms;
    char why[ERR_TEXT_MAX];
    bool ended;         /* `done` returned false */
    enum status status; /* of the whole */
    struct err *err;
};

/* The members that are kept of a transcript, or of a refusal. */
static const char *const wanted[] = {"id", "status", "error", "webhook_url", "webhook_status_code",
                                     NULL};

static void keep_wanted(void *context, struct buf *body, const char *bytes, size_t len)
{
    struct errand *e = context;

    sieve_push(&e->sieve, body, bytes, len);
}

static void errand_free(struct errand *e)
{
    if (e != NULL)
        free(e->url);
    free(e);
}

static enum status errand_make(struct errand **out, const struct aai_crowd *c, const char *id,
                               struct err *err)
{
    struct errand *e = calloc(1, sizeof *e);
    char path[AAI_PATH_MAX];
    struct buf url;
    enum status status;

    buf_init(&url, URL_MAX);
    (void)snprintf(path, sizeof path, "/v2/transcript/%s", id);
    status = aai_url(&url, c->aai, path, err);
    if (status == STATUS_OK && (e == NULL || (e->url = str_dup(buf_str(&url))) == NULL))
        status = err_set(err, STATUS_MEMORY, "no memory for a request");
    buf_free(&url);
    if (status != STATUS_OK) {
        errand_free(e);
        return status;
    }
    sieve_init(&e->sieve, wanted);
    *out = e;
    return STATUS_OK;
}

static bool crowd_next(void *context, size_t which, struct http_request *r)
{
    struct aai_crowd *c = context;
    size_t id;

    if (which == c->round_count || c->busy || c->status != STATUS_OK)
        return false;
    id = c->round[which];
    c->status = errand_make(&c->errands[id], c, c->many->ids[id], c->err);
    if (c->status != STATUS_OK)
        return false;
    aai_prepare(c->aai, r, "GET", c->errands[id]->url, STR_NONE);
    r->answer_max = AAI_TRANSCRIPT_MAX;
    r->sieve = keep_wanted;
    r->context = c->errands[id];
    aai_count(c->aai);
    return true;
}

static void crowd_give(struct aai_crowd *c, size_t id, enum status status, struct str answer,
                       struct err *why)
{
    struct aai_transcript t;

    if (status == STATUS_OK)
        status = aai_transcript_read(&t, answer, c->many->ids[id], why);
    c->settled[id] = true;
    c->ended = !c->many->done(c->many->context, id, status == STATUS_OK ? &t : NULL, status, why);
    if (status == STATUS_OK)
        aai_transcript_free(&t);
}

/* Whether all other requests would fail in the same way. */
static bool is_final(enum status status, const struct http_answer *answer)
{
    return status == STATUS_NO_SECRET || status == STATUS_CONFIG || answer->end == HTTP_UNTRUSTED ||
           (answer->end == HTTP_ANSWERED && answer->code == 429);
}

static bool crowd_done(void *context, size_t which, const struct http_answer *answer)
{
    struct aai_crowd *c = context;
    size_t id = c->round[which];
    struct err why = ERR_INIT;
    enum status status = aai_judge(answer, WHAT, &why);
    uint64_t ms;

    errand_free(c->errands[id]);
    c->errands[id] = NULL;
    c->attempts[id]++;
    if (status == STATUS_OK) {
        crowd_give(c, id, status, buf_str(&answer->body), &why);
    } else if (aai_again(true, c->attempts[id], answer, &ms)) {
        c->busy = true;
        c->pause_ms = ms > c->pause_ms ? ms : c->pause_ms;
        (void)snprintf(c->why, sizeof c->why, "%s", why.text);
    } else if (is_final(status, answer)) {
        c->status = err_pass(c->err, status, &why);
    } else {
        crowd_give(c, id, status, STR_NONE, &why);
    }
    return !c->ended && c->status == STATUS_OK;
}

static size_t gather_round(struct aai_crowd *c)
{
    c->round_count = 0;
    for (size_t i = 0; i < c->many->count && c->round_count < ROUND_MAX; i++)
        if (!c->settled[i])
            c->round[c->round_count++] = i;
    return c->round_count;
}

static enum status run_round(struct aai_crowd *c, struct err *err)
{
    const struct http_many requests = {crowd_next, crowd_done, c, AAI_PARALLEL};
    enum status status = aai_pace(c->aai, c->round_count, err);

    c->busy = false;
    c->pause_ms = 0;
    if (status == STATUS_OK)
        status = http_ask_many(c->aai->http, &requests, err);
    if (status == STATUS_OK)
        status = c->status;
    if (status == STATUS_OK && c->busy && !c->ended && !aai_wait(c->aai, c->why, c->pause_ms))
        status = err_set(err, STATUS_IO, "%s", c->why);
    return status;
}

static enum status run_rounds(struct aai_crowd *c, struct err *err)
{
    enum status status = STATUS_OK;

    /* Check all before any is put into a path. */
    for (size_t i = 0; i < c->many->count; i++)
        if (!aai_id_ok(str_of(c->many->ids[i])))
            return err_set(err, STATUS_USAGE, "invalid transcript id '%s'", c->many->ids[i]);
    while (status == STATUS_OK && !c->ended && gather_round(c) > 0)
        status = run_round(c, err);
    return status;
}

enum status aai_get_many(struct aai *aai, const struct aai_many *many, struct err *err)
{
    struct aai_crowd c = {.aai = aai, .many = many, .status = STATUS_OK, .err = err};
    enum status status;

    c.errands = calloc(many->count + 1, sizeof *c.errands);
    c.attempts = calloc(many->count + 1, sizeof *c.attempts);
    c.settled = calloc(many->count + 1, sizeof *c.settled);
    status = c.errands == NULL || c.attempts == NULL || c.settled == NULL
                 ? err_set(err, STATUS_MEMORY, "no memory for many transcripts")
                 : run_rounds(&c, err);
    /* Requests that were dropped. */
    for (size_t i = 0; i < many->count && c.errands != NULL; i++)
        errand_free(c.errands[i]);
    free(c.errands);
    free(c.attempts);
    free(c.settled);
    return status;
}
