/* SPDX-License-Identifier: MIT
 * transcripts - the state of the sandbox, in flat files below one folder:
 *
 *   key                            the API's key
 *   transcripts/2026-11-25/ID.json one transcript, replaced as a whole
 *   due/MS-ID-KIND-ATTEMPT         one delivery that is still to be made, empty: the name says all
 *   uploads/ID                     uploaded audio
 *   rate, lock                     counts requests; is held while a transcript changes
 *
 * Many processes and threads may use it at once. What a function reports as done is on disk.
 */
#ifndef SANDBOX_TRANSCRIPTS_H
#define SANDBOX_TRANSCRIPTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "sandbox/transcript.h"

struct transcripts {
    int dir;
    int transcripts;
    int due;
    int uploads;
};

/* An upload is uploads/ID.part until it is whole. */
#define TRANSCRIPTS_PART ".part"
/* How long an upload may take. */
#define TRANSCRIPTS_UPLOAD_S 3600

/* Makes what is missing, accessible to our user only, and removes uploads that were given up. */
enum status transcripts_open(struct transcripts *state, const char *path,
                             struct err *err) STATUS_CHECKED;
void transcripts_close(struct transcripts *state);

/* ---- transcripts */

enum status transcripts_add(const struct transcripts *state, const struct transcript *transcript,
                            struct err *err) STATUS_CHECKED;
/* STATUS_MISSING: no such transcript. `text` is emptied first; the transcript borrows from it. */
enum status transcripts_read(const struct transcripts *state, const char *id, struct buf *text,
                             struct transcript *transcript, struct err *err) STATUS_CHECKED;
/* Reads the transcript, calls `change`, and replaces it, under the lock. If `change` fails nothing
 * changes, and its status is returned. `text` as in transcripts_read. */
enum status transcripts_change(const struct transcripts *state, const char *id, struct buf *text,
                               struct transcript *transcript,
                               enum status (*change)(struct transcript *transcript, void *context,
                                                     struct err *err),
                               void *context, struct err *err) STATUS_CHECKED;

/* ---- pages */

#define TRANSCRIPTS_PAGE_MAX 200

struct transcripts_query {
    size_t limit; /* 1 to TRANSCRIPTS_PAGE_MAX */
    bool has_status;
    enum transcript_status status;
    char day[TRANSCRIPT_DAY_MAX];   /* "" for any */
    char before[TRANSCRIPT_ID_MAX]; /* older than this one, or "" */
    char after[TRANSCRIPT_ID_MAX];  /* the oldest that are newer than this one, or "" */
    int64_t now_ms;
};

struct transcripts_page {
    char ids[TRANSCRIPTS_PAGE_MAX][TRANSCRIPT_ID_MAX]; /* newest first */
    size_t count;
    bool has_older, has_newer; /* of the same query */
};

/* Reads the names of each day that it needs and, if a status is asked for, each file. Leaves out
 * submissions of more than TRANSCRIPTS_DAYS days ago. */
#define TRANSCRIPTS_DAYS 90
enum status transcripts_list(const struct transcripts *state, const struct transcripts_query *query,
                             struct transcripts_page *page, struct err *err) STATUS_CHECKED;

/* ---- the rate of requests */

/* Counts a request. *wait_s: 0, or the seconds until one is accepted again, if there were `most` in
 * the last `window_s` seconds. */
enum status transcripts_count(const struct transcripts *state, uint64_t most, uint64_t window_s,
                              int64_t now_ms, uint64_t *wait_s, struct err *err) STATUS_CHECKED;

#endif
