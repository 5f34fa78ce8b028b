/* SPDX-License-Identifier: MIT
 * aai_parse - what the answers of AssemblyAI's API say, and what follows them. Pure.
 *
 * An answer is taken for hostile until its types, ids and URLs were looked at. STATUS_MALFORMED and
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

/* 1 to EVENT_ID_MAX of [A-Za-z0-9_.:-], the first no dot: fit for a path and for a file's name. */
bool aai_id_ok(struct str id);

/* ---- when a request is repeated */

#define AAI_ATTEMPTS 5
#define AAI_WAIT_FIRST_MS 500
/* A Retry-After beyond this is told rather than waited. */
#define AAI_WAIT_MAX_MS 120000

/* Whether to ask again behind attempt number `attempt` (from 1), and after which time. A POST is
 * repeated only where it was certainly not carried out, which is what a 429 says: a second one
 * would make, and bill, a second transcript. */
bool aai_again(bool is_get, unsigned attempt, const struct http_answer *answer, uint64_t *wait_ms);

/* STATUS_OK for a 2xx. Else what went wrong, with `what` before it: STATUS_NO_SECRET for a refused
 * key, STATUS_MISSING for another refusal, STATUS_CONFIG for a redirect, STATUS_LIMIT for an answer
 * that is too large, STATUS_IO for all that may be different another time. */
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
    bool older; /* there is a page behind it */
};
struct aai_item {
    struct str id;     /* as aai_id_ok wants it */
    struct str status; /* owned by the page, as id */
    int64_t created_ns;
};
/* Every item was looked at. */
enum status aai_page_read(struct aai_page *out, struct str answer, struct err *err) STATUS_CHECKED;
struct aai_item aai_page_item(const struct aai_page *page, size_t index);
void aai_page_free(struct aai_page *page);

/* {"upload_url": ...}: appends the URL. */
enum status aai_upload_read(struct buf *url, struct str answer, struct err *err) STATUS_CHECKED;

#endif
