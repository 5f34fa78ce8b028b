/* SPDX-License-Identifier: MIT
 * crc32c - see base/crc32c.h.
 */
#include "base/crc32c.h"

#include <pthread.h>
#include <stdbool.h>
#include <string.h>

#define POLYNOMIAL 0x82f63b78 /* reflected */

static uint32_t table[8][256];
static pthread_once_t table_once = PTHREAD_ONCE_INIT;

static void table_fill(void)
{
    for (uint32_t i = 0; i < 256; i++) {
        uint32_t crc = i;

        for (unsigned bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1 ? POLYNOMIAL : 0);
        table[0][i] = crc;
    }
    for (uint32_t i = 0; i < 256; i++)
        for (unsigned row = 1; row < 8; row++)
            table[row][i] = table[row - 1][i] >> 8 ^ table[0][table[row - 1][i] & 0xff];
}

/* Eight bytes a step: table[7 - n] holds what byte n contributes after the others have been shifted
 * past it. */
static uint32_t step_table(uint32_t crc, const uint8_t *p)
{
    crc ^= (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
    return table[7][crc & 0xff] ^ table[6][crc >> 8 & 0xff] ^ table[5][crc >> 16 & 0xff] ^
           table[4][crc >> 24] ^ table[3][p[4]] ^ table[2][p[5]] ^ table[1][p[6]] ^ table[0][p[7]];
}

uint32_t crc32c_table(uint32_t crc, const void *bytes, size_t len)
{
    const uint8_t *p = bytes;

    pthread_once(&table_once, table_fill);
    crc = ~crc;
    for (; len >= 8; p += 8, len -= 8)
        crc = step_table(crc, p);
    for (; len > 0; p++, len--)
        crc = crc >> 8 ^ table[0][(crc ^ *p) & 0xff];
    return ~crc;
}

#if defined(__x86_64__) && defined(__GNUC__)
#if __has_include(<sys/platform/x86.h>)
#include <sys/platform/x86.h>
#endif

__attribute__((target("sse4.2"))) static uint32_t crc32c_instruction(uint32_t crc, const uint8_t *p,
                                                                     size_t len)
{
    uint64_t wide = ~crc;
    uint32_t rest;

    for (; len >= 8; p += 8, len -= 8) {
        uint64_t word;

        memcpy(&word, p, sizeof word);
        wide = __builtin_ia32_crc32di(wide, word);
    }
    rest = (uint32_t)wide;
    for (; len > 0; p++, len--)
        rest = __builtin_ia32_crc32qi(rest, *p);
    return ~rest;
}

/* glibc knows the processor from its own start. The compiler's way asks again, in a constructor,
 * and in a virtual machine each of those questions takes microseconds: for a CGI process that is
 * much. */
static bool has_instruction(void)
{
#ifdef CPU_FEATURE_ACTIVE
    return CPU_FEATURE_ACTIVE(SSE4_2);
#else
    return __builtin_cpu_supports("sse4.2");
#endif
}

uint32_t crc32c(uint32_t crc, const void *bytes, size_t len)
{
    return has_instruction() ? crc32c_instruction(crc, bytes, len) : crc32c_table(crc, bytes, len);
}
#else
uint32_t crc32c(uint32_t crc, const void *bytes, size_t len)
{
    return crc32c_table(crc, bytes, len);
}
#endif
