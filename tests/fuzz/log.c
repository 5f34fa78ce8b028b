/* SPDX-License-Identifier: MIT
 * log - the encodings, and the log's line: a byte for its length, then text with any bytes.
 */
#include "base/log.h"

#include <stdlib.h>
#include <string.h>

#include "base/mac.h"
#include "base/text.h"
#include "core/scan.h"
#include "kit.h"

typedef void (*writer)(struct buf *out, struct str s);

static struct buf written(writer write, struct str s)
{
    struct buf out;

    buf_init(&out, FUZZ_BUF_MAX);
    write(&out, s);
    FUZZ_REQUIRE(out.failed == STATUS_OK);
    return out;
}

/* Undoes text_log: false where what it meets is none of its escapes. */
static bool unescape(struct str shown, struct buf *out)
{
    while (shown.len > 0) {
        char c = *shown.ptr;
        size_t taken = 1;

        if (c == '\\' && str_starts(shown, "\\\\")) {
            taken = 2;
        } else if (c == '\\') {
            if (!str_starts(shown, "\\x") || shown.len < 4 ||
                !text_hex_decode(out, (struct str){shown.ptr + 2, 2}))
                return false;
            taken = 4;
        }
        if (taken < 4)
            buf_add_char(out, c);
        shown = (struct str){shown.ptr + taken, shown.len - taken};
    }
    return true;
}

static void check_log(struct str s, size_t max)
{
    struct buf out, back;
    struct str shown;
    bool cut;

    buf_init(&out, FUZZ_BUF_MAX);
    buf_init(&back, FUZZ_BUF_MAX);
    buf_add_text(&out, "before");
    text_log(&out, s, max);
    shown = (struct str){out.ptr + 6, out.len - 6};
    FUZZ_REQUIRE(out.failed == STATUS_OK && shown.len <= max && fuzz_printable(shown));
    if (unescape(shown, &back) && str_eq(buf_str(&back), s))
        goto out;
    cut = str_ends(shown, "...");
    FUZZ_REQUIRE(cut && shown.len + 4 > max);
    shown.len -= 3;
    buf_reset(&back, 0);
    FUZZ_REQUIRE(unescape(shown, &back));
    FUZZ_REQUIRE(back.len <= s.len && memcmp(back.ptr, s.ptr, back.len) == 0);
out:
    buf_free(&back);
    buf_free(&out);
}

static unsigned lines;

static void sink(void *context, const char *line, size_t len)
{
    (void)context;
    FUZZ_REQUIRE(len > 1 && len <= LOG_LINE_MAX && line[len - 1] == '\n');
    FUZZ_REQUIRE(fuzz_printable((struct str){line, len - 1}));
    lines++;
}

static void check_line(struct str s)
{
    const struct log log = {.dir = -1, .sink = sink, .program = "fuzz"};
    struct err err = ERR_INIT;
    char *text = str_dup(s);

    FUZZ_REQUIRE(text != NULL);
    lines = 0;
    log_line(&log, LOG_LEVEL_WARNING, "%s", text);
    (void)err_set(&err, STATUS_MALFORMED, "\"%s\"", text);
    log_line(&log, LOG_LEVEL_ERROR, "%s", err.text);
    FUZZ_REQUIRE(lines == 2);
    free(text);
}

static void check_json(struct str s)
{
    struct buf lossy = written(text_utf8_lossy, s);
    struct buf json = written(text_json_lossy, s);
    struct buf back, again;
    bool right = text_utf8_ok(s);

    buf_init(&back, FUZZ_BUF_MAX);
    FUZZ_REQUIRE(right == fuzz_utf8(s));
    FUZZ_REQUIRE(fuzz_utf8(buf_str(&lossy)) && fuzz_utf8(buf_str(&json)));
    FUZZ_REQUIRE(!right || str_eq(buf_str(&lossy), s));
    for (size_t i = 0; i < json.len; i++)
        FUZZ_REQUIRE((uint8_t)json.ptr[i] >= 0x20);
    FUZZ_REQUIRE(json.len >= 2 && json.ptr[0] == '"' && json.ptr[json.len - 1] == '"');
    FUZZ_REQUIRE(text_json_decode(&back, (struct str){json.ptr + 1, json.len - 2}));
    FUZZ_REQUIRE(str_eq(buf_str(&back), buf_str(&lossy)));
    again = written(text_json, buf_str(&lossy));
    FUZZ_REQUIRE(str_eq(buf_str(&again), buf_str(&json)));
    buf_reset(&back, 0);
    /* Whatever stands between the quotes: UTF-8 does not become anything else. */
    if (text_json_decode(&back, s) && right)
        FUZZ_REQUIRE(fuzz_utf8(buf_str(&back)));
    buf_free(&again);
    buf_free(&back);
    buf_free(&json);
    buf_free(&lossy);
}

/* What a JSON string shows a terminal: printable, and it means the same. */
static void check_shown(struct str s)
{
    struct buf json = written(text_json_lossy, s), shown, back, lossy = written(text_utf8_lossy, s);

    shown = written(text_json_shown, buf_str(&json));
    buf_init(&back, FUZZ_BUF_MAX);
    for (size_t i = 0; i < shown.len; i++)
        FUZZ_REQUIRE(text_unshown((struct str){shown.ptr + i, shown.len - i}) == 0);
    FUZZ_REQUIRE(fuzz_utf8(buf_str(&shown)));
    FUZZ_REQUIRE(scan_json(buf_str(&shown), NULL, NULL).verdict == SCAN_OK);
    FUZZ_REQUIRE(text_json_decode(&back, (struct str){shown.ptr + 1, shown.len - 2}));
    FUZZ_REQUIRE(str_eq(buf_str(&back), buf_str(&lossy)));
    buf_free(&back);
    buf_free(&shown);
    buf_free(&lossy);
    buf_free(&json);
}

static void add_member(void *context, const struct scan_member *member)
{
    struct buf *out = context;

    (void)text_json_decode(out, member->name);
    buf_add_char(out, ':');
    if (member->value.len >= 2 && member->value.ptr[0] == '"')
        (void)text_json_decode(out, (struct str){member->value.ptr + 1, member->value.len - 2});
    else
        text_json_shown(out, member->value);
    buf_add_char(out, '\n');
}

/* Any JSON stays valid, and each member of an object keeps what it means. */
static void check_shown_json(struct str json)
{
    struct buf shown = written(text_json_shown, json), before, after;
    struct scan_result was;

    buf_init(&before, FUZZ_BUF_MAX);
    buf_init(&after, FUZZ_BUF_MAX);
    was = scan_json(json, add_member, &before);
    if (was.verdict == SCAN_OK) {
        FUZZ_REQUIRE(scan_json(buf_str(&shown), add_member, &after).verdict == SCAN_OK);
        FUZZ_REQUIRE(str_eq(buf_str(&before), buf_str(&after)));
    }
    buf_free(&after);
    buf_free(&before);
    buf_free(&shown);
}

static void check_digits(struct str s)
{
    struct buf hex, base64, back, strict;

    buf_init(&hex, FUZZ_BUF_MAX);
    buf_init(&base64, FUZZ_BUF_MAX);
    buf_init(&back, FUZZ_BUF_MAX);
    text_hex(&hex, s.ptr, s.len);
    FUZZ_REQUIRE(text_hex_decode(&back, buf_str(&hex)) && str_eq(buf_str(&back), s));
    buf_reset(&back, 0);
    mac_base64(&base64, s.ptr, s.len);
    FUZZ_REQUIRE(mac_base64_decode(&back, buf_str(&base64)) && str_eq(buf_str(&back), s));
    buf_reset(&back, 0);
    /* One spelling for each run of bytes: a secret has no second one. */
    buf_init(&strict, FUZZ_BUF_MAX);
    if (mac_base64_decode(&back, s)) {
        mac_base64(&strict, back.ptr, back.len);
        FUZZ_REQUIRE(str_eq(buf_str(&strict), s));
    }
    buf_free(&strict);
    buf_free(&back);
    buf_free(&base64);
    buf_free(&hex);
}

static void check_percent(struct str s)
{
    struct buf ascii = written(text_percent_ascii, s);
    struct buf plain, plus;

    buf_init(&plain, FUZZ_BUF_MAX);
    buf_init(&plus, FUZZ_BUF_MAX);
    FUZZ_REQUIRE(fuzz_printable(buf_str(&ascii)));
    text_percent_decode(&plain, s, false);
    text_percent_decode(&plus, s, true);
    FUZZ_REQUIRE(plain.len == plus.len && plain.len <= s.len);
    buf_free(&plus);
    buf_free(&plain);
    buf_free(&ascii);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str rest = fuzz_str(data, size);
    size_t max = 8 + fuzz_byte(&rest);

    check_log(rest, max);
    check_line(rest);
    check_json(rest);
    check_shown(rest);
    check_shown_json(rest);
    check_digits(rest);
    check_percent(rest);
    return 0;
}
