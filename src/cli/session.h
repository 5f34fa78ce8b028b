/* SPDX-License-Identifier: MIT
 * session - what the verbs of a command line begin with: the configuration, the user, the spool.
 */
#ifndef CLI_SESSION_H
#define CLI_SESSION_H

#include "base/err.h"
#include "settings/settings.h"
#include "store/spool/spool.h"

/* Finds and reads the configuration. Root first becomes its owner. Problems of secrets
 * are ignored: check reports them. */
enum status session_settings(const struct settings **out, const char *config_path,
                             struct err *err) STATUS_CHECKED;

/* Finds and reads the configuration, becomes the spool's owner and opens it, as every verb but init
 * and check does first. */
struct session {
    const struct settings *settings;
    struct spool spool;
};
enum status session_open(struct session *session, const char *config_path,
                         struct err *err) STATUS_CHECKED;
/* Does the last two steps of it. */
enum status session_open_spool(struct spool *spool, const struct settings *settings,
                               struct err *err) STATUS_CHECKED;
void session_close(struct session *session);

#endif
