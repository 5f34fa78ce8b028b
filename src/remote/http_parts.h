/* SPDX-License-Identifier: MIT
 * http_parts - what the http*.c share. Only they include it, so only they see curl.
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
    uint64_t body_at;    /* how much of the file was read */
    size_t header_bytes; /* of the answer */
    size_t body_bytes;   /* of the answer, before the sieve */
    bool headers_whole;  /* the empty line after them came */
    bool too_large;
    bool out_of_memory;
    int read_error; /* errno of the file that is sent */
    char words[CURL_ERROR_SIZE];
};

/* Sets all options for the request. false: *answer says why it cannot be made. In both cases call
 * transfer_forget; t, request and answer must stay where they are until then. */
bool transfer_begin(struct transfer *t, CURL *easy, const struct http_request *request,
                    struct http_answer *answer);
/* Fills the rest of the answer after curl has ended. */
void transfer_end(struct transfer *t, CURLcode code);
/* Wipes the headers, and resets the handle for another request. */
void transfer_forget(struct transfer *t);

#endif
