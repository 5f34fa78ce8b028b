/* SPDX-License-Identifier: MIT
 * retention_kit - see retention_kit.h.
 */
#include "retention_kit.h"

#include <stdio.h>

#include "unit.h"

static char name[] = RK_ENDPOINT, hook_path[] = "/bin/true";
static char *hook[] = {hook_path, NULL};
static struct config_endpoint endpoint = {.name = name, .hook = hook};
static const struct config config = {.endpoints = &endpoint, .endpoint_count = 1};

bool rk_opened(struct queue **queue, const struct kit *kit)
{
    struct err err = ERR_INIT;

    UNIT_STATUS(STATUS_OK, queue_open(queue, &kit->spool, kit->now_ns, &err), &err);
    if (err.status != STATUS_OK)
        return false;
    queue_configure(*queue, &config);
    UNIT_STATUS(STATUS_OK, queue_fill(*queue, kit->now_ns, &err), &err);
    return err.status == STATUS_OK;
}

void rk_record_days(struct kit *kit, int days)
{
    for (int day = 0; day < days; day++) {
        char key[64];

        snprintf(key, sizeof key, "calls transcript day-%d completed", day);
        UNIT_STATUS(STATUS_OK, kit_append(kit, key), &kit->err);
        kit->now_ns += KIT_DAY_NS;
    }
}
