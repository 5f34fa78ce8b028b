/* SPDX-License-Identifier: MIT
 * siphash - SipHash-2-4 with 64-bit output (Aumasson, Bernstein 2012): fingerprints for the dedup
 * index.
 */
#ifndef BASE_SIPHASH_H
#define BASE_SIPHASH_H

#include <stddef.h>
#include <stdint.h>

#define SIPHASH_KEY_LEN 16

uint64_t siphash(const uint8_t key[SIPHASH_KEY_LEN], const void *bytes, size_t len);

#endif
