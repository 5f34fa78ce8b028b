/* SPDX-License-Identifier: MIT
 * missed - a transcript as the webhook that should have told of it. Pure.
 *
 * What comes out is what the gateway would have made of the delivery: the same key, so that each
 * finds the other as its duplicate, and the same parameters.
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

/* How far --since may reach at most: not behind what is kept, for what is forgotten would be
 * recorded anew and its hooks run again. The margin is for a run that takes its time, and for
 * clocks that differ. Returns the later one of `since_ns` and that. */
#define CLAIM_MARGIN_S 3600
int64_t missed_reach(int64_t since_ns, int64_t now_ns, uint64_t keep_s);

/* The endpoint has an address that AssemblyAI can have been told, and its webhooks of transcripts
 * can have been accepted: they bear no signature. */
bool missed_possible(const struct config_endpoint *endpoint);

/* "completed" or "error": nothing else is ever told by a webhook. */
bool missed_finished(struct str status);

/* Under which key the webhook is on record. `id` passes aai_id_ok, `status` missed_finished. */
enum status missed_key(char key[EVENT_KEY_MAX], const struct config_endpoint *endpoint,
                       struct str id, struct str status, struct err *err) STATUS_CHECKED;

/* The event borrows from the rest, which is given back with missed_free. */
struct missed {
    struct event *event;
    struct principal *principal;
    struct buf body, query;
};
/* STATUS_MALFORMED: the webhook_url cannot be delivered to. */
enum status missed_make(struct missed *out, const struct config_endpoint *endpoint,
                        const struct aai_transcript *transcript, int64_t now_ns,
                        struct err *err) STATUS_CHECKED;
void missed_free(struct missed *missed);

#endif
