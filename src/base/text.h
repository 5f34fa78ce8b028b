/* SPDX-License-Identifier: MIT
 * text - encodings: UTF-8 (RFC 3629), JSON strings (RFC 8259 section 7), percent (RFC 3986), log
 * lines, hexadecimal.
 *
 * All pure. Writers append to a buf, whose sticky failure the caller checks.
 */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/str.h"

/* Well-formed UTF-8: no overlong form, no surrogate, nothing beyond U+10FFFF. NUL is well-formed.
 */
bool text_utf8_ok(struct str s);

/* A quoted JSON string. Escapes `"`, `\`, and what is below 0x20; all else is copied. s must be
 * well-formed UTF-8 for the result to be so. Streams: no second copy of s is made. */
void text_json(struct buf *out, struct str s);

/* As text_json; each byte that is not part of well-formed UTF-8 becomes U+FFFD. */
void text_json_lossy(struct buf *out, struct str s);

/* Returns how many bytes at the start of s a terminal would obey, or order its line by, instead of
 * showing them: DEL, U+0080 to U+009F, the marks and overrides of direction, and the separators
 * U+2028 and U+2029. 0: what is there is none of these. Controls below 0x20 are not looked for. */
size_t text_unshown(struct str s);

/* Copies JSON text for a terminal: what text_unshown finds becomes \uXXXX. Every value stays the
 * same, as such characters stand in strings only. */
void text_json_shown(struct buf *out, struct str json);

/* A copy; each byte that is not part of well-formed UTF-8 becomes U+FFFD. */
void text_utf8_lossy(struct buf *out, struct str s);

/* Undoes text_json and every other JSON escape: `s` is what stands between the quotes. A lone
 * surrogate gives U+FFFD. false: not a valid JSON string content; out then holds a part. */
bool text_json_decode(struct buf *out, struct str s);

/* Whether a JSON string means `text`; `s` is what stands between its quotes. */
bool text_json_is(struct str s, struct str text);

/* %XX becomes its byte and, if `plus`, `+` a blank; a `%` without two hexadecimal digits stays. */
void text_percent_decode(struct buf *out, struct str s, bool plus);

/* Bytes outside printable ASCII become %XX; all else, `%` included, is copied: for a raw query that
 * is not ASCII. */
void text_percent_ascii(struct buf *out, struct str s);

/* One printable line: bytes below 0x20, 0x7f and above become \xHH, backslash becomes \\. At most
 * `max` bytes are written; what had to be cut is replaced by "..." at the end. max is at least 8.
 */
void text_log(struct buf *out, struct str s, size_t max);

void text_hex(struct buf *out, const void *bytes, size_t len);
/* false: odd length or no hexadecimal digit. */
bool text_hex_decode(struct buf *out, struct str s);

#endif
