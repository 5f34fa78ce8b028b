/* SPDX-License-Identifier: MIT
 * http - see remote/http.h: one request.
 */
#include "remote/http.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/num.h"
#include "core/url.h"
#include "remote/http_parts.h"

/* ---- the client */

static pthread_once_t once = PTHREAD_ONCE_INIT;
static bool initialised;

static void initialise_curl(void)
{
    initialised = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
}

enum status http_open(struct http **out, struct err *err)
{
    struct http *http = calloc(1, sizeof *http);

    (void)pthread_once(&once, initialise_curl);
    if (http != NULL && initialised) {
        http->easy = curl_easy_init();
        http->multi = curl_multi_init();
    }
    if (http == NULL || http->easy == NULL || http->multi == NULL) {
        http_close(http);
        return err_set(err, STATUS_MEMORY, "no memory for an HTTP client");
    }
    *out = http;
    return STATUS_OK;
}

void http_close(struct http *http)
{
    if (http == NULL)
        return;
    curl_easy_cleanup(http->easy);
    curl_multi_cleanup(http->multi);
    free(http);
}

/* ---- callbacks: the answer */

/* Called again after an interim answer (1xx). */
static void begin_headers(struct transfer *t)
{
    t->answer->retry_after_s = HTTP_RETRY_UNSAID;
    t->headers_whole = false;
}

static size_t on_header(char *bytes, size_t size, size_t count, void *context)
{
    struct transfer *t = context;
    struct str line = {bytes, size * count};
    struct str name, value;
    uint64_t seconds;

    t->header_bytes += line.len;
    if (t->header_bytes > HTTP_HEADERS_MAX) {
        t->too_large = true;
        return 0;
    }
    if (str_starts(line, "HTTP/"))
        begin_headers(t);
    while (line.len > 0 && (line.ptr[line.len - 1] == '\n' || line.ptr[line.len - 1] == '\r'))
        line.len--;
    t->headers_whole = t->headers_whole || line.len == 0;
    if (str_cut(line, ':', &name, &value) && str_is_nocase(name, "Retry-After") &&
        num_u64(str_trim(value), &seconds))
        t->answer->retry_after_s = seconds;
    return size * count;
}

static size_t on_body(char *bytes, size_t size, size_t count, void *context)
{
    struct transfer *t = context;
    struct buf *body = &t->answer->body;
    size_t len = size * count;
    size_t room = t->request->answer_max - t->body_bytes;
    size_t taken = len < room ? len : room;

    t->body_bytes += taken;
    if (t->request->sieve != NULL)
        t->request->sieve(t->request->context, body, bytes, taken);
    else
        buf_add(body, bytes, taken);
    t->out_of_memory = body->failed != STATUS_OK;
    t->too_large = !t->out_of_memory && len > room;
    return t->out_of_memory || t->too_large ? 0 : len;
}

/* ---- callbacks: the request */

static size_t on_read(char *out, size_t size, size_t count, void *context)
{
    struct transfer *t = context;
    uint64_t left = t->request->body_size - t->body_at;
    size_t want = size * count < left ? size * count : (size_t)left;
    ssize_t got;

    do
        got = pread(t->request->body_fd, out, want, (off_t)t->body_at);
    while (got < 0 && errno == EINTR);
    if (got < 0 || (got == 0 && want > 0)) {
        t->read_error = got < 0 ? errno : EPIPE;
        return CURL_READFUNC_ABORT;
    }
    t->body_at += (uint64_t)got;
    return (size_t)got;
}

static int on_seek(void *context, curl_off_t offset, int origin)
{
    struct transfer *t = context;

    if (origin != SEEK_SET || offset < 0)
        return CURL_SEEKFUNC_CANTSEEK;
    t->body_at = (uint64_t)offset;
    return CURL_SEEKFUNC_OK;
}

static int on_progress(void *context, curl_off_t down_total, curl_off_t down, curl_off_t up_total,
                       curl_off_t up)
{
    const struct transfer *t = context;

    (void)down_total;
    (void)down;
    if (up_total > 0)
        t->request->progress(t->request->context, (uint64_t)up, (uint64_t)up_total);
    return 0;
}

/* ---- setting up */

static bool add_line(struct transfer *t, const char *line)
{
    struct curl_slist *longer = curl_slist_append(t->headers, line);

    if (longer != NULL)
        t->headers = longer;
    return longer != NULL;
}

static bool add_header(struct transfer *t, const struct http_header *header)
{
    struct buf line;
    bool added;

    buf_init(&line, strlen(header->name) + 2 + header->value.len);
    buf_add_text(&line, header->name);
    /* curl's spelling of a header without a value is a semicolon. */
    buf_add_text(&line, header->value.len == 0 ? ";" : ": ");
    buf_add_str(&line, header->value);
    added = line.failed == STATUS_OK && add_line(t, line.ptr);
    buf_wipe(&line);
    return added;
}

static bool header_ok(const struct http_header *header)
{
    for (size_t i = 0; i < header->value.len; i++)
        if (memchr("\r\n", header->value.ptr[i], 3) != NULL)
            return false;
    return header->name[0] != '\0' && strpbrk(header->name, "\r\n :;") == NULL;
}

/* Returns NULL, or what is wrong. */
static const char *set_headers(struct transfer *t)
{
    const struct http_header *header = t->request->headers;

    /* No "Expect: 100-continue": it would cost a second with some servers. */
    if (!add_line(t, "Expect:"))
        return "no memory for the headers";
    for (; header != NULL && header->value.ptr != NULL; header++) {
        if (!header_ok(header))
            return "a header holds a line break";
        if (!add_header(t, header))
            return "no memory for the headers";
    }
    curl_easy_setopt(t->easy, CURLOPT_HTTPHEADER, t->headers);
    return NULL;
}

/* A proxy would read the key of a request to this very machine: url_check_base allows that one
 * without TLS, because nobody else hears it. */
static void set_way(struct transfer *t)
{
    if (url_is_loopback(str_of(t->request->url)))
        curl_easy_setopt(t->easy, CURLOPT_NOPROXY, "*");
}

/* Sets what is the same for every request. */
static void set_manners(struct transfer *t)
{
    const char *trusted = getenv("SSL_CERT_FILE");

    curl_easy_setopt(t->easy, CURLOPT_ERRORBUFFER, t->words);
    curl_easy_setopt(t->easy, CURLOPT_NOSIGNAL, 1L);
#if LIBCURL_VERSION_NUM >= 0x075500
    curl_easy_setopt(t->easy, CURLOPT_PROTOCOLS_STR, "http,https");
#else
    curl_easy_setopt(t->easy, CURLOPT_PROTOCOLS, (long)(CURLPROTO_HTTP | CURLPROTO_HTTPS));
#endif
    curl_easy_setopt(t->easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(t->easy, CURLOPT_HTTP09_ALLOWED, 0L);
    curl_easy_setopt(t->easy, CURLOPT_PATH_AS_IS, 1L);
    curl_easy_setopt(t->easy, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(t->easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    curl_easy_setopt(t->easy, CURLOPT_SSL_VERIFYPEER, 1L);
    curl_easy_setopt(t->easy, CURLOPT_SSL_VERIFYHOST, 2L);
    if (trusted != NULL && trusted[0] != '\0')
        curl_easy_setopt(t->easy, CURLOPT_CAINFO, trusted);
    curl_easy_setopt(t->easy, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(t->easy, CURLOPT_HEADERDATA, t);
    curl_easy_setopt(t->easy, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(t->easy, CURLOPT_WRITEDATA, t);
    curl_easy_setopt(t->easy, CURLOPT_PRIVATE, t);
}

static void set_method(struct transfer *t)
{
    const struct http_request *r = t->request;
    bool from_file = r->body.ptr == NULL && r->body_size > 0;
    bool is_get = strcmp(r->method, "GET") == 0;

    if (r->decode)
        curl_easy_setopt(t->easy, CURLOPT_ACCEPT_ENCODING, "gzip, deflate");
    if (is_get)
        return;
    /* On a kept connection, curl repeats a lost request without asking. */
    curl_easy_setopt(t->easy, CURLOPT_FRESH_CONNECT, 1L);
    if (r->body.ptr == NULL && !from_file && strcmp(r->method, "POST") != 0) {
        curl_easy_setopt(t->easy, CURLOPT_CUSTOMREQUEST, r->method);
        return;
    }
    curl_easy_setopt(t->easy, CURLOPT_POST, 1L);
    if (strcmp(r->method, "POST") != 0)
        curl_easy_setopt(t->easy, CURLOPT_CUSTOMREQUEST, r->method);
    if (from_file) {
        curl_easy_setopt(t->easy, CURLOPT_READFUNCTION, on_read);
        curl_easy_setopt(t->easy, CURLOPT_READDATA, t);
        curl_easy_setopt(t->easy, CURLOPT_SEEKFUNCTION, on_seek);
        curl_easy_setopt(t->easy, CURLOPT_SEEKDATA, t);
        curl_easy_setopt(t->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)r->body_size);
    } else {
        curl_easy_setopt(t->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)r->body.len);
        curl_easy_setopt(t->easy, CURLOPT_POSTFIELDS, r->body.ptr == NULL ? "" : r->body.ptr);
    }
}

static void set_patience(struct transfer *t)
{
    const struct http_request *r = t->request;

    if (r->connect_ms > 0)
        curl_easy_setopt(t->easy, CURLOPT_CONNECTTIMEOUT_MS, (long)r->connect_ms);
    if (r->total_ms > 0)
        curl_easy_setopt(t->easy, CURLOPT_TIMEOUT_MS, (long)r->total_ms);
    if (r->stall_ms > 0) {
        curl_easy_setopt(t->easy, CURLOPT_LOW_SPEED_LIMIT, 1L);
        curl_easy_setopt(t->easy, CURLOPT_LOW_SPEED_TIME, (long)((r->stall_ms + 999) / 1000));
    }
    if (r->progress != NULL) {
        curl_easy_setopt(t->easy, CURLOPT_XFERINFOFUNCTION, on_progress);
        curl_easy_setopt(t->easy, CURLOPT_XFERINFODATA, t);
        curl_easy_setopt(t->easy, CURLOPT_NOPROGRESS, 0L);
    }
}

bool transfer_begin(struct transfer *t, CURL *easy, const struct http_request *request,
                    struct http_answer *answer)
{
    struct err err = ERR_INIT;
    const char *wrong;

    *t = (struct transfer){.easy = easy, .request = request, .answer = answer};
    *answer = (struct http_answer){.end = HTTP_FAILED, .retry_after_s = HTTP_RETRY_UNSAID};
    buf_init(&answer->body, request->answer_max);
    if (url_check(str_of(request->url), "the URL", &err) != STATUS_OK) {
        (void)snprintf(answer->words, sizeof answer->words, "%s", err.text);
        return false;
    }
    wrong = set_headers(t);
    if (wrong == NULL && curl_easy_setopt(easy, CURLOPT_URL, request->url) != CURLE_OK)
        wrong = "no memory for the URL";
    if (wrong != NULL) {
        (void)snprintf(answer->words, sizeof answer->words, "%s", wrong);
        return false;
    }
    set_manners(t);
    set_way(t);
    set_method(t);
    set_patience(t);
    return true;
}

/* ---- how it ended */

static const struct {
    CURLcode code;
    enum http_end end;
} ends[] = {
    {CURLE_OK, HTTP_ANSWERED},
    {CURLE_COULDNT_RESOLVE_PROXY, HTTP_UNREACHABLE},
    {CURLE_COULDNT_RESOLVE_HOST, HTTP_UNREACHABLE},
    {CURLE_COULDNT_CONNECT, HTTP_UNREACHABLE},
    {CURLE_SSL_CONNECT_ERROR, HTTP_UNTRUSTED},
    {CURLE_PEER_FAILED_VERIFICATION, HTTP_UNTRUSTED},
    {CURLE_SSL_CERTPROBLEM, HTTP_UNTRUSTED},
    {CURLE_SSL_CIPHER, HTTP_UNTRUSTED},
    {CURLE_SSL_CACERT_BADFILE, HTTP_UNTRUSTED},
    {CURLE_SSL_INVALIDCERTSTATUS, HTTP_UNTRUSTED},
    {CURLE_OPERATION_TIMEDOUT, HTTP_TIMED_OUT},
    {CURLE_PARTIAL_FILE, HTTP_CUT_OFF},
    {CURLE_GOT_NOTHING, HTTP_CUT_OFF},
    {CURLE_SEND_ERROR, HTTP_CUT_OFF},
    {CURLE_RECV_ERROR, HTTP_CUT_OFF},
    {CURLE_WEIRD_SERVER_REPLY, HTTP_CUT_OFF},
    {CURLE_BAD_CONTENT_ENCODING, HTTP_CUT_OFF},
    {CURLE_UNSUPPORTED_PROTOCOL, HTTP_CUT_OFF}, /* HTTP/0.9: the URL's scheme was checked */
};

static enum http_end end_of(const struct transfer *t, CURLcode code)
{
    enum http_end end = HTTP_FAILED;
    curl_off_t sending = 0;
    long proxy = 0;

    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
        if (ends[i].code == code)
            end = ends[i].end;
    if (t->too_large)
        return HTTP_TOO_LARGE;
    if (t->out_of_memory || t->read_error != 0)
        return HTTP_FAILED;
    /* curl accepts a connection that ends within the headers. */
    if (end == HTTP_ANSWERED && !t->headers_whole)
        return HTTP_CUT_OFF;
    (void)curl_easy_getinfo(t->easy, CURLINFO_HTTP_CONNECTCODE, &proxy);
    if (end == HTTP_CUT_OFF && proxy != 0 && proxy / 100 != 2)
        return HTTP_UNREACHABLE;
    (void)curl_easy_getinfo(t->easy, CURLINFO_PRETRANSFER_TIME_T, &sending);
    return end == HTTP_TIMED_OUT && sending == 0 ? HTTP_UNREACHABLE : end;
}

static void set_words(struct transfer *t, CURLcode code)
{
    struct http_answer *answer = t->answer;
    const char *words = t->words[0] != '\0' ? t->words
                        : code == CURLE_OK  ? "the connection ended within the headers"
                                            : curl_easy_strerror(code);

    if (answer->end == HTTP_TOO_LARGE)
        (void)snprintf(answer->words, sizeof answer->words, "the answer is larger than %zu bytes",
                       t->header_bytes > HTTP_HEADERS_MAX ? HTTP_HEADERS_MAX
                                                          : t->request->answer_max);
    else if (t->out_of_memory)
        (void)snprintf(answer->words, sizeof answer->words, "no memory for the answer");
    else if (t->read_error != 0)
        (void)snprintf(answer->words, sizeof answer->words, "cannot read the whole file");
    else if (answer->end != HTTP_ANSWERED)
        (void)snprintf(answer->words, sizeof answer->words, "%s", words);
}

void transfer_end(struct transfer *t, CURLcode code)
{
    struct http_answer *answer = t->answer;
    const char *type = NULL;
    curl_off_t took = 0;
    long status = 0;

    (void)curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
    (void)curl_easy_getinfo(t->easy, CURLINFO_CONTENT_TYPE, &type);
    (void)curl_easy_getinfo(t->easy, CURLINFO_TOTAL_TIME_T, &took);
    answer->code = (int)status;
    answer->took_ms = (uint64_t)took / 1000;
    if (type != NULL)
        (void)snprintf(answer->type, sizeof answer->type, "%s", type);
    answer->end = end_of(t, code);
    set_words(t, code);
}

void transfer_forget(struct transfer *t)
{
    /* Clears all options, among them the pointers to *t and to the headers. */
    curl_easy_reset(t->easy);
    /* They may hold secrets. */
    for (struct curl_slist *h = t->headers; h != NULL; h = h->next)
        explicit_bzero(h->data, strlen(h->data));
    curl_slist_free_all(t->headers);
    t->headers = NULL;
}

/* ---- one request */

void http_ask(struct http *http, const struct http_request *request, struct http_answer *answer)
{
    struct transfer t;

    if (transfer_begin(&t, http->easy, request, answer))
        transfer_end(&t, curl_easy_perform(http->easy));
    transfer_forget(&t);
}

void http_answer_free(struct http_answer *answer)
{
    buf_free(&answer->body);
}
