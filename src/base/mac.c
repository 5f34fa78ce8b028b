/* SPDX-License-Identifier: MIT
 * mac - see base/mac.h.
 */
#include "base/mac.h"

#include <nettle/base64.h>
#include <nettle/hmac.h>
#include <nettle/memops.h>
#include <nettle/sha2.h>
#include <pthread.h>
#include <string.h>

#include "base/id.h"

void mac_sha256(const struct str *parts, size_t count, uint8_t out[MAC_SHA256_LEN])
{
    struct sha256_ctx c;

    sha256_init(&c);
    for (size_t i = 0; i < count; i++)
        sha256_update(&c, parts[i].len, (const uint8_t *)parts[i].ptr);
    sha256_digest(&c, MAC_SHA256_LEN, out);
}

void mac_sha256_hex(const struct str *parts, size_t count, char out[2 * MAC_SHA256_LEN + 1])
{
    static const char digits[] = "0123456789abcdef";
    uint8_t hash[MAC_SHA256_LEN];

    mac_sha256(parts, count, hash);
    for (size_t i = 0; i < sizeof hash; i++) {
        out[2 * i] = digits[hash[i] >> 4];
        out[2 * i + 1] = digits[hash[i] & 15];
    }
    out[2 * sizeof hash] = '\0';
}

void mac_hmac_sha256(struct str key, const struct str *parts, size_t count,
                     uint8_t out[MAC_SHA256_LEN])
{
    struct hmac_sha256_ctx c;

    hmac_sha256_set_key(&c, key.len, (const uint8_t *)key.ptr);
    for (size_t i = 0; i < count; i++)
        hmac_sha256_update(&c, parts[i].len, (const uint8_t *)parts[i].ptr);
    hmac_sha256_digest(&c, MAC_SHA256_LEN, out);
}

_Static_assert(sizeof(struct sha256_ctx) <= sizeof(struct mac_stream), "nettle's context fits");

static struct sha256_ctx *stream_context(struct mac_stream *m)
{
    return (struct sha256_ctx *)(void *)m->opaque;
}

void mac_stream_init(struct mac_stream *m)
{
    sha256_init(stream_context(m));
}

void mac_stream_add(struct mac_stream *m, const void *bytes, size_t len)
{
    sha256_update(stream_context(m), len, bytes);
}

void mac_stream_end(struct mac_stream *m, uint8_t out[MAC_SHA256_LEN])
{
    sha256_digest(stream_context(m), MAC_SHA256_LEN, out);
}

bool mac_equal(const void *a, const void *b, size_t len)
{
    return memeql_sec(a, b, len) != 0;
}

#define PROCESS_KEY_LEN 16
static uint8_t process_key[PROCESS_KEY_LEN];
static pthread_once_t process_key_once = PTHREAD_ONCE_INIT;

static void make_process_key(void)
{
    /* Without randomness the key is zero: the comparison stays right, and its time still does not
     * tell the bytes. */
    (void)!id_random(process_key, sizeof process_key, NULL);
}

/* The key before the value: if a digest is never shown, that hides the value as well as an HMAC, at
 * half the cost. */
void mac_secret_digest(struct str secret, uint8_t out[MAC_SHA256_LEN])
{
    const struct str parts[] = {{(const char *)process_key, sizeof process_key}, secret};

    pthread_once(&process_key_once, make_process_key);
    mac_sha256(parts, sizeof parts / sizeof *parts, out);
}

bool mac_secret_equal(struct str secret, struct str given)
{
    uint8_t of_secret[MAC_SHA256_LEN];
    uint8_t of_given[MAC_SHA256_LEN];

    mac_secret_digest(secret, of_secret);
    mac_secret_digest(given, of_given);
    return mac_equal(of_secret, of_given, MAC_SHA256_LEN);
}

void mac_base64(struct buf *out, const void *bytes, size_t len)
{
    size_t size = BASE64_ENCODE_RAW_LENGTH(len);
    char *at = buf_room(out, size);

    if (at == NULL || size == 0)
        return;
    base64_encode_raw(at, len, bytes);
    buf_grew(out, size);
}

bool mac_base64_decode(struct buf *out, struct str s)
{
    struct base64_decode_ctx c;
    size_t size = BASE64_DECODE_LENGTH(s.len);
    char *at;

    /* nettle skips white space, which RFC 4648 section 3.3 forbids here. */
    for (size_t i = 0; i < s.len; i++)
        if (s.ptr[i] <= ' ')
            return false;
    at = buf_room(out, size);
    if (at == NULL)
        return true;
    base64_decode_init(&c);
    if (!base64_decode_update(&c, &size, (uint8_t *)at, s.len, s.ptr) || !base64_decode_final(&c))
        return false;
    buf_grew(out, size);
    return true;
}
