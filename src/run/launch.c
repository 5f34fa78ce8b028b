/* SPDX-License-Identifier: MIT
 * launch - see run/launch.h.
 *
 * The new process shares our memory until its exec, and we wait that long, as in posix_spawn: that
 * saves copying our page tables, which for a short hook costs more than the rest, and reports a
 * failed exec by its errno. So it changes nothing in memory but *launch, and calls only functions
 * that hold no lock and allocate nothing.
 */
#include "run/launch.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/program.h"

#define SLOT_FD 3
/* Of the process before its exec. */
#define STACK_LEN ((size_t)64 * 1024)
#define EXIT_NO_HOOK 127
/* For what does not return on the stack of the new process: AddressSanitizer would remember its
 * variables there, and take those of the next process for dead. */
#define LEAVES_ITS_STACK __attribute__((no_sanitize_address, noinline))

/* ---- in the new process */

static bool report_failure(struct launch *launch, const char *what)
{
    launch->error = errno;
    launch->failed = what;
    return false;
}

static void reset_signals(void)
{
    struct sigaction standard = {.sa_handler = SIG_DFL};

    for (int i = 1; i < NSIG; i++)
        (void)sigaction(i, &standard, NULL);
}

static bool move_fd(int from, int to)
{
    if (from != to)
        return dup2(from, to) == to;
    return fcntl(to, F_SETFD, 0) == 0;
}

static bool set_limit(int resource, uint64_t most)
{
    struct rlimit limit;

    if (getrlimit(resource, &limit) != 0)
        return false;
    if (limit.rlim_max > most)
        limit.rlim_max = most;
    limit.rlim_cur = limit.rlim_max;
    return setrlimit(resource, &limit) == 0;
}

LEAVES_ITS_STACK static bool become_hook(struct launch *launch)
{
    sigset_t none;

    (void)setsid();
    (void)umask(077);
    reset_signals();
    if ((launch->folder == NULL || chdir(launch->folder) != 0) && chdir("/") != 0)
        return report_failure(launch, "cannot enter /");
    for (int i = 0; i <= SLOT_FD; i++)
        if (!move_fd(launch->fds[i], i))
            return report_failure(launch, "cannot place its descriptors");
    file_close_from(SLOT_FD + 1);
    if (!set_limit(RLIMIT_CORE, 0) ||
        (launch->files != NULL && setrlimit(RLIMIT_NOFILE, launch->files) != 0))
        return report_failure(launch, "cannot set its limits");
    if (slot_enter(SLOT_FD, &launch->attempt) != 0)
        return report_failure(launch, "cannot write its slot");
    /* Last: what is too little for us may do for the hook. */
    if ((launch->file_max > 0 && !set_limit(RLIMIT_FSIZE, launch->file_max)) ||
        (launch->processes_max > 0 && !set_limit(RLIMIT_NPROC, launch->processes_max)) ||
        (launch->memory_max > 0 && !set_limit(RLIMIT_AS, launch->memory_max)))
        return report_failure(launch,
                              "cannot set hook-file-max, hook-processes-max or hook-memory-max");
    sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
    (void)execve(launch->argv[0], launch->argv, launch->envp);
    launch->error = errno;
    launch->failed = "";
    return false;
}

LEAVES_ITS_STACK static int run_process(void *context)
{
    (void)become_hook(context);
    _exit(EXIT_NO_HOOK);
}

/* ---- in ours */

static void reap_process(pid_t pid)
{
    while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
        continue;
}

/* Whether another time may go better though nothing was changed. */
static bool may_pass(int error)
{
    return error == ENOMEM || error == EAGAIN || error == EMFILE || error == ENFILE ||
           error == EINTR || error == ETXTBSY;
}

static enum status explain_failure(const struct launch *launch, struct err *err)
{
    const char *program = launch->argv[0];

    errno = launch->error;
    if (launch->failed[0] != '\0')
        return err_errno(err, "cannot start the hook %s: it %s", program, launch->failed);
    if (launch->error == E2BIG)
        return err_set(err, STATUS_LIMIT,
                       "the arguments and variables of the hook %s are more than the system takes",
                       program);
    if (may_pass(launch->error))
        return err_errno(err, "cannot execute the hook %s", program);
    /* The program itself was there. */
    return err_set(err, STATUS_CONFIG, "cannot execute the hook %s: %s", program,
                   launch->error == ENOENT ? "what its first line (#!) names is missing"
                                           : strerror(launch->error));
}

enum status launch_hook(struct launch *launch, struct err *err)
{
    static _Alignas(16) char stack[STACK_LEN];
    struct err why = ERR_INIT;
    sigset_t all, before;
    enum status status;
    pid_t pid;

    status = program_check_call(launch->argv, launch->foreign, launch->context, &why);
    if (status != STATUS_OK)
        return err_set(err, status == STATUS_MISSING ? STATUS_CONFIG : status, "the hook %s",
                       why.text);
    launch->failed = NULL;
    /* No handler of ours may run in the new process, on the stack that it has for itself. */
    sigfillset(&all);
    (void)sigprocmask(SIG_SETMASK, &all, &before);
    pid = clone(run_process, stack + STACK_LEN, CLONE_VM | CLONE_VFORK | SIGCHLD, launch);
    if (pid < 0)
        (void)err_errno(err, "cannot make a process for a hook");
    (void)sigprocmask(SIG_SETMASK, &before, NULL);
    if (pid < 0)
        return err == NULL ? STATUS_IO : err->status;
    if (launch->failed != NULL) {
        reap_process(pid);
        return explain_failure(launch, err);
    }
    launch->pid = pid;
    return STATUS_OK;
}
