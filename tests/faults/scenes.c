/* SPDX-License-Identifier: MIT
 * scenes - what is done to a spool while its files are watched, or fail.
 *
 * Refused appends are no error of a scene: with faults below it that is what should happen.
 */
#include "scenes.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../tools/child_end.h"
#include "hook.h"
#include "judge_resume.h"

#define KILLS 16
#define PROCESSES 3
#define THREADS 2
#define SYNC_NS 200000

static void do_deeds(struct stage *stage, unsigned from, unsigned to)
{
    for (unsigned n = from; n < to; n++)
        (void)!stage_append(stage, n, NULL, NULL);
}

static void reboot(struct stage *stage, unsigned number)
{
    stage_close(stage);
    stage_boot(number);
}

/* ---- one process */

static void play_alone(struct stage *stage)
{
    (void)stage_make(stage);
    do_deeds(stage, 0, 6);
    do_deeds(stage, 2, 3);
    (void)stage_box(stage, 0);
    do_deeds(stage, 6, 9);
    (void)stage_keep_house(stage);
    (void)stage_box(stage, 1);
    (void)stage_box(stage, 0);
    hook_no_tmpfile(true);
    (void)stage_box(stage, 2);
    (void)stage_box(stage, 1);
    hook_no_tmpfile(false);
    do_deeds(stage, 7, 14);
}

static void play_reboots(struct stage *stage)
{
    (void)stage_make(stage);
    do_deeds(stage, 0, 6);
    (void)stage_keep_house(stage);
    reboot(stage, 2);
    do_deeds(stage, 5, 7);
    do_deeds(stage, 1, 2);
    reboot(stage, 3);
    do_deeds(stage, 7, 13);
    (void)stage_keep_house(stage);
    do_deeds(stage, 13, 15);
    (void)unlinkat(stage->spool.idx, "00.idx", 0);
    reboot(stage, 4);
    do_deeds(stage, 14, 17);
    (void)stage_keep_house(stage);
    do_deeds(stage, 16, 18);
}

/* ---- a page of the index that is nearly full */

static void prepare_crowded(struct stage *stage)
{
    (void)stage_make(stage);
    (void)!stage_append(stage, 0, NULL, NULL);
    stage_fill_page(stage);
    stage_close(stage);
}

static void play_crowded(struct stage *stage)
{
    hook_mark(MARK_SPOOL, 0, NULL, 0);
    do_deeds(stage, 1, 10);
    (void)stage_keep_house(stage);
    do_deeds(stage, 8, 16);
    reboot(stage, 2);
    do_deeds(stage, 15, 18);
}

/* ---- hooks that are paused */

static void prepare_paused(struct stage *stage)
{
    (void)stage_make(stage);
    for (unsigned n = 0; n < RESUME_DEEDS; n++)
        if (stage_append(stage, n, NULL, NULL) != STATUS_OK)
            abort();
    if (unlinkat(stage->spool.dir, SPOOL_RESULTS "/00000001.jsonl", 0) != 0)
        abort();
    stage_close(stage);
}

static void play_resumed(struct stage *stage)
{
    hook_mark(MARK_SPOOL, 0, NULL, 0);
    do_deeds(stage, RESUME_DEEDS, RESUME_DEEDS + 1);
    if (resume_stage(stage, NULL) != STATUS_OK)
        abort();
    do_deeds(stage, RESUME_DEEDS + 1, 12);
    reboot(stage, 2);
    do_deeds(stage, 11, 14);
}

/* ---- old segments go */

static void set_pruned(struct stage *stage)
{
    stage->options.keep_s = 2 * 86400;
}

static void play_pruned(struct stage *stage)
{
    (void)stage_make(stage);
    for (unsigned n = 0; n < 16; n++) {
        do_deeds(stage, n, n + 1);
        if (n % 2 == 1)
            (void)stage_keep_house(stage);
        stage->now_ns += 9 * STAGE_HOUR_NS;
    }
}

/* ---- a disk that fails now and then */

static void fail_next(enum call call, uint64_t nth, enum blow blow, int error)
{
    const struct fault fault = {.call = call, .nth = nth, .blow = blow, .error = error};

    hook_arm(&fault);
}

static void play_sick(struct stage *stage)
{
    (void)stage_make(stage);
    do_deeds(stage, 0, 3);
    for (unsigned n = 3; n < 12; n++) {
        fail_next(n % 3 == 2 ? CALL_WRITE : CALL_FDATASYNC, 1 + n % 2,
                  n % 3 == 2 ? BLOW_CUT : BLOW_FAIL, EIO);
        do_deeds(stage, n, n + 1);
        hook_disarm();
        if (n % 2 == 0)
            stage_close(stage);
        do_deeds(stage, n - 1, n + 1);
        if (n % 4 == 0)
            (void)stage_keep_house(stage);
    }
}

/* ---- killed processes */

static const enum call killed_at[] = {CALL_WRITE,  CALL_PWRITE, CALL_FDATASYNC, CALL_LINKAT,
                                      CALL_OPENAT, CALL_FSYNC,  CALL_UNLINKAT,  CALL_FTRUNCATE};
static const enum blow blows[] = {BLOW_KILL, BLOW_KILL_HALF, BLOW_KILL_BEHIND};

static void play_killed(struct stage *stage)
{
    (void)stage_make(stage);
    for (unsigned i = 0; i < KILLS; i++) {
        pid_t pid = fork();

        if (pid == 0) {
            fail_next(killed_at[i % 8], 1 + i / 3, blows[i % 3], 0);
            do_deeds(stage, i, i + 3);
            (void)stage_keep_house(stage);
            do_deeds(stage, i + 3, i + 4);
            stage_close(stage);
            child_end(0);
        }
        while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
            ;
    }
}

/* ---- many at once */

struct part {
    struct stage stage;
    struct journal_group *group;
    unsigned process, number;
};

static void *take_part(void *context)
{
    struct part *part = context;

    part->stage.group = part->group;
    for (unsigned i = 0; i < 6; i++) {
        unsigned own = 6 + (part->process * THREADS + part->number) * 6 + i;

        /* Each second one is contested by all. */
        do_deeds(&part->stage, i % 2 == 0 ? i : own, (i % 2 == 0 ? i : own) + 1);
    }
    (void)stage_keep_house(&part->stage);
    stage_close(&part->stage);
    return NULL;
}

static void take_parts(const struct stage *stage, unsigned process)
{
    struct part *parts = calloc(THREADS, sizeof *parts);
    pthread_t threads[THREADS];
    struct journal_group *group = NULL;

    if (parts == NULL || journal_group_make(&group, NULL) != STATUS_OK)
        abort();
    for (unsigned t = 0; t < THREADS; t++) {
        parts[t].stage = *stage;
        parts[t].group = group;
        parts[t].process = process;
        parts[t].number = t;
        if (pthread_create(&threads[t], NULL, take_part, &parts[t]) != 0)
            abort();
    }
    for (unsigned t = 0; t < THREADS; t++)
        pthread_join(threads[t], NULL);
    journal_group_free(group);
    free(parts);
}

static void play_together(struct stage *stage)
{
    pid_t pids[PROCESSES];

    (void)stage_make(stage);
    hook_sync_ns = SYNC_NS;
    for (unsigned p = 0; p < PROCESSES; p++) {
        pids[p] = fork();
        if (pids[p] == 0) {
            take_parts(stage, p);
            child_end(0);
        }
    }
    for (unsigned p = 0; p < PROCESSES; p++)
        while (waitpid(pids[p], NULL, 0) < 0 && errno == EINTR)
            ;
}

/* ---- all of them */

const struct scene scenes[] = {
    {.name = "alone", .play = play_alone, .alone = true},
    {.name = "reboots", .play = play_reboots, .alone = true},
    {.name = "crowded",
     .prepare = prepare_crowded,
     .play = play_crowded,
     .alone = true,
     .crowded = true},
    {.name = "resumed",
     .prepare = prepare_paused,
     .play = play_resumed,
     .alone = true,
     .paused = true},
    {.name = "pruned", .set = set_pruned, .play = play_pruned, .alone = true},
    {.name = "sick", .play = play_sick},
    {.name = "killed", .play = play_killed},
    {.name = "together", .play = play_together},
    {.name = NULL},
};

const struct scene *scene_named(const char *name)
{
    for (const struct scene *s = scenes; s->name != NULL; s++)
        if (strcmp(s->name, name) == 0)
            return s;
    return NULL;
}

void scene_set(const struct scene *scene, struct stage *stage, const char *root)
{
    stage_init(stage, root);
    stage_crowd(scene->crowded);
    if (scene->set != NULL)
        scene->set(stage);
}

bool scene_play(const struct scene *scene, struct stage *stage)
{
    pid_t pid = fork();
    int status;

    if (pid == 0) {
        scene->play(stage);
        stage_close(stage);
        child_end(0);
    }
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}
