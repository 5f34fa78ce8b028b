/* SPDX-License-Identifier: MIT
 * verdict - see store/journal/verdict.h.
 */
#include "store/journal/verdict.h"

#include <string.h>

#include "core/record.h"
#include "core/scan.h"

/* Whether `s` is a beginning of `text`, or begins with it. */
static bool starts_alike(struct str s, const char *text)
{
    size_t len = strlen(text);

    return memcmp(s.ptr, text, s.len < len ? s.len : len) == 0;
}

static struct str skip_bytes(struct str s, size_t len)
{
    return (struct str){s.ptr + len, s.len - len};
}

/* The part of the id that the line has must fit its place: a torn write leaves no other id. */
static bool id_agrees(struct str line, struct place place)
{
    char id[RECORD_ID_MAX];
    struct str key, rest;

    if (line.len <= strlen(RECORD_KEY_OPEN))
        return true;
    if (!str_cut(skip_bytes(line, strlen(RECORD_KEY_OPEN)), '"', &key, &rest))
        return true;
    if (!starts_alike(rest, RECORD_ID_OPEN))
        return false;
    if (rest.len <= strlen(RECORD_ID_OPEN))
        return true;
    rest = skip_bytes(rest, strlen(RECORD_ID_OPEN));
    record_id_print(id, place.segment, place.offset);
    if (!starts_alike(rest, id))
        return false;
    return rest.len <= strlen(id) || rest.ptr[strlen(id)] == '"';
}

/* A beginning of a record that reaches its checksum ends within `,"crc":"xxxxxxxx"`. A record whose
 * last brace was altered has more. */
static bool tail_agrees(struct str line)
{
    size_t window = strlen(RECORD_CRC_OPEN) + RECORD_CRC_DIGITS + 8;
    size_t from = line.len > window ? line.len - window : 0;

    for (size_t i = from; i + strlen(RECORD_CRC_OPEN) <= line.len; i++)
        if (memcmp(line.ptr + i, RECORD_CRC_OPEN, strlen(RECORD_CRC_OPEN)) == 0) {
            struct str rest = skip_bytes(line, i + strlen(RECORD_CRC_OPEN));

            for (size_t n = 0; n < rest.len && n < RECORD_CRC_DIGITS; n++)
                if (memchr("0123456789abcdef", rest.ptr[n], 16) == NULL)
                    return false;
            return rest.len <= RECORD_CRC_DIGITS ||
                   (rest.len == RECORD_CRC_DIGITS + 1 && rest.ptr[RECORD_CRC_DIGITS] == '"');
        }
    return true;
}

static enum verdict set_rotten(const char **why, const char *text)
{
    *why = text;
    return VERDICT_ROTTEN;
}

static enum verdict torn_or_rotten(struct str line, struct place place, const char **why)
{
    struct scan_result scan;

    if (line.len == 0)
        return set_rotten(why, "an empty line");
    if (memchr(line.ptr, '\0', line.len) != NULL)
        return set_rotten(why, "zero bytes");
    if (!starts_alike(line, RECORD_KEY_OPEN))
        return set_rotten(why, "not the beginning of a record");
    if (record_crc_ok(line))
        return set_rotten(why, "not a record of this version");
    scan = scan_json(line, NULL, NULL);
    if (scan.verdict == SCAN_OK)
        return set_rotten(why, "the checksum is wrong");
    if (scan.verdict != SCAN_ENDS_EARLY || !tail_agrees(line))
        return set_rotten(why, "neither a record nor the beginning of one");
    if (!id_agrees(line, place))
        return set_rotten(why, "the beginning of a record of another place");
    *why = "a write that was cut off";
    return VERDICT_TORN;
}

enum verdict verdict_line(struct str line, struct place place, const char **why)
{
    const char *ignored;

    if (why == NULL)
        why = &ignored;
    *why = NULL;
    if (!record_ok(line))
        return torn_or_rotten(line, place, why);
    if (!id_agrees(line, place))
        return set_rotten(why, "a record of another place");
    return VERDICT_RECORD;
}
