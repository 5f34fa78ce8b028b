/* SPDX-License-Identifier: MIT
 * http_parts - what the http*.c share with one another. With them the only file that sees curl.
 */
#ifndef REMOTE_HTTP_PARTS_H
#define REMOTE_HTTP_PARTS_H

#include <curl/curl.h>

#include "remote/http.h"

struct http {
    CURL *easy;
    CURLM *multi;
};

/* One request under way. */
struct transfer {
    CURL *easy;
    struct curl_slist *headers;
    const struct http_request *request;
    struct http_answer *answer;
    uint64_t body_at;    /* how much of the file was handed out */
    size_t header_bytes; /* of the answer */
    size_t body_bytes;   /* of the answer, as they came */
    bool headers_whole;  /* the empty line behind them came */
    bool too_large;
    bool out_of_memory;
    int read_error; /* errno of the file that is sent */
    char words[CURL_ERROR_SIZE];
};

/* Sets all options for the request. false: *answer says why it cannot be asked. transfer_forget is
 * due either way. t, request and answer must stay where they are until then. */
bool transfer_begin(struct transfer *t, CURL *easy, const struct http_request *request,
                    struct http_answer *answer);
/* Fills the rest of the answer, once curl has come to its end. */
void transfer_end(struct transfer *t, CURLcode code);
/* Wipes the headers, and makes the handle ready for another request. */
void transfer_forget(struct transfer *t);

#endif
