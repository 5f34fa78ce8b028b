/* SPDX-License-Identifier: MIT
 * reader - walks the journal's records, oldest first or one by id, without locks and without
 * changing anything.
 *
 * It goes by the same rule as the dedup lookup: a record begins behind a newline, is whole
 * (record_ok), and ends within what counts of its segment: `prev_valid` of the next segment's
 * header; for the live one what is durable; after a reboot that nobody has recovered from yet, all
 * whole lines of the last segment.
 */
#ifndef STORE_JOURNAL_READER_H
#define STORE_JOURNAL_READER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "store/spool/place.h"
#include "store/spool/spool.h"

enum reader_found {
    READER_RECORD, /* a record that counts */
    READER_HEADER, /* a segment's header line */
    READER_TORN, /* bytes that are no record and that nobody was promised: a torn tail, a write that
                    was cut off */
    READER_VOID, /* a whole line beyond what counts (its sync failed, or it is not yet durable) */
    READER_ROTTEN /* damage within what had been durable: a checksum that fails, a bad header, a
                     missing segment */
};

struct reader_item {
    enum reader_found found;
    struct place place; /* where it begins */
    uint64_t len;       /* bytes, newline included */
    struct str line;    /* without newline; valid until the next call; empty where it is not shown
                           (READER_TORN, ...) */
    const char *why;    /* READER_TORN, READER_ROTTEN: what is wrong; else NULL */
};

struct reader;

/* Begins at `from` ({0,0}: the oldest), in the middle of a line at the next one. Everything that
 * was acknowledged before this call is walked; what is recorded later is not, or is told as void.
 */
enum status reader_open(struct reader **out, const struct spool *spool, struct place from,
                        struct err *err) STATUS_CHECKED;
/* STATUS_OK with *more false at the end. Memory: one line and a read-ahead block. */
enum status reader_next(struct reader *reader, struct reader_item *item, bool *more,
                        struct err *err) STATUS_CHECKED;
void reader_close(struct reader *reader);

/* The line of one record, appended to `out` without its newline. STATUS_MISSING where there is none
 * that counts, STATUS_CORRUPT where there is damage. */
enum status reader_get(const struct spool *spool, struct place place, struct buf *out,
                       struct err *err) STATUS_CHECKED;

/* The segments that exist, ascending; the array is freed by the caller. */
enum status reader_segments(const struct spool *spool, uint32_t **out, size_t *count,
                            struct err *err) STATUS_CHECKED;

#endif
