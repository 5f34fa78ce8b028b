/* SPDX-License-Identifier: MIT
 * hints - the two small shared files that speed the journal up: `state` and `commit`. Both can only
 * ever cause work or a 503, never a loss: what is absent, torn, or of another boot is told as such
 * and leads to recovery.
 */
#ifndef STORE_JOURNAL_HINTS_H
#define STORE_JOURNAL_HINTS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/err.h"
#include "store/spool/place.h"

/* `commit`: {word, ~word, poisoned, ~poisoned}, native endian, 32 bytes. Written under its own lock
 * only; readers that hold no lock may meet a half-written one, which is told as invalid: they look
 * again. */
struct commit_word {
    struct place durable;
    uint32_t poisoned; /* segment whose sync failed; 0 for none */
};
/* false: unreadable or invalid. */
bool commit_word_read(int fd, struct commit_word *out);
enum status commit_word_write(int fd, const struct commit_word *word,
                              struct err *err) STATUS_CHECKED;

/* `state`: fixed size, with a CRC. Written under the append lock only. */
struct journal_state {
    char boot[CLOCK_BOOT_MAX];
    uint32_t segment;     /* the live one */
    uint32_t day;         /* UTC day, counted from 1970-01-01, on which it was begun */
    uint32_t rotating;    /* the segment that is being made, or 0 */
    uint32_t oldest;      /* no segment before this one exists */
    uint32_t tables;      /* how many index tables there are */
    uint64_t generation;  /* of the index: another one replaced all tables */
    uint32_t index_first; /* the oldest segment from which on all records are in the index; rebuild
                             goes downward */
    uint32_t
        index_need; /* index_first must come down to this before an append may trust the index */
    uint32_t checkpoint; /* the last segment that the durable reach covers */
};
bool journal_state_read(int fd, struct journal_state *out);
enum status journal_state_write(int fd, const struct journal_state *state,
                                struct err *err) STATUS_CHECKED;
/* Makes what is there invalid: whoever comes next recovers. */
enum status journal_state_forget(int fd, struct err *err) STATUS_CHECKED;

#endif
