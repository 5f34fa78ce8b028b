/* SPDX-License-Identifier: MIT
 * mac - digests, message authentication, base64, comparison in constant time. The only file that
 * sees nettle.
 */
#ifndef BASE_MAC_H
#define BASE_MAC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"

#define MAC_SHA256_LEN 32

void mac_sha256(const struct str *parts, size_t count, uint8_t out[MAC_SHA256_LEN]);
/* In lower-case hexadecimal, terminated. */
void mac_sha256_hex(const struct str *parts, size_t count, char out[2 * MAC_SHA256_LEN + 1]);

/* HMAC-SHA256 (RFC 2104) over the parts in their order. */
void mac_hmac_sha256(struct str key, const struct str *parts, size_t count,
                     uint8_t out[MAC_SHA256_LEN]);

/* A SHA-256 that grows as bytes come in. Opaque: nettle's context lives inside; no memory to give
 * back. */
struct mac_stream {
    _Alignas(16) unsigned char opaque[256];
};
void mac_stream_init(struct mac_stream *m);
void mac_stream_add(struct mac_stream *m, const void *bytes, size_t len);
void mac_stream_end(struct mac_stream *m, uint8_t out[MAC_SHA256_LEN]);

/* Compares in a time that depends neither on the bytes nor on where they differ. */
bool mac_equal(const void *a, const void *b, size_t len);

/* The digest of a secret, or of a value to compare with it by mac_equal, under a random key of this
 * process: never to be shown or kept. */
void mac_secret_digest(struct str secret, uint8_t out[MAC_SHA256_LEN]);

/* Equal secrets. Both are hashed under a random key of this process and the hashes compared, so the
 * time tells neither the bytes nor where they differ, and of the secret's length at most how many
 * blocks of 64 bytes it fills. */
bool mac_secret_equal(struct str secret, struct str given);

void mac_base64(struct buf *out, const void *bytes, size_t len);
/* Strict standard alphabet with padding (RFC 4648 section 4). false: malformed; out then holds a
 * part. */
bool mac_base64_decode(struct buf *out, struct str s);

#endif
