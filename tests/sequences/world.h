/* SPDX-License-Identifier: MIT
 * world - what a sequence has in place of the machine: a clock, a boot, a disk that fills up, and
 * the moment at which the process dies. The linker's --wrap puts it between the program and the
 * system.
 *
 * A change is a call that alters a file or a folder, or syncs one. Disasters are armed for the
 * changes of one operation, which are counted from 1.
 */
#ifndef SEQUENCES_WORLD_H
#define SEQUENCES_WORLD_H

#include <stdbool.h>
#include <stdint.h>

/* The exit status of a process that died as it was to. */
#define WORLD_DIED 70

/* As all of a sequence's processes have it. */
struct world {
    int64_t now_ns;
    unsigned boot;
    unsigned woken; /* how often somebody woke the runner */
};
/* Shared with forked processes. */
extern struct world *world;

struct disaster {
    /* From that change on the disk is full: of the first write that it meets half is written, and
     * whatever needs room fails. What is there can be written over, renamed, synced, removed.
     * 0: never. */
    unsigned full_at;
    /* At that change the process dies: in the middle of a write, before any other. 0: never. */
    unsigned kill_at;
};
void world_arm(const struct disaster *disaster);
/* Returns how many changes there were. */
unsigned world_disarm(void);

/* Removes all that is in a folder, or the folder too. */
void world_empty(const char *path);
void world_remove(const char *path);

#endif
