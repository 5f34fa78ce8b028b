/* SPDX-License-Identifier: MIT
 * reception - what an answer to a delivery says of who gave it: our gateway, or something in front
 * of it that a sender would take for it. Pure.
 */
#ifndef REMOTE_RECEPTION_H
#define REMOTE_RECEPTION_H

#include <stddef.h>

#include "base/buf.h"
#include "remote/http.h"

#define RECEPTION_ID_MAX 40

enum reception {
    RECEPTION_RECORDED, /* a 2xx of our gateway: {"status":"accepted","id":...} */
    RECEPTION_REFUSED,  /* another answer of our gateway: {"status":"error",...} */
    RECEPTION_REPORT,   /* our gateway's report: something made a GET of the POST */
    RECEPTION_FOREIGN   /* somebody else's, or none */
};

/* *id: the event's where it was recorded and told, else "". */
enum reception reception_of(const struct http_answer *answer, char id[RECEPTION_ID_MAX]);

/* Why a delivery of `sent` bytes was probably answered like that, and what to do: one sentence
 * without its end. Nothing is added where it was recorded, or where there was no answer: that has
 * words of its own. */
void reception_cause(struct buf *out, const struct http_answer *answer, size_t sent);

#endif
