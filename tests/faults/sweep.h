/* SPDX-License-Identifier: MIT
 * sweep - what the parts of the fault sweep share.
 *
 *   sweep.c         which cases there are, and what is printed    sweep_case.c   one of them
 *   sweep_ways.c    the ways through the store                    sweep_queue.c  those of the queue
 *   sweep_readers.c those of whoever reads it, or mends it    sweep_resume.c  the end of a pause of
 * hooks
 *   sweep_outage.c  a disk that is gone for several calls in a row
 */
#ifndef FAULTS_SWEEP_H
#define FAULTS_SWEEP_H

#include <stdbool.h>
#include <stdint.h>

#include "core/result.h"
#include "disk.h"
#include "hook.h"
#include "judge.h"
#include "judge_resume.h"
#include "oplog.h"
#include "stage.h"

/* What a way finds wrong itself. Shared with the process that it is in, which may be killed. */
struct findings {
    bool struck; /* the fault came about */
    bool ended;  /* the way came to its end */
    uint64_t calls[CALL_COUNT];
    char wrong[512]; /* the first finding; empty: none */
};

/* One way through the store. It begins and ends with nothing open, as a process does. */
struct way {
    const char *name;
    void (*prepare)(struct stage *stage); /* NULL: there is nothing */
    void (*go)(struct stage *stage);
    bool queue;   /* hooks are run in it */
    bool crowded; /* stage_crowd */
    bool reboot;  /* the machine has booted since */
    bool rotten;  /* it is prepared with damage */
    bool named;   /* entries of the boxes have temporary names */
    bool paused;  /* hooks are, in what is prepared */
    bool mends;   /* the index is made anew in it, and hooks are run */
    bool outages; /* the disk is gone for several calls in a row, also without --thorough */
    uint64_t keep_s;
};
extern const struct way ways[]; /* ends with a name that is NULL */

/* ---- for ways */

/* Where findings of this process go, and the fault that it is to meet (its nth is 0: none). */
void way_begin(struct findings *findings, const struct fault *fault);
void way_wrong(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Looks at how a step of the way ended: with a fault of memory, nothing but STATUS_MEMORY may be
 * told. */
void way_status(const char *step, enum status status);
/* No step leaves a lock behind: looks at those of the journal and the boxes. */
void way_locks(const struct stage *stage);

/* ---- the queue */

struct settled {
    enum result_state state;
    uint32_t attempt;
};

/* What is known of the hook of each deed. */
struct hooks {
    unsigned ran[DEEDS_MAX], asked[DEEDS_MAX];
    struct settled last[DEEDS_MAX]; /* attempt 0: none */
    bool settled[DEEDS_MAX];        /* it must not run again */
    bool must_run[DEEDS_MAX];       /* it must, whatever was settled */
    bool may_skip[DEEDS_MAX];       /* dropped, or perhaps */
    unsigned lost_most;             /* runs of one event whose end may have been lost */
    bool loose[DEEDS_MAX];          /* settled, and a power cut may undo it */
};
/* Adds what the marks in `log` tell. `cut`: what was not flushed before the log's end may be
 * undone. */
void hooks_learn(struct hooks *hooks, const struct oplog *log, bool cut);

void queue_prepare_used(struct stage *stage);
void queue_prepare_killed(struct stage *stage);
void queue_prepare_suspended(struct stage *stage);
void queue_prepare_full(struct stage *stage);
void queue_prepare_told(struct stage *stage);
void queue_go_first(struct stage *stage);
void queue_go_used(struct stage *stage);
void queue_go_commands(struct stage *stage);
void queue_go_full(struct stage *stage);

/* A healthy runner runs all that is due, and another one behind it has nothing to do. `promises`
 * are those of the journal, which was judged before. */
void queue_judge(struct stage *stage, const struct promises *promises, struct hooks *hooks,
                 bool cut, struct verdict_on *out);

/* ---- hooks that are paused */

void resume_prepare(struct stage *stage);
void resume_go(struct stage *stage);

/* ---- those who read, and those who mend */

void readers_prepare_forgotten(struct stage *stage);
void readers_prepare_journal(struct stage *stage);
void readers_go_hooks(struct stage *stage);
void readers_go_forgotten(struct stage *stage);
void readers_go_journal(struct stage *stage);
void readers_go_booted(struct stage *stage);
void readers_go_expire(struct stage *stage);
void readers_go_repair(struct stage *stage);

/* ---- outages of the disk */

void outage_go_late(struct stage *stage);
void outage_go_batch(struct stage *stage);
void outage_go_again(struct stage *stage);

/* ---- one case */

struct sweep {
    const struct way *way;
    const struct promises *promises; /* of what was prepared */
    const struct hooks *hooks;       /* the same */
    const struct disk *prepared;
    size_t prepared_at;
    char root[192], root_cut[192];
    struct oplog *log;
    struct findings *findings; /* shared */
    bool anew;                 /* after an outage of the disk the retries come from a new process */
};
/* The disk is well again: retries all that was tried, and was not acknowledged. */
void outage_retry(const struct sweep *sweep, struct stage *stage);

/* Makes what the way begins with. False: it cannot be made. */
bool case_prepare(const struct way *way, const char *root, struct oplog *log,
                  struct promises *promises, struct hooks *hooks);
/* False: out tells what was wrong. */
bool case_try(const struct sweep *sweep, const struct fault *fault, struct verdict_on *out);

#endif
