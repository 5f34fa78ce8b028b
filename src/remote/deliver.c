/* SPDX-License-Identifier: MIT
 * deliver - see remote/deliver.h.
 */
#include "remote/deliver.h"

/* As documented, so that a filter that blocks AssemblyAI blocks us, too. */
#define USER_AGENT STR("python-requests/2.25.1")

struct deliver_plan deliver_plan_default(void)
{
    return (struct deliver_plan){DELIVER_NEW, DELIVER_ATTEMPTS, DELIVER_INTERVAL_MS,
                                 DELIVER_TIMEOUT_MS};
}

static bool code_is_final(enum deliver_rule rule, int code)
{
    return rule == DELIVER_NEW && code >= 400 && code <= 499;
}

/* Ignores the number of attempts. */
static enum deliver_next judge_answer(enum deliver_rule rule, const struct http_answer *answer)
{
    switch (answer->end) {
    case HTTP_ANSWERED:
    case HTTP_TOO_LARGE:
        if (answer->code >= 200 && answer->code <= 299)
            return DELIVER_DONE;
        return code_is_final(rule, answer->code) ? DELIVER_LOST : DELIVER_AGAIN;
    case HTTP_UNREACHABLE:
    case HTTP_UNTRUSTED:
        return rule == DELIVER_OLD ? DELIVER_LOST : DELIVER_AGAIN;
    case HTTP_TIMED_OUT:
    case HTTP_CUT_OFF:
        return DELIVER_AGAIN;
    case HTTP_FAILED:
        break;
    }
    return DELIVER_LOST;
}

enum deliver_next deliver_decide(const struct deliver_plan *plan, unsigned attempt,
                                 const struct http_answer *answer)
{
    enum deliver_next next = judge_answer(plan->rule, answer);

    return next == DELIVER_AGAIN && attempt >= plan->attempts ? DELIVER_LOST : next;
}

/* The documented headers, the secret, the extra ones, and the end of the list. */
#define DOCUMENTED 4
#define HEADERS_MAX (DOCUMENTED + 1 + DELIVER_EXTRA_MAX + 1)

static void fill_headers(struct http_header out[HEADERS_MAX], const struct delivery *delivery)
{
    const struct http_header *extra = delivery->extra;
    size_t n = 0;

    out[n++] = (struct http_header){"User-Agent", USER_AGENT};
    out[n++] = (struct http_header){"Accept-Encoding", STR("gzip, deflate")};
    out[n++] = (struct http_header){"Accept", STR("*/*")};
    out[n++] = (struct http_header){"Content-Type", STR("application/json")};
    if (delivery->header_name != NULL)
        out[n++] = (struct http_header){delivery->header_name, delivery->header_value};
    for (; extra != NULL && extra->value.ptr != NULL && n < HEADERS_MAX - 1; extra++)
        out[n++] = *extra;
    out[n] = (struct http_header){NULL, STR_NONE};
}

void deliver_once(struct http *http, const struct delivery *delivery,
                  const struct deliver_plan *plan, struct http_answer *answer)
{
    struct http_header headers[HEADERS_MAX];
    const struct http_request request = {
        .method = "POST",
        .url = delivery->url,
        .headers = headers,
        .body = delivery->body,
        .answer_max = DELIVER_ANSWER_MAX,
        .decode = true,
        .connect_ms = plan->timeout_ms,
        .total_ms = plan->timeout_ms,
    };

    fill_headers(headers, delivery);
    http_ask(http, &request, answer);
}

enum deliver_next deliver_all(struct http *http, const struct delivery *delivery,
                              const struct deliver_plan *plan, const struct deliver_watch *watch)
{
    enum deliver_next next = DELIVER_AGAIN;

    for (unsigned attempt = 1; next == DELIVER_AGAIN; attempt++) {
        struct http_answer answer;

        deliver_once(http, delivery, plan, &answer);
        next = deliver_decide(plan, attempt, &answer);
        if (watch->tell != NULL)
            watch->tell(watch->context, attempt, &answer, next);
        http_answer_free(&answer);
        if (next == DELIVER_AGAIN && !watch->wait(watch->context, plan->interval_ms))
            next = DELIVER_LOST;
    }
    return next;
}
