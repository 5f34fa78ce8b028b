/* SPDX-License-Identifier: MIT
 * powercut - cuts the power at every moment of some scenes, and lets the journal recover from what
 * the disk may hold then: `powercut [--scene NAME] [--states N] [--seed N] [--at N --variant N]`.
 *
 * N states a scene; every 20th of them is one of which the recovery is cut off as well. Each must
 * keep what was promised (judge.h). Prints "N states, N cuts, N recoveries cut, N bad"; exit status
 * 1 unless nothing is bad. The same seed makes the same choices; scenes of several processes differ
 * from run to run all the same.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../tools/child_end.h"
#include "base/num.h"
#include "disk.h"
#include "hook.h"
#include "judge.h"
#include "judge_resume.h"
#include "scenes.h"

#define OPS_ROOM 20000
#define BYTES_ROOM ((size_t)16 * 1024 * 1024)
#define STATES 500
#define AGAIN_EVERY 20
#define AGAIN_STATES 12
#define BAD_MAX 5
#define BOOT_AFTER 100
#define FOLDER_LEN 128

struct tally {
    uint64_t states, cuts, again, bad;
};

struct wish {
    const struct scene *scene;
    uint64_t states, seed, at, variant;
    bool only; /* the state of `at` and `variant` */
};

struct work {
    const struct scene *scene;
    const struct wish *wish;
    const struct oplog *log;
    const struct disk *disk;
    struct oplog *again;
    char root[FOLDER_LEN + 32], root_again[FOLDER_LEN + 32];
    struct tally *tally; /* shared */
};

static void say_bad(const struct work *w, const char *where, size_t at, unsigned variant,
                    const struct verdict_on *v)
{
    if (__atomic_add_fetch(&w->tally->bad, 1, __ATOMIC_SEQ_CST) <= BAD_MAX)
        fprintf(stderr, "powercut: --scene %s --seed %" PRIu64 " --at %zu --variant %u%s: %s\n",
                w->scene->name, w->wish->seed, at, variant, where, v->text);
}

static struct promises promises_of(const struct scene *scene)
{
    struct promises p = {.spool = false, .may_pause = scene->paused};
    struct stage stage;

    scene_set(scene, &stage, "");
    p.keep_s = stage.options.keep_s;
    return p;
}

static bool is_bad(const struct work *w, const char *root, const struct promises *p, bool tidy,
                   struct verdict_on *v)
{
    struct stage stage;

    scene_set(w->scene, &stage, root);
    judge(&stage, p, tidy, v);
    if (v->ok && w->scene->paused)
        resume_judge(&stage, v);
    return !v->ok;
}

static uint64_t seed_of(const struct work *w, size_t at, unsigned variant)
{
    return w->wish->seed * UINT64_C(1000003) + at * UINT64_C(4099) + variant;
}

/* What is there is now the disk of a machine that boots, and the power is cut once more. */
static void cut_again(const struct work *w, size_t at, unsigned variant, const struct promises *p,
                      bool tidy)
{
    uint64_t seed = seed_of(w, at, variant) ^ UINT64_C(0x5bd1e995);
    struct verdict_on v;
    struct disk *disk;
    size_t first;

    if (!oplog_begin(w->again, w->root))
        abort();
    first = w->again->count;
    stage_boot(BOOT_AFTER);
    hook_record(w->again);
    (void)is_bad(w, w->root, p, tidy, &v);
    hook_record(NULL);
    disk = disk_make(w->again);
    if (disk == NULL || w->again->full)
        abort();
    for (unsigned i = 0; i < AGAIN_STATES; i++) {
        size_t cut = first + chance(&seed) % (w->again->count - first + 1);
        struct promises both = *p;
        bool tidy_again;

        disk_promises(w->again, cut, &both);
        stage_empty(w->root_again);
        if (!disk_leave(disk, cut, i, seed, w->root_again, &tidy_again))
            abort();
        stage_boot(BOOT_AFTER + 1);
        if (is_bad(w, w->root_again, &both, tidy && tidy_again, &v))
            say_bad(w, ", cut again", at, variant, &v);
        __atomic_add_fetch(&w->tally->again, 1, __ATOMIC_SEQ_CST);
    }
    disk_free(disk);
}

static void try_state(const struct work *w, size_t at, unsigned variant, bool again)
{
    struct promises promises = promises_of(w->scene);
    struct verdict_on v;
    bool tidy;

    disk_promises(w->log, at, &promises);
    stage_empty(w->root);
    if (!disk_leave(w->disk, at, variant, seed_of(w, at, variant), w->root, &tidy))
        abort();
    if (again) {
        cut_again(w, at, variant, &promises, tidy);
        return;
    }
    stage_boot(BOOT_AFTER);
    if (is_bad(w, w->root, &promises, tidy, &v))
        say_bad(w, "", at, variant, &v);
    __atomic_add_fetch(&w->tally->states, 1, __ATOMIC_SEQ_CST);
}

/* ---- which states */

static bool changes(const struct oplog *log, size_t i)
{
    return i == log->count || (!log->ops[i].base && log->ops[i].kind != OP_SYNC);
}

static size_t count_cuts(const struct oplog *log)
{
    size_t n = 0;

    for (size_t at = 0; at <= log->count; at++)
        n += changes(log, at);
    return n;
}

/* The moments of a scene take turns; each has at least one state of each variant that is not by
 * chance where there are states enough. */
static void try_share(const struct work *w, unsigned share, unsigned shares)
{
    size_t cuts = count_cuts(w->log), n = 0;
    uint64_t each = (w->wish->states + cuts - 1) / cuts;

    if (each < DISK_BY_CHANCE + 1)
        each = DISK_BY_CHANCE + 1;
    for (size_t at = 0; at <= w->log->count; at++) {
        if (!changes(w->log, at))
            continue;
        for (unsigned variant = 0; variant < each; variant++, n++)
            if (n % shares == share && w->tally->bad < BAD_MAX)
                try_state(w, at, variant, n / shares % AGAIN_EVERY == AGAIN_EVERY - 1);
        if (share == 0)
            w->tally->cuts++;
    }
}

static void work(struct work *w, const char *folder, unsigned share, unsigned shares)
{
    snprintf(w->root, sizeof w->root, "%s/%u", folder, share);
    snprintf(w->root_again, sizeof w->root_again, "%s/%u.again", folder, share);
    w->again = oplog_make(OPS_ROOM, BYTES_ROOM);
    if (w->again == NULL || hook_real_mkdir(w->root) != 0 || hook_real_mkdir(w->root_again) != 0)
        abort();
    if (w->wish->only) {
        for (unsigned n = 0; n < 2; n++)
            try_state(w, w->wish->at, (unsigned)w->wish->variant, n == 1);
    } else {
        try_share(w, share, shares);
    }
    oplog_free(w->again);
}

/* ---- a scene */

static bool share_out(struct work *w, const char *folder)
{
    unsigned shares = w->wish->only ? 1 : (unsigned)sysconf(_SC_NPROCESSORS_ONLN);
    bool ok = true;
    pid_t pid = 0;

    for (unsigned share = 0; share < shares; share++) {
        pid = fork();
        if (pid == 0) {
            work(w, folder, share, shares);
            child_end(0);
        }
    }
    for (unsigned share = 0; share < shares; share++) {
        int status = 0;

        while ((pid = wait(&status)) < 0 && errno == EINTR)
            ;
        ok = ok && pid > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0;
    }
    if (!ok)
        fprintf(stderr, "powercut: --scene %s: a recovery did not come to its end\n",
                w->scene->name);
    return ok;
}

static bool try_scene(const struct scene *scene, const struct wish *wish, struct oplog *log,
                      const char *folder, struct tally *tally)
{
    char root[FOLDER_LEN + 32];
    struct work w = {.scene = scene, .wish = wish, .log = log, .tally = tally};
    struct stage stage;
    struct disk *disk;
    bool ok;

    stage_empty(folder);
    snprintf(root, sizeof root, "%s/scene", folder);
    if (hook_real_mkdir(root) != 0)
        return false;
    scene_set(scene, &stage, root);
    stage_boot(1);
    if (scene->prepare != NULL)
        scene->prepare(&stage);
    ok = oplog_begin(log, root);
    hook_record(log);
    ok = ok && scene_play(scene, &stage);
    hook_record(NULL);
    w.disk = disk = ok && !log->full ? disk_make(log) : NULL;
    if (disk == NULL) {
        fprintf(stderr, "powercut: --scene %s: it did not come to its end\n", scene->name);
        return false;
    }
    ok = share_out(&w, folder);
    disk_free(disk);
    return ok;
}

static bool parse(int argc, char **argv, struct wish *wish)
{
    for (int i = 1; i + 1 < argc; i += 2) {
        struct str value = str_of(argv[i + 1]);
        bool ok = true;

        if (strcmp(argv[i], "--scene") == 0)
            ok = (wish->scene = scene_named(argv[i + 1])) != NULL;
        else if (strcmp(argv[i], "--states") == 0)
            ok = num_u64(value, &wish->states);
        else if (strcmp(argv[i], "--seed") == 0)
            ok = num_u64(value, &wish->seed);
        else if (strcmp(argv[i], "--at") == 0)
            wish->only = ok = num_u64(value, &wish->at);
        else if (strcmp(argv[i], "--variant") == 0)
            ok = num_u64(value, &wish->variant);
        else
            ok = false;
        if (!ok)
            return false;
    }
    return argc % 2 == 1 && (!wish->only || wish->scene != NULL);
}

int main(int argc, char **argv)
{
    struct wish wish = {.states = STATES, .seed = 1};
    struct tally *tally =
        mmap(NULL, sizeof *tally, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    struct oplog *log = oplog_make(OPS_ROOM, BYTES_ROOM);
    char folder[FOLDER_LEN];
    bool ok = true;

    if (!parse(argc, argv, &wish)) {
        fprintf(stderr, "usage: powercut [--scene NAME] [--states N] [--seed N] "
                        "[--at N --variant N]\n");
        return 2;
    }
    if (tally == MAP_FAILED || log == NULL || !stage_folder(folder, sizeof folder)) {
        perror("powercut");
        return 3;
    }
    for (const struct scene *s = scenes; s->name != NULL && tally->bad == 0; s++)
        if (wish.scene == NULL || wish.scene == s)
            ok = try_scene(s, &wish, log, folder, tally) && ok;
    stage_empty(folder);
    rmdir(folder);
    printf("seed %" PRIu64 ": %" PRIu64 " states, %" PRIu64 " cuts, %" PRIu64
           " recoveries cut, %" PRIu64 " bad\n",
           wish.seed, tally->states, tally->cuts, tally->again, tally->bad);
    return ok && tally->bad == 0 && tally->states > 0 ? 0 : 1;
}
