/* SPDX-License-Identifier: MIT
 * pace - see remote/pace.h.
 */
#include "remote/pace.h"

#include <string.h>

void pace_init(struct pace *p, uint64_t most)
{
    *p = (struct pace){.most = most};
}

static void advance_window(struct pace *p, uint64_t second)
{
    if (second >= p->second + PACE_SECONDS) {
        memset(p->counts, 0, sizeof p->counts);
        p->total = 0;
        p->second = second;
    }
    while (p->second < second) {
        uint32_t *oldest = &p->counts[++p->second % PACE_SECONDS];

        p->total -= *oldest;
        *oldest = 0;
    }
}

void pace_count(struct pace *p, uint64_t now_ms)
{
    advance_window(p, now_ms / 1000);
    p->counts[p->second % PACE_SECONDS]++;
    p->total++;
}

uint64_t pace_wait_ms(struct pace *p, uint64_t now_ms, uint64_t wanted)
{
    uint64_t left, end;

    advance_window(p, now_ms / 1000);
    wanted = wanted < p->most ? wanted : p->most;
    left = p->total;
    end = p->second;
    /* The oldest second is forgotten first. */
    while (left + wanted > p->most)
        left -= p->counts[++end % PACE_SECONDS];
    return end == p->second ? 0 : end * 1000 - now_ms;
}
