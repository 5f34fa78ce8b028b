/* SPDX-License-Identifier: MIT
 * pace - how many requests there were in the last five minutes, and when there may be more. Pure.
 */
#ifndef REMOTE_PACE_H
#define REMOTE_PACE_H

#include <stdint.h>

/* AssemblyAI takes 20,000 requests in five minutes from one account. We leave a quarter to whoever
 * shares it. */
#define PACE_WINDOW_S 300
#define PACE_MOST 15000

/* One more than the window has: the second that has begun is no whole one. */
#define PACE_SECONDS (PACE_WINDOW_S + 1)

struct pace {
    uint64_t most;
    uint64_t second; /* the newest that is counted */
    uint64_t total;
    uint32_t counts[PACE_SECONDS]; /* by second modulo PACE_SECONDS */
};

void pace_init(struct pace *pace, uint64_t most);
void pace_count(struct pace *pace, uint64_t now_ms);
/* 0: `wanted` more may be sent now. Else after how many milliseconds they may. More than `most`
 * are taken for `most`. The clock never goes back. */
uint64_t pace_wait_ms(struct pace *pace, uint64_t now_ms, uint64_t wanted);

#endif
