/* SPDX-License-Identifier: MIT
 * check_url - see admin/check_url.h.
 */
#include "admin/check_url.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/program.h"
#include "base/str.h"
#include "cli/print.h"
#include "cli/programs.h"

#define ARGS_MAX 8

extern char **environ;

/* What the other program must not inherit. */
static int spawn_remote(pid_t *pid, const char *path, char *const *args)
{
    posix_spawnattr_t attributes;
    sigset_t pipe;
    int error = posix_spawnattr_init(&attributes);

    if (error != 0)
        return error;
    sigemptyset(&pipe);
    sigaddset(&pipe, SIGPIPE);
    error = posix_spawnattr_setsigdefault(&attributes, &pipe);
    if (error == 0)
        error = posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
    if (error == 0)
        error = posix_spawn(pid, path, NULL, &attributes, args, environ);
    (void)posix_spawnattr_destroy(&attributes);
    return error;
}

/* Whether it ended without finding a problem; it reports problems itself. */
static bool ended_well(pid_t pid)
{
    int status = 0;

    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR)
            return false;
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

void check_url(struct findings *f, const char *config_path, const char *endpoint, const char *url)
{
    const char *args[ARGS_MAX] = {PROGRAM_REMOTE, "--config", config_path, "trial"};
    char path[PATH_MAX];
    size_t n = 4;
    pid_t pid;
    int error;

    if (!program_find(path, PROGRAM_REMOTE)) {
        finding_error(f, "--url needs the program " PROGRAM_REMOTE
                         ", which is not installed: put it beside stenohook, or into " LIBEXECDIR);
        return;
    }
    if (endpoint != NULL) {
        args[n++] = "--endpoint";
        args[n++] = endpoint;
    }
    if (url != NULL)
        args[n++] = url;
    /* Our output so far precedes that of the other program. */
    f->status = print_end(f->err);
    if (f->status != STATUS_OK)
        return;
    error = spawn_remote(&pid, path, (char *const *)(uintptr_t)args);
    if (error != 0)
        finding_error(f, "cannot run %s: %s", path, strerror(error));
    else if (!ended_well(pid))
        f->errors++;
}
