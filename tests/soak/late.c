/* SPDX-License-Identifier: MIT
 * late - an LD_PRELOAD library: the wall clock is a day and a half ahead. With keep = "1d" all
 * sealed segments are old enough to be pruned then, and none is held for longer than its hooks may
 * take.
 */
#define _GNU_SOURCE
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define AHEAD_S (36 * 3600)

int clock_gettime(clockid_t clock, struct timespec *out)
{
    int status = (int)syscall(SYS_clock_gettime, clock, out);

    if (status == 0 && clock == CLOCK_REALTIME)
        out->tv_sec += AHEAD_S;
    return status;
}
