/* SPDX-License-Identifier: MIT
 * trial - proves the way of a delivery from outside to the record: as the sender would make it,
 * through the web server, and looked up in the spool.
 *
 * What it delivers is of the kind "trial" (core/event.h): no hook runs for it, and lists hide it.
 */
#ifndef REMOTE_TRIAL_H
#define REMOTE_TRIAL_H

#include <stdint.h>

#include "base/err.h"
#include "base/str.h"
#include "core/config/config.h"
#include "remote/http.h"
#include "store/spool/spool.h"

/* The larger one of the deliveries: what mod_fcgid refuses unless it is configured, and less than
 * any other limit that is usual. An endpoint whose body-max is smaller gets as much as that. */
#define TRIAL_LARGE 200000

enum trial_grade {
    TRIAL_GOOD,
    TRIAL_WARNING, /* something could not be proved */
    TRIAL_ERROR    /* webhooks would be lost or not recorded */
};

struct trial {
    const struct config_endpoint *endpoint;
    struct str secret;
    const char *url; /* without a token; absolute, checked */
    const struct spool *spool;
    uint64_t timeout_ms;
    /* Each finding, as soon as it is known: one sentence, which may hold bytes from outside. */
    void (*finding)(void *context, enum trial_grade grade, const char *text);
    void *context;
};

/* The report, then a small delivery by each way in which the secret may come, then a large one;
 * what follows an error would only repeat it, and is left out. STATUS_MEMORY and STATUS_IO are our
 * own trouble; what is wrong with the way is told. */
enum status trial_run(const struct trial *trial, struct err *err) STATUS_CHECKED;

#endif
