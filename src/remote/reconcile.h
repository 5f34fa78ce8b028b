/* SPDX-License-Identifier: MIT
 * reconcile - walks the API's list of transcripts, and records those whose webhook never arrived.
 *
 * An event is recorded before it is reported, in the journal of deliveries and under their key: so
 * this may run at any time, several times at once, and be killed anywhere.
 */
#ifndef REMOTE_RECONCILE_H
#define REMOTE_RECONCILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "core/event.h"
#include "remote/aai.h"
#include "settings/settings.h"
#include "store/spool/spool.h"

/* The API's order is only roughly that of the submissions: the walk ends after so many in a row
 * that are too old. */
#define RECONCILE_OLDER_MAX AAI_PAGE_ITEMS
/* The walk gives up after so many transcripts that failed because of the network. */
#define RECONCILE_FAILURES_MAX 20

struct reconcile_sums {
    uint64_t listed;   /* submitted since */
    uint64_t recorded; /* in a dry run: would be */
    uint64_t known;    /* on record already */
    uint64_t foreign;  /* without a webhook to any of the endpoints */
    uint64_t unfinished;
    uint64_t failed; /* could not be got, or judged */
};

struct reconcile {
    struct aai *aai;
    const struct settings *settings;
    const struct spool *spool;
    const struct config_endpoint *const *endpoints; /* whose webhooks count; see missed_possible */
    size_t endpoint_count;
    int64_t since_ns; /* earlier submissions are ignored */
    bool dry_run;

    /* Called for each event; `id` is its record's, NULL in a dry run. A failure ends the walk. */
    enum status (*recorded)(void *context, const struct event_facts *event, const char *id,
                            struct err *err);
    void (*failed)(void *context, const char *id, const char *why);
    /* Called now and then. */
    void (*progress)(void *context, const struct reconcile_sums *sums);
    void *context;
};

/* *sums is right even on failure. Wakes the runner if there may be hooks to run. */
enum status reconcile_run(const struct reconcile *r, struct reconcile_sums *sums,
                          struct err *err) STATUS_CHECKED;

#endif
