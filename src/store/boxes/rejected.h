/* SPDX-License-Identifier: MIT
 * rejected - lists the entries of the boxes (store/boxes/box.h), reads and removes one, for the
 * verb of that name. Without a lock, beside gateways that add entries and sweep.
 *
 * Nothing in the boxes is trusted: strangers wrote it, and since the refused box is not synced, a
 * power failure may leave any bytes there.
 */
#ifndef STORE_BOXES_REJECTED_H
#define STORE_BOXES_REJECTED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "store/boxes/box.h"
#include "store/spool/spool.h"

/* "0123...cdef.published.box" and its NUL. */
#define REJECTED_NAME_MAX 64
/* Entries of both boxes that are listed: far more than a person reads. */
#define REJECTED_ENTRIES_MAX 100000

/* One entry, by its name. */
struct rejected_ref {
    enum box_kind box;
    char name[REJECTED_NAME_MAX]; /* of the file */
    int64_t received_ns;
};

struct rejected_refs {
    struct rejected_ref *list; /* oldest first; freed by rejected_refs_free */
    size_t count;
    size_t unfinished; /* files that are being written, or that a killed process left */
    size_t damaged;    /* reported */
    bool more;         /* there are more than REJECTED_ENTRIES_MAX */
};

/* An entry's line. Strings are decoded, live in `text`, and are STR_NONE if absent. */
struct rejected {
    struct rejected_ref ref;
    struct buf text;
    struct str sha256, reason, detail, endpoint, received_at, remote_addr, query, content_type,
        user_agent;
    bool published;
    bool complete;
    uint64_t bytes; /* of the body, as far as it was read */
    uint64_t kept;  /* of them, after the line */
    uint64_t body_at;
};

/* Called for a damaged file; `why` is a part of a sentence. */
typedef void (*rejected_tell)(void *context, enum box_kind box, const char *name, const char *why);

/* Lists the entries of the boxes whose bit (1 << BOX_...) is set. Damaged ones are reported and
 * skipped, those that disappear meanwhile skipped. */
enum status rejected_scan(struct rejected_refs *out, const struct spool *spool, unsigned boxes,
                          rejected_tell tell, void *context, struct err *err) STATUS_CHECKED;
void rejected_refs_free(struct rejected_refs *refs);

/* Reads an entry's line. STATUS_MISSING: it is gone. STATUS_CORRUPT: it is damaged; err says how.
 */
enum status rejected_read(struct rejected *out, const struct spool *spool,
                          const struct rejected_ref *ref, struct err *err) STATUS_CHECKED;
void rejected_free(struct rejected *entry);

/* Appends the bytes that were kept. STATUS_LIMIT: they do not fit. STATUS_CORRUPT: a complete body
 * differs from its digest. */
enum status rejected_body(const struct rejected *entry, const struct spool *spool, struct buf *out,
                          struct err *err) STATUS_CHECKED;

/* Removes the entry; a missing one is no failure. Durable after rejected_sync. */
enum status rejected_remove(const struct rejected_ref *ref, const struct spool *spool,
                            struct err *err) STATUS_CHECKED;
enum status rejected_sync(const struct spool *spool, struct err *err) STATUS_CHECKED;

#endif
