/* SPDX-License-Identifier: MIT
 * retention_kit - days of events in a journal for tests, and a queue that runs their hooks.
 */
#ifndef RETENTION_KIT_H
#define RETENTION_KIT_H

#include <stdbool.h>

#include "journal_kit.h"
#include "store/queue/queue.h"

/* The one endpoint that is configured. It has a hook. */
#define RK_ENDPOINT "calls"

/* A queue in the kit's spool that knows of RK_ENDPOINT and has been filled. After a failure there
 * may be one nevertheless. */
bool rk_opened(struct queue **queue, const struct kit *kit);
/* One event a day, beginning with day 0; afterwards it is the day after the last. The key of day n
 * is "calls transcript day-n completed". */
void rk_record_days(struct kit *kit, int days);

#endif
