/* SPDX-License-Identifier: MIT
 * buf - a growing byte buffer with a maximum: the only way in which output is built.
 *
 * Failure is sticky: once an addition would pass `max` or memory is short, `failed` is set, that
 * addition and all later ones change nothing, and one check of buf_status at the end is enough. The
 * bytes are always followed by a NUL that does not count, so `ptr` is a C string if the content has
 * no NUL. ptr is never NULL after buf_init.
 */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

/* Stands before a large local variable whose bytes are all written before they are read: the
 * compiler need not zero it, which a request would pay for. */
#if defined __has_attribute
#if __has_attribute(uninitialized)
#define BUF_UNSET __attribute__((uninitialized))
#endif
#endif
#ifndef BUF_UNSET
#define BUF_UNSET
#endif

struct buf {
    char *ptr;
    size_t len;
    size_t cap; /* 0 while nothing is allocated */
    size_t max;
    enum status failed; /* STATUS_OK, STATUS_LIMIT or STATUS_MEMORY */
};

/* Never fails, allocates nothing. max in bytes, without the NUL. */
void buf_init(struct buf *b, size_t max);
/* Frees the memory; the buffer is as after buf_init. */
void buf_free(struct buf *b);
/* As buf_free, and overwrites the bytes first: for secrets. Copies that an earlier growth left in
 * freed memory stay. */
void buf_wipe(struct buf *b);
/* Empties it and forgets a failure, keeping the memory unless it is larger than `keep` bytes. */
void buf_reset(struct buf *b, size_t keep);

void buf_add(struct buf *b, const void *bytes, size_t len);
void buf_add_str(struct buf *b, struct str s);
void buf_add_text(struct buf *b, const char *text);
void buf_add_char(struct buf *b, char c);
void buf_printf(struct buf *b, const char *format, ...) __attribute__((format(printf, 2, 3)));
void buf_vprintf(struct buf *b, const char *format, va_list args);
void buf_add_u64(struct buf *b, uint64_t n);

/* Room for `len` more bytes to be written at the returned place, then counted by buf_grew. NULL
 * after a failure. */
char *buf_room(struct buf *b, size_t len);
void buf_grew(struct buf *b, size_t len);
/* Shortens to `len`, which must not be larger than the length. */
void buf_cut(struct buf *b, size_t len);

struct str buf_str(const struct buf *b);
/* STATUS_OK, or the first failure with "`what` is larger than N bytes" or "no memory for `what`".
 */
enum status buf_status(const struct buf *b, const char *what, struct err *err) STATUS_CHECKED;

#endif
