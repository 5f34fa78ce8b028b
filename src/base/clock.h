/* SPDX-License-Identifier: MIT
 * clock - reads the time; mains pass it down, so that all else can be tested at any time.
 */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

/* Wall clock, nanoseconds since 1970-01-01 UTC. */
int64_t clock_wall_ns(void);
/* Monotonic clock, nanoseconds since some point of this boot: deadlines. */
uint64_t clock_mono_ns(void);
/* Sleeps at least `ns`; signals do not shorten it by more than one wake-up. */
void clock_sleep_ns(uint64_t ns);

#define NS_PER_S INT64_C(1000000000)
#define NS_PER_MS INT64_C(1000000)

#define CLOCK_ISO_MAX 32
/* "2026-11-23T07:50:18.966Z" (milliseconds, UTC, proleptic Gregorian; no time zone database is
 * opened). */
void clock_iso(int64_t wall_ns, char out[CLOCK_ISO_MAX]);
/* Reads "YYYY-MM-DD", "YYYY-MM-DDTHH:MM[:SS[.fraction]]", with T or a blank, followed by Z or a
 * distance from UTC ("+05:30", "-0800", "+01"), or by nothing, which is UTC. On failure *wall_ns is
 * untouched. */
bool clock_iso_parse(struct str s, int64_t *wall_ns);

#define CLOCK_BOOT_MAX 64
/* Writes a name for this boot of the machine: /proc/sys/kernel/random/boot_id, or if that is
 * missing the boot time in minutes, rounded so that a slewed clock does not change it ("time:...").
 * Never fails. */
void clock_boot_id(char out[CLOCK_BOOT_MAX]);
/* Returns whether two boot ids mean the same boot: equal, or boot times at most a minute apart. */
bool clock_boot_same(const char *a, const char *b);

#endif
