/* SPDX-License-Identifier: MIT
 * aai_parts - what the aai*.c share with one another.
 */
#ifndef REMOTE_AAI_PARTS_H
#define REMOTE_AAI_PARTS_H

#include "remote/aai.h"
#include "remote/pace.h"

struct aai {
    struct http *http;
    struct buf base;
    struct buf key;
    const struct aai_watch *watch;
    struct pace pace;
    struct http_header headers[5];
};

/* "/v2/transcript/ID" and what follows it. */
#define AAI_PATH_MAX (EVENT_ID_MAX + 64)

/* Makes a request with our headers. `type` is the body's Content-Type, or STR_NONE. */
void aai_prepare(struct aai *aai, struct http_request *r, const char *method, const char *url,
                 struct str type);
/* Appends base and path. */
enum status aai_url(struct buf *url, const struct aai *aai, const char *path,
                    struct err *err) STATUS_CHECKED;
/* Reports why, and waits. false: the watch does not wait. */
bool aai_wait(const struct aai *aai, const char *why, uint64_t ms);

/* Waits until the pace (remote/pace.h) allows so many more requests. STATUS_LIMIT: the watch does
 * not wait. Each request is counted when it is made. */
enum status aai_pace(struct aai *aai, uint64_t wanted, struct err *err) STATUS_CHECKED;
void aai_count(struct aai *aai);

#endif
