/* SPDX-License-Identifier: MIT
 * sieve - see remote/sieve.h.
 */
#include "remote/sieve.h"

#include <string.h>

#include "base/str.h"

void sieve_init(struct sieve *s, const char *const *wanted)
{
    *s = (struct sieve){.wanted = wanted, .at = SIEVE_BEGIN};
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* From here on the bytes are kept as they are, after one that makes any bytes invalid. */
static void give_up(struct sieve *s, struct buf *out)
{
    buf_add_char(out, '!');
    s->at = SIEVE_BROKEN;
}

static void keep_broken(struct sieve *s, struct buf *out, char c)
{
    if (s->broken++ < SIEVE_BROKEN_MAX)
        buf_add_char(out, c);
}

/* ---- names */

/* A name that is written with escapes may be a wanted one: that is for the reader to say. */
static bool wants(const struct sieve *s)
{
    struct str name = {s->name, s->name_len};

    if (s->name_len > SIEVE_NAME_MAX)
        return false;
    if (memchr(s->name, '\\', s->name_len) != NULL)
        return true;
    for (size_t i = 0; s->wanted[i] != NULL; i++)
        if (str_is(name, s->wanted[i]))
            return true;
    return false;
}

static void take_name_byte(struct sieve *s, char c)
{
    if (!s->escaped && c == '"') {
        s->in_string = false;
        s->at = SIEVE_COLON;
        return;
    }
    s->escaped = !s->escaped && c == '\\';
    if (s->name_len < SIEVE_NAME_MAX)
        s->name[s->name_len] = c;
    if (s->name_len <= SIEVE_NAME_MAX)
        s->name_len++;
}

static void begin_value(struct sieve *s, struct buf *out)
{
    s->at = SIEVE_VALUE;
    s->depth = 0;
    s->keeps = wants(s);
    if (!s->keeps)
        return;
    if (s->any)
        buf_add_char(out, ',');
    s->any = true;
    buf_add_char(out, '"');
    buf_add(out, s->name, s->name_len);
    buf_add_text(out, "\":");
    s->value_begin = out->len;
}

/* ---- values */

static void keep(struct sieve *s, struct buf *out, const char *bytes, size_t len)
{
    if (!s->keeps)
        return;
    if (out->len - s->value_begin + len <= SIEVE_VALUE_MAX) {
        buf_add(out, bytes, len);
        return;
    }
    buf_cut(out, s->value_begin);
    buf_add_text(out, "false");
    s->keeps = false;
}

/* How many bytes of a string need no look. */
static size_t plain(const char *bytes, size_t len)
{
    size_t n = 0;

    while (n < len && bytes[n] != '"' && bytes[n] != '\\')
        n++;
    return n;
}

static void take_string_byte(struct sieve *s, char c)
{
    s->in_string = s->escaped || c != '"';
    s->escaped = !s->escaped && c == '\\';
}

static void take_value_byte(struct sieve *s, struct buf *out, char c)
{
    if (s->depth == 0 && (c == ',' || c == '}')) {
        s->at = c == ',' ? SIEVE_NAME : SIEVE_END;
        if (c == '}')
            buf_add_char(out, '}');
        return;
    }
    if (c == '"')
        s->in_string = true;
    else if (c == '{' || c == '[')
        s->depth++;
    else if ((c == '}' || c == ']') && s->depth > 0)
        s->depth--;
    keep(s, out, &c, 1);
}

/* ---- all */

/* One byte outside of strings. */
static void take_byte(struct sieve *s, struct buf *out, char c)
{
    if (s->at == SIEVE_VALUE) {
        take_value_byte(s, out, c);
        return;
    }
    if (is_blank(c))
        return;
    if (s->at == SIEVE_BEGIN && c == '{') {
        buf_add_char(out, c);
        s->at = SIEVE_NAME;
    } else if (s->at == SIEVE_NAME && c == '"') {
        s->name_len = 0;
        s->in_string = true;
    } else if (s->at == SIEVE_NAME && c == '}') {
        buf_add_char(out, c);
        s->at = SIEVE_END;
    } else if (s->at == SIEVE_COLON && c == ':') {
        begin_value(s, out);
    } else {
        give_up(s, out);
        keep_broken(s, out, c);
    }
}

void sieve_push(struct sieve *s, struct buf *out, const char *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (s->at == SIEVE_BROKEN) {
            keep_broken(s, out, bytes[i]);
        } else if (s->in_string && s->at == SIEVE_VALUE) {
            size_t run = s->escaped ? 0 : plain(bytes + i, len - i);

            keep(s, out, bytes + i, run < len - i ? run + 1 : run);
            i += run;
            if (i < len)
                take_string_byte(s, bytes[i]);
        } else if (s->in_string) {
            take_name_byte(s, bytes[i]);
        } else {
            take_byte(s, out, bytes[i]);
        }
    }
}
