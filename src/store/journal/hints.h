/* SPDX-License-Identifier: MIT
 * hints - the two small shared files that speed the journal up: `state` and `commit`. A wrong one
 * causes work or a 503, never a loss: if it is missing, torn or of another boot, the journal
 * recovers.
 */
#ifndef STORE_JOURNAL_HINTS_H
#define STORE_JOURNAL_HINTS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/err.h"
#include "store/spool/place.h"

/* `commit`: {word, ~word, poisoned, ~poisoned}, native endian, 32 bytes. Written under its own
 * lock. Readers without the lock may find it half-written, thus invalid: they read it again. */
struct commit_word {
    struct place durable;
    uint32_t poisoned; /* segment whose sync failed, or 0 */
};
/* false: unreadable or invalid. */
bool commit_word_read(int fd, struct commit_word *out);
enum status commit_word_write(int fd, const struct commit_word *word,
                              struct err *err) STATUS_CHECKED;

/* `state`: these bytes, with a CRC. Written under the append lock. */
struct journal_state {
    uint64_t generation; /* of the index: all tables have the same */
    char boot[CLOCK_BOOT_MAX];
    uint32_t segment;     /* the live one */
    uint32_t day;         /* on which it was begun: UTC, counted from 1970-01-01 */
    uint32_t rotating;    /* the segment that is being made, or 0 */
    uint32_t oldest;      /* no segment before this one exists */
    uint32_t tables;      /* how many index tables there are */
    uint32_t index_first; /* all records from this segment on are in the index; rebuild lowers it */
    uint32_t index_need;  /* to which it must come down before an append may trust the index */
    uint32_t checkpoint;  /* the last segment that the durable reach covers */
};
bool journal_state_read(int fd, struct journal_state *out);
enum status journal_state_write(int fd, const struct journal_state *state,
                                struct err *err) STATUS_CHECKED;
/* Makes it invalid: the next process recovers. */
enum status journal_state_forget(int fd, struct err *err) STATUS_CHECKED;

#endif
