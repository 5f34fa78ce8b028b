/* SPDX-License-Identifier: MIT
 * retry - see core/retry.h.
 */
#include "core/retry.h"

#include <stdbool.h>
#include <stddef.h>

#include "base/clock.h"

/* What follows run 1, 2, ... */
static const int64_t delays_s[] = {10, 30, 120, 600, 1800, 3600, 10800, 21600, 43200};
#define DELAYS (sizeof delays_s / sizeof *delays_s)
_Static_assert(DELAYS == RETRY_ATTEMPTS_MAX - 1, "a delay between any two runs");

/* A lost run is made up for at once the first time; a runner that is ended again and again must not
 * spin. */
#define LOST_DELAYS 5

/* `row` counts from 1. */
static int64_t delay_ns(uint64_t row)
{
    if (row == 0)
        return 0;
    return delays_s[row > DELAYS ? DELAYS - 1 : row - 1] * NS_PER_S;
}

static int64_t lost_delay_ns(uint32_t lost)
{
    uint64_t row = lost == 0 ? 0 : lost - 1;

    return delay_ns(row > LOST_DELAYS ? LOST_DELAYS : row);
}

static int64_t spread(int64_t ns)
{
    return ns / 100 * RETRY_JITTER_PERCENT;
}

static void set_again(struct result *result, int64_t delay, uint64_t random, int64_t now_ns)
{
    int64_t width = 2 * spread(delay) + 1;

    result->state = RESULT_AGAIN;
    result->next_ns = now_ns + delay - spread(delay) + (int64_t)(random % (uint64_t)width);
}

static void set_settled(struct result *result, enum result_state state)
{
    result->state = state;
    result->next_ns = 0;
}

void retry_decide(struct result *result, uint32_t lost, uint64_t random, int64_t now_ns)
{
    bool exited = result->end == RESULT_EXIT;

    if (result->end == RESULT_LOST && lost < RETRY_LOST_MAX)
        set_again(result, lost_delay_ns(lost), random, now_ns);
    else if (exited && result->code == 0)
        set_settled(result, RESULT_DONE);
    else if (result->end == RESULT_LOST || result->end == RESULT_NOT_RUN ||
             result->attempt >= RETRY_ATTEMPTS_MAX || (exited && result->code == RETRY_EXIT_DEAD))
        set_settled(result, RESULT_DEAD);
    else
        set_again(result, delay_ns(result->attempt), random, now_ns);
}

int64_t retry_latest(uint32_t attempt, int64_t now_ns)
{
    int64_t delay = delay_ns(attempt);
    int64_t lost = delay_ns(LOST_DELAYS);

    if (delay < lost)
        delay = lost;
    return now_ns + delay + spread(delay);
}
