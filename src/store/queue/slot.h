/* SPDX-License-Identifier: MIT
 * slot - run/slot.N: which hook runs in the Nth place, so that a later runner knows of a hook whose
 * runner is gone.
 *
 * The file is locked (flock) by the runner, and the hook inherits the open file as descriptor 3: as
 * long as either lives it stays locked. One line says which process of which event it is. The
 * runner writes it with pid 0 before there is a process; the process writes its own pid before it
 * becomes the hook. So no hook runs without its slot saying so.
 *
 * A slot is busy while it is locked and its process lives (pid and start time: pids come again). A
 * hook that has left a daemon behind, which keeps descriptor 3, is over all the same: such a slot
 * gets a new file.
 */
#ifndef STORE_QUEUE_SLOT_H
#define STORE_QUEUE_SLOT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "core/record.h"
#include "store/spool/spool.h"

/* As many as hooks-max may be. */
#define SLOT_COUNT 64
#define SLOT_LINE_LEN 160

/* What the line says: "ID ATTEMPT PID START STARTED_NS TIMEOUT_S", blanks, newline. */
struct slot_attempt {
    char id[RECORD_ID_MAX]; /* of the event */
    uint32_t number;
    pid_t pid;          /* 0: about to start */
    uint64_t start;     /* of the process: clock ticks since boot, /proc/PID/stat; 0: not known */
    int64_t started_ns; /* wall clock */
    uint64_t timeout_s;
};

enum slot_state {
    SLOT_ABSENT, /* there is no such file, and none was asked for */
    SLOT_FREE,   /* locked by us; nothing ran in it whose end is not known */
    SLOT_ENDED,  /* locked by us; `run` ended, and nobody cleared it */
    SLOT_BUSY    /* not ours: `run` lives */
};

struct slot {
    unsigned number;
    int fd; /* -1: not open */
    struct slot_attempt attempt;
};

/* Opens and, where it can be had, locks a slot. Without `make` a missing file stays missing. */
enum status slot_open(struct slot *slot, const struct spool *spool, unsigned number, bool make,
                      enum slot_state *state, struct err *err) STATUS_CHECKED;
void slot_close(struct slot *slot);

/* Says that `run` is about to start (pid 0). */
enum status slot_begin(struct slot *slot, const struct slot_attempt *attempt,
                       struct err *err) STATUS_CHECKED;
/* For the process that is about to become the hook: adds its own pid and start time. 0, or -1 with
 * errno. Neither allocates nor changes anything but `run` and the file. */
int slot_enter(int fd, struct slot_attempt *attempt);
/* Nothing runs in it any more, and what ran is accounted for. */
void slot_clear(struct slot *slot);

/* Whether the process of `run` lives; a zombie does not. pid 0 counts as living. */
bool slot_alive(const struct slot_attempt *attempt);
/* Whether the slot of `run` is still busy (a slot that was SLOT_BUSY when it was opened): locked,
 * and its process alive. `run` is read anew. */
bool slot_busy(struct slot *slot);
/* Whether anybody holds the lock: a process of the hook may still be there. */
bool slot_held(const struct slot *slot);

/* One line in both directions; pure. The line has SLOT_LINE_LEN bytes, the newline included. */
void slot_print(char line[SLOT_LINE_LEN + 1], const struct slot_attempt *attempt);
bool slot_parse(struct str line, struct slot_attempt *attempt);

#endif
