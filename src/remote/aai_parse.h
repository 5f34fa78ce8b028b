/* SPDX-License-Identifier: MIT
 * aai_parse - reads the answers of AssemblyAI's API, and says whether to retry. Pure.
 *
 * Answers are hostile until their types, ids and URLs have been checked. STATUS_MALFORMED and
 * STATUS_TRUNCATED name the answer and what is wrong with it.
 */
#ifndef REMOTE_AAI_PARSE_H
#define REMOTE_AAI_PARSE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "core/event.h"
#include "remote/http.h"
#include "remote/json.h"

/* ---- ids */

/* Whether it has 1 to EVENT_ID_MAX of [A-Za-z0-9_.:-] and does not begin with a dot, so that it can
 * be part of a path. */
bool aai_id_ok(struct str id);

/* ---- when a request is repeated */

#define AAI_ATTEMPTS 5
#define AAI_WAIT_FIRST_MS 500
/* A longer Retry-After is reported, not waited for. */
#define AAI_WAIT_MAX_MS 120000

/* Whether to ask again after attempt number `attempt` (from 1), and after which time. A POST is
 * repeated only after a 429, which says that it was not carried out: a second one would make, and
 * bill, a second transcript. */
bool aai_again(bool is_get, unsigned attempt, const struct http_answer *answer, uint64_t *wait_ms);

/* STATUS_OK: a 2xx. STATUS_NO_SECRET: the key is refused; STATUS_MISSING: another refusal;
 * STATUS_CONFIG: a redirect; STATUS_LIMIT: the answer is too large; STATUS_IO: a retry may help.
 * err begins with `what`. */
enum status aai_judge(const struct http_answer *answer, const char *what,
                      struct err *err) STATUS_CHECKED;

/* ---- answers */

struct aai_transcript {
    struct json *document; /* owns the strings */
    struct str id;
    struct str status; /* "queued", "processing", "completed", "error", or another */
    struct str text;   /* STR_NONE: null or absent */
    struct str error;
    struct str webhook_url;
    uint64_t webhook_status_code; /* 0: null or absent */
};
/* `id` NULL, or the id that was asked for and must stand in it. */
enum status aai_transcript_read(struct aai_transcript *out, struct str answer, const char *id,
                                struct err *err) STATUS_CHECKED;
void aai_transcript_free(struct aai_transcript *t);

/* One page of the list of transcripts, newest first. */
struct aai_page {
    struct json *document;
    size_t count;
    bool older; /* there is an older page */
};
struct aai_item {
    struct str id;     /* passes aai_id_ok */
    struct str status; /* owned by the page, as id */
    int64_t created_ns;
};
/* Checks every item. */
enum status aai_page_read(struct aai_page *out, struct str answer, struct err *err) STATUS_CHECKED;
struct aai_item aai_page_item(const struct aai_page *page, size_t index);
void aai_page_free(struct aai_page *page);

/* {"upload_url": ...}: appends the URL. */
enum status aai_upload_read(struct buf *url, struct str answer, struct err *err) STATUS_CHECKED;

#endif
