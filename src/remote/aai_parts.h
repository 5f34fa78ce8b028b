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

/* "/v2/transcript/ID" and what stands behind it. */
#define AAI_PATH_MAX (EVENT_ID_MAX + 64)

/* A request with our headers. `type` is that of a body, or STR_NONE. */
void aai_prepare(struct aai *aai, struct http_request *r, const char *method, const char *url,
                 struct str type);
/* base + path. */
enum status aai_url(struct buf *url, const struct aai *aai, const char *path,
                    struct err *err) STATUS_CHECKED;
/* Tells why, and waits. false: nobody wants to wait. */
bool aai_wait(const struct aai *aai, const char *why, uint64_t ms);

/* Waits until so many more requests are within the pace (remote/pace.h). STATUS_LIMIT: nobody wants
 * to wait. Each request is counted when it is made. */
enum status aai_pace(struct aai *aai, uint64_t wanted, struct err *err) STATUS_CHECKED;
void aai_count(struct aai *aai);

#endif
