/* SPDX-License-Identifier: MIT
 * launch - becomes a hook: what happens between the new process and its exec. Private to child.c.
 */
#ifndef RUN_LAUNCH_H
#define RUN_LAUNCH_H

#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/trust.h"
#include "store/queue/slot.h"

struct launch {
    char *const *argv;
    char *const *envp;
    trust_tell foreign; /* of program_check_call */
    void *context;
    const char *folder;                           /* or NULL */
    uint64_t memory_max, file_max, processes_max; /* 0: no limit */
    const struct rlimit *files;                   /* or NULL */
    int fds[4];                  /* what becomes descriptor 0, 1, 2, and the slot */
    struct slot_attempt attempt; /* its pid and start are filled */
    pid_t pid;                   /* out */
    /* What the process reports, through memory that it shares until its exec. */
    const char *failed; /* NULL: it became the hook */
    int error;
};

/* As child_start. */
enum status launch_hook(struct launch *launch, struct err *err) STATUS_CHECKED;

#endif
