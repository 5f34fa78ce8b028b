/* SPDX-License-Identifier: MIT
 * crc32c - CRC-32C (Castagnoli, RFC 3720 appendix B.4): crc32c("123456789") is 0xe3069283.
 */
#ifndef BASE_CRC32C_H
#define BASE_CRC32C_H

#include <stddef.h>
#include <stdint.h>

/* Continues from `crc`, which is 0 for the first part. Uses the processor's instruction if there is
 * one. */
uint32_t crc32c(uint32_t crc, const void *bytes, size_t len);

/* The same by tables, for processors without it and for the test that compares both. */
uint32_t crc32c_table(uint32_t crc, const void *bytes, size_t len);

#endif
