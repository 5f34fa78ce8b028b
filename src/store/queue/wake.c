/* SPDX-License-Identifier: MIT
 * wake - see store/queue/wake.h.
 */
#include "store/queue/wake.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/trust.h"

#define RUNNER "stenohook-run"
#define PATH_VARIABLE "PATH=/usr/local/bin:/usr/bin:/bin"
#define DRAIN_LEN 4096

/* ---- starting it */

static int set_attributes(posix_spawnattr_t *attributes)
{
    short flags = POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK;
    sigset_t all, none;
    int error;

#ifdef POSIX_SPAWN_SETSID
    flags |= POSIX_SPAWN_SETSID;
#endif
    sigfillset(&all);
    sigdelset(&all, SIGKILL);
    sigdelset(&all, SIGSTOP);
    sigemptyset(&none);
    error = posix_spawnattr_setsigdefault(attributes, &all);
    if (error == 0)
        error = posix_spawnattr_setsigmask(attributes, &none);
    return error != 0 ? error : posix_spawnattr_setflags(attributes, flags);
}

static int set_files(posix_spawn_file_actions_t *files)
{
    int error = 0;

    for (int fd = STDIN_FILENO; error == 0 && fd <= STDERR_FILENO; fd++)
        error = posix_spawn_file_actions_addopen(files, fd, "/dev/null", O_RDWR, 0);
    return error;
}

static int spawn_runner(pid_t *pid, char *program, char *config_path)
{
    char name[] = RUNNER, config[] = "--config", detach[] = "--detach", path[] = PATH_VARIABLE;
    char *argv[] = {name, config, config_path, detach, NULL};
    char strict[] = TRUST_STRICT "=" TRUST_YES;
    char *envp[] = {path, trust_is_strict() ? strict : NULL, NULL};
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attributes;
    int error = posix_spawnattr_init(&attributes);

    if (error != 0)
        return error;
    error = posix_spawn_file_actions_init(&files);
    if (error == 0) {
        error = set_attributes(&attributes);
        if (error == 0)
            error = set_files(&files);
        if (error == 0)
            error = posix_spawn(pid, program, &files, &attributes, argv, envp);
        (void)posix_spawn_file_actions_destroy(&files);
    }
    (void)posix_spawnattr_destroy(&attributes);
    return error;
}

/* The process that we start detaches another one and ends at once. If SIGCHLD is ignored the kernel
 * has reaped it already. */
static void reap_starter(pid_t pid)
{
    while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
        continue;
}

static enum status start_runner(const struct config *config, const char *config_path,
                                struct err *err)
{
    char *program = NULL;
    enum status status = wake_find_runner(&program, config, err);
    char *path = status == STATUS_OK ? strdup(config_path) : NULL;
    int error;
    pid_t pid;

    if (status == STATUS_OK && path == NULL)
        status = err_set(err, STATUS_MEMORY, "no memory for a path");
    if (status == STATUS_OK) {
        error = spawn_runner(&pid, program, path);
        if (error == 0)
            reap_starter(pid);
        else
            status = err_set(err, error == ENOMEM ? STATUS_MEMORY : STATUS_IO,
                             "cannot start %s: %s", program, strerror(error));
    }
    free(path);
    free(program);
    return status;
}

/* ---- the FIFO */

bool wake_tell(const struct spool *spool)
{
    int fd = file_open(spool->dir, SPOOL_WAKE, O_WRONLY | O_NONBLOCK, 0);
    struct stat sb;
    bool told;

    if (fd < 0)
        return false;
    /* A full one wakes as well. */
    told = fstat(fd, &sb) == 0 && S_ISFIFO(sb.st_mode) &&
           (file_write_once(fd, "", 1) == 1 || errno == EAGAIN);
    file_close(&fd);
    return told;
}

enum status wake_runner(const struct spool *spool, const struct config *config,
                        const char *config_path, struct err *err)
{
    struct err why = ERR_INIT;
    enum status status = wake_tell(spool) ? STATUS_OK : start_runner(config, config_path, &why);

    if (status == STATUS_OK)
        return status;
    return err_set(err, status, "hooks wait, because no runner could be started: %s", why.text);
}

int wake_listen(const struct spool *spool)
{
    struct stat sb;
    int fd;

    if (fstatat(spool->dir, SPOOL_WAKE, &sb, AT_SYMLINK_NOFOLLOW) == 0 && !S_ISFIFO(sb.st_mode) &&
        unlinkat(spool->dir, SPOOL_WAKE, 0) != 0)
        return -1;
    if (mkfifoat(spool->dir, SPOOL_WAKE, 0600) != 0 && errno != EEXIST)
        return -1;
    /* Without a writer of our own, poll would keep reporting the end of the last one. */
    fd = file_open(spool->dir, SPOOL_WAKE, O_RDWR | O_NONBLOCK, 0);
    return fd;
}

void wake_drain(int fd)
{
    char bytes[DRAIN_LEN];

    while (read(fd, bytes, sizeof bytes) == (ssize_t)sizeof bytes)
        continue;
}
