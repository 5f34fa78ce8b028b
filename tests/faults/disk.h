/* SPDX-License-Identifier: MIT
 * disk - what a power cut may leave of what an oplog tells.
 *
 * Only two things are certain: the bytes of a file that were written before a sync of it began that
 * ended well before the cut, and the names in a folder that were made, moved or removed before such
 * a sync of the folder. All else may be there or not, in any combination: a write whole, in its
 * first part, in some of its sectors, or as nothing but the file's new size. After a failed sync
 * the kernel takes the bytes for written: no later sync makes them certain.
 */
#ifndef FAULTS_DISK_H
#define FAULTS_DISK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "oplog.h"
#include "stage.h"

/* Further ones are chosen by chance. */
enum { DISK_NOTHING_MORE, DISK_ALL, DISK_SIZES_ONLY, DISK_BY_CHANCE };

struct disk; /* an oplog, made ready */
struct disk *disk_make(const struct oplog *log);
void disk_free(struct disk *disk);
/* Makes in `root`, which is empty, what a cut right before op `at` may leave. The same variant and
 * seed make the same. *tidy: no file has bytes in it that nobody wrote there. False: cannot be
 * made. */
bool disk_leave(const struct disk *disk, size_t at, unsigned variant, uint64_t seed,
                const char *root, bool *tidy);

/* What had been promised by then. */
struct promises {
    bool may_pause; /* hooks are paused in what is judged, or may be */
    bool spool;
    bool tried[DEEDS_MAX], acked[DEEDS_MAX], boxed[BOXES_MAX];
    bool renewed[DEEDS_MAX];     /* tried again when its record could be gone */
    int64_t tried_ns[DEEDS_MAX]; /* last */
    int64_t since_ns[DEEDS_MAX]; /* no record of it is older */
    char id[DEEDS_MAX][RECORD_ID_MAX];
    int64_t now_ns;
    uint64_t keep_s; /* of the spool: what is older may be gone; 0: nothing */
    unsigned broken; /* deeds that were acknowledged under one id and then under another */
};
bool promise_outlived(const struct promises *p, unsigned deed);
/* Adds what the log tells before op `at` to *p, whose keep_s is set. */
void disk_promises(const struct oplog *log, size_t at, struct promises *p);

/* Numbers by chance. */
uint64_t chance(uint64_t *seed);

#endif
