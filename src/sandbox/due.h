/* SPDX-License-Identifier: MIT
 * due - the deliveries that are still to be made (transcripts.h).
 *
 * An entry is an empty file whose name says what, when and which attempt; a new name is how a
 * delivery proceeds, so that there is no state in between. Whoever works on an entry holds its
 * lock.
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
    int fd; /* holds the lock, of a claimed one */
};

/* Pure; inverse of one another. false: no name of an entry. */
void due_print(const struct due *due, char out[DUE_NAME_MAX]);
bool due_parse(struct due *due, const char *name);

enum status due_add(const struct transcripts *state, const struct due *due,
                    struct err *err) STATUS_CHECKED;
/* The entry that is due first and that nobody works on. STATUS_MISSING: there is none at now_ms. A
 * claim ends with due_again, due_done, or the death of the process: then it can be claimed again.
 */
enum status due_take(const struct transcripts *state, int64_t now_ms, struct due *out,
                     struct err *err) STATUS_CHECKED;
/* To be made at at_ms, with the attempt that `due` says now. */
enum status due_again(const struct transcripts *state, struct due *due,
                      struct err *err) STATUS_CHECKED;
enum status due_done(const struct transcripts *state, struct due *due,
                     struct err *err) STATUS_CHECKED;

#endif
