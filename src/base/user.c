/* SPDX-License-Identifier: MIT
 * user - see base/user.h.
 */
#include "base/user.h"

#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool take(const struct passwd *row, struct user *out)
{
    char *home = NULL;

    if (row->pw_dir != NULL && row->pw_dir[0] == '/') {
        home = strdup(row->pw_dir);
        if (home == NULL)
            return false;
    }
    *out = (struct user){.uid = row->pw_uid, .gid = row->pw_gid, .home = home};
    return true;
}

static bool is_it(const struct passwd *row, const char *name, uid_t uid)
{
    return name == NULL ? row->pw_uid == uid : strcmp(row->pw_name, name) == 0;
}

bool user_find(const char *file, const char *name, uid_t uid, struct user *out)
{
    FILE *rows = fopen(file, "re");
    const struct passwd *row;
    bool found = false;

    if (rows == NULL)
        return false;
    while (!found && (row = fgetpwent(rows)) != NULL)
        found = is_it(row, name, uid) && take(row, out);
    fclose(rows);
    return found;
}

bool user_look_up(const char *name, uid_t uid, struct user *out)
{
#ifndef STATIC_PROGRAM
    const struct passwd *row;
#endif

    if (user_find(USER_FILE, name, uid, out))
        return true;
#ifndef STATIC_PROGRAM
    row = name == NULL ? getpwuid(uid) : getpwnam(name);
    if (row != NULL)
        return take(row, out);
#endif
    return false;
}

void user_free(struct user *user)
{
    free(user->home);
    user->home = NULL;
}
