/* SPDX-License-Identifier: MIT
 * query - the query of a URL and what it is made of: a line with the name of a parameter, then the
 * query.
 */
#include "core/query.h"

#include <string.h>

#include "base/text.h"
#include "core/auth/auth.h"
#include "core/scan.h"
#include "core/url.h"
#include "kit.h"

/* The name means the same as `name`, by the decoder that builds a copy. */
static bool means(struct str encoded, struct str name)
{
    static struct buf decoded;

    if (decoded.ptr == NULL)
        buf_init(&decoded, FUZZ_BUF_MAX);
    buf_reset(&decoded, FUZZ_BUF_MAX);
    text_percent_decode(&decoded, encoded, true);
    FUZZ_REQUIRE(decoded.failed == STATUS_OK && decoded.len <= encoded.len);
    return str_eq(buf_str(&decoded), name);
}

/* All parameters, or those of that name, or all others. */
static size_t count(struct str query, struct str name, bool others)
{
    struct str found, value;
    size_t n = 0;

    while (query_next(&query, &found, &value))
        n += means(found, name) != others;
    return n;
}

static void check_find(struct str query, struct str name)
{
    struct str first, rest = query, found, value;
    size_t n = query_find(query, name, &first);

    FUZZ_REQUIRE(n == count(query, name, false) && (n == 0) == (first.ptr == NULL));
    while (n > 0 && query_next(&rest, &found, &value))
        if (means(found, name)) {
            FUZZ_REQUIRE(str_eq(first, value));
            break;
        }
}

static bool is_named(void *context, const struct query_piece *piece)
{
    return query_named(piece, *(const struct str *)context);
}

/* Nothing of the token is left, and all else stays as it is. */
static void check_without(struct str query, struct str name)
{
    struct str kept, name_a, value_a, name_b, value_b, first;
    struct buf out, again;

    buf_init(&out, query.len + 1);
    query_filter(&out, query, is_named, &name);
    kept = buf_str(&out);
    FUZZ_REQUIRE(out.failed == STATUS_OK && query_find(kept, name, &first) == 0);
    FUZZ_REQUIRE(count(kept, name, true) == count(query, name, true));
    for (struct str rest = query; query_next(&rest, &name_a, &value_a);) {
        if (means(name_a, name))
            continue;
        FUZZ_REQUIRE(query_next(&kept, &name_b, &value_b));
        FUZZ_REQUIRE(str_eq(name_a, name_b) && str_eq(value_a, value_b));
    }
    buf_init(&again, query.len + 1);
    query_filter(&again, buf_str(&out), is_named, &name);
    FUZZ_REQUIRE(str_eq(buf_str(&out), buf_str(&again)));
    buf_free(&again);
    buf_free(&out);
}

static void check_json(struct str query)
{
    struct buf out;
    struct scan_result result;

    buf_init(&out, FUZZ_BUF_MAX);
    query_json(&out, query);
    FUZZ_REQUIRE(out.failed == STATUS_OK && fuzz_utf8(buf_str(&out)));
    result = scan_json(buf_str(&out), NULL, NULL);
    FUZZ_REQUIRE(result.verdict == SCAN_OK && result.type == SCAN_OBJECT);
    buf_free(&out);
}

/* What was put into a URL comes out of it. */
static void check_pair(struct str name, struct str value)
{
    struct str query, first;
    struct buf url, back;

    buf_init(&url, FUZZ_BUF_MAX);
    buf_init(&back, FUZZ_BUF_MAX);
    buf_add_text(&url, "https://example.com/h");
    url_add_pair(&url, STR("a"), STR(""));
    url_add_pair(&url, name, value);
    FUZZ_REQUIRE(url.len > URL_MAX || url_check(buf_str(&url), "it", NULL) == STATUS_OK);
    query = buf_str(&url);
    (void)fuzz_field(&query, '?');
    FUZZ_REQUIRE(query_find(query, name, &first) == (str_is(name, "a") ? 2 : 1));
    if (!str_is(name, "a")) {
        text_percent_decode(&back, first, true);
        FUZZ_REQUIRE(str_eq(buf_str(&back), value));
    }
    buf_free(&back);
    buf_free(&url);
}

/* The API's key goes in clear text to this very machine only. */
static void check_url(struct str url)
{
    struct err err = ERR_INIT;
    bool fit = url_check(url, "it", &err) == STATUS_OK;
    bool base = url_check_base(url, "it", NULL) == STATUS_OK;

    FUZZ_REQUIRE(fit == (err.status == STATUS_OK));
    FUZZ_REQUIRE(!base || fit);
    if (!fit)
        return;
    FUZZ_REQUIRE(fuzz_printable(url) && url.len <= URL_MAX);
    FUZZ_REQUIRE(str_starts(url, "https://") || str_starts(url, "http://"));
    if (base && !str_starts(url, "https://"))
        FUZZ_REQUIRE(str_starts(url, "http://127.") || str_starts(url, "http://[::1]") ||
                     (url.len >= 16 && str_is_nocase((struct str){url.ptr + 7, 9}, "localhost")));
    if (base)
        FUZZ_REQUIRE(memchr(url.ptr, '?', url.len) == NULL &&
                     memchr(url.ptr, '#', url.len) == NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str query = fuzz_str(data, size);
    struct str name = fuzz_field(&query, '\n');

    check_url(name);
    if (query.ptr == NULL)
        query = STR("");
    check_find(query, name);
    check_without(query, name);
    check_json(query);
    check_url(query);
    if (name.len > 0)
        check_pair(name, query);
    return 0;
}
