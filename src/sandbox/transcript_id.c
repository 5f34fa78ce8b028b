/* SPDX-License-Identifier: MIT
 * transcript_id - see sandbox/transcript_id.h.
 */
#include "sandbox/transcript_id.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/num.h"

/* 9999-12-31T23:59:59.999Z: later days have no ten characters. */
#define MS_MAX UINT64_C(253402300799999)

static const char shape[] = "hhhhhhhh-hhhh-7hhh-vhhh-hhhhhhhhhhhh";

void transcript_id_make(int64_t wall_ns, const uint8_t random[8], char out[TRANSCRIPT_ID_MAX])
{
    uint64_t ms = (uint64_t)(wall_ns / NS_PER_MS);
    unsigned part = (unsigned)(wall_ns % NS_PER_MS * 4096 / NS_PER_MS);
    unsigned mixed = ((unsigned)random[0] << 8 | random[1]) & 0x3fff;

    (void)snprintf(out, TRANSCRIPT_ID_MAX,
                   "%08" PRIx64 "-%04" PRIx64 "-7%03x-%04x-%02x%02x%02x%02x%02x%02x",
                   ms >> 16 & 0xffffffff, ms & 0xffff, part & 0xfff, 0x8000 | mixed, random[2],
                   random[3], random[4], random[5], random[6], random[7]);
}

static uint64_t ms_of(const char *id)
{
    uint64_t high = 0, low = 0;

    (void)num_hex((struct str){id, 8}, &high);
    (void)num_hex((struct str){id + 9, 4}, &low);
    return high << 16 | low;
}

static bool char_fits(char c, char place)
{
    if (place == 'h')
        return c != '\0' && strchr("0123456789abcdef", c) != NULL;
    if (place == 'v')
        return c != '\0' && strchr("89ab", c) != NULL;
    return c == place;
}

bool transcript_id_ok(struct str id)
{
    if (id.len != TRANSCRIPT_ID_LEN)
        return false;
    for (size_t i = 0; i < TRANSCRIPT_ID_LEN; i++)
        if (!char_fits(id.ptr[i], shape[i]))
            return false;
    return ms_of(id.ptr) <= MS_MAX;
}

int64_t transcript_id_ns(const char *id)
{
    uint64_t part = 0;

    (void)num_hex((struct str){id + 15, 3}, &part);
    return (int64_t)(ms_of(id) * NS_PER_MS + part * NS_PER_MS / 4096);
}

void transcript_id_day(const char *id, char out[TRANSCRIPT_DAY_MAX])
{
    char iso[CLOCK_ISO_MAX];

    clock_iso(transcript_id_ns(id), iso);
    memcpy(out, iso, TRANSCRIPT_DAY_MAX - 1);
    out[TRANSCRIPT_DAY_MAX - 1] = '\0';
}
