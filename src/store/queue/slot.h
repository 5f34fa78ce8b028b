/* SPDX-License-Identifier: MIT
 * slot - run/slot.N: which hook runs in the Nth place, so that a later runner finds a hook whose
 * runner is gone.
 *
 * The file is locked (flock) by the runner, and the hook inherits the open file as descriptor 3: it
 * stays locked as long as either lives. One line names the event and the process. The runner writes
 * it with pid 0 before there is a process; the process writes its own pid before it becomes the
 * hook. So no hook runs without a slot that says so.
 *
 * A slot is busy while it is locked and its process lives (same pid and start time, as pids are
 * reused). A hook is over even if it left a daemon that keeps descriptor 3: such a slot gets a new
 * file.
 */
#ifndef STORE_QUEUE_SLOT_H
#define STORE_QUEUE_SLOT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "core/record.h"
#include "store/spool/spool.h"

/* The most that hooks-max may be. */
#define SLOT_COUNT 64
#define SLOT_LINE_LEN 160

/* What the line says: "ID ATTEMPT PID START STARTED_NS TIMEOUT_S", blanks, newline. */
struct slot_attempt {
    char id[RECORD_ID_MAX]; /* of the event */
    uint32_t number;
    pid_t pid;      /* 0: about to start */
    uint64_t start; /* of the process: clock ticks since boot, as in /proc/PID/stat; 0: unknown */
    int64_t started_ns; /* wall clock */
    uint64_t timeout_s;
};

enum slot_state {
    SLOT_ABSENT, /* there is no such file, and none was to be made */
    SLOT_FREE,   /* locked by us; all that ran in it is accounted for */
    SLOT_ENDED,  /* locked by us; `attempt` ended, and was not cleared */
    SLOT_BUSY    /* not ours: `attempt` lives */
};

struct slot {
    unsigned number;
    int fd; /* -1: not open */
    struct slot_attempt attempt;
};

/* Opens a slot, and locks it if it is free. Without `make` a missing file stays missing. */
enum status slot_open(struct slot *slot, const struct spool *spool, unsigned number, bool make,
                      enum slot_state *state, struct err *err) STATUS_CHECKED;
void slot_close(struct slot *slot);

/* Writes that `attempt` is about to start (pid 0). */
enum status slot_begin(struct slot *slot, const struct slot_attempt *attempt,
                       struct err *err) STATUS_CHECKED;
/* For the process that is about to become the hook: adds its pid and start time. 0, or -1 with
 * errno. Neither allocates nor changes anything but `attempt` and the file. */
int slot_enter(int fd, struct slot_attempt *attempt);
/* Empties it: nothing runs in it any more, and what ran is accounted for. */
void slot_clear(struct slot *slot);

/* Whether the process of `attempt` lives; a zombie does not. pid 0 counts as living. */
bool slot_alive(const struct slot_attempt *attempt);
/* Whether a slot that was SLOT_BUSY when it was opened is still locked, and its process alive.
 * Reads `attempt` anew. */
bool slot_busy(struct slot *slot);
/* Whether any process holds the lock: one of the hook may still live. */
bool slot_held(const struct slot *slot);

/* Print and parse the line: SLOT_LINE_LEN bytes with the newline. Pure. */
void slot_print(char line[SLOT_LINE_LEN + 1], const struct slot_attempt *attempt);
bool slot_parse(struct str line, struct slot_attempt *attempt);

#endif
