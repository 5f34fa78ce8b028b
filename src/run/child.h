/* SPDX-License-Identifier: MIT
 * child - one attempt to run a hook.
 *
 * A hook gets the raw body on stdin (seekable), two pipes as stdout and stderr whose ends are kept
 * apart, its slot as descriptor 3 (store/queue/slot.h) and no other descriptor; a session and
 * process group of its own; umask 077; signals as they are by default; no core files; HOME or / as
 * its folder; and the environment and arguments that it is given, nothing else.
 *
 * For a process with one thread that blocks SIGCHLD and learns of it otherwise; descriptors 0 to 3
 * are in use in it (/dev/null is enough). Never waits but for the exec itself. Times are monotonic.
 */
#ifndef RUN_CHILD_H
#define RUN_CHILD_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/types.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/trust.h"
#include "core/result.h"
#include "store/queue/slot.h"
#include "store/spool/spool.h"

/* Between SIGTERM and SIGKILL to a hook, and all that it has started, at its timeout. */
#define CHILD_TERM_NS (10 * NS_PER_S)
/* How long output of its children is awaited after a hook has ended. */
#define CHILD_GRACE_NS (200 * NS_PER_MS)

struct child_plan {
    char *const *argv; /* argv[0] is an absolute path */
    char *const *envp;
    trust_tell foreign; /* gets what program_check_call tells; or NULL */
    void *context;
    const char *home; /* or NULL */
    struct str body;
    uint64_t memory_max;    /* bytes of address space; 0: no limit */
    uint64_t file_max;      /* bytes of a file; 0: no limit */
    uint64_t processes_max; /* of our user; 0: no limit */
    uint64_t timeout_s;
    const struct rlimit *files; /* RLIMIT_NOFILE of hooks; NULL: as it is */
    const struct spool *spool;  /* for a body that memory has no file for */
    const struct slot *slot;    /* begun */
};

struct child_output {
    int fd;     /* reading end; -1: at its end, or not wanted any more */
    size_t len; /* of what is kept: what came last */
    char bytes[2 * RESULT_TAIL_MAX];
};

enum child_phase {
    CHILD_RUNS,
    CHILD_STOPPING, /* got SIGTERM; it is not reaped before SIGKILL, so that its group stays its own
                     */
    CHILD_KILLED,
    CHILD_GRACE, /* ended and reaped */
    CHILD_OVER
};

struct child {
    pid_t pid;
    enum child_phase phase;
    bool timed_out;
    int wait_status;
    uint64_t begun_ns, ended_ns;
    uint64_t next_ns; /* when child_step has something to do though nothing happened */
    struct child_output out, err;
};

/* Starts it. STATUS_CONFIG, STATUS_UNTRUSTED: the program cannot, or must not, be executed as
 * things are, whatever the event. STATUS_LIMIT: arguments and environment are more than the system
 * takes. Anything else: trouble of ours that may pass. On failure nothing runs. */
enum status child_start(struct child *child, const struct child_plan *plan, uint64_t now_ns,
                        struct err *err) STATUS_CHECKED;

/* What to poll for: fills up to two, returns how many. */
nfds_t child_wants(const struct child *child, struct pollfd polled[2]);
/* Reads its output, checks whether it has ended if `look`, and stops it when its time is up. true:
 * it is over. */
bool child_step(struct child *child, bool look, uint64_t now_ns);
/* Fills end, code, took_ms and the tails (which point into the child) of one that is over. */
void child_outcome(struct child *child, struct result *result);
/* Stops watching it. */
void child_leave(struct child *child);

#endif
