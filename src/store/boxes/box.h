/* SPDX-License-Identifier: MIT
 * box - deliveries that are not recorded as events, kept for a person to look at.
 *
 * BOX_QUARANTINED: authenticated, but broken, cut off, too large, from a foreign address or of
 * another time. Kept whole, or its head with a note; synced before the answer; a failure is a 503.
 * Bounded by bytes and count of its endpoint (store/boxes/quarantine_counts.h): full is a failure.
 * BOX_REFUSED: unauthenticated, or for an unknown endpoint. Best effort: no sync, bounded by bytes,
 * count and age, with a share for each network (store/boxes/box_table.h), ends well above the
 * free-space reserve. Waits for no lock, or 20 ms if the address is one that the sender publishes.
 *
 * An entry is one file: a line of JSON, then the body's bytes, so `head -n 1` shows what it is and
 * `tail -n +2` gives the body. Its name begins with 40 hexadecimal digits of the SHA-256 of
 * endpoint, query and body, so a retry is the same entry; its modification time is when it came
 * last. Of a quarantined one, the last 8 digits are its endpoint's tag, and a query that the
 * sender's proof does not cover is left out: one signature that was captured, sent with any number
 * of queries, is one entry. It ends in ".box", or in ".published.box" if a refused delivery came
 * from an address that the sender publishes. Memory does not grow with the body. The value of the
 * security header is never passed in.
 *
 *   {"box":1,"sha256":"...","bytes":77,"kept":77,"complete":true,"reason":"unauthorized",
 *    "detail":"...","endpoint":"calls","received_at":"...","remote_addr":"...","published":false,
 *    "query":"...","content_type":"...","user_agent":"..."}
 *
 * `bytes` counts the body as far as it was read, `kept` those of them that follow. Numbers are
 * padded with blanks, because they are known last and stand first. In the query, bytes that are not
 * ASCII are percent-encoded.
 */
#ifndef STORE_BOXES_BOX_H
#define STORE_BOXES_BOX_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"
#include "store/spool/reserve.h"
#include "store/spool/spool.h"

enum box_kind { BOX_QUARANTINED, BOX_REFUSED };
/* Returns the name of the kind's folder: "quarantine" or "refused". */
const char *box_kind_name(enum box_kind kind);
/* Returns the descriptor of that folder. */
int box_folder(const struct spool *spool, enum box_kind kind);

/* Of a refused body from an address that the sender does not publish. */
#define BOX_STRANGER_BODY_MAX (64 * 1024)
/* A refused entry whose line would be longer is not kept. */
#define BOX_REFUSED_HEAD_MAX (64 * 1024)
/* An authenticated delivery whose line would be longer is answered 503. */
#define BOX_QUARANTINED_HEAD_MAX ((size_t)8 * 1024 * 1024)

struct box_entry {
    enum status reason;
    const char *detail;   /* for the person: err's text */
    const char *endpoint; /* name as asked for, or "" */
    struct str query;     /* without the token */
    struct str content_type;
    struct str user_agent;
    struct str remote_addr;
    uint64_t network;    /* that it came from (core/address.h); 0: not known */
    bool published;      /* from an address that the sender publishes: whole body, own quota */
    uint64_t kept_max;   /* body bytes to keep; the rest is hashed and counted */
    uint64_t announced;  /* length of the body; 0: not known */
    bool query_unproved; /* the sender's proof does not cover it: no part of the entry's name */
    int64_t received_ns;
};

struct box; /* one entry that is being written */

struct box_limits {
    uint64_t bytes_max;   /* of refused entries of strangers, and the same of published ones; or of
                             the endpoint's quarantined ones */
    uint64_t deadline_ns; /* of the monotonic clock: so long quarantined ones wait for the counts */
    struct reserve_rule reserve; /* the journal's; refused entries leave twice that */
};

/* Begins an entry; the strings of `entry` are not needed afterwards. BOX_REFUSED: STATUS_LIMIT and
 * STATUS_NO_SPACE mean that it is not kept, which is no error. */
enum status box_begin(struct box **out, const struct spool *spool, enum box_kind kind,
                      const struct box_entry *entry, const struct box_limits *limits,
                      struct err *err) STATUS_CHECKED;
/* Adds body bytes. Those beyond kept_max are hashed and counted, not kept. */
enum status box_add(struct box *box, const void *bytes, size_t len, struct err *err) STATUS_CHECKED;
/* Ends the entry and frees the box in any case. `complete` false: the body was longer or was cut
 * off. BOX_QUARANTINED: STATUS_OK means on disk. *again (may be NULL): the entry existed already.
 */
enum status box_end(struct box *box, bool complete, bool *again, struct err *err) STATUS_CHECKED;
/* Frees the box, which may be NULL, and leaves no entry. */
void box_abandon(struct box *box);

/* Removes entries that came last before before_ns; `dry` only counts them. A delivery that comes
 * again meanwhile is kept. */
enum status box_expire(const struct spool *spool, enum box_kind kind, int64_t before_ns, bool dry,
                       struct spool_amount *out, struct err *err) STATUS_CHECKED;
/* As box_expire, but removes at most `max` entries. */
enum status box_expire_some(const struct spool *spool, enum box_kind kind, int64_t before_ns,
                            uint64_t max, struct spool_amount *out, struct err *err) STATUS_CHECKED;

#endif
