/* SPDX-License-Identifier: MIT
 * stats - the numbers of one spool at one moment.
 */
#ifndef ADMIN_STATS_H
#define ADMIN_STATS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "admin/quarantine_view.h"
#include "base/err.h"
#include "cli/session.h"
#include "store/budget.h"
#include "store/census.h"
#include "store/queue/hookview.h"

struct stats_endpoint {
    struct hook_stats hook;
    uint64_t waiting;  /* for their first run, for another one, or for the end of one */
    int64_t oldest_ns; /* when the oldest of these was received; 0: none waits */
};

/* Of an endpoint that anybody can deliver to. */
struct stats_budget {
    const struct config_endpoint *endpoint;
    struct daily_budget used; /* today */
};

struct stats {
    int64_t now_ns;
    struct hookview *view; /* what the strings of `endpoints` live in */
    struct census census;
    struct quarantine_view quarantine;
    bool runner;
    char *runner_why; /* why none can be started though there is one; NULL: unknown, or it can */
    uint64_t orders;  /* of replay, retry and drop that are not carried out yet */
    uint64_t dead_letters; /* now, of all endpoints; hook.dead counts all that ever were */
    struct stats_endpoint *endpoints;
    size_t count;
    struct stats_budget *budgets; /* borrow from the session's configuration */
    size_t budget_count;
};

/* Counts. Reads the results log only if there ever was a dead letter, so that it costs little if
 * all is well, however long the history. Counts damage in *rotten. Freed with stats_free. */
enum status stats_take(struct stats *out, const struct session *session, int64_t now_ns,
                       uint64_t *rotten, struct err *err) STATUS_CHECKED;
void stats_free(struct stats *stats);

/* Of all endpoints: in seconds since the oldest event that waits was received. */
uint64_t stats_oldest_s(const struct stats *stats);
uint64_t stats_waiting(const struct stats *stats);

#endif
