/* SPDX-License-Identifier: MIT
 * aai - calls AssemblyAI's API (version 2). For retries and the meaning of answers see
 * remote/aai_parse.h.
 */
#ifndef REMOTE_AAI_H
#define REMOTE_AAI_H

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "remote/aai_parse.h"
#include "remote/http.h"
#include "remote/members.h"

/* The largest answers: a transcript of ten hours has about 20 MB. */
#define AAI_TRANSCRIPT_MAX ((size_t)64 * 1024 * 1024)
#define AAI_ANSWER_MAX ((size_t)1024 * 1024)
/* AssemblyAI's own limit of an upload. */
#define AAI_UPLOAD_MAX ((uint64_t)2200 * 1000 * 1000)
/* A longer list repeats itself. */
#define AAI_PAGES_MAX 100000
#define AAI_PAGE_ITEMS 200

struct aai;

/* Callbacks, which may be NULL. Without `wait` no request is repeated. */
struct aai_watch {
    /* Sleeps; false gives up. */
    bool (*wait)(void *context, uint64_t ms);
    /* A request will be repeated after that time; `why` is the failure so far. */
    void (*again)(void *context, const char *why, uint64_t ms);
    /* Bytes of an upload. */
    void (*progress)(void *context, uint64_t sent, uint64_t total);
    void *context;
};

/* `url` has passed url_check_base. url and key are copied, the watch is borrowed. */
enum status aai_open(struct aai **out, const char *url, struct str key,
                     const struct aai_watch *watch, struct err *err) STATUS_CHECKED;
void aai_close(struct aai *aai); /* NULL is fine; wipes the key */

/* Sends `size` bytes of a regular file; *url gets the address that submit takes. */
enum status aai_upload(struct aai *aai, int fd, uint64_t size, struct buf *url,
                       struct err *err) STATUS_CHECKED;

/* Submits these members, among them audio_url, and returns the transcript's id. If the answer is
 * lost, err says that the transcript may have been made. */
enum status aai_submit(struct aai *aai, const struct members *members, char id[EVENT_ID_MAX + 1],
                       struct err *err) STATUS_CHECKED;

enum aai_form { AAI_JSON, AAI_SRT, AAI_VTT, AAI_SENTENCES, AAI_PARAGRAPHS, AAI_REDACTED_AUDIO };

/* Appends the API's bytes after checking that they are what was asked for: JSON with the id, or
 * subtitles in UTF-8. */
enum status aai_get(struct aai *aai, const char *id, enum aai_form form, struct buf *out,
                    struct err *err) STATUS_CHECKED;

/* Walks the list of transcripts from the newest to the oldest, those of one status unless it is
 * NULL. `each` returns false to end the walk, and may make other calls with this client. */
enum status aai_list(struct aai *aai, const char *status,
                     bool (*each)(void *context, const struct aai_item *item), void *context,
                     struct err *err) STATUS_CHECKED;

/* Gets many transcripts, AAI_PARALLEL at a time, and gives each to `done` when it arrives, without
 * its texts, so that it takes a few kilobytes whatever its size. With a `status` other than
 * STATUS_OK it could not be got, `why` says why, and transcript is NULL. `done` returns false to
 * end.
 *
 * If the API is busy, waits for the pause that it asks for and repeats what failed. Fails if no
 * further answer can be expected: the key is refused, there is a redirect, or the API stays busy;
 * `done` is not called for the rest. */
#define AAI_PARALLEL 8
struct aai_many {
    const char *const *ids; /* each passes aai_id_ok */
    size_t count;
    bool (*done)(void *context, size_t which, const struct aai_transcript *transcript,
                 enum status status, const struct err *why);
    void *context;
};
enum status aai_get_many(struct aai *aai, const struct aai_many *many,
                         struct err *err) STATUS_CHECKED;

#endif
