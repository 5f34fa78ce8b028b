/* SPDX-License-Identifier: MIT
 * user - see base/user.h.
 */
#include "base/user.h"

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static enum status take(const struct passwd *row, struct user *out, struct err *err)
{
    char *home = NULL;

    if (row->pw_dir != NULL && row->pw_dir[0] == '/') {
        home = strdup(row->pw_dir);
        if (home == NULL)
            return err_set(err, STATUS_MEMORY, "no memory for a user's home");
    }
    *out = (struct user){.uid = row->pw_uid, .gid = row->pw_gid, .home = home};
    return STATUS_OK;
}

static bool is_it(const struct passwd *row, const char *name, uid_t uid)
{
    return name == NULL ? row->pw_uid == uid : strcmp(row->pw_name, name) == 0;
}

enum status user_find(const char *file, const char *name, uid_t uid, struct user *out,
                      struct err *err)
{
    FILE *rows = fopen(file, "re");
    enum status status = STATUS_MISSING;
    const struct passwd *row;

    if (rows == NULL) {
        if (errno == ENOENT || errno == ENOTDIR || errno == EACCES)
            return STATUS_MISSING;
        return err_errno(err, "cannot open %s", file);
    }
    do {
        errno = 0;
        row = fgetpwent(rows);
        if (row != NULL && is_it(row, name, uid))
            status = take(row, out, err);
    } while (row != NULL && status == STATUS_MISSING);
    if (row == NULL && (errno == ENOMEM || ferror(rows)))
        status = err_errno(err, "cannot read %s", file);
    fclose(rows);
    return status;
}

bool user_look_up(const char *name, uid_t uid, struct user *out)
{
#ifndef STATIC_PROGRAM
    const struct passwd *row;
#endif

    if (user_find(USER_FILE, name, uid, out, NULL) == STATUS_OK)
        return true;
#ifndef STATIC_PROGRAM
    row = name == NULL ? getpwuid(uid) : getpwnam(name);
    if (row != NULL)
        return take(row, out, NULL) == STATUS_OK;
#endif
    return false;
}

void user_free(struct user *user)
{
    free(user->home);
    user->home = NULL;
}
