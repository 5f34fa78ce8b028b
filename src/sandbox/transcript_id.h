/* SPDX-License-Identifier: MIT
 * * transcript_id - ids of transcripts and uploads: UUIDs of version 7 (RFC 9562), so that their
 * order is that of the submissions and each has its day. Pure.
 */
#ifndef SANDBOX_TRANSCRIPT_ID_H
#define SANDBOX_TRANSCRIPT_ID_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

#define TRANSCRIPT_ID_LEN 36
#define TRANSCRIPT_ID_MAX (TRANSCRIPT_ID_LEN + 1)
#define TRANSCRIPT_DAY_MAX 11 /* "2026-11-25" */

/* Makes an id of the time, to a quarter of a microsecond, and random bytes. */
void transcript_id_make(int64_t wall_ns, const uint8_t random[8], char out[TRANSCRIPT_ID_MAX]);
/* Whether transcript_id_make could have made it: then it is no path. */
bool transcript_id_ok(struct str id);
/* Only for an id that is ok. */
int64_t transcript_id_ns(const char *id);
void transcript_id_day(const char *id, char out[TRANSCRIPT_DAY_MAX]);

#endif
