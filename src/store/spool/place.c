/* SPDX-License-Identifier: MIT
 * place - see store/spool/place.h.
 */
#include "store/spool/place.h"

#define OFFSET_BITS 40

uint64_t place_pack(struct place p)
{
    return (uint64_t)p.segment << OFFSET_BITS | (p.offset & PLACE_OFFSET_MAX);
}

struct place place_unpack(uint64_t packed)
{
    return (struct place){.segment = (uint32_t)(packed >> OFFSET_BITS),
                          .offset = packed & PLACE_OFFSET_MAX};
}
