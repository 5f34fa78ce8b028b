/* SPDX-License-Identifier: MIT
 * wire - see cgi/wire.h.
 */
#include "cgi/wire.h"

/* FastCGI 1.0, section 8. */
enum { TYPE_BEGIN = 1, TYPE_PARAMS = 4, TYPE_STDIN = 5, TYPE_GET_VALUES = 9 };

#define FCGI_VERSION 1
#define BEGIN_LEN 8
#define NO_REQUEST 0

static void begin_pairs(struct wire_pairs *p, uint64_t room, unsigned count)
{
    *p = (struct wire_pairs){.room = room, .count_left = count};
}

void wire_begin(struct wire *w)
{
    *w = (struct wire){.head_len = 0};
    begin_pairs(&w->params, WIRE_PARAMS_MAX, UINT32_MAX);
}

/* ---- names and values */

/* Both lengths are known. */
static bool begin_pair(struct wire_pairs *p)
{
    uint64_t len = (uint64_t)p->first + p->length;

    if (p->count_left == 0 || len + WIRE_PAIR_COST > p->room)
        return false;
    p->count_left--;
    p->room -= len + WIRE_PAIR_COST;
    p->left = len;
    return true;
}

/* A length is one byte, or four if the first one's highest bit is set. */
static bool take_length(struct wire_pairs *p, unsigned char byte)
{
    if (p->length_left > 0) {
        p->length = p->length << 8 | byte;
        p->length_left--;
    } else {
        p->length = byte & 0x7f;
        p->length_left = byte & 0x80 ? 3 : 0;
    }
    if (p->length_left > 0)
        return true;
    if (p->value && !begin_pair(p))
        return false;
    p->first = p->length;
    p->value = !p->value;
    return true;
}

/* Returns how many bytes are good: fewer than `len` if a length is not. */
static size_t take_pairs(struct wire_pairs *p, const unsigned char *bytes, size_t len)
{
    size_t at = 0;

    while (at < len) {
        size_t n = len - at;

        if (p->left > 0) {
            n = n < p->left ? n : (size_t)p->left;
            p->left -= n;
            at += n;
        } else if (take_length(p, bytes[at])) {
            at++;
        } else {
            break;
        }
    }
    return at;
}

/* ---- records */

static bool begin_management(struct wire *w, unsigned type)
{
    /* libfcgi takes the content of other kinds for the stream's. */
    if (type != TYPE_GET_VALUES)
        return w->content_left == 0;
    begin_pairs(&w->values, WIRE_VALUES_MAX, WIRE_VALUES_COUNT);
    w->content = WIRE_VALUES;
    return !w->skip;
}

/* The end of a stream, or some of it. */
static bool begin_stream(struct wire *w, unsigned type)
{
    if (type != (w->params_ended ? TYPE_STDIN : TYPE_PARAMS))
        return false;
    if (w->content_left == 0) {
        w->ended = w->params_ended;
        /* libfcgi takes the padding of this record for the next one. */
        if (!w->params_ended && w->padding_left > 0)
            return false;
        w->params_ended = true;
    } else if (!w->skip) {
        w->content = w->params_ended ? WIRE_BODY : WIRE_PARAMS;
    }
    w->skip = false;
    return true;
}

/* The head is whole. */
static bool begin_record(struct wire *w)
{
    unsigned type = w->head[1], id = (unsigned)w->head[2] << 8 | w->head[3];

    w->content_left = (unsigned)w->head[4] << 8 | w->head[5];
    w->padding_left = w->head[6];
    w->content = WIRE_PASS;
    if (w->head[0] != FCGI_VERSION)
        return false;
    if (type == TYPE_BEGIN) {
        bool first = !w->begun;

        if (id == NO_REQUEST || w->content_left != BEGIN_LEN)
            return false;
        /* A second one is declined. As with the end of parameters, the first has no padding. */
        if (first && w->padding_left > 0)
            return false;
        w->id = first ? id : w->id;
        w->begun = true;
        w->skip = false;
        return true;
    }
    if (id == NO_REQUEST)
        return begin_management(w, type);
    if (!w->begun)
        return false;
    if (id == w->id)
        return begin_stream(w, type);
    w->skip = w->content_left == 0;
    return true;
}

/* Returns how many bytes are good. */
static size_t take_content(struct wire *w, const unsigned char *bytes, size_t len)
{
    size_t good = len;

    if (w->content == WIRE_PARAMS)
        good = take_pairs(&w->params, bytes, len);
    else if (w->content == WIRE_VALUES)
        good = take_pairs(&w->values, bytes, len);
    else if (w->content == WIRE_BODY)
        w->body_len += len;
    w->broken = good < len;
    w->content_left -= (unsigned)good;
    return good;
}

static size_t take_some(struct wire *w, const unsigned char *bytes, size_t len)
{
    if (w->head_len < sizeof w->head) {
        w->head[w->head_len++] = *bytes;
        w->broken = w->head_len == sizeof w->head && !begin_record(w);
        return w->broken ? 0 : 1;
    }
    if (w->content_left > 0)
        return take_content(w, bytes, len < w->content_left ? len : w->content_left);
    if (len > w->padding_left)
        len = w->padding_left;
    w->padding_left -= (unsigned)len;
    return len;
}

size_t wire_take(struct wire *w, const unsigned char *bytes, size_t len)
{
    size_t at = 0;

    while (at < len && !w->broken && !w->ended) {
        at += take_some(w, bytes + at, len - at);
        if (w->head_len == sizeof w->head && w->content_left == 0 && w->padding_left == 0)
            w->head_len = 0;
    }
    return w->broken ? at : len;
}
