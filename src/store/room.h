/* SPDX-License-Identifier: MIT
 * room - what the verbs of a command line begin with: the configuration, the user, the spool.
 */
#ifndef STORE_ROOM_H
#define STORE_ROOM_H

#include "base/err.h"
#include "store/settings.h"
#include "store/spool.h"

/* Finds and reads the configuration. Root becomes its owner first, where that is another user. What
 * is wrong with secrets is for check to say. */
enum status command_settings(const struct settings **out, const char *config_path,
                             struct err *err) STATUS_CHECKED;

/* What every verb but init and check begins with: finds and reads the configuration, becomes the
 * spool's owner, opens it. */
struct command_room {
    const struct settings *settings;
    struct spool spool;
};
enum status command_enter(struct command_room *room, const char *config_path,
                          struct err *err) STATUS_CHECKED;
/* The last two steps of it, where the settings are there already. */
enum status command_open_spool(struct spool *spool, const struct settings *settings,
                               struct err *err) STATUS_CHECKED;
void command_leave(struct command_room *room);

#endif
