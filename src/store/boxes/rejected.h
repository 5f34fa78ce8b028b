/* SPDX-License-Identifier: MIT
 * rejected - reads the boxes (store/boxes/box.h): their entries, one entry's line and body, and
 * takes an entry out. Works beside gateways that add to the boxes and sweep them, without a lock.
 *
 * Nothing in the boxes is trusted: the refused box is not synced, so that a power failure leaves
 * any bytes there, and what it holds was written by strangers.
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
/* Entries of both boxes that are looked at: far more than a person can. */
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
    size_t damaged;    /* told of */
    bool more;         /* there are more than REJECTED_ENTRIES_MAX */
};

/* What an entry's line says. Strings are decoded, live in `text`, and are STR_NONE where absent. */
struct rejected {
    struct rejected_ref ref;
    struct buf text;
    struct str sha256, reason, detail, endpoint, received_at, remote_addr, query, content_type,
        user_agent;
    bool published;
    bool complete;
    uint64_t bytes; /* of the body, as far as it was read */
    uint64_t kept;  /* of them, behind the line */
    uint64_t body_at;
};

/* Called for a file that is no whole entry: `why` is a sentence part. */
typedef void (*rejected_tell)(void *context, enum box_kind box, const char *name, const char *why);

/* All entries of the boxes whose bit (1 << BOX_...) is set. Damaged ones are told of and passed
 * over; what disappears meanwhile was never there. */
enum status rejected_scan(struct rejected_refs *out, const struct spool *spool, unsigned boxes,
                          rejected_tell tell, void *context, struct err *err) STATUS_CHECKED;
void rejected_refs_free(struct rejected_refs *refs);

/* Reads an entry's line. STATUS_MISSING: it is gone. STATUS_CORRUPT: it is damaged; err says how.
 */
enum status rejected_read(struct rejected *out, const struct spool *spool,
                          const struct rejected_ref *ref, struct err *err) STATUS_CHECKED;
void rejected_free(struct rejected *entry);

/* Appends the bytes that were kept, where they fit: STATUS_LIMIT. A complete body is compared with
 * its digest: STATUS_CORRUPT. */
enum status rejected_body(const struct rejected *entry, const struct spool *spool, struct buf *out,
                          struct err *err) STATUS_CHECKED;

/* Takes the entry out; one that is gone is no failure. On disk with rejected_sync. */
enum status rejected_remove(const struct rejected_ref *ref, const struct spool *spool,
                            struct err *err) STATUS_CHECKED;
enum status rejected_sync(const struct spool *spool, struct err *err) STATUS_CHECKED;

#endif
