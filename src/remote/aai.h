/* SPDX-License-Identifier: MIT
 * aai - calls of AssemblyAI's API (version 2). What is repeated, and how answers are judged, says
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

/* The largest answers that are taken: of a transcript, ten hours of speech have about 20 MB. */
#define AAI_TRANSCRIPT_MAX ((size_t)64 * 1024 * 1024)
#define AAI_ANSWER_MAX ((size_t)1024 * 1024)
/* AssemblyAI's own limit of an upload. */
#define AAI_UPLOAD_MAX ((uint64_t)2200 * 1000 * 1000)
/* A list longer than this many pages is one that turns in a circle. */
#define AAI_PAGES_MAX 100000
#define AAI_PAGE_ITEMS 200

struct aai;

/* What happens meanwhile. Both may be NULL; `wait` NULL: no request is repeated. */
struct aai_watch {
    /* Sleeps; false gives up. */
    bool (*wait)(void *context, uint64_t ms);
    /* A request will be repeated after that time; `why` is the failure so far. */
    void (*again)(void *context, const char *why, uint64_t ms);
    /* Bytes of an upload. */
    void (*progress)(void *context, uint64_t sent, uint64_t total);
    void *context;
};

/* `url` is one that url_check_base accepts; url and key are copied, the watch is borrowed. */
enum status aai_open(struct aai **out, const char *url, struct str key,
                     const struct aai_watch *watch, struct err *err) STATUS_CHECKED;
void aai_close(struct aai *aai); /* NULL is fine; wipes the key */

/* Sends `size` bytes of a regular file; *url gets the address that submit takes. */
enum status aai_upload(struct aai *aai, int fd, uint64_t size, struct buf *url,
                       struct err *err) STATUS_CHECKED;

/* Makes a transcript of these members, among them audio_url: its id. Where the answer is lost, err
 * says that nobody knows whether it was made. */
enum status aai_submit(struct aai *aai, const struct members *members, char id[EVENT_ID_MAX + 1],
                       struct err *err) STATUS_CHECKED;

enum aai_form { AAI_JSON, AAI_SRT, AAI_VTT, AAI_SENTENCES, AAI_PARAGRAPHS, AAI_REDACTED_AUDIO };

/* Appends the API's bytes, after a look at whether they are what was asked for: JSON with the id,
 * subtitles in UTF-8. `id` must pass aai_id_ok. */
enum status aai_get(struct aai *aai, const char *id, enum aai_form form, struct buf *out,
                    struct err *err) STATUS_CHECKED;

/* Walks the list of transcripts from the newest to the oldest; where `status` is not NULL, those of
 * that status. `each` returns false to end the walk, and may make other calls of this client. */
enum status aai_list(struct aai *aai, const char *status,
                     bool (*each)(void *context, const struct aai_item *item), void *context,
                     struct err *err) STATUS_CHECKED;

/* Asks for many transcripts, AAI_PARALLEL at a time, and gives each to `done` as soon as it is
 * there, without its texts, so that one takes a few kilobytes whatever its size; `status` other
 * than STATUS_OK: it could not be got, `why` says why, and transcript is NULL. `done` returns false
 * to end.
 *
 * Where the API is busy, nothing is asked for until the pause that it wants is over, and what is
 * not there then is asked for again. Fails where no further answer can be expected: the key is
 * refused, there is a redirect, or the API stays busy; `done` is not told of what is then left. */
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
