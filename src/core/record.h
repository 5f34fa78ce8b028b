/* SPDX-License-Identifier: MIT
 * record - the bytes of a journal line, in both directions. stenohook-spool(5) is the format's
 * specification.
 *
 * A record is one line of JSON. "key" is first, so that a lookup compares a prefix and needs no
 * parser; "id" and "hooks" follow, so that the queue finds what it wants without one; "crc" is
 * last: CRC-32C, eight lower-case hexadecimal digits, of all bytes of the line before `,"crc":"`.
 * The id is "SEGMENT:OFFSET" (decimal): the offset at which the line begins.
 */
#ifndef CORE_RECORD_H
#define CORE_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "core/event.h"

#define RECORD_ID_MAX 40

/* The fixed bytes of a line, to recognize one that may not be whole. */
#define RECORD_KEY_OPEN "{\"key\":\""
#define RECORD_ID_OPEN ",\"id\":\""      /* after the key's closing quote */
#define RECORD_HOOKS_OPEN ",\"hooks\":[" /* after the id's closing quote */
#define RECORD_CRC_OPEN ",\"crc\":\""
#define RECORD_CRC_DIGITS 8
#define RECORD_FORMAT 1

/* The line as it waits for its id: record_seal completes it in place. */
struct record_line {
    struct buf
        bytes; /* the head, then room for a newline, the head again and the id, then the rest */
    size_t key_len; /* length of `{"key":"...","id":"` */
    size_t rest;    /* where the part after the id begins in bytes */
};

/* Makes the line of an event. `max` bounds the memory of it in bytes: the line, and its head a
 * second time. */
enum status record_print(struct record_line *line, const struct event *event, size_t max,
                         struct err *err) STATUS_CHECKED;
void record_line_free(struct record_line *line);

/* Completes the line with its id and checksum: called under the append lock, once or again (a line
 * that could not be written is sealed anew). With `newline_first` the bytes begin with "\n" (the
 * file ended in a torn line) and the record at the next byte; `offset` is where the record begins
 * in either case. The bytes, ending in "\n", are valid until the next seal or free. */
struct str record_seal(struct record_line *line, uint32_t segment, uint64_t offset,
                       bool newline_first);

void record_id_print(char out[RECORD_ID_MAX], uint32_t segment, uint64_t offset);
bool record_id_parse(struct str s, uint32_t *segment, uint64_t *offset);

/* Whether `line` (without its newline) is a whole record: shape and checksum. Used by the journal's
 * readers and the dedup lookup. */
bool record_ok(struct str line);
/* The checksum alone: also of a segment's header. */
bool record_crc_ok(struct str line);
/* Reads when a whole record was received; false: not there. */
bool record_received(struct str line, int64_t *out);
/* The key of a whole record, not escaped further (keys need no escapes). STR_NONE if the line
 * begins otherwise. */
struct str record_key(struct str line);
/* The names of the hooks that a record is for, as the JSON array that it has: `["default"]`, or
 * `[]`. STR_NONE: the line has none in the place and shape in which we write it. */
struct str record_hooks(struct str line);
/* Whether such an array has that name. */
bool record_hooks_have(struct str hooks, const char *hook);

/* A record read back. Strings are decoded and live in `text`; absent members are STR_NONE. */
struct record {
    struct buf text;
    struct str key, id, hooks, received_at, endpoint, kind, subject, status, remote_addr, query,
        params, content_type, user_agent, via, body;
    const char *subject_name; /* "transcript_id", "session_id", "event_id" or NULL */
    int64_t received_ns;
};

/* `hooks` and `params` stay JSON. STATUS_CORRUPT: not a record. `with_body` false leaves body
 * absent, which spares its memory. */
enum status record_parse(struct record *record, struct str line, bool with_body,
                         struct err *err) STATUS_CHECKED;
void record_free(struct record *record);

#define RECORD_JOURNAL_LEN 32 /* hexadecimal digits */

/* What the header of a file of the results log says besides (store/queue/standing.h). */
struct record_owner {
    char journal[RECORD_JOURNAL_LEN +
                 1]; /* the journal of whose events it speaks; "": not such a file */
    uint32_t first;  /* with which file this began: those before it do not count */
    /* Of the events before that place only those that were received at or after `from_ns` run of
     * their own: 0 for all, INT64_MAX for none. Orders before `commands` do not count. */
    uint32_t resumed_segment, orders_segment;
    uint64_t resumed_offset, orders_offset;
    int64_t from_ns;
};

/* The first line of a segment:
 * {"segment":12,"format":1,"created":"...","prev":11,"prev_valid":16777301,"crc":"..."} */
struct record_header {
    uint32_t segment;
    uint32_t previous;       /* 0 for the first segment */
    uint64_t previous_valid; /* how many bytes of the previous segment count */
    int64_t created_ns;
    struct record_owner owner;
};
#define RECORD_FROM_START "start"
#define RECORD_FROM_NOW "now"
#define RECORD_HEADER_MAX 512 /* of any */
/* Ends in "\n". */
void record_header_print(struct buf *out, const struct record_header *header);
/* `line` without its newline. false: no header, its checksum is wrong, or it is of another format
 * than RECORD_FORMAT. */
bool record_header_parse(struct str line, struct record_header *out);

#endif
