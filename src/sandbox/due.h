/* SPDX-License-Identifier: MIT
 * due - the deliveries that are still to be made (transcripts.h).
 *
 * An entry is an empty file whose name says what, when and which attempt; a delivery proceeds by a
 * rename, so there is no state in between. A sender holds the lock of its entry.
 */
#ifndef SANDBOX_DUE_H
#define SANDBOX_DUE_H

#include "sandbox/transcripts.h"

#define DUE_NAME_MAX 80

enum due_kind {
    DUE_REDACTED,   /* the redacted audio is ready */
    DUE_TRANSCRIPT, /* the transcript is completed, or failed */
};

struct due {
    int64_t at_ms; /* wall clock */
    char id[TRANSCRIPT_ID_MAX];
    enum due_kind kind;
    unsigned attempt; /* from 1: the one to be made */
    char name[DUE_NAME_MAX];
    int fd; /* holds the lock, after due_take */
};

/* Prints and reads the name of an entry. Pure. false: not such a name. */
void due_print(const struct due *due, char out[DUE_NAME_MAX]);
bool due_parse(struct due *due, const char *name);

enum status due_add(const struct transcripts *state, const struct due *due,
                    struct err *err) STATUS_CHECKED;
/* Takes the free entry that is due first. STATUS_MISSING: none is due at now_ms. It is free again
 * after due_again, or when the process ends. */
enum status due_take(const struct transcripts *state, int64_t now_ms, struct due *out,
                     struct err *err) STATUS_CHECKED;
/* Postpones it to due->at_ms, with due->attempt. */
enum status due_again(const struct transcripts *state, struct due *due,
                      struct err *err) STATUS_CHECKED;
enum status due_done(const struct transcripts *state, struct due *due,
                     struct err *err) STATUS_CHECKED;

#endif
