/* SPDX-License-Identifier: MIT
 * user - see base/user.h.
 */
#include "base/user.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Of a row of the file. */
#define ROW_MAX 8192

static enum status take_row(const struct passwd *row, struct user *out, struct err *err)
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

/* By a buffer of ours: fgetpwent of glibc before 2.33 takes an error of reading for a row that is
 * too long, and a larger buffer then, without an end. */
enum status user_find(const char *file, const char *name, uid_t uid, struct user *out,
                      struct err *err)
{
    FILE *rows = fopen(file, "re");
    struct passwd row, *read;
    char text[ROW_MAX];
    enum status status = STATUS_MISSING;

    if (rows == NULL) {
        if (errno == ENOENT || errno == ENOTDIR || errno == EACCES)
            return STATUS_MISSING;
        return err_errno(err, "cannot open %s", file);
    }
    do
        errno = fgetpwent_r(rows, &row, text, sizeof text, &read);
    while (errno == 0 && !is_it(&row, name, uid));
    if (errno == 0)
        status = take_row(&row, out, err);
    else if (errno != ENOENT || ferror(rows))
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
        return take_row(row, out, NULL) == STATUS_OK;
#endif
    return false;
}

void user_free(struct user *user)
{
    free(user->home);
    user->home = NULL;
}

enum status user_become(uid_t uid, gid_t gid, const char *owned, struct err *err)
{
    struct user user;

    if (user_look_up(NULL, uid, &user)) {
        gid = user.gid;
        user_free(&user);
    }
    if (setgroups(0, NULL) != 0 || setgid(gid) != 0 || setuid(uid) != 0)
        return err_errno(err, "cannot become user %ld, who owns %s", (long)uid, owned);
    /* With capabilities or a security module setuid can do half of it: check the result. */
    if (getuid() != uid || geteuid() != uid || getgid() != gid || getegid() != gid ||
        setuid(0) == 0)
        return err_set(err, STATUS_OWNER, "could not wholly become user %ld, who owns %s",
                       (long)uid, owned);
    return STATUS_OK;
}
