/* SPDX-License-Identifier: MIT
 * room - see store/room.h.
 */
#include "store/room.h"

#include <stdlib.h>

enum status command_settings(const struct settings **out, const char *config_path, struct err *err)
{
    enum status status;
    char *path;

    status = settings_find(&path, config_path, err);
    if (status != STATUS_OK)
        return status;
    status = settings_become_author(path, err);
    if (status == STATUS_OK)
        status = settings_load(out, path, NULL, NULL, err);
    free(path);
    return status;
}

enum status command_open_spool(struct spool *spool, const struct settings *settings,
                               struct err *err)
{
    const char *path = settings->config->spool;
    enum status status = spool_become_owner(path, err);

    return status == STATUS_OK ? spool_open(spool, path, err) : status;
}

enum status command_enter(struct command_room *room, const char *config_path, struct err *err)
{
    enum status status = command_settings(&room->settings, config_path, err);

    if (status != STATUS_OK)
        return status;
    status = command_open_spool(&room->spool, room->settings, err);
    if (status != STATUS_OK)
        settings_release(room->settings);
    return status;
}

void command_leave(struct command_room *room)
{
    spool_close(&room->spool);
    settings_release(room->settings);
}
