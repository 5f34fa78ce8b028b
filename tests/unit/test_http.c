/* SPDX-License-Identifier: MIT
 * Tests of the HTTP client's limits, against a server on 127.0.0.1 that answers with given bytes.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/file.h"
#include "core/url.h"
#include "remote/http.h"
#include "unit.h"

#define HEAD "HTTP/1.1 200 OK\r\nConnection: close\r\n"
/* So long a thread of the server waits for a client that hangs. */
#define PATIENCE_S 20

/* ---- the server */

/* One connection after the other gets the same bytes. */
struct server {
    int listener;
    pthread_t thread;
    struct buf answer;
    bool hears_out; /* answers when the client has ended */
    bool stalls;    /* never ends its answer */
    char url[64];
    /* Of the last request; to be looked at behind server_stop. */
    char head[8192];
    unsigned requests;
};

static bool read_head(int fd, char *head, size_t size)
{
    size_t len = 0;

    head[0] = '\0';
    while (strstr(head, "\r\n\r\n") == NULL) {
        ssize_t got = recv(fd, head + len, size - 1 - len, 0);

        if (got <= 0)
            return false;
        len += (size_t)got;
        head[len] = '\0';
    }
    return true;
}

static void answer_one(struct server *s, int fd)
{
    const struct timeval patience = {.tv_sec = PATIENCE_S};
    char rest[4096];

    (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    (void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    if (!read_head(fd, s->head, sizeof s->head))
        return;
    s->requests++;
    while (s->hears_out && recv(fd, rest, sizeof rest, 0) > 0)
        ;
    for (size_t sent = 0; sent < s->answer.len;) {
        ssize_t n = send(fd, s->answer.ptr + sent, s->answer.len - sent, MSG_NOSIGNAL);

        if (n <= 0)
            return;
        sent += (size_t)n;
    }
    /* The client sees the end of our bytes, not a reset. */
    if (!s->stalls)
        (void)shutdown(fd, SHUT_WR);
    while (recv(fd, rest, sizeof rest, 0) > 0)
        ;
}

static void *serve(void *context)
{
    struct server *s = context;
    int fd;

    while ((fd = accept(s->listener, NULL, NULL)) >= 0) {
        answer_one(s, fd);
        (void)close(fd);
    }
    return NULL;
}

static bool server_start(struct server *s)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof at;

    s->head[0] = '\0';
    s->requests = 0;
    buf_init(&s->answer, 16 * HTTP_HEADERS_MAX);
    s->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (s->listener < 0 || bind(s->listener, (struct sockaddr *)&at, sizeof at) != 0 ||
        listen(s->listener, 128) != 0 ||
        getsockname(s->listener, (struct sockaddr *)&at, &size) != 0)
        return false;
    (void)snprintf(s->url, sizeof s->url, "http://127.0.0.1:%u/", ntohs(at.sin_port));
    return pthread_create(&s->thread, NULL, serve, s) == 0;
}

static void server_stop(struct server *s)
{
    /* Wakes the accept. */
    (void)shutdown(s->listener, SHUT_RDWR);
    (void)pthread_join(s->thread, NULL);
    (void)close(s->listener);
    buf_free(&s->answer);
}

/* ---- asking once */

/* A server that gives these bytes is asked, and stopped. `r` without a URL. */
static void ask_as(struct server *s, struct str bytes, struct http_request r,
                   struct http_answer *answer)
{
    struct http *http = NULL;
    struct err err = ERR_INIT;

    if (!UNIT_TRUE(server_start(s)))
        abort();
    buf_add_str(&s->answer, bytes);
    UNIT_STATUS(STATUS_OK, http_open(&http, &err), &err);
    r.url = r.url == NULL ? s->url : r.url;
    http_ask(http, &r, answer);
    http_close(http);
    server_stop(s);
}

static void ask(struct str bytes, size_t answer_max, struct http_answer *answer)
{
    struct server s = {.hears_out = false};

    ask_as(&s, bytes, (struct http_request){.method = "GET", .answer_max = answer_max}, answer);
    UNIT_INT(1, s.requests);
}

/* How an answer of these bytes ends. */
static void ends(enum http_end end, int code, const char *bytes)
{
    struct http_answer answer;

    ask(str_of(bytes), 100, &answer);
    UNIT_INT(end, answer.end);
    UNIT_INT(code, answer.code);
    UNIT_TRUE((end == HTTP_ANSWERED) == (answer.words[0] == '\0'));
    http_answer_free(&answer);
}

UNIT_TEST(an_answer_is_given_with_its_code_type_and_bytes)
{
    struct http_answer answer;

    ask(STR("HTTP/1.1 404 Not here\r\nConnection: close\r\nContent-Type: text/plain; charset=x\r\n"
            "Content-Length: 4\r\n\r\na\0\xff\n"),
        100, &answer);
    UNIT_INT(HTTP_ANSWERED, answer.end);
    UNIT_INT(404, answer.code);
    UNIT_TEXT("text/plain; charset=x", answer.type);
    UNIT_TRUE(str_eq(STR("a\0\xff\n"), buf_str(&answer.body)));
    UNIT_HEX(HTTP_RETRY_UNSAID, answer.retry_after_s);
    http_answer_free(&answer);
}

UNIT_TEST(a_body_of_the_largest_size_is_taken_and_a_byte_more_is_not)
{
    static const char *const bodies[] = {
        HEAD "Content-Length: 5\r\n\r\n12345",
        HEAD "Content-Length: 6\r\n\r\n123456",
        HEAD "\r\n12345",
        HEAD "\r\n123456",
        HEAD "Transfer-Encoding: chunked\r\n\r\n3\r\n123\r\n2\r\n45\r\n0\r\n\r\n",
        HEAD "Transfer-Encoding: chunked\r\n\r\n3\r\n123\r\n3\r\n456\r\n0\r\n\r\n"};

    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
        struct http_answer answer;

        ask(str_of(bodies[i]), 5, &answer);
        UNIT_INT(i % 2 == 0 ? HTTP_ANSWERED : HTTP_TOO_LARGE, answer.end);
        UNIT_INT(200, answer.code);
        UNIT_TEXT(i % 2 == 0 ? "" : "the answer is larger than 5 bytes", answer.words);
        UNIT_TRUE(answer.body.len <= 5 && memcmp("12345", answer.body.ptr, answer.body.len) == 0);
        UNIT_TRUE(i % 2 == 1 || answer.body.len == 5);
        http_answer_free(&answer);
    }
}

/* An answer whose headers, the empty line included, have so many bytes. */
static void with_headers(struct buf *out, size_t len)
{
    static const char first[] = HEAD "Content-Length: 0\r\n";

    buf_init(out, 2 * HTTP_HEADERS_MAX);
    buf_add_text(out, first);
    while (out->len < len - 2) {
        /* Lines of a kilobyte and, at the end, of what is left. */
        size_t left = len - 2 - out->len;
        size_t line = left >= 2048 ? 1024 : left;

        buf_add_text(out, "X: ");
        for (size_t i = 5; i < line; i++)
            buf_add_char(out, 'x');
        buf_add_text(out, "\r\n");
    }
    buf_add_text(out, "\r\n");
}

UNIT_TEST(headers_of_the_largest_size_are_taken_and_a_byte_more_is_not)
{
    for (size_t more = 0; more < 2; more++) {
        struct http_answer answer;
        struct buf bytes;

        with_headers(&bytes, HTTP_HEADERS_MAX + more);
        UNIT_INT(HTTP_HEADERS_MAX + more, bytes.len);
        ask(buf_str(&bytes), 100, &answer);
        UNIT_INT(more == 0 ? HTTP_ANSWERED : HTTP_TOO_LARGE, answer.end);
        UNIT_INT(200, answer.code);
        UNIT_TEXT(more == 0 ? "" : "the answer is larger than 65536 bytes", answer.words);
        http_answer_free(&answer);
        buf_free(&bytes);
    }
}

UNIT_TEST(what_ends_too_early_or_is_no_http_is_cut_off)
{
    ends(HTTP_ANSWERED, 204, "HTTP/1.1 204 x\r\nConnection: close\r\n\r\n");
    ends(HTTP_ANSWERED, 200, HEAD "Content-Length: 3\r\n\r\nabc");
    ends(HTTP_CUT_OFF, 200, HEAD "Content-Length: 4\r\n\r\nabc");
    ends(HTTP_CUT_OFF, 200, HEAD "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n");
    ends(HTTP_CUT_OFF, 200, HEAD "Content-Length: 0\r\n");
    ends(HTTP_CUT_OFF, 0, "");
    ends(HTTP_CUT_OFF, 0, "<html>no HTTP</html>");
    ends(HTTP_CUT_OFF, 0, "\r\n\r\n");
}

/* A command of cron would never end, and the next one begin beside it. */
UNIT_TEST(an_answer_in_which_nothing_moves_is_given_up_before_its_time_is_over)
{
    struct server s = {.stalls = true};
    struct http_answer answer;

    ask_as(&s, STR(HEAD "Content-Length: 9\r\n\r\nabc"),
           (struct http_request){
               .method = "GET", .answer_max = 100, .total_ms = 15000, .stall_ms = 1000},
           &answer);
    UNIT_INT(HTTP_TIMED_OUT, answer.end);
    UNIT_TRUE(strstr(answer.words, "too slow") != NULL);
    http_answer_free(&answer);
}

UNIT_TEST(a_redirect_is_an_answer_and_nobody_else_is_asked)
{
    static const int codes[] = {301, 302, 303, 307, 308};

    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        struct http_answer answer;
        char bytes[200];

        /* ask() has counted one request: the path is at this very server. */
        (void)snprintf(bytes, sizeof bytes,
                       "HTTP/1.1 %d x\r\nConnection: close\r\nLocation: /other\r\n"
                       "Content-Length: 0\r\n\r\n",
                       codes[i]);
        ask(str_of(bytes), 100, &answer);
        UNIT_INT(HTTP_ANSWERED, answer.end);
        UNIT_INT(codes[i], answer.code);
        http_answer_free(&answer);
    }
}

/* The seconds of an answer with these headers. */
static uint64_t retry_after(const char *headers)
{
    struct http_answer answer;
    char bytes[512];
    uint64_t seconds;

    (void)snprintf(bytes, sizeof bytes,
                   "HTTP/1.1 503 x\r\nConnection: close\r\n%sContent-Length: 0\r\n\r\n", headers);
    ask(str_of(bytes), 100, &answer);
    UNIT_INT(503, answer.code);
    seconds = answer.retry_after_s;
    http_answer_free(&answer);
    return seconds;
}

UNIT_TEST(a_pause_is_read_in_seconds_only)
{
    UNIT_HEX(7, retry_after("Retry-After: 7\r\n"));
    UNIT_HEX(0, retry_after("retry-AFTER:  0 \r\n"));
    UNIT_HEX(HTTP_RETRY_UNSAID, retry_after(""));
    UNIT_HEX(HTTP_RETRY_UNSAID, retry_after("Retry-After: -1\r\n"));
    UNIT_HEX(HTTP_RETRY_UNSAID, retry_after("Retry-After: 1.5\r\n"));
    UNIT_HEX(HTTP_RETRY_UNSAID, retry_after("Retry-After: Fri, 27 Nov 2026 07:28:00 GMT\r\n"));
    UNIT_HEX(HTTP_RETRY_UNSAID, retry_after("Retry-After: 99999999999999999999\r\n"));
    UNIT_HEX(HTTP_RETRY_UNSAID, retry_after("X-Retry-After: 7\r\n"));
}

UNIT_TEST(the_headers_of_an_interim_answer_do_not_count)
{
    struct http_answer answer;

    ask(STR("HTTP/1.1 103 Early\r\nRetry-After: 9\r\n\r\n" HEAD "Content-Length: 1\r\n\r\nx"), 100,
        &answer);
    UNIT_INT(HTTP_ANSWERED, answer.end);
    UNIT_INT(200, answer.code);
    UNIT_HEX(HTTP_RETRY_UNSAID, answer.retry_after_s);
    UNIT_STR("x", buf_str(&answer.body));
    http_answer_free(&answer);
    ends(HTTP_CUT_OFF, 103, "HTTP/1.1 103 Early\r\nX: y\r\n\r\n");
}

UNIT_TEST(a_type_that_is_too_long_is_cut)
{
    struct http_answer answer;
    char bytes[512], type[HTTP_TYPE_MAX + 1];

    memset(type, 't', sizeof type - 1);
    type[sizeof type - 1] = '\0';
    (void)snprintf(bytes, sizeof bytes, HEAD "Content-Type: %s\r\nContent-Length: 0\r\n\r\n", type);
    ask(str_of(bytes), 100, &answer);
    type[HTTP_TYPE_MAX - 1] = '\0';
    UNIT_TEXT(type, answer.type);
    http_answer_free(&answer);
}

/* ---- what is sent */

UNIT_TEST(what_is_sent_is_what_was_given_and_no_more)
{
    const struct http_header headers[] = {
        {"Authorization", STR("hunter2")}, {"X-Empty", STR("")}, {NULL, STR_NONE}};
    struct server s = {.hears_out = false};
    struct http_answer answer;

    ask_as(&s, STR(HEAD "Content-Length: 0\r\n\r\n"),
           (struct http_request){
               .method = "POST", .headers = headers, .body = STR("{}"), .answer_max = 100},
           &answer);
    UNIT_INT(HTTP_ANSWERED, answer.end);
    UNIT_TRUE(str_starts(str_of(s.head), "POST / HTTP/1.1\r\n"));
    UNIT_TRUE(strstr(s.head, "\r\nAuthorization: hunter2\r\n") != NULL);
    UNIT_TRUE(strstr(s.head, "\r\nX-Empty:\r\n") != NULL);
    UNIT_TRUE(strstr(s.head, "\r\nContent-Length: 2\r\n") != NULL);
    UNIT_TRUE(strcasestr(s.head, "\r\nExpect:") == NULL);
    UNIT_TRUE(strcasestr(s.head, "\r\nCookie:") == NULL);
    http_answer_free(&answer);
}

UNIT_TEST(a_large_body_is_sent_without_asking_for_leave)
{
    struct server s = {.hears_out = false};
    struct http_answer answer;
    struct buf body;

    buf_init(&body, 2 * 1024 * 1024);
    while (body.len < body.max)
        buf_add_char(&body, 'x');
    ask_as(&s, STR(HEAD "Content-Length: 0\r\n\r\n"),
           (struct http_request){.method = "POST", .body = buf_str(&body), .answer_max = 100},
           &answer);
    UNIT_TRUE(strstr(s.head, "\r\nContent-Length: 2097152\r\n") != NULL);
    UNIT_TRUE(strcasestr(s.head, "\r\nExpect:") == NULL);
    http_answer_free(&answer);
    buf_free(&body);
}

UNIT_TEST(a_header_that_would_break_its_line_is_never_sent)
{
    const struct http_header bad[][2] = {{{"X", STR("hunter2\r\nY: z")}, {NULL, STR_NONE}},
                                         {{"X", STR("a\n")}, {NULL, STR_NONE}},
                                         {{"X", STR("a\r")}, {NULL, STR_NONE}},
                                         {{"X", STR("a\0b")}, {NULL, STR_NONE}},
                                         {{"", STR("a")}, {NULL, STR_NONE}},
                                         {{"X: Y", STR("a")}, {NULL, STR_NONE}},
                                         {{"X\r\nY", STR("a")}, {NULL, STR_NONE}},
                                         {{"X;", STR("a")}, {NULL, STR_NONE}}};

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct server s = {.hears_out = false};
        struct http_answer answer;

        ask_as(&s, STR(HEAD "\r\n"),
               (struct http_request){.method = "GET", .headers = bad[i], .answer_max = 100},
               &answer);
        UNIT_INT(HTTP_FAILED, answer.end);
        UNIT_INT(0, s.requests);
        UNIT_TRUE(answer.words[0] != '\0' && strstr(answer.words, "hunter2") == NULL);
        http_answer_free(&answer);
    }
}

UNIT_TEST(a_url_that_is_none_is_never_asked)
{
    static const char *const bad[] = {"", "ftp://127.0.0.1/", "file:///etc/passwd",
                                      "http://hunter2@127.0.0.1/", "http://127.0.0.1/ x"};

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct server s = {.hears_out = false};
        struct http_answer answer;

        ask_as(&s, STR(HEAD "\r\n"),
               (struct http_request){.method = "GET", .url = bad[i], .answer_max = 100}, &answer);
        UNIT_INT(HTTP_FAILED, answer.end);
        UNIT_TRUE(answer.words[0] != '\0' && strstr(answer.words, "hunter2") == NULL);
        http_answer_free(&answer);
    }
}

UNIT_TEST(a_file_that_is_shorter_than_was_said_is_our_own_trouble)
{
    char path[200];
    struct server s = {.hears_out = true};
    struct http_answer answer;
    int fd;

    (void)snprintf(path, sizeof path, "%s/audio", unit_folder());
    fd = file_open(AT_FDCWD, path, O_CREAT | O_RDWR, 0600);
    UNIT_REQUIRE(fd >= 0 && file_write(fd, "abc", 3) == 0);
    ask_as(&s, STR(HEAD "Content-Length: 0\r\n\r\n"),
           (struct http_request){
               .method = "POST", .body_fd = fd, .body_size = 1024 * 1024, .answer_max = 100},
           &answer);
    (void)close(fd);
    UNIT_INT(HTTP_FAILED, answer.end);
    UNIT_TEXT("cannot read the whole file", answer.words);
    http_answer_free(&answer);
}

/* ---- many at a time */

#define MANY 20

struct crowd {
    const char *url;
    const char *bad_url; /* of number 3, or NULL */
    unsigned asked;
    unsigned done[MANY];
    unsigned finished;
    unsigned most; /* at a time */
    unsigned end_behind;
    enum http_end ends[MANY];
    size_t max;
};

static bool crowd_next(void *context, size_t which, struct http_request *r)
{
    struct crowd *c = context;

    UNIT_INT(c->asked, which);
    if (which == MANY)
        return false;
    c->asked++;
    if (c->asked - c->finished > c->most)
        c->most = c->asked - c->finished;
    r->url = which == 3 && c->bad_url != NULL ? c->bad_url : c->url;
    r->answer_max = which % 2 == 0 ? c->max : 100;
    return true;
}

static bool crowd_done(void *context, size_t which, const struct http_answer *answer)
{
    struct crowd *c = context;

    UNIT_TRUE(which < c->asked);
    c->done[which]++;
    c->ends[which] = answer->end;
    c->finished++;
    return c->finished != c->end_behind;
}

static void ask_many(struct crowd *c, unsigned parallel, unsigned *requests)
{
    const struct http_many many = {crowd_next, crowd_done, c, parallel};
    struct http *http = NULL;
    struct err err = ERR_INIT;
    struct server s = {.hears_out = false};

    if (!UNIT_TRUE(server_start(&s)))
        abort();
    buf_add_text(&s.answer, HEAD "Content-Length: 5\r\n\r\n12345");
    c->url = s.url;
    UNIT_STATUS(STATUS_OK, http_open(&http, &err), &err);
    UNIT_STATUS(STATUS_OK, http_ask_many(http, &many, &err), &err);
    http_close(http);
    server_stop(&s);
    *requests = s.requests;
}

UNIT_TEST(of_many_each_is_done_once_and_never_more_than_so_many_at_a_time)
{
    static const unsigned parallel[] = {1, 4, MANY, HTTP_PARALLEL_MAX};

    for (size_t i = 0; i < sizeof parallel / sizeof *parallel; i++) {
        struct crowd c = {.max = 100};
        unsigned requests;

        ask_many(&c, parallel[i], &requests);
        UNIT_INT(MANY, c.asked);
        UNIT_INT(MANY, requests);
        UNIT_INT(parallel[i] < MANY ? parallel[i] : MANY, c.most);
        for (size_t k = 0; k < MANY; k++) {
            UNIT_INT(1, c.done[k]);
            UNIT_INT(HTTP_ANSWERED, c.ends[k]);
        }
    }
}

UNIT_TEST(of_many_each_has_its_own_limit_and_a_bad_one_harms_no_other)
{
    struct crowd c = {.max = 4, .bad_url = "ftp://127.0.0.1/"};
    unsigned requests;

    ask_many(&c, 4, &requests);
    UNIT_INT(MANY - 1, requests);
    for (size_t k = 0; k < MANY; k++) {
        UNIT_INT(1, c.done[k]);
        UNIT_INT(k == 3 ? HTTP_FAILED : k % 2 == 0 ? HTTP_TOO_LARGE : HTTP_ANSWERED, c.ends[k]);
    }
}

UNIT_TEST(many_end_where_done_says_so)
{
    struct crowd c = {.max = 100, .end_behind = 6};
    unsigned requests;

    ask_many(&c, 3, &requests);
    UNIT_INT(6, c.finished);
    UNIT_TRUE(c.asked >= 6 && c.asked <= 8);
    UNIT_TRUE(requests <= c.asked);
}
