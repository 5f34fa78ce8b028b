/* SPDX-License-Identifier: MIT
 * runner - see run/runner.h.
 */
#include "run/runner.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "run/crew.h"
#include "store/intake.h"
#include "store/queue/queue.h"
#include "store/queue/standing.h"
#include "store/queue/wake.h"
#include "store/retention.h"

/* How often, at most, the configuration is looked at; and how often, at least, the journal. */
#define SETTINGS_NS (250 * NS_PER_MS)
#define FILL_NS (2000 * NS_PER_MS)
/* How often the spool is pruned, and how long that may wait for the lock of the index. */
#define PRUNE_NS (3600000 * NS_PER_MS)
#define PRUNE_WAIT_NS (100 * NS_PER_MS)
/* After a failure of the queue it is let alone for so long. */
#define TROUBLE_NS (5000 * NS_PER_MS)
/* How long a runner that finds another one waits until that one can be woken or is gone. */
#define OTHER_NS (5000 * NS_PER_MS)
#define OTHER_LOOK_NS (5 * NS_PER_MS)
/* How often a service looks whether hooks are still paused. */
#define PAUSE_LOOK_S 2
#define POLL_MAX_MS 60000
/* FIFO, signals, and the output of hooks. */
#define POLLED_OWN 2

struct runner {
    const struct runner_setup *setup;
    const struct settings *settings;
    struct queue *queue;
    struct crew *crew;
    int wake_fd, signal_fd;
    bool stopping;
    bool ended;   /* a hook may have */
    bool woken;   /* there may be something new */
    bool claimed; /* since the last fill: what is read ahead may be used up */
    /* Monotonic. */
    uint64_t now_ns, stop_ns, busy_ns, settings_ns, fill_ns, trouble_ns, prune_ns;
    int64_t wall_ns;
};

static void look_at_clocks(struct runner *r)
{
    r->now_ns = clock_mono_ns();
    r->wall_ns = clock_wall_ns();
}

static void report_trouble(struct runner *r, const struct err *err)
{
    log_line(r->setup->log, status_level(err->status), "%s", err->text);
    r->trouble_ns = r->now_ns + TROUBLE_NS;
}

/* ---- settings */

static void take_settings(struct runner *r)
{
    const struct settings *next;
    struct err err = ERR_INIT;

    /* A runner that a delivery wakes uses the settings of the time of that delivery. */
    if (!r->woken && r->now_ns < r->settings_ns)
        return;
    r->settings_ns = r->now_ns + SETTINGS_NS;
    /* Once there was a good version there is always one. */
    if (settings_current(r->setup->settings, &next, &err) != STATUS_OK)
        return;
    if (next == r->settings) {
        settings_release(next);
        return;
    }
    if (strcmp(next->config->spool, r->setup->spool->path) != 0 && !r->stopping) {
        log_line(r->setup->log, LOG_LEVEL_INFO, "the configuration names another spool: leaving");
        r->stopping = true;
        r->stop_ns = UINT64_MAX;
    }
    queue_configure(r->queue, next->config);
    settings_release(r->settings);
    r->settings = next;
    r->woken = true;
}

/* ---- work */

static void fill_queue(struct runner *r)
{
    struct err err = ERR_INIT;

    r->woken = r->claimed = false;
    r->fill_ns = r->now_ns + FILL_NS;
    if (queue_fill(r->queue, r->wall_ns, &err) != STATUS_OK)
        report_trouble(r, &err);
}

/* From when on another hook may be begun. */
static uint64_t ready_ns(const struct runner *r)
{
    uint64_t ready = crew_ready_ns(r->crew);

    if (r->stopping || crew_running(r->crew) >= r->settings->config->hooks_max)
        return UINT64_MAX;
    return ready > r->trouble_ns ? ready : r->trouble_ns;
}

static void begin_hooks(struct runner *r)
{
    while (ready_ns(r) <= r->now_ns) {
        struct err err = ERR_INIT;
        struct claim *claim = NULL;

        if (r->woken || r->now_ns >= r->fill_ns)
            fill_queue(r);
        if (queue_claim(r->queue, r->wall_ns, &claim, &err) != STATUS_OK) {
            report_trouble(r, &err);
            return;
        }
        if (claim == NULL) {
            /* There is more to read: after a look at the hooks that run. */
            r->woken = r->claimed || queue_next_ns(r->queue) <= r->wall_ns;
            return;
        }
        r->claimed = true;
        r->busy_ns = r->now_ns;
        crew_begin(r->crew, claim, r->now_ns, r->wall_ns);
    }
}

static void flush_queue(struct runner *r, bool now)
{
    struct err err = ERR_INIT;

    if (!now && r->now_ns < r->trouble_ns)
        return;
    if (queue_flush(r->queue, now, r->wall_ns, &err) != STATUS_OK)
        report_trouble(r, &err);
}

static void prune_spool(struct runner *r)
{
    struct journal_options options;
    struct retention_report report;
    struct err err = ERR_INIT;

    if (r->now_ns < r->prune_ns)
        return;
    r->prune_ns = r->now_ns + PRUNE_NS;
    options = intake_options(r->settings->config);
    if (retention_run(r->setup->spool, &options, false, r->wall_ns, r->now_ns + PRUNE_WAIT_NS,
                      &report, &err) != STATUS_OK &&
        err.status != STATUS_DEADLINE)
        report_trouble(r, &err);
}

/* ---- waiting */

static void keep_earlier(uint64_t *next, uint64_t ns)
{
    if (ns < *next)
        *next = ns;
}

/* A time of the wall clock by the monotonic one. */
static uint64_t to_mono(const struct runner *r, int64_t wall_ns)
{
    if (wall_ns == INT64_MAX)
        return UINT64_MAX;
    return wall_ns <= r->wall_ns ? r->now_ns : r->now_ns + (uint64_t)(wall_ns - r->wall_ns);
}

/* When the queue has something again. */
static uint64_t due_ns(const struct runner *r)
{
    return to_mono(r, r->woken ? 0 : queue_next_ns(r->queue));
}

static uint64_t later_of(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

static uint64_t wake_up_ns(const struct runner *r)
{
    uint64_t next = crew_next_ns(r->crew);

    keep_earlier(&next, later_of(due_ns(r), ready_ns(r)));
    keep_earlier(&next, later_of(to_mono(r, queue_flush_ns(r->queue)), r->trouble_ns));
    if (r->stopping) {
        keep_earlier(&next, r->stop_ns);
        return next;
    }
    /* Soon enough also for one that leaves when it has lingered. */
    keep_earlier(&next, later_of(r->fill_ns, ready_ns(r)));
    return next;
}

static int poll_ms(const struct runner *r)
{
    uint64_t next = wake_up_ns(r);
    uint64_t ms;

    if (next <= r->now_ns)
        return 0;
    ms = (next - r->now_ns + NS_PER_MS - 1) / NS_PER_MS;
    return ms > POLL_MAX_MS ? POLL_MAX_MS : (int)ms;
}

static void take_signals(struct runner *r)
{
    struct signalfd_siginfo info;

    while (read(r->signal_fd, &info, sizeof info) == (ssize_t)sizeof info) {
        if (info.ssi_signo == SIGCHLD) {
            r->ended = true;
            continue;
        }
        /* Told again: now. */
        r->stop_ns = r->stopping ? r->now_ns : r->now_ns + RUNNER_STOP_NS;
        r->stopping = true;
    }
}

static void wait_for_news(struct runner *r)
{
    struct pollfd polled[POLLED_OWN + CREW_POLLED_MAX] = {{.fd = r->wake_fd, .events = POLLIN},
                                                          {.fd = r->signal_fd, .events = POLLIN}};
    nfds_t count = POLLED_OWN + crew_wants(r->crew, polled + POLLED_OWN);

    if (poll(polled, count, poll_ms(r)) < 0)
        return;
    if (polled[0].revents != 0) {
        wake_drain(r->wake_fd);
        r->woken = true;
    }
    if (polled[1].revents != 0)
        take_signals(r);
}

/* ---- leaving */

static bool wants_to_leave(const struct runner *r)
{
    uint64_t due;

    if (crew_running(r->crew) > 0)
        return r->stopping && r->now_ns >= r->stop_ns;
    if (r->stopping)
        return true;
    due = due_ns(r);
    switch (r->setup->stay) {
    case RUNNER_ONCE:
        /* What fails now is for the next time. */
        return due > r->now_ns || ready_ns(r) > r->now_ns;
    case RUNNER_LINGER:
        return r->now_ns >= r->busy_ns + RUNNER_LINGER_NS &&
               due > r->now_ns + (uint64_t)RUNNER_SOON_NS;
    case RUNNER_SERVICE:
        break;
    }
    return false;
}

/* From now on a gateway that records an event finds no runner to wake, and starts one, which waits
 * for our lock. So what is not there at this look is not ours. */
static bool may_leave(struct runner *r)
{
    if (r->stopping)
        return true;
    file_close(&r->wake_fd);
    fill_queue(r);
    if (wants_to_leave(r))
        return true;
    r->wake_fd = wake_listen(r->setup->spool);
    return r->wake_fd < 0;
}

static void work_until_done(struct runner *r)
{
    for (;;) {
        take_settings(r);
        begin_hooks(r);
        flush_queue(r, false);
        prune_spool(r);
        if (wants_to_leave(r) && may_leave(r))
            return;
        wait_for_news(r);
        look_at_clocks(r);
        if (crew_step(r->crew, r->ended, r->now_ns, r->wall_ns))
            r->busy_ns = r->now_ns;
        r->ended = false;
    }
}

/* ---- beginning */

static int open_signals(const sigset_t *stops)
{
    sigset_t taken = *stops;

    sigaddset(&taken, SIGCHLD);
    return signalfd(-1, &taken, SFD_CLOEXEC | SFD_NONBLOCK);
}

static enum status prepare_runner(struct runner *r, struct err *err)
{
    const struct crew_setup setup = {.spool = r->setup->spool,
                                     .log = r->setup->log,
                                     .home = r->setup->home,
                                     .lang = r->setup->lang,
                                     .files = r->setup->files};
    enum status status;

    r->wake_fd = wake_listen(r->setup->spool);
    if (r->wake_fd < 0)
        return err_errno(err, "cannot make %s/" SPOOL_WAKE, r->setup->spool->path);
    r->signal_fd = open_signals(r->setup->stops);
    if (r->signal_fd < 0)
        return err_errno(err, "cannot wait for signals");
    status = settings_current(r->setup->settings, &r->settings, err);
    if (status != STATUS_OK)
        return status;
    queue_configure(r->queue, r->settings->config);
    return crew_make(&r->crew, &setup, r->queue, err);
}

/* The lock. *other: another runner has it and knows that there may be something to do. */
static enum status take_lock(struct runner *r, bool *other, struct err *err)
{
    uint64_t end_ns = r->now_ns + OTHER_NS;

    for (;;) {
        struct err why = ERR_INIT;
        enum status status = queue_open(&r->queue, r->setup->spool, r->wall_ns, &why);

        if (status != STATUS_DEADLINE)
            return err_pass(err, status, &why);
        *other = wake_tell(r->setup->spool) || clock_mono_ns() >= end_ns;
        if (*other)
            return STATUS_OK;
        /* It is about to listen, or about to leave. */
        clock_sleep_ns(OTHER_LOOK_NS);
    }
}

/* A service waits until hooks are resumed, without the lock, which a resume needs. false: it is to
 * stop. */
static bool wait_out_pause(struct runner *r, const struct err *why)
{
    const struct timespec step = {PAUSE_LOOK_S, 0};

    if (standing_should_log(r->setup->spool, r->wall_ns))
        log_line(r->setup->log, status_level(why->status), "%s", why->text);
    if (sigtimedwait(r->setup->stops, NULL, &step) > 0)
        return false;
    look_at_clocks(r);
    return true;
}

static enum status take_queue(struct runner *r, bool *other, struct err *err)
{
    for (;;) {
        struct err why = ERR_INIT;
        enum status status = take_lock(r, other, &why);

        if (status == STATUS_PAUSED && r->setup->stay == RUNNER_SERVICE) {
            if (wait_out_pause(r, &why))
                continue;
            *other = true;
            return STATUS_OK;
        }
        return err_pass(err, status, &why);
    }
}

enum status runner_run(const struct runner_setup *setup, struct err *err)
{
    struct runner r = {.setup = setup, .wake_fd = -1, .signal_fd = -1, .woken = true};
    bool other = false;
    enum status status;

    look_at_clocks(&r);
    status = take_queue(&r, &other, err);
    if (status != STATUS_OK || other)
        return status;
    status = prepare_runner(&r, err);
    if (status == STATUS_OK)
        status = crew_adopt(r.crew, r.now_ns, r.wall_ns, err);
    if (status == STATUS_OK) {
        r.busy_ns = r.now_ns;
        work_until_done(&r);
        flush_queue(&r, true);
    }
    crew_free(r.crew);
    settings_release(r.settings);
    file_close(&r.wake_fd);
    file_close(&r.signal_fd);
    queue_close(r.queue);
    return status;
}
