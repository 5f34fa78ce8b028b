/* SPDX-License-Identifier: MIT
 * deliver - delivers webhooks by the rules that AssemblyAI documents.
 *
 * A delivery is a POST of application/json as python-requests sends it, with a static header for
 * the secret if one is set. It succeeds with a 2xx within ten seconds. Redirects are not followed.
 * An answer that is cut off counts as no answer; of one that is too large the code counts.
 *
 *   outcome                        DELIVER_NEW (since 2026)   DELIVER_OLD (before)
 *   2xx                            delivered                  delivered
 *   4xx, at whatever attempt       lost                       again
 *   3xx, 5xx, 1xx                  again                      again
 *   too slow, cut off              again                      again
 *   unreachable, no trust (TLS)    again                      lost
 *   our own failure                lost                       lost
 *
 * "again" is "lost" at the last of DELIVER_ATTEMPTS attempts, DELIVER_INTERVAL_MS apart.
 */
#ifndef REMOTE_DELIVER_H
#define REMOTE_DELIVER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"
#include "remote/http.h"

#define DELIVER_ATTEMPTS 10
#define DELIVER_INTERVAL_MS 10000
#define DELIVER_TIMEOUT_MS 10000
/* How much of an answer's body is read: the sender ignores it. */
#define DELIVER_ANSWER_MAX ((size_t)64 * 1024)

enum deliver_rule { DELIVER_NEW, DELIVER_OLD };

enum deliver_next {
    DELIVER_DONE,  /* a 2xx: delivered */
    DELIVER_AGAIN, /* after the interval */
    DELIVER_LOST   /* given up */
};

/* How often and how fast. deliver_plan_default gives the documented numbers. */
struct deliver_plan {
    enum deliver_rule rule;
    unsigned attempts; /* at least 1 */
    uint64_t interval_ms;
    uint64_t timeout_ms;
};
struct deliver_plan deliver_plan_default(void);

/* Decides what follows attempt number `attempt` (from 1), by answer->end and ->code. Pure. */
enum deliver_next deliver_decide(const struct deliver_plan *plan, unsigned attempt,
                                 const struct http_answer *answer);

/* Borrowed. header_name NULL: no secret is sent. `extra` (ends with STR_NONE, may be NULL): at most
 * DELIVER_EXTRA_MAX other headers, such as a signature. */
#define DELIVER_EXTRA_MAX 8
struct delivery {
    const char *url;
    struct str body;
    const char *header_name;
    struct str header_value;
    const struct http_header *extra;
};

/* Makes one attempt; *answer as of http_ask. */
void deliver_once(struct http *http, const struct delivery *delivery,
                  const struct deliver_plan *plan, struct http_answer *answer);

/* Makes all attempts of a delivery. `tell` (may be NULL) is called after each; `wait` sleeps, and
 * returns false to give up. Returns DELIVER_DONE or DELIVER_LOST. */
struct deliver_watch {
    void (*tell)(void *context, unsigned attempt, const struct http_answer *answer,
                 enum deliver_next next);
    bool (*wait)(void *context, uint64_t ms);
    void *context;
};
enum deliver_next deliver_all(struct http *http, const struct delivery *delivery,
                              const struct deliver_plan *plan, const struct deliver_watch *watch);

#endif
