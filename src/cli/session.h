/* SPDX-License-Identifier: MIT
 * session - what the verbs of a command line begin with: the configuration, the user, the spool.
 */
#ifndef CLI_SESSION_H
#define CLI_SESSION_H

#include "base/err.h"
#include "settings/settings.h"
#include "store/spool/spool.h"

/* Finds and reads the configuration. Root becomes its owner first, where that is another user. What
 * is wrong with secrets is for check to say. */
enum status session_settings(const struct settings **out, const char *config_path,
                             struct err *err) STATUS_CHECKED;

/* What every verb but init and check begins with: finds and reads the configuration, becomes the
 * spool's owner, opens it. */
struct session {
    const struct settings *settings;
    struct spool spool;
};
enum status session_open(struct session *room, const char *config_path,
                         struct err *err) STATUS_CHECKED;
/* The last two steps of it, where the settings are there already. */
enum status session_open_spool(struct spool *spool, const struct settings *settings,
                               struct err *err) STATUS_CHECKED;
void session_close(struct session *room);

#endif
