/* SPDX-License-Identifier: MIT
 * box - deliveries that are not recorded as events, kept for a person to look at.
 *
 * BOX_QUARANTINED: authenticated, but broken, cut off, too large, from a foreign address or of
 * another time. Whole (or its head, said so), synced before the answer; a failure is ours: 503.
 * BOX_REFUSED: unauthenticated, or for an unknown endpoint. Best effort, without a sync, bounded by
 * bytes, count and age; stops well above the free-space reserve. Never waits for a lock, but 20 ms
 * for a published address.
 *
 * An entry is one file: a line of JSON, then the body's bytes, so `head -n 1` shows what it is and
 * `tail -n +2` gives the body. Its name is made of the SHA-256 of endpoint, query and body (40
 * hexadecimal digits, then ".box", or ".published.box" for a refused delivery from an address that
 * the sender publishes), so a retry is the same entry; its modification time is when it came last.
 * Bytes stream through: memory does not grow with the body. The security header's value is never
 * handed in.
 *
 *   {"box":1,"sha256":"...","bytes":77,"kept":77,"complete":true,"reason":"unauthorized","detail":"...",
 *    "endpoint":"calls","received_at":"...","remote_addr":"...","published":false,"query":"...","content_type":"...",
 *    "user_agent":"..."}
 *
 * `bytes` is how many the body had as far as it was read, `kept` how many of them follow; numbers
 * are padded with blanks, because they are known last and stand first. In the query, bytes that are
 * not ASCII are percent-encoded. Names that begin with ".tmp-" are entries that are being written,
 * or that a killed process left; "usage" in the refused box holds its counts
 * (store/boxes/box_counts.h).
 */
#ifndef STORE_BOXES_BOX_H
#define STORE_BOXES_BOX_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"
#include "store/spool/spool.h"

enum box_kind { BOX_QUARANTINED, BOX_REFUSED };
const char *
box_kind_name(enum box_kind kind); /* "quarantine", "refused", as the folders are called */
int box_folder(const struct spool *spool, enum box_kind kind);

/* Of a refused body from an address that the sender does not publish. */
#define BOX_STRANGER_BODY_MAX (64 * 1024)
/* Refused entries of strangers; published addresses have as many again. */
#define BOX_COUNT_MAX 1000
/* Refused entries older than this make room. */
#define BOX_AGE_MAX_S (7 * 24 * 3600)
/* A refused entry whose line would be longer is not kept. */
#define BOX_REFUSED_HEAD_MAX (64 * 1024)
/* An authenticated delivery whose line would be longer is answered 503. */
#define BOX_QUARANTINED_HEAD_MAX ((size_t)8 * 1024 * 1024)
/* Of a name, in front of its suffix. */
#define BOX_NAME_DIGITS 40

struct box_entry {
    enum status reason;
    const char *detail;   /* for the person: err's text */
    const char *endpoint; /* name as asked for; "" for none */
    struct str query;     /* without the token */
    struct str content_type;
    struct str user_agent;
    struct str remote_addr;
    bool published;    /* from an address that the sender publishes: whole body, quota of its own */
    uint64_t kept_max; /* body bytes to keep at most; the rest is hashed and counted */
    int64_t received_ns;
};

struct box; /* one entry that is being written */

struct box_limits {
    uint64_t bytes_max;      /* refused box, strangers; published addresses have as much again */
    uint64_t free_space_min; /* the journal's reserve: refused entries stop at twice that */
};

/* Begins an entry; entry's strings are not needed afterwards. For BOX_REFUSED, STATUS_LIMIT or
 * STATUS_NO_SPACE say that it is not kept, which is no error. */
enum status box_begin(struct box **out, const struct spool *spool, enum box_kind kind,
                      const struct box_entry *entry, const struct box_limits *limits,
                      struct err *err) STATUS_CHECKED;
/* Adds body bytes. What is beyond the entry's limit is hashed and counted, not kept. */
enum status box_add(struct box *box, const void *bytes, size_t len, struct err *err) STATUS_CHECKED;
/* Ends the entry; `complete` false: the body was longer or was cut off. BOX_QUARANTINED: STATUS_OK
 * means on disk. *again (may be NULL): the same delivery was there already. The box is given back
 * in any case. */
enum status box_end(struct box *box, bool complete, bool *again, struct err *err) STATUS_CHECKED;
/* Gives the box back and leaves no entry; NULL is nothing to do. */
void box_abandon(struct box *box);

/* Removes entries that came last before before_ns; `dry` only counts them. A delivery that comes
 * again meanwhile is kept. */
enum status box_expire(const struct spool *spool, enum box_kind kind, int64_t before_ns, bool dry,
                       struct spool_amount *out, struct err *err) STATUS_CHECKED;

/* Whether a refusal should be logged now: at most BOX_LOG_PER_MINUTE lines a minute over all
 * processes; *suppressed is the number of refusals that went unlogged before this one. Never
 * blocks: says no while another process is at it, yes where it cannot tell. */
#define BOX_LOG_PER_MINUTE 20
bool box_should_log(const struct spool *spool, int64_t now_ns, uint64_t *suppressed);

#endif
