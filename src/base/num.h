/* SPDX-License-Identifier: MIT
 * num - strict numbers from text: no sign, no blanks, no overflow, all bytes consumed.
 */
#ifndef BASE_NUM_H
#define BASE_NUM_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

/* Decimal. false leaves *out untouched. */
bool num_u64(struct str s, uint64_t *out);

/* Lower or upper case hexadecimal, 1 to 16 digits. */
bool num_hex(struct str s, uint64_t *out);

/* "0", "65536", "64K", "16M", "2G": bytes, K = 1024. */
bool num_size(struct str s, uint64_t *out);

/* "30s", "15m", "24h", "90d", "2w", or bare seconds: seconds. */
bool num_duration(struct str s, uint64_t *out);

#endif
