/* SPDX-License-Identifier: MIT
 * sweep_resume - the end of a pause of hooks: whatever fails in it, nothing that was on record runs
 * of its own, and what comes afterwards does.
 */
#include <stdlib.h>
#include <unistd.h>

#include "judge_resume.h"
#include "store/queue/standing.h"
#include "sweep.h"

/* As of a copy of the journal alone: some hooks have run, others wait. */
void resume_prepare(struct stage *stage)
{
    queue_prepare_used(stage);
    if (unlinkat(stage->spool.dir, SPOOL_RESULTS "/00000001.jsonl", 0) != 0 ||
        unlinkat(stage->spool.dir, SPOOL_SNAPSHOT, 0) != 0 ||
        standing_check(&stage->spool, NULL, NULL) != STATUS_PAUSED)
        abort();
}

void resume_go(struct stage *stage)
{
    struct err err = ERR_INIT;
    enum status status;

    if (!stage_open(stage)) {
        way_status("opening", stage->err.status);
        return;
    }
    status = resume_stage(stage, &err);
    way_status("resuming", status);
    way_locks(stage);
    if (status != STATUS_OK)
        return;
    err_clear(&err);
    status = standing_check(&stage->spool, NULL, &err);
    if (status == STATUS_PAUSED)
        way_wrong("hooks were resumed, and are paused: %s", err.text);
    way_status("looking whether hooks are paused", status);
}
