/* SPDX-License-Identifier: MIT
 * rejected - an entry of a box: its line, a newline and the body. It is looked at as it is, and
 * with the right digest and numbers in the places of \x01, \x02 and \x03.
 */
#include "store/boxes/rejected.h"

#include <string.h>

#include "base/mac.h"
#include "base/text.h"
#include "kit.h"

#define NAME "0123456789abcdef0123456789abcdef01234567.box"
#define DIGEST '\x01'
#define BYTES '\x02'
#define KEPT '\x03'

static void check_body(const struct rejected *entry, const struct spool *spool, struct str file)
{
    struct str body = {file.ptr + entry->body_at, (size_t)entry->kept};
    uint8_t digest[MAC_SHA256_LEN];
    struct buf out, hex;
    enum status status;

    buf_init(&out, FUZZ_BUF_MAX);
    buf_init(&hex, 2 * sizeof digest);
    status = rejected_body(entry, spool, &out, NULL);
    mac_sha256(&body, 1, digest);
    text_hex(&hex, digest, sizeof digest);
    if (status == STATUS_OK) {
        FUZZ_REQUIRE(str_eq(buf_str(&out), body));
        FUZZ_REQUIRE(!entry->complete || str_eq(entry->sha256, buf_str(&hex)));
    } else {
        FUZZ_REQUIRE(status == STATUS_CORRUPT && entry->complete && out.len == 0);
        FUZZ_REQUIRE(!str_eq(entry->sha256, buf_str(&hex)));
    }
    buf_free(&hex);
    buf_free(&out);
    buf_init(&out, (size_t)entry->kept / 2);
    if (entry->kept > 1)
        FUZZ_REQUIRE(rejected_body(entry, spool, &out, NULL) == STATUS_LIMIT);
    buf_free(&out);
}

static void check(struct str file)
{
    struct rejected_ref ref = {.box = BOX_REFUSED, .name = NAME};
    const struct spool *spool = fuzz_spool();
    struct rejected entry;
    struct err err = ERR_INIT;
    enum status status;

    fuzz_put(spool->refused, NAME, file);
    status = rejected_read(&entry, spool, &ref, &err);
    FUZZ_REQUIRE(status == err.status && (status == STATUS_OK || status == STATUS_CORRUPT));
    if (status != STATUS_OK)
        return;
    FUZZ_REQUIRE(entry.body_at + entry.kept == file.len && file.ptr[entry.body_at - 1] == '\n');
    FUZZ_REQUIRE(entry.kept <= entry.bytes && (!entry.complete || entry.kept == entry.bytes));
    FUZZ_REQUIRE(entry.reason.ptr != NULL && entry.endpoint.ptr != NULL && entry.sha256.len <= 64);
    check_body(&entry, spool, file);
    rejected_free(&entry);
}

static void complete(struct buf *out, struct str line, struct str body)
{
    uint8_t digest[MAC_SHA256_LEN];

    mac_sha256(&body, 1, digest);
    for (size_t i = 0; i < line.len; i++)
        if (line.ptr[i] == DIGEST)
            text_hex(out, digest, sizeof digest);
        else if (line.ptr[i] == BYTES || line.ptr[i] == KEPT)
            buf_add_u64(out, body.len + (line.ptr[i] == BYTES && body.len % 3 == 0));
        else
            buf_add_char(out, line.ptr[i]);
    buf_add_char(out, '\n');
    buf_add_str(out, body);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str rest = fuzz_str(data, size);
    struct str line = fuzz_field(&rest, '\n');
    struct buf whole;

    if (line.len == size || memchr(line.ptr, DIGEST, line.len) == NULL)
        check(fuzz_str(data, size));
    buf_init(&whole, FUZZ_BUF_MAX);
    complete(&whole, line, rest.ptr == NULL ? STR("") : rest);
    check(buf_str(&whole));
    buf_free(&whole);
    return 0;
}
