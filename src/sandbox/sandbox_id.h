/* SPDX-License-Identifier: MIT
 * sandbox_id - ids of the sandbox's transcripts: UUIDs of version 7 (RFC 9562), so that their order
 * is that of the submissions and each tells its day. Pure.
 */
#ifndef SANDBOX_SANDBOX_ID_H
#define SANDBOX_SANDBOX_ID_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

#define SANDBOX_ID_LEN 36
#define SANDBOX_ID_MAX (SANDBOX_ID_LEN + 1)
#define SANDBOX_DAY_MAX 11 /* "2026-11-25" */

/* Made of the time, to a quarter of a microsecond, and of what makes it unique. */
void sandbox_id_make(int64_t wall_ns, const uint8_t random[8], char out[SANDBOX_ID_MAX]);
/* One that sandbox_id_make could have made, and so no path. */
bool sandbox_id_ok(struct str id);
/* Only for an id that is ok. */
int64_t sandbox_id_ns(const char *id);
void sandbox_id_day(const char *id, char out[SANDBOX_DAY_MAX]);

#endif
