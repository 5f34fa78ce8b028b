/* SPDX-License-Identifier: MIT
 * reception - whether an answer to a delivery is our gateway's, or another program's that a sender
 * would take for it. Pure.
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
    RECEPTION_REPORT,   /* our gateway's report: something turned the POST into a GET */
    RECEPTION_FOREIGN   /* another program's, or no answer */
};

/* *id: the event's if it was recorded and the answer names it, else "". */
enum reception reception_of(const struct http_answer *answer, char id[RECEPTION_ID_MAX]);

/* Adds the probable cause of the answer to a delivery of `sent` bytes and the remedy: one sentence
 * without its end. Adds nothing if the event was recorded, or if there was no answer: then
 * answer->words say why. */
void reception_cause(struct buf *out, const struct http_answer *answer, size_t sent);

#endif
