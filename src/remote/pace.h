/* SPDX-License-Identifier: MIT
 * pace - counts the requests of the last five minutes, and says when more may be sent. Pure.
 */
#ifndef REMOTE_PACE_H
#define REMOTE_PACE_H

#include <stdint.h>

/* AssemblyAI accepts 20,000 requests in five minutes from one account. We leave a quarter to other
 * programs that use it. */
#define PACE_WINDOW_S 300
#define PACE_MOST 15000

/* One more than the window: the current second is not over. */
#define PACE_SECONDS (PACE_WINDOW_S + 1)

struct pace {
    uint64_t most;
    uint64_t second; /* the newest that is counted */
    uint64_t total;
    uint32_t counts[PACE_SECONDS]; /* by second modulo PACE_SECONDS */
};

void pace_init(struct pace *pace, uint64_t most);
void pace_count(struct pace *pace, uint64_t now_ms);
/* Returns after how many milliseconds `wanted` more may be sent; 0: now. More than `most` count as
 * `most`. The clock must not go back. */
uint64_t pace_wait_ms(struct pace *pace, uint64_t now_ms, uint64_t wanted);

#endif
