/* SPDX-License-Identifier: MIT
 * box - deliveries that are not recorded as events, kept for a person to look at.
 *
 * BOX_QUARANTINE: authenticated, but broken, cut off, too large, from a foreign address or of another time. Whole (or
 * its head, said so), synced before the answer; a failure is ours: 503.
 * BOX_REFUSED: unauthenticated, or for an unknown endpoint. Best effort, without a sync, bounded by bytes, count and
 * age; never waits for a lock; stops well above the free-space reserve.
 *
 * An entry is one file: a line of JSON, then the body's bytes. Its name is the SHA-256 of endpoint, query and body, so a
 * retry is the same entry. Bytes stream through: memory does not grow with the body. The security header's value is
 * never handed in.
 */
#ifndef STORE_BOX_H
#define STORE_BOX_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"
#include "store/spool.h"

enum box_kind { BOX_QUARANTINE, BOX_REFUSED };

#define BOX_STRANGER_BODY_MAX (64 * 1024) /* of a refused body from an address that the sender does not publish */
#define BOX_COUNT_MAX 1000                /* refused entries */
#define BOX_AGE_MAX_S (7 * 24 * 3600)     /* refused entries older than this make room */

struct box_entry {
    enum status reason;
    const char *detail; /* for the person: err's text */
    const char *endpoint; /* name as asked for; "" for none */
    struct str query;     /* without the token */
    struct str content_type;
    struct str user_agent;
    struct str remote_addr;
    bool published; /* from an address that the sender publishes: whole body, quota of its own */
    int64_t received_ns;
};

struct box; /* one entry that is being written */

struct box_limits {
    uint64_t bytes_max;      /* refused box, strangers; published addresses have as much again */
    uint64_t free_space_min; /* the journal's reserve: refused entries stop at twice that */
};

/* Begins an entry. For BOX_REFUSED, STATUS_LIMIT or STATUS_NO_SPACE say that it is not kept, which is no error. */
enum status box_begin(struct box **out, const struct spool *spool, enum box_kind kind, const struct box_entry *entry,
                      const struct box_limits *limits, struct err *err) STATUS_CHECKED;
/* Adds body bytes. What is beyond the entry's limit is hashed and counted, not kept. */
enum status box_add(struct box *box, const void *bytes, size_t len, struct err *err) STATUS_CHECKED;
/* Ends the entry; `complete` false: the body was longer or was cut off. BOX_QUARANTINE: STATUS_OK means on disk.
 * *again (may be NULL): the same delivery was there already. The box is given back in any case. */
enum status box_end(struct box *box, bool complete, bool *again, struct err *err) STATUS_CHECKED;
void box_abandon(struct box *box);

/* Whether a refusal should be logged now: at most BOX_LOG_PER_MINUTE lines a minute over all processes; *suppressed is
 * the number of refusals that went unlogged before this one. Never blocks; says yes where it cannot tell. */
#define BOX_LOG_PER_MINUTE 20
bool box_should_log(const struct spool *spool, int64_t now_ns, uint64_t *suppressed);

#endif
