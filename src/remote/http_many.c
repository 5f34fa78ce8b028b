/* SPDX-License-Identifier: MIT
 * http_many - see remote/http.h: many requests at a time.
 */
#include <stdlib.h>

#include "remote/http_parts.h"

/* How long to wait for the network before curl checks its own timeouts. */
#define WAIT_MS 1000

struct http_slot {
    struct transfer transfer;
    struct http_request request;
    struct http_answer answer;
    size_t which;
    bool busy;
};

struct http_round {
    struct http *http;
    const struct http_many *many;
    struct http_slot *slots;
    unsigned parallel;
    size_t asked;
    unsigned busy;
    bool no_more; /* nothing more is asked for */
    bool dropped; /* `done` returned false */
};

static void finish_slot(struct http_round *c, struct http_slot *s)
{
    s->busy = false;
    c->busy--;
    transfer_forget(&s->transfer);
    if (!c->dropped && !c->many->done(c->many->context, s->which, &s->answer))
        c->no_more = c->dropped = true;
    http_answer_free(&s->answer);
}

static enum status start_request(struct http_round *c, struct http_slot *s, struct err *err)
{
    CURL *easy = s->transfer.easy == NULL ? curl_easy_init() : s->transfer.easy;

    if (easy == NULL)
        return err_set(err, STATUS_MEMORY, "no memory for an HTTP request");
    s->transfer.easy = easy;
    s->request = (struct http_request){.method = "GET"};
    s->which = c->asked;
    if (!c->many->next(c->many->context, s->which, &s->request)) {
        c->no_more = true;
        return STATUS_OK;
    }
    c->asked++;
    s->busy = true;
    c->busy++;
    if (!transfer_begin(&s->transfer, easy, &s->request, &s->answer))
        finish_slot(c, s);
    else if (curl_multi_add_handle(c->http->multi, easy) != CURLM_OK)
        return err_set(err, STATUS_MEMORY, "no memory for an HTTP request");
    return STATUS_OK;
}

static enum status fill_slots(struct http_round *c, struct err *err)
{
    enum status status = STATUS_OK;

    for (unsigned i = 0; i < c->parallel && status == STATUS_OK; i++)
        /* A request that ends at once leaves its slot free. */
        while (!c->no_more && !c->slots[i].busy && status == STATUS_OK)
            status = start_request(c, &c->slots[i], err);
    return status;
}

/* Returns whether any has ended: its slot is then filled before the next wait. */
static bool collect_answers(struct http_round *c)
{
    struct CURLMsg *message;
    bool any = false;
    int left;

    while ((message = curl_multi_info_read(c->http->multi, &left)) != NULL) {
        CURLcode code = message->data.result;
        CURL *easy = message->easy_handle;

        for (unsigned i = 0; i < c->parallel; i++) {
            struct http_slot *s = &c->slots[i];

            if (!s->busy || s->transfer.easy != easy)
                continue;
            transfer_end(&s->transfer, code);
            (void)curl_multi_remove_handle(c->http->multi, easy);
            finish_slot(c, s);
            any = true;
            break;
        }
    }
    return any;
}

static CURLMcode wait_for_network(CURLM *multi)
{
#if LIBCURL_VERSION_NUM >= 0x074200
    return curl_multi_poll(multi, NULL, 0, WAIT_MS, NULL);
#else
    return curl_multi_wait(multi, NULL, 0, WAIT_MS, NULL);
#endif
}

static enum status turn_once(struct http_round *c, struct err *err)
{
    int running;

    if (curl_multi_perform(c->http->multi, &running) != CURLM_OK)
        return err_set(err, STATUS_MEMORY, "no memory for the HTTP client");
    if (!collect_answers(c) && c->busy > 0 && wait_for_network(c->http->multi) != CURLM_OK)
        return err_set(err, STATUS_IO, "cannot wait for the network");
    return STATUS_OK;
}

static void clean_up(struct http_round *c)
{
    c->dropped = true;
    for (unsigned i = 0; i < c->parallel; i++) {
        struct http_slot *s = &c->slots[i];

        if (s->busy) {
            (void)curl_multi_remove_handle(c->http->multi, s->transfer.easy);
            finish_slot(c, s);
        }
        curl_easy_cleanup(s->transfer.easy);
    }
    free(c->slots);
}

enum status http_ask_many(struct http *http, const struct http_many *many, struct err *err)
{
    struct http_round c = {.http = http, .many = many, .parallel = many->parallel};
    enum status status;

    if (c.parallel < 1)
        c.parallel = 1;
    if (c.parallel > HTTP_PARALLEL_MAX)
        c.parallel = HTTP_PARALLEL_MAX;
    c.slots = calloc(c.parallel, sizeof *c.slots);
    if (c.slots == NULL)
        return err_set(err, STATUS_MEMORY, "no memory for HTTP requests");
    do {
        status = fill_slots(&c, err);
        if (status == STATUS_OK && c.busy > 0)
            status = turn_once(&c, err);
    } while (status == STATUS_OK && !c.dropped && (c.busy > 0 || !c.no_more));
    clean_up(&c);
    return status;
}
