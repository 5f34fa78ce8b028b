/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/text.h"
#include "core/scan.h"
#include "unit.h"

/* A copy of exactly that length, so that the address sanitizer sees a read behind the end. */
static struct scan_result scan_bytes(const char *bytes, size_t len, scan_each each, void *context)
{
    struct scan_result result;
    char *copy = malloc(len == 0 ? 1 : len);

    if (copy == NULL)
        abort();
    memcpy(copy, bytes, len);
    result = scan_json((struct str){copy, len}, each, context);
    free(copy);
    return result;
}

static enum scan_verdict verdict(const char *text)
{
    return scan_bytes(text, strlen(text), NULL, NULL).verdict;
}

static void all(const char *const *texts, size_t count, enum scan_verdict expected)
{
    for (size_t i = 0; i < count; i++) {
        if (verdict(texts[i]) != expected)
            fprintf(stderr, "scan: <%s>\n", texts[i]);
        UNIT_INT(expected, verdict(texts[i]));
    }
}
#define ALL(texts, expected) all(texts, sizeof(texts) / sizeof *(texts), expected)

static const char *const valid[] = {
    "{}",
    "[]",
    " \t\r\n{ \t\r\n} \t\r\n",
    "[[[]],{}]",
    "\"\"",
    "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"",
    "\"\\u00e9\\uD83D\\uDE00\\uabCD\"",
    "\"\\ud800\"",
    "\"\x7f\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\"",
    "0",
    "-0",
    "10",
    "-12.50",
    "0e0",
    "1E+2",
    "1.5e-999",
    "123456789012345678901234567890",
    "true",
    "false",
    "null",
    "{\"a\":1,\"a\":2}",
    "{\"\":{\"b\":[1,{\"c\":null}]},\"d\":[true,false,\"x\"]}",
};

static const char *const early[] = {
    "",           " \n",     "{",
    "[",          "[1",      "[1,",
    "[[]",        "{\"",     "{\"a",
    "{\"a\"",     "{\"a\":", "{\"a\":1",
    "{\"a\":1,",  "\"",      "\"abc",
    "\"\\",       "\"\\u",   "\"\\u12a",
    "-",          "0.",      "1e",
    "1E-",        "t",       "[fals",
    "{\"a\":nul", "\"\xc3",  "[\"\xf0\x9f\x98",
};

static const char *const broken[] = {
    "]",
    "}",
    ",",
    ":",
    "[,",
    "[1,]",
    "[1,,2]",
    "[1 2]",
    "[1}",
    "{,",
    "{1",
    "{a",
    "{'a'",
    "{\"a\",",
    "{\"a\" 1",
    "{\"a\"::",
    "{\"a\":1,}",
    "{\"a\":1]",
    "{}{}",
    "[]]",
    "1 2",
    "01",
    "-01",
    "+1",
    ".5",
    "1.e",
    "2.e3",
    "1.2.3",
    "1e1.",
    "0x1",
    "-a",
    "NaN",
    "Infinity",
    "-Infinity",
    "nulL",
    "True",
    "truex",
    "tru ",
    "[\"\n\"]",
    "[\"\t\"]",
    "\"\x1f\"",
    "\"\\x\"",
    "\"\\u00g0",
    "\"\\U0041",
    "\"\\\xff",
    "\"\"x",
    "/**/1",
    "{}#",
    "\xef\xbb\xbf{}",
    "\xc2\xa0[]",
    "[\xc3\xa9]",
    "\xff",
    "[1,\f2]",
    "[1\xc2\xa0]",
};

UNIT_TEST(valid_texts_are_accepted)
{
    ALL(valid, SCAN_OK);
}

UNIT_TEST(texts_that_were_cut_off_end_early)
{
    ALL(early, SCAN_ENDS_EARLY);
}

UNIT_TEST(texts_that_nothing_can_complete_are_broken)
{
    ALL(broken, SCAN_BROKEN);
}

UNIT_TEST(a_nul_is_broken_wherever_it_stands)
{
    UNIT_INT(SCAN_BROKEN, scan_bytes("\0", 1, NULL, NULL).verdict);
    UNIT_INT(SCAN_BROKEN, scan_bytes("{}\0", 3, NULL, NULL).verdict);
    UNIT_INT(SCAN_BROKEN, scan_bytes("\"a\0\"", 4, NULL, NULL).verdict);
    UNIT_INT(SCAN_BROKEN, scan_bytes("\"\\\0\"", 4, NULL, NULL).verdict);
    UNIT_INT(SCAN_BROKEN, scan_bytes("tr\0e", 4, NULL, NULL).verdict);
}

UNIT_TEST(every_proper_prefix_of_valid_text_ends_early_unless_it_is_valid_itself)
{
    for (size_t i = 0; i < sizeof valid / sizeof *valid; i++) {
        for (size_t len = 0; len < strlen(valid[i]); len++) {
            struct scan_result result = scan_bytes(valid[i], len, NULL, NULL);

            /* Only a number and trailing blanks can be cut and stay whole. */
            if (result.verdict == SCAN_OK)
                UNIT_TRUE(result.type == SCAN_NUMBER || strchr(" \t\r\n", valid[i][len]) != NULL);
            else
                UNIT_INT(SCAN_ENDS_EARLY, result.verdict);
            UNIT_INT(len, result.offset);
        }
    }
}

UNIT_TEST(the_offset_of_broken_text_is_its_first_impossible_byte)
{
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
        size_t at = scan_bytes(broken[i], strlen(broken[i]), NULL, NULL).offset;
        enum scan_verdict before = scan_bytes(broken[i], at, NULL, NULL).verdict;

        UNIT_TRUE(at < strlen(broken[i]));
        UNIT_TRUE(before == SCAN_OK || before == SCAN_ENDS_EARLY);
        UNIT_INT(SCAN_BROKEN, scan_bytes(broken[i], at + 1, NULL, NULL).verdict);
    }
    UNIT_INT(6, scan_bytes("{\"a\":nix}", 9, NULL, NULL).offset);
    UNIT_INT(0, scan_bytes("\xef\xbb\xbf{}", 5, NULL, NULL).offset);
}

static enum scan_verdict nested(size_t depth, const char *open, const char *close, bool closed)
{
    struct scan_result result;
    struct buf text;

    buf_init(&text, 8 * depth + 8);
    for (size_t i = 0; i < depth; i++)
        buf_add_text(&text, open);
    buf_add_char(&text, '0');
    for (size_t i = 0; i < depth && closed; i++)
        buf_add_text(&text, close);
    result = scan_json(buf_str(&text), NULL, NULL);
    buf_free(&text);
    return result.verdict;
}

UNIT_TEST(depth_is_bounded)
{
    UNIT_INT(SCAN_OK, nested(SCAN_DEPTH_MAX, "[", "]", true));
    UNIT_INT(SCAN_OK, nested(SCAN_DEPTH_MAX, "{\"a\":", "}", true));
    UNIT_INT(SCAN_ENDS_EARLY, nested(SCAN_DEPTH_MAX, "[", "]", false));
    UNIT_INT(SCAN_TOO_DEEP, nested(SCAN_DEPTH_MAX + 1, "[", "]", true));
    UNIT_INT(SCAN_TOO_DEEP, nested(SCAN_DEPTH_MAX + 1, "{\"a\":", "}", true));
    UNIT_INT(SCAN_TOO_DEEP, nested(100000, "[", "]", false));
    UNIT_INT(SCAN_TOO_DEEP, nested(100000, "[{\"\":", "}]", false));
}

UNIT_TEST(brackets_of_both_kinds_close_in_their_order_at_any_depth)
{
    UNIT_INT(SCAN_OK, nested(200, "[{\"a\":", "}]", true));
    UNIT_INT(SCAN_BROKEN, nested(200, "[{\"a\":", "]}", true));
    UNIT_INT(SCAN_OK, verdict("[{\"a\":[]},[],{\"b\":{}}]"));
    UNIT_INT(SCAN_BROKEN, verdict("[{\"a\":[]],[],{\"b\":{}}]"));
}

UNIT_TEST(the_type_is_that_of_the_whole_value)
{
    UNIT_INT(SCAN_OBJECT, scan_bytes("{\"a\":[1]}", 9, NULL, NULL).type);
    UNIT_INT(SCAN_ARRAY, scan_bytes("[{}]", 4, NULL, NULL).type);
    UNIT_INT(SCAN_STRING, scan_bytes("\"a\"", 3, NULL, NULL).type);
    UNIT_INT(SCAN_NUMBER, scan_bytes("-1", 2, NULL, NULL).type);
    UNIT_INT(SCAN_TRUE, scan_bytes("true", 4, NULL, NULL).type);
    UNIT_INT(SCAN_FALSE, scan_bytes("false", 5, NULL, NULL).type);
    UNIT_INT(SCAN_NULL, scan_bytes("null", 4, NULL, NULL).type);
}

UNIT_TEST(invalid_utf8_in_a_string_is_told_but_no_error)
{
    static const char *const texts[] = {
        "[\"\xff\"]",         "{\"\x80\":1}",           "[\"\xc0\xaf\"]",
        "[\"\xed\xa0\x80\"]", "[\"\xf4\x90\x80\x80\"]", "[\"\xe2\x82\\n\xac\"]",
        "[\"\xc3\"]",         "[\"\xff\",\"\xc3\xa9\"]"};

    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct scan_result result = scan_bytes(texts[i], strlen(texts[i]), NULL, NULL);

        UNIT_INT(SCAN_OK, result.verdict);
        UNIT_FALSE(result.utf8_ok);
    }
    UNIT_TRUE(scan_bytes("[\"\xc3\xa9\"]", 6, NULL, NULL).utf8_ok);
    UNIT_FALSE(scan_bytes("[\"\xc3", 3, NULL, NULL).utf8_ok);
    UNIT_TRUE(scan_bytes("[\"\xc3\xa9]", 5, NULL, NULL).utf8_ok);
}

static void tell(void *context, const struct scan_member *member)
{
    static const char letters[] = "SNTF0OA";
    struct buf *out = context;

    buf_add_str(out, member->name);
    buf_add_char(out, '=');
    buf_add_char(out, letters[member->type]);
    buf_add_str(out, member->value);
    buf_add_char(out, ';');
}

static void members(const char *expected, const char *text)
{
    struct buf out;

    buf_init(&out, 1000);
    (void)scan_bytes(text, strlen(text), tell, &out);
    UNIT_STR(expected, buf_str(&out));
    buf_free(&out);
}

UNIT_TEST(the_members_of_the_top_level_object_are_told_as_they_stand)
{
    members("a=S\"b\";c=N-1.5e3;d=Ttrue;e=Ffalse;f=0null;",
            "{\"a\":\"b\",\"c\" : -1.5e3 ,\n\"d\":true,\"e\":false,\"f\":null}");
    members("a=O{\"b\":{\"a\":1}};c=A[ {\"d\":2} , []];a\\u0062=N0;",
            "{\"a\":{\"b\":{\"a\":1}},\"c\":[ {\"d\":2} , []] ,\"a\\u0062\":0}");
    members("=S\"\";a=N1;a=N2;", "{\"\":\"\",\"a\":1,\"a\":2}");
    members("a=S\"x\\\"}\";", "{\"a\":\"x\\\"}\"");
    members("", "[{\"a\":1}]");
    members("a=N1;", "{\"a\":1"); /* the caller forgets it: the text ends early */
    members("", "{}");
}

static uint64_t next_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

static size_t mutate(char *bytes, size_t len, size_t cap, uint64_t *random)
{
    static const char tokens[] = "{}[]\",:\\u0aeE+-.tfn \n\x01\x80\xc3\xef\xff";
    size_t at = (size_t)(next_random(random) % (len + 1));

    switch (next_random(random) % 4) {
    case 0:
        return at; /* cut */
    case 1:        /* overwrite */
        if (at < len)
            bytes[at] = (char)next_random(random);
        return len;
    case 2: /* remove */
        if (at < len)
            memmove(bytes + at, bytes + at + 1, len - at - 1);
        return at < len ? len - 1 : len;
    default: /* insert */
        if (len == cap)
            return len;
        memmove(bytes + at + 1, bytes + at, len - at);
        bytes[at] = tokens[next_random(random) % (sizeof tokens - 1)];
        return len + 1;
    }
}

struct inside {
    const char *start;
    const char *end;
    bool holds;
};

static void stays_inside(void *context, const struct scan_member *member)
{
    struct inside *in = context;

    in->holds = in->holds && member->name.ptr > in->start &&
                member->name.ptr + member->name.len < member->value.ptr && member->value.len > 0 &&
                member->value.ptr + member->value.len <= in->end;
}

UNIT_TEST(mutated_texts_keep_the_promises_of_offset_and_verdict)
{
    static const char seed[] = "{\"transcript_id\":\"a-b_c\",\"status\":\"completed\",\"n\":[-1."
                               "5e3,true,null,{\"x\":\"\\u00e9\xc3\xa9\"}]}";
    uint64_t random = 88172645463325252;
    unsigned verdicts[4] = {0};

    for (unsigned round = 0; round < 4000; round++) {
        char text[sizeof seed + 16];
        size_t len = sizeof seed - 1;
        struct scan_result result;
        struct inside in;

        memcpy(text, seed, len);
        for (uint64_t n = next_random(&random) % 3 + 1; n > 0; n--)
            len = mutate(text, len, sizeof text, &random);
        in = (struct inside){text, text + len, true};
        result = scan_json((struct str){text, len}, stays_inside, &in);
        verdicts[result.verdict]++;
        UNIT_TRUE(in.holds);
        UNIT_TRUE(result.offset <= len);
        UNIT_INT(text_utf8_ok((struct str){text, len}), result.utf8_ok);
        if (result.verdict == SCAN_BROKEN) {
            enum scan_verdict before = scan_bytes(text, result.offset, NULL, NULL).verdict;

            UNIT_TRUE(before == SCAN_OK || before == SCAN_ENDS_EARLY);
            UNIT_INT(SCAN_BROKEN, scan_bytes(text, result.offset + 1, NULL, NULL).verdict);
        } else
            UNIT_INT(len, result.offset);
    }
    UNIT_TRUE(verdicts[SCAN_OK] > 100 && verdicts[SCAN_ENDS_EARLY] > 100 &&
              verdicts[SCAN_BROKEN] > 100);
}
