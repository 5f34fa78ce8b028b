/* SPDX-License-Identifier: MIT
 * program - see base/program.h.
 */
#include "base/program.h"

#include <stdio.h>
#include <string.h>
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
static bool beside(char path[PATH_MAX], const char *name)
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
    if (beside(path, name))
        return true;
    (void)snprintf(path, PATH_MAX, "%s/%s", LIBEXECDIR, name);
    return access(path, X_OK) == 0;
}
