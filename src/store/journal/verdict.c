/* SPDX-License-Identifier: MIT
 * verdict - what a line of a segment is.
 */
#include "store/journal/verdict.h"

#include <string.h>

#include "core/record.h"
#include "core/scan.h"

/* Whether `s` is a beginning of `text`, or begins with it. */
static bool agrees(struct str s, const char *text)
{
    size_t len = strlen(text);

    return memcmp(s.ptr, text, s.len < len ? s.len : len) == 0;
}

static struct str behind(struct str s, size_t len)
{
    return (struct str){s.ptr + len, s.len - len};
}

/* As far as the line has an id, it must be that of its place: an id from elsewhere cannot come from
 * a torn write. */
static bool id_agrees(struct str line, struct place place)
{
    char id[RECORD_ID_MAX];
    struct str key, rest;

    if (line.len <= strlen(RECORD_KEY_OPEN))
        return true;
    if (!str_cut(behind(line, strlen(RECORD_KEY_OPEN)), '"', &key, &rest))
        return true;
    if (!agrees(rest, RECORD_ID_OPEN))
        return false;
    if (rest.len <= strlen(RECORD_ID_OPEN))
        return true;
    rest = behind(rest, strlen(RECORD_ID_OPEN));
    record_id_print(id, place.segment, place.offset);
    if (!agrees(rest, id))
        return false;
    return rest.len <= strlen(id) || rest.ptr[strlen(id)] == '"';
}

/* Where a beginning of a record ends inside or behind its checksum, it ends as our writer would
 * have left it:
 * `,"crc":"xxxxxxxx"` and no further. One whose last brace was altered has more. */
static bool tail_agrees(struct str line)
{
    size_t window = strlen(RECORD_CRC_OPEN) + RECORD_CRC_DIGITS + 8;
    size_t from = line.len > window ? line.len - window : 0;

    for (size_t i = from; i + strlen(RECORD_CRC_OPEN) <= line.len; i++)
        if (memcmp(line.ptr + i, RECORD_CRC_OPEN, strlen(RECORD_CRC_OPEN)) == 0) {
            struct str rest = behind(line, i + strlen(RECORD_CRC_OPEN));

            for (size_t n = 0; n < rest.len && n < RECORD_CRC_DIGITS; n++)
                if (memchr("0123456789abcdef", rest.ptr[n], 16) == NULL)
                    return false;
            return rest.len <= RECORD_CRC_DIGITS ||
                   (rest.len == RECORD_CRC_DIGITS + 1 && rest.ptr[RECORD_CRC_DIGITS] == '"');
        }
    return true;
}

static enum verdict rotten(const char **why, const char *text)
{
    *why = text;
    return VERDICT_ROTTEN;
}

static enum verdict torn_or_rotten(struct str line, struct place place, const char **why)
{
    struct scan_result scan;

    if (line.len == 0)
        return rotten(why, "an empty line");
    if (memchr(line.ptr, '\0', line.len) != NULL)
        return rotten(why, "zero bytes");
    if (!agrees(line, RECORD_KEY_OPEN))
        return rotten(why, "not the beginning of a record");
    if (record_crc_ok(line))
        return rotten(why, "not a record of this version");
    scan = scan_json(line, NULL, NULL);
    if (scan.verdict == SCAN_OK)
        return rotten(why, "the checksum is wrong");
    if (scan.verdict != SCAN_ENDS_EARLY || !tail_agrees(line))
        return rotten(why, "neither a record nor the beginning of one");
    if (!id_agrees(line, place))
        return rotten(why, "the beginning of a record of another place");
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
        return rotten(why, "a record of another place");
    return VERDICT_RECORD;
}
