/* SPDX-License-Identifier: MIT
 * quarantine_counts - how much of the quarantine each endpoint has: a small file in the box,
 * changed under its lock, so that a delivery costs the same however many are there. Wrong counts
 * cost only room: the folder is counted again once a minute, and when the file is damaged.
 *
 * The last eight of the 40 digits of an entry's name are its endpoint's tag. Entries of an older
 * version, whose names have none, and of endpoints that are gone count for the whole box only.
 */
#ifndef STORE_BOXES_QUARANTINE_COUNTS_H
#define STORE_BOXES_QUARANTINE_COUNTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "store/spool/spool.h"

/* Entries of one endpoint. */
#define QUARANTINE_COUNT_MAX 10000
/* Entries of all: a sweep reads so many. */
#define QUARANTINE_ALL_MAX 100000
/* Between two sweeps. */
#define QUARANTINE_SWEEP_S 60
/* Endpoints that are counted at the same time: twice as many as a configuration may have. */
#define QUARANTINE_ROWS 512
/* From this on people are warned. */
#define QUARANTINE_WARN_PERCENT 80

#define QUARANTINE_TAG_DIGITS 8
uint32_t quarantine_tag(const char *endpoint);

struct quarantine_quota {
    uint64_t bytes_max;   /* of the entry's endpoint */
    uint64_t deadline_ns; /* of the monotonic clock: until then the lock is waited for */
};

/* Makes room for an entry of `size` bytes before it gets its name. *charged false: there is an
 * entry of that name, which needs none. STATUS_LIMIT: the quarantine is full. STATUS_DEADLINE:
 * another process had the lock until then. */
enum status quarantine_charge(const struct spool *spool, const char *name, uint64_t size,
                              const struct quarantine_quota *quota, bool *charged,
                              struct err *err) STATUS_CHECKED;
/* Gives the room of an entry back that did not get its name. If that cannot be written, the next
 * sweep does. */
void quarantine_discharge(const struct spool *spool, const char *name, uint64_t size,
                          const struct quarantine_quota *quota);

/* Whether the last sweep was begun a minute ago; then this one has begun, and no other process gets
 * true. One system call if it is not due; never waits for the lock. */
bool quarantine_claim_sweep(const struct spool *spool, int64_t now_ns);
/* Counts the folder again. What fails, or is locked, is left to the next sweep. */
void quarantine_recount(const struct spool *spool);

struct quarantine_tally {
    uint32_t tag;
    uint64_t count;
    uint64_t bytes;
    int64_t oldest_ns; /* when the entry came last that did so first; INT64_MAX: there is none */
};

/* Counts the folder, for people: `rows`, whose tags are set, get the entries with their tags, and
 * *all gets all. At most QUARANTINE_ALL_MAX entries are read. */
enum status quarantine_count(const struct spool *spool, struct quarantine_tally *rows, size_t count,
                             struct quarantine_tally *all, struct err *err) STATUS_CHECKED;
/* Returns how full the quarantine of an endpoint is. */
unsigned quarantine_percent(const struct quarantine_tally *tally, uint64_t bytes_max);

#endif
