/* SPDX-License-Identifier: MIT
 * room - what every verb that reads the spool begins with.
 */
#include "admin/command.h"

#include <stdlib.h>

#include "admin/print.h"

static void warn(void *context, const char *text)
{
    (void)context;
    print_warning("%s", text);
}

enum status command_enter(struct command_room *room, const char *config_path, struct err *err)
{
    enum status status;
    const char *spool;
    char *path;

    status = settings_find(&path, config_path, err);
    if (status != STATUS_OK)
        return status;
    status = settings_load(&room->settings, path, warn, NULL, err);
    free(path);
    if (status != STATUS_OK)
        return status;
    spool = room->settings->config->spool;
    status = spool_become_owner(spool, err);
    if (status == STATUS_OK)
        status = spool_open(&room->spool, spool, err);
    if (status != STATUS_OK)
        settings_release(room->settings);
    return status;
}

void command_leave(struct command_room *room)
{
    spool_close(&room->spool);
    settings_release(room->settings);
}
