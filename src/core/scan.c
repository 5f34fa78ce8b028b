/* SPDX-License-Identifier: MIT
 * scan - strict one-pass JSON (RFC 8259) without recursion: the open brackets are a stack of bits.
 */
#include "core/scan.h"

#include <stdint.h>
#include <string.h>

#include "base/text.h"

enum expect {
    EXPECT_VALUE,
    EXPECT_VALUE_OR_END,
    EXPECT_NAME,
    EXPECT_NAME_OR_END,
    EXPECT_COLON,
    EXPECT_NEXT
};

struct scanner {
    const char *at;
    const char *end;
    enum expect expect;
    unsigned depth;
    uint8_t is_object[SCAN_DEPTH_MAX / 8]; /* a bit for each open bracket */
    bool utf8_ok;
    enum scan_type type; /* of the top-level value */
    struct scan_member member;
    scan_each each;
    void *context;
};

/* The bytes that end a run of plain characters in a string: quote, backslash, and the controls that
 * RFC 8259 section 7 forbids there. */
#define STOPS_16 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1
static const uint8_t stops[256] = {STOPS_16, STOPS_16, ['"'] = 1, ['\\'] = 1};

static bool in_object(const struct scanner *s)
{
    return (s->is_object[(s->depth - 1) / 8] >> ((s->depth - 1) % 8) & 1) != 0;
}

static bool at_member(const struct scanner *s)
{
    return s->depth == 1 && in_object(s);
}

static void skip_blanks(struct scanner *s)
{
    while (s->at < s->end && (*s->at == ' ' || *s->at == '\n' || *s->at == '\r' || *s->at == '\t'))
        s->at++;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_hex(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static enum scan_verdict scan_escape(struct scanner *s)
{
    s->at++;
    if (s->at == s->end)
        return SCAN_ENDS_EARLY;
    if (*s->at == '\0' || strchr("\"\\/bfnrtu", *s->at) == NULL)
        return SCAN_BROKEN;
    if (*s->at++ != 'u')
        return SCAN_OK;
    for (int i = 0; i < 4; i++, s->at++) {
        if (s->at == s->end)
            return SCAN_ENDS_EARLY;
        if (!is_hex(*s->at))
            return SCAN_BROKEN;
    }
    return SCAN_OK;
}

/* Skips plain bytes, four at a time: a large body spends its time here. Returns all of them or-ed
 * together, so that the caller learns whether any is above ASCII. */
static unsigned skip_plain(struct scanner *s)
{
    const unsigned char *p = (const unsigned char *)s->at;
    const unsigned char *end = (const unsigned char *)s->end;
    unsigned seen = 0;

    while (end - p >= 4 && (stops[p[0]] | stops[p[1]] | stops[p[2]] | stops[p[3]]) == 0) {
        seen |= (unsigned)p[0] | p[1] | p[2] | p[3];
        p += 4;
    }
    while (p < end && stops[*p] == 0)
        seen |= *p++;
    s->at = (const char *)p;
    return seen;
}

/* Scans from the opening to after the closing quote; *content is what stands between them. */
static enum scan_verdict scan_string(struct scanner *s, struct str *content)
{
    const char *start = ++s->at;
    unsigned seen = 0;

    for (;;) {
        enum scan_verdict verdict;

        seen |= skip_plain(s);
        if (s->at == s->end)
            return SCAN_ENDS_EARLY;
        if (*s->at == '"')
            break;
        if (*s->at != '\\')
            return SCAN_BROKEN;
        verdict = scan_escape(s);
        if (verdict != SCAN_OK)
            return verdict;
    }
    *content = (struct str){start, (size_t)(s->at - start)};
    s->at++;
    if (seen >= 0x80 && s->utf8_ok)
        s->utf8_ok = text_utf8_ok(*content);
    return SCAN_OK;
}

/* At least one digit. */
static enum scan_verdict scan_digits(struct scanner *s)
{
    if (s->at == s->end)
        return SCAN_ENDS_EARLY;
    if (!is_digit(*s->at))
        return SCAN_BROKEN;
    while (s->at < s->end && is_digit(*s->at))
        s->at++;
    return SCAN_OK;
}

/* RFC 8259 section 6. */
static enum scan_verdict scan_number(struct scanner *s)
{
    enum scan_verdict verdict = SCAN_OK;

    if (*s->at == '-')
        s->at++;
    if (s->at < s->end && *s->at == '0')
        s->at++; /* a digit after it is no part of the number, so "01" breaks there */
    else
        verdict = scan_digits(s);
    if (verdict == SCAN_OK && s->at < s->end && *s->at == '.') {
        s->at++;
        verdict = scan_digits(s);
    }
    if (verdict == SCAN_OK && s->at < s->end && (*s->at == 'e' || *s->at == 'E')) {
        s->at++;
        if (s->at < s->end && (*s->at == '+' || *s->at == '-'))
            s->at++;
        verdict = scan_digits(s);
    }
    return verdict;
}

static enum scan_verdict scan_literal(struct scanner *s, const char *literal)
{
    for (; *literal != '\0'; literal++, s->at++) {
        if (s->at == s->end)
            return SCAN_ENDS_EARLY;
        if (*s->at != *literal)
            return SCAN_BROKEN;
    }
    return SCAN_OK;
}

static enum scan_verdict open_bracket(struct scanner *s, bool object)
{
    uint8_t *bits = s->is_object + s->depth / 8;
    uint8_t bit;

    if (s->depth == SCAN_DEPTH_MAX)
        return SCAN_TOO_DEEP;
    bit = (uint8_t)(1U << (s->depth % 8));
    *bits = object ? (uint8_t)(*bits | bit) : (uint8_t)(*bits & ~bit);
    s->depth++;
    s->at++;
    s->expect = object ? EXPECT_NAME_OR_END : EXPECT_VALUE_OR_END;
    return SCAN_OK;
}

/* Ends a value of any type; reports a member of the top-level object. */
static void value_ends(struct scanner *s)
{
    s->expect = EXPECT_NEXT;
    if (s->depth == 0 || !at_member(s))
        return;
    s->member.value.len = (size_t)(s->at - s->member.value.ptr);
    if (s->each != NULL)
        s->each(s->context, &s->member);
}

static void close_bracket(struct scanner *s)
{
    s->at++;
    s->depth--;
    value_ends(s);
}

static bool value_type(char c, enum scan_type *type)
{
    switch (c) {
    case '"':
        *type = SCAN_STRING;
        return true;
    case '{':
        *type = SCAN_OBJECT;
        return true;
    case '[':
        *type = SCAN_ARRAY;
        return true;
    case 't':
        *type = SCAN_TRUE;
        return true;
    case 'f':
        *type = SCAN_FALSE;
        return true;
    case 'n':
        *type = SCAN_NULL;
        return true;
    default:
        *type = SCAN_NUMBER;
        return c == '-' || is_digit(c);
    }
}

static enum scan_verdict scan_scalar(struct scanner *s, enum scan_type type)
{
    struct str content;

    switch (type) {
    case SCAN_STRING:
        return scan_string(s, &content);
    case SCAN_TRUE:
        return scan_literal(s, "true");
    case SCAN_FALSE:
        return scan_literal(s, "false");
    case SCAN_NULL:
        return scan_literal(s, "null");
    case SCAN_NUMBER:
        return scan_number(s);
    case SCAN_OBJECT:
    case SCAN_ARRAY:
        break;
    }
    return SCAN_BROKEN;
}

static enum scan_verdict scan_value(struct scanner *s)
{
    enum scan_verdict verdict;
    enum scan_type type;

    if (!value_type(*s->at, &type))
        return SCAN_BROKEN;
    if (s->depth == 0)
        s->type = type;
    else if (at_member(s)) {
        s->member.type = type;
        s->member.value.ptr = s->at;
    }
    if (type == SCAN_OBJECT || type == SCAN_ARRAY)
        return open_bracket(s, type == SCAN_OBJECT);
    verdict = scan_scalar(s, type);
    if (verdict == SCAN_OK)
        value_ends(s);
    return verdict;
}

static enum scan_verdict scan_name(struct scanner *s)
{
    enum scan_verdict verdict;
    struct str name;

    if (*s->at != '"')
        return SCAN_BROKEN;
    verdict = scan_string(s, &name);
    if (verdict != SCAN_OK)
        return verdict;
    if (s->depth == 1)
        s->member.name = name;
    s->expect = EXPECT_COLON;
    return SCAN_OK;
}

/* Takes a comma or the closing bracket after a value. */
static enum scan_verdict scan_next(struct scanner *s)
{
    bool object = in_object(s);

    if (*s->at == ',') {
        s->at++;
        s->expect = object ? EXPECT_NAME : EXPECT_VALUE;
        return SCAN_OK;
    }
    if (*s->at != (object ? '}' : ']'))
        return SCAN_BROKEN;
    close_bracket(s);
    return SCAN_OK;
}

/* Takes one token. There is at least one byte, and it is no blank. */
static enum scan_verdict scan_step(struct scanner *s)
{
    switch (s->expect) {
    case EXPECT_VALUE_OR_END:
    case EXPECT_NAME_OR_END:
        if (*s->at == (s->expect == EXPECT_VALUE_OR_END ? ']' : '}')) {
            close_bracket(s);
            return SCAN_OK;
        }
        return s->expect == EXPECT_VALUE_OR_END ? scan_value(s) : scan_name(s);
    case EXPECT_VALUE:
        return scan_value(s);
    case EXPECT_NAME:
        return scan_name(s);
    case EXPECT_COLON:
        if (*s->at != ':')
            return SCAN_BROKEN;
        s->at++;
        s->expect = EXPECT_VALUE;
        return SCAN_OK;
    case EXPECT_NEXT:
        return scan_next(s);
    }
    return SCAN_BROKEN;
}

static enum scan_verdict scan_all(struct scanner *s)
{
    for (;;) {
        bool whole = s->depth == 0 && s->expect == EXPECT_NEXT;
        enum scan_verdict verdict;

        skip_blanks(s);
        if (whole)
            return s->at == s->end ? SCAN_OK : SCAN_BROKEN;
        if (s->at == s->end)
            return SCAN_ENDS_EARLY;
        verdict = scan_step(s);
        if (verdict != SCAN_OK)
            return verdict;
    }
}

struct scan_result scan_json(struct str json, scan_each each, void *context)
{
    const char *start = json.len == 0 ? "" : json.ptr;
    struct scanner s = {
        .at = start, .end = start + json.len, .utf8_ok = true, .each = each, .context = context};
    struct scan_result result;

    s.expect = EXPECT_VALUE;
    result.verdict = scan_all(&s);
    result.offset = (size_t)(s.at - start);
    result.type = s.type;
    result.utf8_ok = result.verdict == SCAN_OK ? s.utf8_ok : text_utf8_ok(json);
    return result;
}

enum status scan_status(const struct scan_result *result, const char *what, struct err *err)
{
    switch (result->verdict) {
    case SCAN_OK:
        return STATUS_OK;
    case SCAN_ENDS_EARLY:
        return err_set(err, STATUS_TRUNCATED, "%s is JSON that ends too early, after %zu bytes",
                       what, result->offset);
    case SCAN_TOO_DEEP:
        return err_set(err, STATUS_MALFORMED, "%s is nested deeper than %d", what, SCAN_DEPTH_MAX);
    case SCAN_BROKEN:
        break;
    }
    return err_set(err, STATUS_MALFORMED, "%s is not JSON: unexpected byte at offset %zu", what,
                   result->offset);
}

enum status scan_object_status(const struct scan_result *result, const char *what, struct err *err)
{
    enum status status = scan_status(result, what, err);

    if (status == STATUS_OK && result->type != SCAN_OBJECT)
        status = err_set(err, STATUS_MALFORMED, "%s is not a JSON object", what);
    return status;
}
