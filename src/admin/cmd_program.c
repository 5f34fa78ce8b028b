/* SPDX-License-Identifier: MIT
 * cmd_program - verbs that are programs of their own: started in our place, as git does with its.
 */
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "admin/command.h"
#include "base/program.h"
#include "base/str.h"

#define RUNNER "stenohook-run"
/* It has verbs of its own, and is told which. */
#define REMOTE "stenohook-remote"

static enum status find(char path[PATH_MAX], const char *verb, const char *name, struct err *err)
{
    if (program_find(path, name))
        return STATUS_OK;
    return err_set(err, STATUS_MISSING,
                   "%s is done by the program %s, which is not installed: it belongs beside "
                   "stenohook, or into %s",
                   verb, name, LIBEXECDIR);
}

enum status cmd_program(int argc, char **argv, const char *config_path, struct err *err)
{
    char runner[] = RUNNER, remote[] = REMOTE, option[] = "--config";
    bool is_run = strcmp(argv[0], "run") == 0;
    char *config = config_path == NULL ? NULL : str_dup(str_of(config_path));
    char **args = calloc((size_t)argc + 4, sizeof *args);
    char path[PATH_MAX];
    enum status status;
    int n = 0;

    if (args == NULL || (config == NULL && config_path != NULL)) {
        status = err_set(err, STATUS_MEMORY, "no memory for the arguments of a program");
        goto out;
    }
    status = find(path, argv[0], is_run ? runner : remote, err);
    if (status != STATUS_OK)
        goto out;
    args[n++] = is_run ? runner : remote;
    if (config != NULL) {
        args[n++] = option;
        args[n++] = config;
    }
    for (int i = is_run ? 1 : 0; i < argc; i++)
        args[n++] = argv[i];
    signal(SIGPIPE, SIG_DFL);
    execv(path, args);
    status = err_errno(err, "cannot run %s", path);
out:
    free(args);
    free(config);
    return status;
}
