/* SPDX-License-Identifier: MIT
 * buf - see base/buf.h.
 */
#include "base/buf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BUF_FIRST_CAP 256

/* What ptr points at while nothing is allocated. It is only ever read: buf_reserve replaces it
 * before the first write. */
static char nothing[1];

void buf_init(struct buf *b, size_t max)
{
    *b = (struct buf){.ptr = nothing, .max = max};
}

void buf_free(struct buf *b)
{
    if (b->cap > 0)
        free(b->ptr);
    buf_init(b, b->max);
}

void buf_wipe(struct buf *b)
{
    if (b->cap > 0)
        explicit_bzero(b->ptr, b->cap);
    buf_free(b);
}

void buf_reset(struct buf *b, size_t keep)
{
    if (b->cap > keep) {
        buf_free(b);
        return;
    }
    b->len = 0;
    b->failed = STATUS_OK;
    if (b->cap > 0)
        b->ptr[0] = '\0';
}

static bool buf_reserve(struct buf *b, size_t more)
{
    size_t need;
    size_t cap;
    char *grown;

    if (b->failed != STATUS_OK)
        return false;
    if (more > b->max - b->len) {
        b->failed = STATUS_LIMIT;
        return false;
    }
    need = b->len + more + 1;
    if (need <= b->cap)
        return true;
    cap = b->cap == 0 ? BUF_FIRST_CAP : b->cap;
    while (cap < need)
        cap += cap / 2;
    if (cap > b->max + 1)
        cap = b->max + 1;
    grown = realloc(b->cap == 0 ? NULL : b->ptr, cap);
    if (grown == NULL) {
        b->failed = STATUS_MEMORY;
        return false;
    }
    b->ptr = grown;
    b->cap = cap;
    return true;
}

void buf_add(struct buf *b, const void *bytes, size_t len)
{
    if (len == 0 || !buf_reserve(b, len))
        return;
    memcpy(b->ptr + b->len, bytes, len);
    buf_grew(b, len);
}

void buf_add_str(struct buf *b, struct str s)
{
    buf_add(b, s.ptr, s.len);
}

void buf_add_text(struct buf *b, const char *text)
{
    buf_add(b, text, strlen(text));
}

void buf_add_char(struct buf *b, char c)
{
    buf_add(b, &c, 1);
}

void buf_vprintf(struct buf *b, const char *format, va_list args)
{
    size_t room = b->cap > 0 && b->failed == STATUS_OK ? b->cap - b->len : 0;
    va_list again;
    int len;

    va_copy(again, args);
    len = vsnprintf(room > 0 ? b->ptr + b->len : NULL, room, format, args);
    if (len >= 0 && (size_t)len < room) {
        b->len += (size_t)len;
    } else {
        if (room > 0)
            b->ptr[b->len] = '\0';
        if (len >= 0 && buf_reserve(b, (size_t)len)) {
            (void)vsnprintf(b->ptr + b->len, (size_t)len + 1, format, again);
            b->len += (size_t)len;
        }
    }
    va_end(again);
}

void buf_printf(struct buf *b, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    buf_vprintf(b, format, args);
    va_end(args);
}

void buf_add_u64(struct buf *b, uint64_t n)
{
    char digits[20];
    size_t at = sizeof digits;

    do {
        digits[--at] = (char)('0' + n % 10);
        n /= 10;
    } while (n > 0);
    buf_add(b, digits + at, sizeof digits - at);
}

char *buf_room(struct buf *b, size_t len)
{
    return buf_reserve(b, len) ? b->ptr + b->len : NULL;
}

void buf_grew(struct buf *b, size_t len)
{
    b->len += len;
    if (b->cap > 0)
        b->ptr[b->len] = '\0';
}

void buf_cut(struct buf *b, size_t len)
{
    b->len = len;
    if (b->cap > 0)
        b->ptr[len] = '\0';
}

struct str buf_str(const struct buf *b)
{
    return (struct str){b->ptr, b->len};
}

enum status buf_status(const struct buf *b, const char *what, struct err *err)
{
    if (b->failed == STATUS_LIMIT)
        return err_set(err, STATUS_LIMIT, "%s is larger than %zu bytes", what, b->max);
    if (b->failed == STATUS_MEMORY)
        return err_set(err, STATUS_MEMORY, "no memory for %s", what);
    return STATUS_OK;
}
