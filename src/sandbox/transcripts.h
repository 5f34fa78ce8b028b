/* SPDX-License-Identifier: MIT
 * transcripts - the state of the sandbox, in flat files below one folder:
 *
 *   key                            the API's key
 *   transcripts/2026-11-25/ID.json one transcript, replaced as a whole
 *   due/MS-ID-KIND-ATTEMPT         one delivery that is still to be made, empty: the name says all
 *   uploads/ID                     uploaded audio
 *   rate, lock                     how often we were asked; held while a transcript changes
 *
 * Many processes and threads may use it at once. Whatever a function reports as done is on disk.
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
/* How long it may take. */
#define TRANSCRIPTS_UPLOAD_S 3600

/* Makes what is missing, for nobody but us, and removes what is left of uploads that can no longer
 * be under way. */
enum status transcripts_open(struct transcripts *state, const char *path,
                             struct err *err) STATUS_CHECKED;
void transcripts_close(struct transcripts *state);

/* ---- transcripts */

enum status transcripts_add(const struct transcripts *state, const struct transcript *transcript,
                            struct err *err) STATUS_CHECKED;
/* STATUS_MISSING: there is none. `text` is emptied first; the transcript borrows from it. */
enum status transcripts_read(const struct transcripts *state, const char *id, struct buf *text,
                             struct transcript *transcript, struct err *err) STATUS_CHECKED;
/* Reads the transcript, lets `change` work on it, and replaces it; nobody changes it meanwhile.
 * Where `change` fails nothing has changed, and its status is returned. `text` as transcripts_read.
 */
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
    char after[TRANSCRIPT_ID_MAX];  /* newer than this one, or "": then the oldest of those */
    int64_t now_ms;
};

struct transcripts_page {
    char ids[TRANSCRIPTS_PAGE_MAX][TRANSCRIPT_ID_MAX]; /* newest first */
    size_t count;
    bool has_older, has_newer; /* by the same query, past its ends */
};

/* Costs one look at the names of each day that is touched, and, where a status is asked for, at
 * each file that is passed over. Submissions of more than TRANSCRIPTS_DAYS days ago do not show. */
#define TRANSCRIPTS_DAYS 90
enum status transcripts_list(const struct transcripts *state, const struct transcripts_query *query,
                             struct transcripts_page *page, struct err *err) STATUS_CHECKED;

/* ---- how often we were asked */

/* Counts a request. *wait_s: 0, or in how many seconds a request is admitted again: not more than
 * `most` of them are in each `window_s` seconds. */
enum status transcripts_count(const struct transcripts *state, uint64_t most, uint64_t window_s,
                              int64_t now_ms, uint64_t *wait_s, struct err *err) STATUS_CHECKED;

#endif
