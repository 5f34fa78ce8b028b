/* SPDX-License-Identifier: MIT
 * program - see base/program.h.
 */
#include "base/program.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

bool program_self(char path[PATH_MAX])
{
    ssize_t len = readlink("/proc/self/exe", path, PATH_MAX - 1);

    if (len <= 0)
        return false;
    path[len] = '\0';
    return true;
}

/* The program in the folder of ours, whose real path counts: we may be a link in a folder of PATH.
 */
static bool find_beside(char path[PATH_MAX], const char *name)
{
    char *slash;
    size_t room;

    if (!program_self(path))
        return false;
    slash = strrchr(path, '/');
    if (slash == NULL)
        return false;
    room = PATH_MAX - (size_t)(slash + 1 - path);
    return (size_t)snprintf(slash + 1, room, "%s", name) < room && access(path, X_OK) == 0;
}

bool program_find(char path[PATH_MAX], const char *name)
{
    if (find_beside(path, name))
        return true;
    (void)snprintf(path, PATH_MAX, "%s/%s", LIBEXECDIR, name);
    return access(path, X_OK) == 0;
}

bool program_above(char *program, uid_t uid)
{
    for (char *slash = strchr(program, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        char *end = slash == program ? slash + 1 : slash;
        char cut = *end;
        struct stat sb;

        *end = '\0';
        if (stat(program, &sb) == 0 && sb.st_uid == uid)
            return true;
        *end = cut;
    }
    return false;
}

enum status program_check(const char *path, struct err *err)
{
    struct stat sb;

    if (stat(path, &sb) != 0)
        return err_set(err, errno == ENOENT || errno == ENOTDIR ? STATUS_MISSING : STATUS_CONFIG,
                       "%s cannot be found: %s", path, strerror(errno));
    if (!S_ISREG(sb.st_mode))
        return err_set(err, STATUS_CONFIG, "%s is not a file", path);
    if (sb.st_uid != 0 && sb.st_uid != geteuid())
        return err_set(err, STATUS_CONFIG,
                       "%s belongs to user %ld, who could change it: give it to root or to user "
                       "%ld",
                       path, (long)sb.st_uid, (long)geteuid());
    if ((sb.st_mode & (S_IWGRP | S_IWOTH)) != 0)
        return err_set(err, STATUS_CONFIG, "%s can be changed by others: chmod go-w it", path);
    if (access(path, X_OK) != 0)
        return err_set(err, STATUS_CONFIG, "%s cannot be run by user %ld: chmod +x it", path,
                       (long)geteuid());
    return STATUS_OK;
}
