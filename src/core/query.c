/* SPDX-License-Identifier: MIT
 * query - parameters of a query string (WHATWG URL, application/x-www-form-urlencoded).
 */
#include "core/query.h"

#include <stdint.h>

#include "base/num.h"
#include "base/text.h"

bool query_next(struct str *rest, struct str *name, struct str *value)
{
    struct str piece;

    while (rest->len > 0) {
        str_cut(*rest, '&', &piece, rest);
        if (piece.len == 0)
            continue;
        if (!str_cut(piece, '=', name, value))
            *value = STR("");
        return true;
    }
    return false;
}

/* Takes one decoded byte off a string that is not empty, by the rule of text_percent_decode. */
static char decode_byte(struct str *s)
{
    char c = *s->ptr;
    size_t taken = 1;
    uint64_t byte;

    if (c == '+')
        c = ' ';
    if (c == '%' && s->len >= 3 && num_hex((struct str){s->ptr + 1, 2}, &byte)) {
        c = (char)(unsigned char)byte;
        taken = 3;
    }
    s->ptr += taken;
    s->len -= taken;
    return c;
}

/* Compared without a decoded copy: a lack of memory must not let a token slip through. */
static bool name_is(struct str encoded, struct str name)
{
    for (size_t i = 0; i < name.len; i++)
        if (encoded.len == 0 || decode_byte(&encoded) != name.ptr[i])
            return false;
    return encoded.len == 0;
}

size_t query_find(struct str query, struct str name, struct str *first)
{
    struct str found, value;
    size_t count = 0;

    *first = STR_NONE;
    while (query_next(&query, &found, &value))
        if (name_is(found, name) && count++ == 0)
            *first = value;
    return count;
}

bool query_named(const struct query_piece *piece, struct str name)
{
    return name_is(piece->name, name);
}

void query_filter(struct buf *out, struct str query,
                  bool (*drop)(void *context, const struct query_piece *piece), void *context)
{
    struct query_piece piece;
    bool first = true;

    while (query.ptr != NULL) {
        str_cut(query, '&', &piece.whole, &query);
        str_cut(piece.whole, '=', &piece.name, &piece.value);
        if (piece.whole.len > 0 && drop(context, &piece))
            continue;
        if (!first)
            buf_add_char(out, '&');
        buf_add_str(out, piece.whole);
        first = false;
    }
}

struct param {
    struct str name;
    struct str value;
    bool printed;
};

static struct str decode_value(struct buf *arena, struct str encoded)
{
    size_t at = arena->len;

    text_percent_decode(arena, encoded, true);
    return (struct str){arena->ptr + at, arena->len - at};
}

/* The values of params[i].name from there on. */
static void print_values(struct buf *out, struct param *params, size_t i, size_t count)
{
    bool several = false;

    for (size_t j = i + 1; j < count && !several; j++)
        several = str_eq(params[j].name, params[i].name);
    if (several)
        buf_add_char(out, '[');
    text_json_lossy(out, params[i].value);
    for (size_t j = i + 1; j < count && several; j++) {
        if (!str_eq(params[j].name, params[i].name))
            continue;
        buf_add_char(out, ',');
        text_json_lossy(out, params[j].value);
        params[j].printed = true;
    }
    if (several)
        buf_add_char(out, ']');
}

void query_json(struct buf *out, struct str query)
{
    BUF_UNSET struct param params[QUERY_PARAMS_MAX];
    struct str name, value;
    struct buf arena;
    size_t count = 0;
    bool first = true;

    /* Decoding never lengthens; with all of its room taken at once, the arena stays where it is. */
    buf_init(&arena, query.len);
    if (query.len > 0 && buf_room(&arena, query.len) == NULL && out->failed == STATUS_OK)
        out->failed = arena.failed;
    while (arena.failed == STATUS_OK && count < QUERY_PARAMS_MAX &&
           query_next(&query, &name, &value)) {
        params[count].name = decode_value(&arena, name);
        params[count].value = decode_value(&arena, value);
        params[count++].printed = false;
    }
    buf_add_char(out, '{');
    for (size_t i = 0; i < count; i++) {
        if (params[i].printed)
            continue;
        if (!first)
            buf_add_char(out, ',');
        text_json_lossy(out, params[i].name);
        buf_add_char(out, ':');
        print_values(out, params, i, count);
        first = false;
    }
    buf_add_char(out, '}');
    buf_free(&arena);
}
