/* SPDX-License-Identifier: MIT
 * wire - the records of FastCGI: a byte that chooses the size of pieces, then the records.
 */
#include "cgi/wire.h"

#include "kit.h"

/* Takes all in pieces, and returns how much libfcgi may see. */
static size_t take(struct wire *w, struct str bytes, size_t piece)
{
    size_t seen = 0;

    wire_begin(w);
    for (size_t at = 0; at < bytes.len && !w->broken; at += piece) {
        size_t len = bytes.len - at < piece ? bytes.len - at : piece;
        size_t good = wire_take(w, (const unsigned char *)bytes.ptr + at, len);

        FUZZ_REQUIRE(good == len || (w->broken && good < len));
        seen += good;
    }
    return seen;
}

static void check_pairs(const struct wire_pairs *p, uint64_t most)
{
    FUZZ_REQUIRE(p->room <= most && p->left <= most - p->room);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str rest = fuzz_str(data, size);
    size_t piece = (size_t)fuzz_byte(&rest) + 1;
    struct wire whole, parts;

    FUZZ_REQUIRE(take(&whole, rest, rest.len + 1) == take(&parts, rest, piece));
    FUZZ_REQUIRE(whole.broken == parts.broken && whole.ended == parts.ended);
    FUZZ_REQUIRE(whole.body_len == parts.body_len && whole.body_len <= rest.len);
    FUZZ_REQUIRE(!whole.ended || (whole.begun && whole.params_ended));
    FUZZ_REQUIRE(!(whole.broken && whole.ended));
    check_pairs(&whole.params, WIRE_PARAMS_MAX);
    check_pairs(&whole.values, WIRE_VALUES_MAX);
    if (whole.broken)
        FUZZ_REQUIRE(wire_take(&whole, (const unsigned char *)"x", 1) == 0);
    return 0;
}
