/* SPDX-License-Identifier: MIT
 * quarantine_view - how full the quarantine of each endpoint is, for check and stats.
 */
#ifndef ADMIN_QUARANTINE_VIEW_H
#define ADMIN_QUARANTINE_VIEW_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "core/config/config.h"
#include "store/boxes/quarantine_counts.h"

struct quarantine_state {
    const struct config_endpoint *endpoint; /* borrowed */
    struct quarantine_tally tally;
    unsigned percent;  /* 100 or more: full */
    uint64_t oldest_s; /* since the entry came last that did so first; 0: there is none */
};

struct quarantine_view {
    struct quarantine_state *endpoints; /* in the order of the configuration */
    size_t count;
    uint64_t others; /* entries of no endpoint of the configuration, or of an older version */
};

/* Counts the folder. Freed with quarantine_view_free. */
enum status quarantine_view_take(struct quarantine_view *out, const struct config *config,
                                 const struct spool *spool, int64_t now_ns,
                                 struct err *err) STATUS_CHECKED;
void quarantine_view_free(struct quarantine_view *view);

/* Calls `warn` with a sentence for each endpoint that has hardly any room left, and if there are so
 * many entries of no endpoint. */
void quarantine_view_warn(const struct quarantine_view *view,
                          void (*warn)(void *context, const char *sentence), void *context);

#endif
