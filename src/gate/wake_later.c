/* SPDX-License-Identifier: MIT
 * wake_later - wakes or starts the runner when a hook may be due, after the answer is out.
 */
#include "base/clock.h"
#include "base/log.h"
#include "gate/gate_parts.h"
#include "store/queue/wake.h"

void wake_later_note(struct visit *v, const struct config_endpoint *endpoint)
{
    bool due = endpoint != NULL ? endpoint->hook != NULL : config_has_hook(v->settings->config);

    if (due && v->spool_status == STATUS_OK)
        v->thread->wake_by = v->settings;
}

/* No runner listens: starts one, and notes where we find it, for `stenohook check`. */
static void start_runner(struct gate_thread *t, const struct spool *spool)
{
    struct err err = ERR_INIT;
    const struct log log = {.dir = spool->dir, .name = SPOOL_LOG, .program = gate_program(t->gate)};

    wake_note_gateway(spool);
    if (wake_runner(spool, t->wake_by->config, t->wake_by->path, &err) != STATUS_OK &&
        gate_line_due(&log, spool, LOG_OF_HOOKS, STATUS_OK, clock_wall_ns()))
        log_line(&log, LOG_LEVEL_ERROR, "%s", err.text);
}

/* The event is on record even if this fails; the next request tries again. */
void wake_later_run(struct gate_thread *t)
{
    const struct spool *spool;

    if (t->wake_by == NULL)
        return;
    spool = spool_pool_spool(&t->user);
    if (!wake_tell(spool))
        start_runner(t, spool);
    gate_settings_release(t->gate, t->wake_by);
    t->wake_by = NULL;
}
