/* SPDX-License-Identifier: MIT
 * text - see base/text.h.
 */
#include "base/text.h"

#include <stdint.h>
#include <string.h>

#include "base/num.h"

static const char digits[] = "0123456789abcdef";
static const char upper_digits[] = "0123456789ABCDEF";
#define REPLACEMENT "\xef\xbf\xbd"
#define REPLACEMENT_CODE 0xfffd

/* Returns the length of the well-formed sequence at s (RFC 3629 section 4), 0 if malformed. */
static size_t utf8_sequence(struct str s)
{
    const uint8_t *p = (const uint8_t *)s.ptr;
    uint8_t low = 0x80;
    uint8_t high = 0xbf;
    size_t len;

    if (p[0] < 0x80)
        return 1;
    if (p[0] < 0xc2 || p[0] > 0xf4)
        return 0;
    len = p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;
    if (s.len < len)
        return 0;
    if (p[0] == 0xe0)
        low = 0xa0;
    else if (p[0] == 0xed)
        high = 0x9f;
    else if (p[0] == 0xf0)
        low = 0x90;
    else if (p[0] == 0xf4)
        high = 0x8f;
    if (p[1] < low || p[1] > high)
        return 0;
    for (size_t i = 2; i < len; i++)
        if ((p[i] & 0xc0) != 0x80)
            return 0;
    return len;
}

/* How many bytes from the start are ASCII, eight at a time. */
static size_t ascii_run(struct str s)
{
    size_t i = 0;

    for (; i + 8 <= s.len; i += 8) {
        uint64_t word;

        memcpy(&word, s.ptr + i, sizeof word);
        if ((word & 0x8080808080808080) != 0)
            break;
    }
    while (i < s.len && (uint8_t)s.ptr[i] < 0x80)
        i++;
    return i;
}

static struct str str_from(struct str s, size_t at)
{
    return (struct str){s.ptr + at, s.len - at};
}

bool text_utf8_ok(struct str s)
{
    while (s.len > 0) {
        size_t len = ascii_run(s);

        if (len == 0)
            len = utf8_sequence(s);
        if (len == 0)
            return false;
        s = str_from(s, len);
    }
    return true;
}

/* 0: stands in a JSON string as it is; 'u': written as \u00XX; else the letter after the backslash.
 */
static const char json_escape[256] = {
    'u', 'u', 'u', 'u', 'u', 'u', 'u', 'u', 'b',         't',           'n', 'u',
    'f', 'r', 'u', 'u', 'u', 'u', 'u', 'u', 'u',         'u',           'u', 'u',
    'u', 'u', 'u', 'u', 'u', 'u', 'u', 'u', ['"'] = '"', ['\\'] = '\\',
};

static void json_escaped_byte(struct buf *out, uint8_t byte)
{
    char escape[6] = {'\\', json_escape[byte], '0', '0', digits[byte >> 4], digits[byte & 15]};

    buf_add(out, escape, escape[1] == 'u' ? 6 : 2);
}

/* Copies runs that need no escape in one piece. */
static void json_content(struct buf *out, struct str s)
{
    size_t start = 0;

    for (size_t i = 0; i < s.len; i++) {
        if (json_escape[(uint8_t)s.ptr[i]] == 0)
            continue;
        buf_add(out, s.ptr + start, i - start);
        json_escaped_byte(out, (uint8_t)s.ptr[i]);
        start = i + 1;
    }
    if (s.len > start)
        buf_add(out, s.ptr + start, s.len - start);
}

void text_json(struct buf *out, struct str s)
{
    buf_add_char(out, '"');
    json_content(out, s);
    buf_add_char(out, '"');
}

size_t text_unshown(struct str s)
{
    const uint8_t *p = (const uint8_t *)s.ptr;

    if (s.len > 0 && p[0] == 0x7f)
        return 1;
    if (s.len >= 2 && ((p[0] == 0xc2 && p[1] >= 0x80 && p[1] <= 0x9f) || /* C1 */
                       (p[0] == 0xd8 && p[1] == 0x9c)))                  /* U+061C */
        return 2;
    if (s.len < 3 || p[0] != 0xe2)
        return 0;
    if (p[1] == 0x80) /* U+200E, U+200F, U+2028 to U+202E */
        return p[2] == 0x8e || p[2] == 0x8f || (p[2] >= 0xa8 && p[2] <= 0xae) ? 3 : 0;
    return p[1] == 0x81 && p[2] >= 0xa6 && p[2] <= 0xa9 ? 3 : 0; /* U+2066 to U+2069 */
}

/* `s` is one character of text_unshown. */
static void add_unicode_escape(struct buf *out, struct str s)
{
    const uint8_t *p = (const uint8_t *)s.ptr;
    unsigned c = s.len == 1   ? p[0]
                 : s.len == 2 ? (p[0] & 0x1fU) << 6 | (p[1] & 0x3fU)
                              : (p[0] & 0x0fU) << 12 | (p[1] & 0x3fU) << 6 | (p[2] & 0x3fU);

    buf_printf(out, "\\u%04x", c);
}

void text_json_shown(struct buf *out, struct str json)
{
    size_t start = 0;
    size_t i = 0;

    while (i < json.len) {
        size_t len = text_unshown(str_from(json, i));

        if (len == 0) {
            i++;
            continue;
        }
        buf_add(out, json.ptr + start, i - start);
        add_unicode_escape(out, (struct str){json.ptr + i, len});
        start = i += len;
    }
    if (json.len > start)
        buf_add(out, json.ptr + start, json.len - start);
}

/* Passes what is well-formed to `add`. */
static void add_lossy(struct buf *out, struct str s, void (*add)(struct buf *out, struct str s))
{
    while (s.len > 0) {
        size_t run = ascii_run(s);

        if (run == 0)
            run = utf8_sequence(s);
        if (run > 0) {
            add(out, (struct str){s.ptr, run});
        } else {
            buf_add_text(out, REPLACEMENT);
            run = 1;
        }
        s = str_from(s, run);
    }
}

void text_json_lossy(struct buf *out, struct str s)
{
    buf_add_char(out, '"');
    add_lossy(out, s, json_content);
    buf_add_char(out, '"');
}

void text_utf8_lossy(struct buf *out, struct str s)
{
    add_lossy(out, s, buf_add_str);
}

/* The length of `out`. */
static size_t utf8_print(char out[4], uint32_t c)
{
    if (c < 0x80) {
        out[0] = (char)c;
        return 1;
    }
    if (c < 0x800) {
        out[0] = (char)(0xc0 | c >> 6);
        out[1] = (char)(0x80 | (c & 0x3f));
        return 2;
    }
    if (c < 0x10000) {
        out[0] = (char)(0xe0 | c >> 12);
        out[1] = (char)(0x80 | (c >> 6 & 0x3f));
        out[2] = (char)(0x80 | (c & 0x3f));
        return 3;
    }
    out[0] = (char)(0xf0 | c >> 18);
    out[1] = (char)(0x80 | (c >> 12 & 0x3f));
    out[2] = (char)(0x80 | (c >> 6 & 0x3f));
    out[3] = (char)(0x80 | (c & 0x3f));
    return 4;
}

/* The four digits after a \u at the start of s. */
static bool hex4(struct str s, uint32_t *out)
{
    uint64_t n;

    if (s.len < 6 || s.ptr[0] != '\\' || s.ptr[1] != 'u' ||
        !num_hex((struct str){s.ptr + 2, 4}, &n))
        return false;
    *out = (uint32_t)n;
    return true;
}

/* One \uXXXX, or a pair of them for what lies beyond U+FFFF: the bytes taken, 0 if malformed. */
static size_t json_unicode(struct str s, char out[4], size_t *len)
{
    uint32_t c;
    uint32_t second;

    if (!hex4(s, &c))
        return 0;
    if (c >= 0xd800 && c < 0xdc00 && hex4(str_from(s, 6), &second) && second >= 0xdc00 &&
        second <= 0xdfff) {
        *len = utf8_print(out, 0x10000 + ((c - 0xd800) << 10) + (second - 0xdc00));
        return 12;
    }
    *len = utf8_print(out, c < 0xd800 || c > 0xdfff ? c : REPLACEMENT_CODE);
    return 6;
}

/* What the escape at the start of s means: the bytes taken, 0 if malformed. */
static size_t json_unescape(struct str s, char out[4], size_t *len)
{
    static const char letters[] = "\"\\/bfnrt";
    static const char meanings[] = "\"\\/\b\f\n\r\t";
    const char *at;

    if (s.len < 2)
        return 0;
    if (s.ptr[1] == 'u')
        return json_unicode(s, out, len);
    at = s.ptr[1] == '\0' ? NULL : strchr(letters, s.ptr[1]);
    if (at == NULL)
        return 0;
    out[0] = meanings[at - letters];
    *len = 1;
    return 2;
}

bool text_json_decode(struct buf *out, struct str s)
{
    while (s.len > 0) {
        size_t run = 0;
        size_t len;
        char bytes[4];

        while (run < s.len && json_escape[(uint8_t)s.ptr[run]] == 0)
            run++;
        if (run > 0) {
            buf_add(out, s.ptr, run);
        } else {
            run = *s.ptr == '\\' ? json_unescape(s, bytes, &len) : 0;
            if (run == 0)
                return false;
            buf_add(out, bytes, len);
        }
        s = str_from(s, run);
    }
    return true;
}

bool text_json_is(struct str s, struct str text)
{
    while (s.len > 0) {
        char bytes[4] = {*s.ptr};
        size_t len = 1;
        size_t taken = *s.ptr == '\\' ? json_unescape(s, bytes, &len) : 1;

        if (taken == 0 || len > text.len || memcmp(text.ptr, bytes, len) != 0)
            return false;
        s = str_from(s, taken);
        text = str_from(text, len);
    }
    return text.len == 0;
}

void text_percent_decode(struct buf *out, struct str s, bool plus)
{
    for (size_t i = 0; i < s.len; i++) {
        uint64_t byte;

        if (s.ptr[i] == '%' && s.len - i > 2 && num_hex((struct str){s.ptr + i + 1, 2}, &byte)) {
            buf_add_char(out, (char)byte);
            i += 2;
        } else {
            buf_add_char(out, plus && s.ptr[i] == '+' ? ' ' : s.ptr[i]);
        }
    }
}

void text_percent_ascii(struct buf *out, struct str s)
{
    for (size_t i = 0; i < s.len; i++) {
        uint8_t byte = (uint8_t)s.ptr[i];
        char escape[3] = {'%', upper_digits[byte >> 4], upper_digits[byte & 15]};

        if (byte >= 0x20 && byte < 0x7f)
            buf_add_char(out, s.ptr[i]);
        else
            buf_add(out, escape, sizeof escape);
    }
}

/* One byte as the log shows it: the length of `shown`. */
static size_t log_byte(char shown[4], uint8_t byte)
{
    if (byte >= 0x20 && byte < 0x7f && byte != '\\') {
        shown[0] = (char)byte;
        return 1;
    }
    shown[0] = '\\';
    if (byte == '\\') {
        shown[1] = '\\';
        return 2;
    }
    shown[1] = 'x';
    shown[2] = digits[byte >> 4];
    shown[3] = digits[byte & 15];
    return 4;
}

void text_log(struct buf *out, struct str s, size_t max)
{
    static const char cut[] = "...";
    size_t used = 0;
    size_t fits = 0; /* the length at which what is written still leaves room for the dots */
    size_t start = out->len;

    for (size_t i = 0; i < s.len; i++) {
        char shown[4];
        size_t len = log_byte(shown, (uint8_t)s.ptr[i]);

        if (used + len > max) {
            if (out->failed == STATUS_OK)
                buf_cut(out, start + fits);
            buf_add_text(out, cut);
            return;
        }
        buf_add(out, shown, len);
        used += len;
        if (used <= max - (sizeof cut - 1))
            fits = used;
    }
}

void text_hex(struct buf *out, const void *bytes, size_t len)
{
    const uint8_t *p = bytes;

    for (size_t i = 0; i < len; i++) {
        buf_add_char(out, digits[p[i] >> 4]);
        buf_add_char(out, digits[p[i] & 15]);
    }
}

bool text_hex_decode(struct buf *out, struct str s)
{
    if (s.len % 2 != 0)
        return false;
    for (size_t i = 0; i < s.len; i += 2) {
        uint64_t byte;

        if (!num_hex((struct str){s.ptr + i, 2}, &byte))
            return false;
        buf_add_char(out, (char)byte);
    }
    return true;
}
