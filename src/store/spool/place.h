/* SPDX-License-Identifier: MIT
 * place - where in the journal: a segment and an offset in it. Pure.
 */
#ifndef STORE_SPOOL_PLACE_H
#define STORE_SPOOL_PLACE_H

#include <stdint.h>

#define PLACE_SEGMENT_MAX ((UINT32_C(1) << 24) - 1)
#define PLACE_OFFSET_MAX ((UINT64_C(1) << 40) - 1)

/* A place in the journal: all bytes of segments before `segment`, and those before `offset` in it.
 */
struct place {
    uint32_t segment; /* 1 to PLACE_SEGMENT_MAX; 0 means nowhere */
    uint64_t offset;  /* up to PLACE_OFFSET_MAX */
};
/* Packed places order as the places do. */
uint64_t place_pack(struct place p);
struct place place_unpack(uint64_t packed);

#endif
