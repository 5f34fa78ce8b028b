/* SPDX-License-Identifier: MIT
 * lighttpd - see sandbox/lighttpd.h.
 */
#include "sandbox/lighttpd.h"

#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "base/file.h"

#define STOP_NS (15 * NS_PER_S)
#define LOOK_NS (20 * NS_PER_MS)

extern char **environ;

static struct sockaddr_in loopback_address(uint64_t port)
{
    return (struct sockaddr_in){.sin_family = AF_INET,
                                .sin_port = htons((uint16_t)port),
                                .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

enum status lighttpd_find_port(uint64_t *port, struct err *err)
{
    struct sockaddr_in address = loopback_address(0);
    socklen_t len = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    enum status status = STATUS_OK;

    if (fd < 0 || bind(fd, (struct sockaddr *)&address, len) < 0 ||
        getsockname(fd, (struct sockaddr *)&address, &len) < 0)
        status = err_errno(err, "cannot find a free port on 127.0.0.1");
    else
        *port = ntohs(address.sin_port);
    file_close(&fd);
    return status;
}

static enum status spawn_first(pid_t *pid, char *config_path, const posix_spawnattr_t *attr,
                               struct err *err)
{
    static const char *const places[] = {"lighttpd", "/usr/sbin/lighttpd",
                                         "/usr/local/sbin/lighttpd"};
    char name[] = "lighttpd", stay[] = "-D", option[] = "-f";
    char *const argv[] = {name, stay, option, config_path, NULL};
    int error = ENOENT;

    for (size_t i = 0; i < sizeof places / sizeof *places && error == ENOENT; i++)
        error = posix_spawnp(pid, places[i], NULL, attr, argv, environ);
    if (error == 0)
        return STATUS_OK;
    *pid = 0;
    errno = error;
    return err_errno(err, "cannot run lighttpd, which the sandbox needs");
}

enum status lighttpd_start(pid_t *pid, char *config_path, struct err *err)
{
    posix_spawnattr_t attr;
    enum status status;
    sigset_t none, all;

    sigemptyset(&none);
    sigfillset(&all);
    /* What lighttpd leaves running becomes our child. */
    (void)prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    if (posix_spawnattr_init(&attr) != 0)
        return err_set(err, STATUS_MEMORY, "no memory for a process");
    (void)posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK |
                                              POSIX_SPAWN_SETSIGDEF);
    (void)posix_spawnattr_setpgroup(&attr, 0);
    (void)posix_spawnattr_setsigmask(&attr, &none);
    (void)posix_spawnattr_setsigdefault(&attr, &all);
    status = spawn_first(pid, config_path, &attr, err);
    posix_spawnattr_destroy(&attr);
    return status;
}

/* Reaps what has ended of the group. false: nothing of it is left. */
static bool group_lives(pid_t group)
{
    pid_t pid;

    do {
        pid = waitpid(-group, NULL, WNOHANG);
    } while (pid > 0 || (pid < 0 && errno == EINTR));
    return pid == 0;
}

/* Signals again and again: a program that is just being started still has lighttpd's handlers. */
void lighttpd_stop(pid_t pid)
{
    uint64_t end = clock_mono_ns() + STOP_NS;

    do {
        (void)kill(-pid, clock_mono_ns() > end ? SIGKILL : SIGTERM);
        clock_sleep_ns(LOOK_NS);
    } while (group_lives(pid));
}

bool lighttpd_answers(uint64_t port)
{
    struct sockaddr_in address = loopback_address(port);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool connected = fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof address) == 0;

    file_close(&fd);
    return connected;
}

bool lighttpd_ended(pid_t pid)
{
    siginfo_t info = {0};

    return waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) < 0 || info.si_pid != 0;
}
