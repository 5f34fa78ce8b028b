/* SPDX-License-Identifier: MIT
 * runner - the loop of the one runner of a spool: claims events, runs their hooks, records what
 * became of them.
 */
#ifndef RUN_RUNNER_H
#define RUN_RUNNER_H

#include <signal.h>
#include <sys/resource.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "settings/settings.h"
#include "store/spool/spool.h"

/* A runner that was started for a request stays so long after its last hook... */
#define RUNNER_LINGER_NS (15 * NS_PER_S)
/* ...and as long as another attempt is due that soon. */
#define RUNNER_SOON_NS (900 * NS_PER_S)
/* How long it waits for running hooks when it is to stop. The next runner takes over those that
 * still run then. */
#define RUNNER_STOP_NS (10 * NS_PER_S)

enum runner_stay {
    RUNNER_ONCE,   /* works off what is due */
    RUNNER_LINGER, /* as above */
    RUNNER_SERVICE /* until it is stopped */
};

struct runner_setup {
    const struct spool *spool;
    struct settings_cache *settings;
    const struct log *log;
    const sigset_t *stops;      /* signals, blocked, that mean: stop */
    const char *home;           /* of hooks, or NULL */
    const char *lang;           /* of hooks, or NULL */
    const struct rlimit *files; /* RLIMIT_NOFILE of hooks, or NULL */
    enum runner_stay stay;
};

/* STATUS_OK also if another runner is at work, which was then woken. */
enum status runner_run(const struct runner_setup *setup, struct err *err) STATUS_CHECKED;

#endif
