/* SPDX-License-Identifier: MIT
 * cmd_program - verbs that are programs of their own: started in our place, as git does with its.
 */
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "admin/verbs/verbs.h"
#include "base/program.h"
#include "base/str.h"
#include "cli/programs.h"
#include "cli/session.h"
#include "store/queue/wake.h"

#define RUNNER "stenohook-run"

static enum status find_program(char **out, const char *name, struct err *err)
{
    char path[PATH_MAX];

    if (!program_find(path, name))
        return err_set(
            err, STATUS_MISSING,
            "the program %s is not installed: put it beside stenohook or into " LIBEXECDIR
            " (configure --disable-remote and --disable-sandbox leave it out)",
            name);
    *out = str_dup(str_of(path));
    return *out == NULL ? err_set(err, STATUS_MEMORY, "no memory for a path") : STATUS_OK;
}

/* The configuration may name the runner. As root, becomes the spool's owner first, as the runner
 * does, to find what the gateway finds. The runner itself reports faults of either better. */
static enum status find_runner(char **out, const char *config_path, struct err *err)
{
    static const struct config none;
    const struct settings *settings = NULL;
    enum status status;

    status = session_settings(&settings, config_path, NULL);
    if (status != STATUS_OK)
        settings = NULL;
    else
        status = spool_become_owner(settings->config->spool, NULL);
    status = wake_find_runner(out, settings == NULL ? &none : settings->config, err);
    settings_release(settings);
    return status;
}

enum status cmd_program(int argc, char **argv, const char *config_path, struct err *err)
{
    char runner[] = RUNNER, remote[] = PROGRAM_REMOTE, sandbox[] = PROGRAM_SANDBOX;
    char option[] = "--config";
    /* The others have verbs of their own. */
    bool is_run = strcmp(argv[0], "run") == 0;
    char *config = config_path == NULL ? NULL : str_dup(str_of(config_path));
    char *name = is_run ? runner : strcmp(argv[0], "sandbox") == 0 ? sandbox : remote;
    char **args = calloc((size_t)argc + 4, sizeof *args);
    enum status status;
    char *path = NULL;
    int n = 0;

    if (args == NULL || (config == NULL && config_path != NULL)) {
        status = err_set(err, STATUS_MEMORY, "no memory for the arguments of a program");
        goto out;
    }
    status = is_run ? find_runner(&path, config_path, err) : find_program(&path, name, err);
    if (status != STATUS_OK)
        goto out;
    args[n++] = name;
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
    free(path);
    free(args);
    free(config);
    return status;
}
