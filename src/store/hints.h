/* SPDX-License-Identifier: MIT
 * hints - the two small shared files that speed the journal up: `state` and `commit`. Both can only ever cause work or
 * a 503, never a loss: what is absent, torn, or of another boot is told as such and leads to recovery.
 */
#ifndef STORE_HINTS_H
#define STORE_HINTS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/err.h"

/* A place in the journal: all bytes of segments before `segment`, and those before `offset` in it. */
struct place {
    uint32_t segment; /* 1 to 2^24 - 1; 0 means nowhere */
    uint64_t offset;  /* below 2^40 */
};
uint64_t place_pack(struct place p);
struct place place_unpack(uint64_t packed);

/* `commit`: {word, ~word, poisoned, ~poisoned}, native endian, 32 bytes. */
struct commit_word {
    struct place durable;
    uint32_t poisoned; /* segment whose sync failed; 0 for none */
};
/* false: unreadable or invalid: recover. */
bool commit_read(int fd, struct commit_word *out);
enum status commit_write(int fd, const struct commit_word *word, struct err *err) STATUS_CHECKED;

/* `state`: fixed size, with a CRC. */
struct state {
    char boot[CLOCK_BOOT_MAX];
    uint32_t segment;     /* the live one */
    uint32_t rotating;    /* the segment that is being made, or 0 */
    uint32_t tables;      /* how many index tables there are */
    uint32_t index_first; /* the oldest segment whose records are all in the index; rebuild goes downward from it */
};
bool state_read(int fd, struct state *out);
enum status state_write(int fd, const struct state *state, struct err *err) STATUS_CHECKED;

#endif
