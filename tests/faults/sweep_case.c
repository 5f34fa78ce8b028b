/* SPDX-License-Identifier: MIT
 * sweep_case - one way with one fault, and what is there afterwards: as a healthy process finds it,
 * and as one finds it after a power cut at the end of the way.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../tools/child_end.h"
#include "base/clock.h"
#include "store/boxes/box.h"
#include "store/boxes/box_counts.h"
#include "store/queue/snapshot.h"
#include "sweep.h"

#define BOOT_BEFORE 1
#define BOOT_GO 2
#define BOOT_CUT 3
/* A way takes milliseconds: one that takes so long waits for something that does not come. */
#define STUCK_S 60

/* One that was prepared so and one by the fault; with a fault that stays, at each try. */
#define LOST_MOST 2
#define LOST_MOST_ALL 5

static void set(struct stage *stage, const struct way *way, const char *root)
{
    stage_init(stage, root);
    stage->options.keep_s = way->keep_s;
    stage->options.hold = way->queue ? snapshot_hold : NULL;
    stage_crowd(way->crowded);
}

static unsigned boot_of(const struct way *way)
{
    return way->reboot ? BOOT_GO : BOOT_BEFORE;
}

static int reap(pid_t pid)
{
    int status = 0;

    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    return status;
}

/* ---- preparing */

bool case_prepare(const struct way *way, const char *root, struct oplog *log,
                  struct promises *promises, struct hooks *hooks)
{
    struct stage stage;
    int status = 0;

    *promises = (struct promises){.keep_s = way->keep_s};
    memset(hooks, 0, sizeof *hooks);
    set(&stage, way, root);
    stage_boot(BOOT_BEFORE);
    if (!oplog_begin(log, root))
        return false;
    if (way->prepare != NULL) {
        pid_t pid;

        hook_record(log);
        pid = fork();
        if (pid == 0) {
            way->prepare(&stage);
            stage_close(&stage);
            child_end(0);
        }
        status = reap(pid);
        hook_record(NULL);
    }
    disk_promises(log, log->count, promises);
    hooks_learn(hooks, log, false);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0 && !log->full && oplog_begin(log, root);
}

/* ---- the way */

static unsigned open_files(void)
{
    DIR *dir = opendir("/proc/self/fd");
    unsigned count = 0;

    if (dir == NULL)
        return 0;
    while (hook_real_readdir(dir) != NULL)
        count++;
    closedir(dir);
    return count;
}

static void go(const struct sweep *sweep, struct stage *stage, const struct fault *fault)
{
    unsigned files = open_files(), files_after;
    int64_t pieces = hook_pieces();

    hook_struck = &sweep->findings->struck;
    way_begin(sweep->findings, fault);
    alarm(STUCK_S);
    hook_arm(fault);
    sweep->way->go(stage);
    if (fault->blow == BLOW_OUTAGE && !sweep->anew)
        outage_retry(sweep, stage);
    stage_close(stage);
    hook_disarm();
    for (unsigned i = 0; i < CALL_COUNT; i++)
        sweep->findings->calls[i] = hook_calls((enum call)i);
    files_after = open_files();
    if (files_after != files)
        way_wrong("%d descriptors are left open", (int)files_after - (int)files);
    if (hook_pieces() != pieces)
        way_wrong("%d pieces of memory are not given back", (int)(hook_pieces() - pieces));
    sweep->findings->ended = true;
}

static bool is_kill(enum blow blow)
{
    return blow == BLOW_KILL || blow == BLOW_KILL_HALF || blow == BLOW_KILL_BEHIND;
}

static bool ended_well(const struct sweep *sweep, const struct fault *fault, int status,
                       struct verdict_on *out)
{
    const struct findings *f = sweep->findings;

    if (f->wrong[0] != '\0')
        return judge_wrong(out, "%s", f->wrong);
    if (f->ended && WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return true;
    if (f->struck && is_kill(fault->blow) && WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL)
        return true;
    if (WIFSIGNALED(status))
        return judge_wrong(out, "the process dies of signal %d", WTERMSIG(status));
    return judge_wrong(out, "the process ends with %d", WEXITSTATUS(status));
}

/* ---- judging */

/* A place that the disk cannot read says nothing about a key: what is retried then may be recorded
 * once more, rather than be refused for good (store/journal/lookup.c). */
static void allow_repeats(const struct way *way, const struct fault *fault, struct promises *p,
                          struct hooks *hooks)
{
    if (fault->call != CALL_PREAD || fault->error != EIO)
        return;
    p->broken = 0;
    for (unsigned n = 0; n < DEEDS_MAX; n++) {
        p->renewed[n] = p->renewed[n] || p->acked[n];
        /* What is recorded once more has a hook of its own. */
        if (way->mends) {
            hooks->asked[n]++;
            hooks->settled[n] = false;
        }
    }
}

static bool judge_root(const struct sweep *sweep, const struct fault *fault, bool cut, bool tidy,
                       struct verdict_on *out)
{
    const char *root = cut ? sweep->root_cut : sweep->root;
    struct promises promises = *sweep->promises;
    struct hooks hooks = *sweep->hooks;
    struct verdict_on v;
    struct stage stage;

    disk_promises(sweep->log, sweep->log->count, &promises);
    hooks_learn(&hooks, sweep->log, cut);
    allow_repeats(sweep->way, fault, &promises, &hooks);
    hooks.lost_most =
        fault->blow == BLOW_FAIL_ALL || fault->blow == BLOW_OUTAGE ? LOST_MOST_ALL : LOST_MOST;
    promises.may_pause = sweep->way->paused;
    set(&stage, sweep->way, root);
    stage_boot(cut ? BOOT_CUT : boot_of(sweep->way));
    judge(&stage, &promises, tidy && !sweep->way->rotten, &v);
    if (v.ok && sweep->way->paused)
        resume_judge(&stage, &v);
    if (v.ok && sweep->way->queue)
        queue_judge(&stage, &promises, &hooks, cut, &v);
    if (v.ok)
        return true;
    return judge_wrong(out, "%s%s", cut ? "after a power cut: " : "", v.text);
}

static bool judge_cut(const struct sweep *sweep, const struct fault *fault, struct verdict_on *out)
{
    struct disk *disk = disk_make(sweep->log);
    bool tidy = false, ok;

    stage_empty(sweep->root_cut);
    ok = disk != NULL && !sweep->log->full &&
         disk_leave(disk, sweep->log->count, DISK_NOTHING_MORE, 1, sweep->root_cut, &tidy);
    if (disk != NULL)
        disk_free(disk);
    if (!ok)
        return judge_wrong(out, "the power cut cannot be made");
    return judge_root(sweep, fault, true, tidy, out);
}

/* ---- what a killed process leaves in the boxes */

struct left {
    unsigned unfinished;
    uint64_t bytes; /* of all that takes room */
};

static struct left left_in(const struct spool *spool, enum box_kind kind)
{
    int fd = hook_real_open(box_folder(spool, kind), ".", O_RDONLY | O_DIRECTORY);
    DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    struct left left = {0};
    const struct dirent *entry;
    struct stat sb;

    while (dir != NULL && (entry = hook_real_readdir(dir)) != NULL) {
        bool unfinished = str_starts(str_of(entry->d_name), SPOOL_BOX_TMP_PREFIX);

        if ((!unfinished && !str_ends(str_of(entry->d_name), SPOOL_BOX_SUFFIX)) ||
            fstatat(fd, entry->d_name, &sb, AT_SYMLINK_NOFOLLOW) != 0)
            continue;
        left.unfinished += unfinished;
        /* An entry that has just got its name has both. */
        left.bytes += unfinished && sb.st_nlink > 1 ? 0 : (uint64_t)sb.st_size;
    }
    if (dir != NULL)
        closedir(dir);
    return left;
}

static uint64_t counted(const struct spool *spool, int64_t now_ns)
{
    struct box_counts_file file;
    uint64_t bytes = 0;

    if (box_counts_open(&file, spool, now_ns, 0, NULL) != STATUS_OK)
        return 0;
    for (unsigned c = 0; c < BOX_CLASSES; c++)
        bytes += file.counts.bytes[c] + file.counts.unfinished_bytes[c];
    box_counts_close(&file);
    return bytes;
}

/* A file without a name is gone with its process; one with a name is counted from its beginning,
 * and goes with time. */
static bool judge_left(const struct way *way, const struct fault *fault, const struct stage *stage,
                       const struct spool *spool, struct verdict_on *out)
{
    struct left refused = left_in(spool, BOX_REFUSED);
    unsigned unfinished = refused.unfinished + left_in(spool, BOX_QUARANTINED).unfinished;

    if (!way->named && unfinished > 0)
        return judge_wrong(out, "%u files without a name are in the boxes", unfinished);
    if (way->named && is_kill(fault->blow) && counted(spool, stage->now_ns) < refused.bytes)
        return judge_wrong(out, "the refused box holds more than is counted");
    (void)counted(spool, clock_wall_ns() + (BOX_TMP_AGE_S + BOX_SWEEP_S) * NS_PER_S);
    unfinished =
        left_in(spool, BOX_REFUSED).unfinished + left_in(spool, BOX_QUARANTINED).unfinished;
    return unfinished == 0 ? true : judge_wrong(out, "%u unfinished files stay", unfinished);
}

static bool judge_boxes(const struct sweep *sweep, const struct fault *fault,
                        const struct stage *stage, struct verdict_on *out)
{
    struct spool spool;
    bool ok;

    if (spool_open(&spool, stage->path, NULL) != STATUS_OK)
        return judge_wrong(out, "the boxes do not open");
    ok = judge_left(sweep->way, fault, stage, &spool, out);
    spool_close(&spool);
    return ok;
}

/* A look that fails changes what is written less than a write that fails. */
static bool leaves_disk_alone(const struct fault *fault)
{
    static const enum call looks[] = {CALL_OPENAT,    CALL_READ,     CALL_PREAD,     CALL_FSTAT,
                                      CALL_FSTATAT,   CALL_FSTATVFS, CALL_FACCESSAT, CALL_UTIMENSAT,
                                      CALL_FDOPENDIR, CALL_READDIR,  CALL_FLOCK,     CALL_MALLOC};

    for (size_t i = 0; i < sizeof looks / sizeof *looks; i++)
        if (fault->call == looks[i])
            return true;
    return false;
}

/* In a process of its own: what the kernel and the files say is all that it knows. */
static int retry_anew(const struct sweep *sweep, struct stage *stage)
{
    pid_t pid = fork();

    if (pid == 0) {
        const struct fault none = {.nth = 0};

        way_begin(sweep->findings, &none);
        outage_retry(sweep, stage);
        stage_close(stage);
        child_end(0);
    }
    return reap(pid);
}

bool case_try(const struct sweep *sweep, const struct fault *fault, struct verdict_on *out)
{
    bool tidy;
    struct stage stage;
    int status;
    pid_t pid;

    *out = (struct verdict_on){.ok = true};
    memset(sweep->findings, 0, sizeof *sweep->findings);
    stage_empty(sweep->root);
    if (!disk_leave(sweep->prepared, sweep->prepared_at, DISK_ALL, 1, sweep->root, &tidy) ||
        !oplog_begin(sweep->log, sweep->root))
        return judge_wrong(out, "it cannot be prepared");
    set(&stage, sweep->way, sweep->root);
    stage.now_ns = sweep->promises->now_ns > stage.now_ns ? sweep->promises->now_ns : stage.now_ns;
    stage_boot(boot_of(sweep->way));
    hook_record(sweep->log);
    pid = fork();
    if (pid == 0) {
        go(sweep, &stage, fault);
        child_end(0);
    }
    status = reap(pid);
    if (fault->blow == BLOW_OUTAGE && sweep->anew && status == 0)
        status = retry_anew(sweep, &stage);
    hook_record(NULL);
    return ended_well(sweep, fault, status, out) && judge_root(sweep, fault, false, true, out) &&
           judge_boxes(sweep, fault, &stage, out) &&
           (leaves_disk_alone(fault) || judge_cut(sweep, fault, out));
}
