/* SPDX-License-Identifier: MIT
 * trial - proves that deliveries are recorded: makes them as the sender would, through the web
 * server, and looks them up in the spool.
 *
 * Its deliveries are of the kind "trial" (core/event.h): no hook runs for them, and lists hide
 * them.
 */
#ifndef REMOTE_TRIAL_H
#define REMOTE_TRIAL_H

#include <stdint.h>

#include "base/err.h"
#include "base/str.h"
#include "core/config/config.h"
#include "remote/http.h"
#include "store/spool/spool.h"

/* The large delivery: more than mod_fcgid accepts by default, and less than any other usual limit.
 * At most the endpoint's body-max. */
#define TRIAL_LARGE 200000

enum trial_grade {
    TRIAL_GOOD,
    TRIAL_WARNING, /* not proved */
    TRIAL_ERROR    /* webhooks would be lost or not recorded */
};

struct trial {
    const struct config_endpoint *endpoint;
    struct str secret;
    const char *url; /* without a token; absolute, checked */
    const struct spool *spool;
    uint64_t timeout_ms;
    /* Gets each finding at once: one sentence, which may have bytes from outside. */
    void (*finding)(void *context, enum trial_grade grade, const char *text);
    void *context;
};

/* Asks for the report, makes a small delivery for each way to send the secret, then a large one;
 * stops after an error, which the rest would repeat. STATUS_MEMORY and STATUS_IO are our own
 * failures; all others are findings. */
enum status trial_run(const struct trial *trial, struct err *err) STATUS_CHECKED;

#endif
