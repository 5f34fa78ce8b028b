/* SPDX-License-Identifier: MIT
 * hooks - has the runner woken or started when there is something for it, after the answer is out.
 */
#include "base/clock.h"
#include "base/log.h"
#include "gate/gate.h"
#include "gate/visit.h"
#include "store/boxes/box.h"
#include "store/queue/wake.h"

void hooks_due(struct visit *v, const struct config_endpoint *endpoint)
{
    bool due = endpoint != NULL ? endpoint->hook != NULL : config_has_hook(v->settings->config);

    if (due && v->spool_status == STATUS_OK)
        v->thread->hooks = v->settings;
}

/* Nobody listens: a runner is to be started, and whoever asks for it later should know ours. */
static void start(struct gate_thread *t, const struct spool *spool)
{
    struct err err = ERR_INIT;
    uint64_t suppressed;
    struct log log;

    wake_note_gateway(spool);
    if (wake_runner(spool, t->hooks->config, t->hooks->path, &err) == STATUS_OK ||
        !box_should_log(spool, clock_wall_ns(), &suppressed))
        return;
    log = (struct log){.dir = spool->dir, .name = SPOOL_LOG, .program = gate_program(t->gate)};
    log_line(&log, LOG_LEVEL_ERROR, "hooks wait, no runner could be started: %s", err.text);
}

/* The event is on record whatever becomes of this; the next request tries again. */
void hooks_wake(struct gate_thread *t)
{
    const struct spool *spool;

    if (t->hooks == NULL)
        return;
    spool = spool_pool_spool(t->user.site);
    if (!wake_tell(spool))
        start(t, spool);
    gate_settings_release(t->gate, t->hooks);
    t->hooks = NULL;
}
