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

/* What is wrong with others' rights to a path that exists. */
static enum status judge_path(const char *path, trust_tell foreign, void *context, struct err *why)
{
    enum status status = trust_path(path, foreign, context, why);

    return status == STATUS_IO || status == STATUS_LIMIT ? STATUS_CONFIG : status;
}

enum status program_check(const char *path, trust_tell foreign, void *context, struct err *err)
{
    struct err why = ERR_INIT;
    enum status status;
    struct stat sb;

    if (stat(path, &sb) != 0)
        return err_set(err, errno == ENOENT || errno == ENOTDIR ? STATUS_MISSING : STATUS_CONFIG,
                       "%s cannot be found: %s", path, strerror(errno));
    if (!S_ISREG(sb.st_mode))
        return err_set(err, STATUS_CONFIG, "%s is not a file", path);
    status = judge_path(path, foreign, context, &why);
    if (status != STATUS_OK)
        return err_set(err, status, "%s cannot be trusted: %s", path, why.text);
    if (access(path, X_OK) != 0)
        return err_set(err, STATUS_CONFIG, "%s cannot be run by user %ld: chmod +x it", path,
                       (long)geteuid());
    return STATUS_OK;
}

/* A file that is not there yet could be made by whoever can change what leads to it. Folders and
 * devices hold no orders, and what we cannot reach the program cannot reach either. */
static enum status check_argument(const char *argument, trust_tell foreign, void *context,
                                  struct err *why)
{
    enum status status;
    struct stat sb;

    if (argument[0] != '/' || (stat(argument, &sb) == 0 ? !S_ISREG(sb.st_mode) : errno != ENOENT))
        return STATUS_OK;
    status = judge_path(argument, foreign, context, why);
    return err_ignore(why, status, STATUS_MISSING);
}

enum status program_check_call(char *const *argv, trust_tell foreign, void *context,
                               struct err *err)
{
    enum status status = program_check(argv[0], foreign, context, err);

    for (size_t i = 1; status == STATUS_OK && argv[i] != NULL; i++) {
        struct err why = ERR_INIT;

        status = check_argument(argv[i], foreign, context, &why);
        if (status != STATUS_OK)
            return err_set(err, status, "%s has the argument %s, which cannot be trusted: %s",
                           argv[0], argv[i], why.text);
    }
    return status;
}
