/* SPDX-License-Identifier: MIT
 * program - see store/program.h.
 */
#include "store/program.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

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
