/* SPDX-License-Identifier: MIT
 * wire - follows the FastCGI records of one request before libfcgi reads them, and stops those that
 * it would not survive. Pure, and private to this room.
 *
 * libfcgi believes the lengths of names and values: it asks for their memory before they have come,
 * with a negative size if they add up beyond INT_MAX, and ends the process where there is none. It
 * has no bound for all parameters, and writes its answer to FCGI_GET_VALUES to 64 bytes, however
 * many values were asked for. What it passes over (records of other requests, padding) this passes
 * over at the same places: both must agree on which bytes are lengths.
 */
#ifndef CGI_WIRE_H
#define CGI_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* All names and values of a request, and for each pair what it costs libfcgi. By default Apache
 * passes on 100 fields of 8 KB, and lighttpd less. */
#define WIRE_PARAMS_MAX ((uint64_t)1 << 20)
#define WIRE_PAIR_COST 64
/* The same for one FCGI_GET_VALUES, and how many values it may ask for: there are three. */
#define WIRE_VALUES_MAX ((uint64_t)1024)
#define WIRE_VALUES_COUNT 3

/* A stream of names and values: 0, or the bytes of a length so far, then those of the pair. */
struct wire_pairs {
    uint64_t room; /* bytes that may still come */
    unsigned count_left;
    bool value;             /* the length is that of the value */
    unsigned length_left;   /* its bytes that have still to come, after the first */
    uint32_t length, first; /* so far; of the name */
    uint64_t left;          /* bytes of name and value that have still to come */
};

struct wire {
    unsigned char head[8];
    unsigned head_len;
    unsigned content_left, padding_left; /* of the record whose head is whole */
    enum { WIRE_PASS, WIRE_PARAMS, WIRE_VALUES, WIRE_BODY } content;
    bool begun, params_ended;
    bool skip; /* an empty record of another request makes libfcgi skip the next content */
    unsigned id;
    struct wire_pairs params, values;
    uint64_t body_len; /* content of the body so far */
    bool ended;        /* the body's end has come */
    bool broken;       /* a record is wrong */
};

/* Begins a request. */
void wire_begin(struct wire *w);
/* Takes the next bytes, and returns how many of them libfcgi may see: all, or if w->broken those
 * before the fault. Bytes after the end of the body belong to nobody. */
size_t wire_take(struct wire *w, const unsigned char *bytes, size_t len);

#endif
