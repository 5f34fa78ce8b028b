/* SPDX-License-Identifier: MIT
 * child_end - how a forked child of a test ends.
 */
#ifndef TOOLS_CHILD_END_H
#define TOOLS_CHILD_END_H

#include <sys/wait.h>
#include <unistd.h>

#ifdef COUNT_COVERAGE
#include <gcov.h>
#endif

/* Without what the parent has set up for its own end. `make coverage` counts what the child did. */
static inline _Noreturn void child_end(int status)
{
#ifdef COUNT_COVERAGE
    __gcov_dump();
#endif
    _exit(status);
}

/* The exit status of a forked child, or -1. */
static inline int child_status(pid_t pid)
{
    int status;

    return pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status) ? WEXITSTATUS(status)
                                                                           : -1;
}

#endif
