/* SPDX-License-Identifier: MIT
 * missed - the event of a webhook that never arrived, made from its transcript. Pure.
 *
 * It is the event that the gateway would have made: with the same key, so that either is found to
 * be a duplicate of the other, and with the same parameters.
 */
#ifndef REMOTE_MISSED_H
#define REMOTE_MISSED_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"
#include "core/auth/auth.h"
#include "core/config/config.h"
#include "core/event.h"
#include "remote/aai_parse.h"

/* Returns the later of `since_ns` and the earliest time that reconcile may reach back to: what is
 * older than keep is forgotten, so it would be recorded and its hooks run again. The margin is for
 * a run that takes long, and for clocks that differ. */
#define MISSED_MARGIN_S 3600
int64_t missed_reach(int64_t since_ns, int64_t now_ns, uint64_t keep_s);

/* Whether webhooks of transcripts can have gone to this endpoint: it has a url, and needs no
 * signature, which they do not have. */
bool missed_possible(const struct config_endpoint *endpoint);

/* Whether the status is one that webhooks report: "completed" or "error". */
bool missed_finished(struct str status);

/* Makes the key under which the webhook is on record. `id` passes aai_id_ok, `status`
 * missed_finished. */
enum status missed_key(char key[EVENT_KEY_MAX], const struct config_endpoint *endpoint,
                       struct str id, struct str status, struct err *err) STATUS_CHECKED;

/* The event borrows from the rest. Free with missed_free. */
struct missed {
    struct event *event;
    struct principal *principal;
    struct buf body, query;
};
/* STATUS_MALFORMED: nothing can be delivered to the webhook_url. */
enum status missed_make(struct missed *out, const struct config_endpoint *endpoint,
                        const struct aai_transcript *transcript, int64_t now_ns,
                        struct err *err) STATUS_CHECKED;
void missed_free(struct missed *missed);

#endif
