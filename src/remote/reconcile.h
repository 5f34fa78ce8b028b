/* SPDX-License-Identifier: MIT
 * reconcile - walks the API's list of transcripts, and records those whose webhook never arrived.
 *
 * An event is on record before it is told, by the journal that deliveries go to, under the same
 * key: so this may run at any time, several times at once, and be killed anywhere.
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

/* The list is in order by what the API takes for the time of the submission: only after so many in
 * a row that are too old is it left. */
#define RECONCILE_OLDER_MAX AAI_PAGE_ITEMS
/* Transcripts that could not be got because of the network, after which there is no hope for more.
 */
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
    int64_t since_ns; /* transcripts that were submitted before are left alone */
    bool dry_run;

    /* One event; `id` is that of its record, NULL in a dry run. A failure ends the walk. */
    enum status (*recorded)(void *context, const struct event_facts *event, const char *id,
                            struct err *err);
    void (*failed)(void *context, const char *id, const char *why);
    /* Now and then. */
    void (*progress)(void *context, const struct reconcile_sums *sums);
    void *context;
};

/* *sums is right also where it fails. Wakes the runner wherever there may be hooks to run. */
enum status reconcile_run(const struct reconcile *r, struct reconcile_sums *sums,
                          struct err *err) STATUS_CHECKED;

#endif
