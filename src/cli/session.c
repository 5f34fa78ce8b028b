/* SPDX-License-Identifier: MIT
 * session - see cli/session.h.
 */
#include "cli/session.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/str.h"

/* Whose the file is, or the folder above it that keeps us out. */
static bool owner_of(const char *path, uid_t *owner)
{
    char *part = str_dup(str_of(path));
    bool found = false;
    struct stat sb;
    char *slash;

    while (part != NULL && !found) {
        found = stat(part, &sb) == 0;
        slash = strrchr(part, '/');
        if (slash == NULL || slash == part)
            break;
        *slash = '\0';
    }
    free(part);
    if (found)
        *owner = sb.st_uid;
    return found;
}

/* If the user may not read the configuration, the error says who may. */
static enum status explain_unreadable(enum status status, const char *path, const struct err *why,
                                      struct err *err)
{
    uid_t owner;

    if ((status == STATUS_CONFIG || status == STATUS_UNTRUSTED) && access(path, R_OK) != 0 &&
        errno == EACCES && owner_of(path, &owner) && owner != geteuid())
        return err_set(err, STATUS_CONFIG,
                       "%s: %s; it belongs to user %ld: use sudo, or run this as that user", path,
                       strerror(EACCES), (long)owner);
    return err_pass(err, status, why);
}

enum status session_settings(const struct settings **out, const char *config_path, struct err *err)
{
    struct err why = ERR_INIT;
    enum status status;
    char *path;

    status = settings_find(&path, config_path, err);
    if (status != STATUS_OK)
        return status;
    status = settings_become_author(path, err);
    if (status == STATUS_OK)
        status = settings_load(out, path, NULL, NULL, &why);
    if (why.status != STATUS_OK)
        status = explain_unreadable(status, path, &why, err);
    free(path);
    return status;
}

enum status session_open_spool(struct spool *spool, const struct settings *settings,
                               struct err *err)
{
    const char *path = settings->config->spool;
    enum status status = spool_become_owner(path, err);

    return status == STATUS_OK ? spool_open(spool, path, err) : status;
}

enum status session_open(struct session *session, const char *config_path, struct err *err)
{
    enum status status = session_settings(&session->settings, config_path, err);

    if (status != STATUS_OK)
        return status;
    status = session_open_spool(&session->spool, session->settings, err);
    if (status != STATUS_OK)
        settings_release(session->settings);
    return status;
}

void session_close(struct session *session)
{
    spool_close(&session->spool);
    settings_release(session->settings);
}
