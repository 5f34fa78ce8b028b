/* SPDX-License-Identifier: MIT
 * reader - walks the journal's records, oldest first, or reads one by id; without locks, and
 * changes nothing.
 *
 * Its rule is that of the lookup: a record follows a newline, is whole (record_ok), and ends within
 * the bytes of its segment that count: `prev_valid` in the next segment's header; in the live one
 * what is durable; in the last one before the recovery that follows a reboot, all whole lines.
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
    READER_TORN,   /* a write that was cut off: no record, never acknowledged */
    READER_VOID,   /* a whole line that does not count: its sync failed, or is not done yet */
    READER_ROTTEN  /* damage to what was durable: a wrong checksum or header, a missing segment */
};

struct reader_item {
    enum reader_found found;
    struct place place; /* where it begins */
    uint64_t len;       /* bytes, newline included */
    struct str line;    /* of records, headers and void lines, without newline; valid until the next
                           call */
    const char *why;    /* READER_TORN, READER_ROTTEN: what is wrong; else NULL */
};

struct reader;

/* Begins at `from` ({0,0}: the oldest); in the middle of a line, at the next one. Walks everything
 * that was acknowledged before this call; later records are left out, or are void. */
enum status reader_open(struct reader **out, const struct spool *spool, struct place from,
                        struct err *err) STATUS_CHECKED;
/* STATUS_OK with *more false at the end. Memory: one line and a read-ahead block. */
enum status reader_next(struct reader *reader, struct reader_item *item, bool *more,
                        struct err *err) STATUS_CHECKED;
void reader_close(struct reader *reader);

/* Appends the line of one record to `out`, without its newline. STATUS_MISSING: there is no record
 * that counts. STATUS_CORRUPT: it is damaged. */
enum status reader_get(const struct spool *spool, struct place place, struct buf *out,
                       struct err *err) STATUS_CHECKED;

#endif
