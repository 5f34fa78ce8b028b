/* SPDX-License-Identifier: MIT
 * sweep - lets one call after another of each way through the store fail, be short, or kill the
 * process: `sweep [--list | --thorough] [--scenario NAME] [--call NAME] [--errno E] [--nth N]`.
 *
 * E is the name of an error, "EIO-all" (it fails from then on), "short" (half of the bytes), or
 * "kill", "kill-half", "kill-behind" (before, in, or behind the call). N counts the calls of that
 * name from 1. The call "disk" is any that needs the disk: "EIO-3" fails it and the two behind it,
 * "EIO-rest" all until the step ends that it is in; then the disk is well again, and the same
 * process retries, or with "-anew" another one. Whatever the fault was, judge.h and sweep_queue.c
 * say what must be true afterwards. A case that is bad is told as the command that repeats it. Exit
 * status 1 unless nothing is bad.
 */
#include "sweep.h"

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

#define OPS_ROOM 20000
#define BYTES_ROOM ((size_t)16 * 1024 * 1024)
#define BAD_MAX 20
/* Below a sanitizer, which takes many times as long, only every so many-th case is tried unless
 * one is asked for. */
#ifdef __SANITIZE_ADDRESS__
#define EVERY 11
#else
#define EVERY 1
#endif
#define FOLDER_LEN 128

/* ---- faults */

struct mishap {
    const char *name;
    enum blow blow;
    int error;
    uint64_t length;
    bool anew;
};

static const struct mishap mishaps[] = {
    {.name = "EIO", .blow = BLOW_FAIL, .error = EIO},
    {.name = "ENOSPC", .blow = BLOW_FAIL, .error = ENOSPC},
    {.name = "EDQUOT", .blow = BLOW_FAIL, .error = EDQUOT},
    {.name = "EINTR", .blow = BLOW_FAIL, .error = EINTR},
    {.name = "EMFILE", .blow = BLOW_FAIL, .error = EMFILE},
    {.name = "ENOMEM", .blow = BLOW_FAIL, .error = ENOMEM},
    {.name = "EROFS", .blow = BLOW_FAIL, .error = EROFS},
    {.name = "ENOLCK", .blow = BLOW_FAIL, .error = ENOLCK},
    {.name = "EWOULDBLOCK", .blow = BLOW_FAIL, .error = EWOULDBLOCK},
    {.name = "EIO-all", .blow = BLOW_FAIL_ALL, .error = EIO},
    {.name = "ENOSPC-all", .blow = BLOW_FAIL_ALL, .error = ENOSPC},
    {.name = "ENOMEM-all", .blow = BLOW_FAIL_ALL, .error = ENOMEM},
    {.name = "short", .blow = BLOW_CUT},
    {.name = "kill", .blow = BLOW_KILL},
    {.name = "kill-half", .blow = BLOW_KILL_HALF},
    {.name = "kill-behind", .blow = BLOW_KILL_BEHIND},
    {.name = "EIO-2", .blow = BLOW_OUTAGE, .error = EIO, .length = 2},
    {.name = "EIO-2-anew", .blow = BLOW_OUTAGE, .error = EIO, .length = 2, .anew = true},
    {.name = "EIO-3", .blow = BLOW_OUTAGE, .error = EIO, .length = 3},
    {.name = "EIO-3-anew", .blow = BLOW_OUTAGE, .error = EIO, .length = 3, .anew = true},
    {.name = "EIO-5", .blow = BLOW_OUTAGE, .error = EIO, .length = 5},
    {.name = "EIO-5-anew", .blow = BLOW_OUTAGE, .error = EIO, .length = 5, .anew = true},
    {.name = "EIO-8", .blow = BLOW_OUTAGE, .error = EIO, .length = 8},
    {.name = "EIO-8-anew", .blow = BLOW_OUTAGE, .error = EIO, .length = 8, .anew = true},
    {.name = "EIO-rest", .blow = BLOW_OUTAGE, .error = EIO},
    {.name = "EIO-rest-anew", .blow = BLOW_OUTAGE, .error = EIO, .anew = true},
    {.name = "ENOSPC-3", .blow = BLOW_OUTAGE, .error = ENOSPC, .length = 3},
    {.name = "ENOSPC-3-anew", .blow = BLOW_OUTAGE, .error = ENOSPC, .length = 3, .anew = true},
    {.name = "ENOSPC-rest", .blow = BLOW_OUTAGE, .error = ENOSPC},
    {.name = "ENOSPC-rest-anew", .blow = BLOW_OUTAGE, .error = ENOSPC, .anew = true},
};
#define MISHAPS (sizeof mishaps / sizeof *mishaps)

/* What means something for each call; kills where it changes something. Behind the bar is what
 * --thorough tries besides: errors that are handled as one before it, and kills that leave what a
 * kill before the next call leaves. */
static const char *const meant[CALL_COUNT] = {
    [CALL_OPENAT] = "EIO | ENOSPC EINTR EMFILE ENOMEM EROFS kill-behind",
    [CALL_READ] = "EIO short | EINTR",
    [CALL_PREAD] = "EIO | EINTR short",
    [CALL_WRITE] = "EIO ENOSPC EINTR ENOSPC-all short kill kill-half | EDQUOT EIO-all kill-behind",
    [CALL_PWRITE] = "EIO ENOSPC short kill kill-half | EDQUOT EINTR EIO-all kill-behind",
    [CALL_FSYNC] = "EIO EINTR kill | ENOSPC EDQUOT EIO-all kill-behind",
    [CALL_FDATASYNC] = "EIO EINTR EIO-all kill | ENOSPC EDQUOT kill-behind",
    [CALL_FTRUNCATE] = "EIO kill | ENOSPC EDQUOT kill-behind",
    [CALL_LINKAT] = "EIO kill | ENOSPC EDQUOT EROFS kill-behind",
    [CALL_RENAMEAT] = "EIO kill | ENOSPC EDQUOT EROFS kill-behind",
    [CALL_UNLINKAT] = "EIO kill | EROFS kill-behind",
    [CALL_MKDIR] = "ENOSPC kill | EIO EDQUOT EROFS kill-behind",
    [CALL_FLOCK] = "ENOLCK EWOULDBLOCK | EINTR ENOMEM kill-behind",
    [CALL_FSTATVFS] = "EIO | EINTR",
    [CALL_FSTAT] = "EIO | ENOMEM",
    [CALL_FSTATAT] = "EIO | ENOMEM",
    [CALL_FACCESSAT] = "EIO | EROFS",
    [CALL_FDOPENDIR] = "ENOMEM",
    [CALL_READDIR] = "EIO",
    [CALL_CLOSE] = "| EIO ENOSPC EINTR kill-behind",
    [CALL_UTIMENSAT] = "EIO | EROFS",
    [CALL_MALLOC] = "ENOMEM | ENOMEM-all",
    [CALL_DISK] = "EIO-2 EIO-2-anew EIO-rest EIO-rest-anew ENOSPC-rest | EIO-3 EIO-3-anew EIO-5 "
                  "EIO-5-anew EIO-8 EIO-8-anew ENOSPC-3 ENOSPC-3-anew ENOSPC-rest-anew",
};

static bool means(enum call call, const struct mishap *mishap, bool thorough)
{
    struct str word, rest = str_of(meant[call]);

    while (rest.ptr != NULL) {
        (void)str_cut(rest, ' ', &word, &rest);
        if (str_is(word, "|") && !thorough)
            return false;
        if (str_is(word, mishap->name))
            return true;
    }
    return false;
}

/* ---- what was wished, what was done */

struct wish {
    const struct way *way;
    enum call call; /* CALL_COUNT: all */
    const struct mishap *mishap;
    uint64_t nth; /* 0: all */
    bool thorough;
};

struct tally {
    uint64_t ways, calls, faults, kills, bad;
};

static void say_bad(const struct sweep *sweep, const struct fault *fault,
                    const struct mishap *mishap, const struct verdict_on *v, struct tally *tally)
{
    if (__atomic_add_fetch(&tally->bad, 1, __ATOMIC_SEQ_CST) > BAD_MAX)
        return;
    fprintf(stderr, "tests/faults/sweep --scenario %s --call %s --errno %s --nth %" PRIu64 ": %s\n",
            sweep->way->name, call_name(fault->call), mishap->name, fault->nth, v->text);
}

static void try_one(const struct sweep *sweep, const struct fault *fault,
                    const struct mishap *mishap, struct tally *tally)
{
    bool kills = fault->blow >= BLOW_KILL;
    struct verdict_on v;
    struct sweep one = *sweep;
    bool ok;

    one.anew = mishap->anew;
    ok = case_try(&one, fault, &v);
    if (!ok)
        say_bad(sweep, fault, mishap, &v, tally);
    if (sweep->findings->struck)
        __atomic_add_fetch(kills ? &tally->kills : &tally->faults, 1, __ATOMIC_SEQ_CST);
}

/* Else only some ways meet outages, as the tests are to be over in seconds. */
static bool asked(const struct wish *wish)
{
    return wish->thorough || wish->call == CALL_DISK;
}

/* Each worker takes the cases whose number is its own. */
static void try_share(const struct sweep *sweep, const struct wish *wish, const uint64_t *calls,
                      unsigned share, unsigned shares, struct tally *tally)
{
    uint64_t n = 0, every = wish->thorough || wish->nth != 0 ? 1 : EVERY;

    for (unsigned call = 0; call < CALL_COUNT; call++)
        for (size_t m = 0; m < MISHAPS; m++)
            for (uint64_t nth = 1; nth <= calls[call]; nth++) {
                const struct fault fault = {.call = (enum call)call,
                                            .nth = nth,
                                            .blow = mishaps[m].blow,
                                            .error = mishaps[m].error,
                                            .length = mishaps[m].length};

                if (!means(fault.call, &mishaps[m], wish->thorough || wish->mishap != NULL) ||
                    (fault.call == CALL_DISK && !sweep->way->outages && !asked(wish)) ||
                    (wish->nth != 0 && wish->nth != nth) ||
                    (wish->call != CALL_COUNT && wish->call != fault.call) ||
                    (wish->mishap != NULL && wish->mishap != &mishaps[m]))
                    continue;
                if (n++ % every != 0)
                    continue;
                if (n / every % shares == share && tally->bad < BAD_MAX)
                    try_one(sweep, &fault, &mishaps[m], tally);
            }
}

/* ---- a way */

static bool make_root(char *out, size_t len, const char *folder, const char *what, unsigned share)
{
    snprintf(out, len, "%s/%s%u", folder, what, share);
    return hook_real_mkdir(out) == 0;
}

/* Without a fault: how many calls there are. */
static bool count_calls(const struct sweep *sweep, uint64_t calls[CALL_COUNT], struct tally *tally)
{
    const struct fault none = {.nth = 0};
    struct verdict_on v;

    if (!case_try(sweep, &none, &v)) {
        fprintf(stderr, "tests/faults/sweep --scenario %s: without a fault: %s\n", sweep->way->name,
                v.text);
        tally->bad++;
        return false;
    }
    memcpy(calls, sweep->findings->calls, sizeof sweep->findings->calls);
    for (unsigned i = 0; i < CALL_COUNT; i++)
        tally->calls += calls[i];
    tally->ways++;
    return true;
}

static bool share_out(struct sweep *sweep, const struct wish *wish, const uint64_t *calls,
                      const char *folder, struct tally *tally)
{
    unsigned shares = wish->nth != 0 ? 1 : (unsigned)sysconf(_SC_NPROCESSORS_ONLN);
    bool ok = true;

    for (unsigned share = 0; share < shares; share++) {
        pid_t pid = fork();

        if (pid == 0) {
            sweep->log = oplog_make(OPS_ROOM, BYTES_ROOM);
            sweep->findings = mmap(NULL, sizeof *sweep->findings, PROT_READ | PROT_WRITE,
                                   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
            if (sweep->log == NULL || sweep->findings == MAP_FAILED ||
                !make_root(sweep->root, sizeof sweep->root, folder, "r", share) ||
                !make_root(sweep->root_cut, sizeof sweep->root_cut, folder, "c", share))
                child_end(1);
            try_share(sweep, wish, calls, share, shares, tally);
            child_end(0);
        }
        ok = ok && pid > 0;
    }
    for (unsigned share = 0; share < shares; share++) {
        int status = 0;

        while (wait(&status) < 0 && errno == EINTR)
            ;
        ok = ok && WIFEXITED(status) && WEXITSTATUS(status) == 0;
    }
    if (!ok)
        fprintf(stderr, "tests/faults/sweep --scenario %s: did not come to its end\n",
                sweep->way->name);
    return ok;
}

static bool try_way(const struct way *way, const struct wish *wish, const char *folder,
                    struct sweep *sweep, struct tally *tally)
{
    struct oplog *prepared = oplog_make(OPS_ROOM, BYTES_ROOM);
    uint64_t calls[CALL_COUNT];
    struct promises promises;
    struct hooks hooks;
    char root[192];
    bool ok;

    stage_empty(folder);
    sweep->way = way;
    sweep->promises = &promises;
    sweep->hooks = &hooks;
    ok = prepared != NULL && make_root(root, sizeof root, folder, "p", 0) &&
         make_root(sweep->root, sizeof sweep->root, folder, "d", 0) &&
         make_root(sweep->root_cut, sizeof sweep->root_cut, folder, "e", 0) &&
         case_prepare(way, root, prepared, &promises, &hooks);
    if (ok) {
        struct disk *disk = disk_make(prepared);

        sweep->prepared = disk;
        sweep->prepared_at = prepared->count;
        ok = disk != NULL && count_calls(sweep, calls, tally) &&
             share_out(sweep, wish, calls, folder, tally);
        if (disk != NULL)
            disk_free(disk);
    } else {
        fprintf(stderr, "tests/faults/sweep --scenario %s: cannot be prepared\n", way->name);
    }
    if (prepared != NULL)
        oplog_free(prepared);
    return ok;
}

/* ---- main */

static void list(void)
{
    for (const struct way *w = ways; w->name != NULL; w++)
        printf("%s\n", w->name);
    for (unsigned call = 0; call < CALL_COUNT; call++)
        printf("  %s: %s\n", call_name((enum call)call), meant[call]);
}

static bool choose(struct wish *wish, const char *key, const char *value)
{
    if (strcmp(key, "--scenario") == 0) {
        for (const struct way *w = ways; w->name != NULL; w++)
            if (strcmp(w->name, value) == 0)
                wish->way = w;
        return wish->way != NULL;
    }
    if (strcmp(key, "--call") == 0) {
        for (unsigned call = 0; call < CALL_COUNT; call++)
            if (strcmp(call_name((enum call)call), value) == 0)
                wish->call = (enum call)call;
        return wish->call != CALL_COUNT;
    }
    if (strcmp(key, "--errno") == 0) {
        for (size_t m = 0; m < MISHAPS; m++)
            if (strcmp(mishaps[m].name, value) == 0)
                wish->mishap = &mishaps[m];
        return wish->mishap != NULL;
    }
    return strcmp(key, "--nth") == 0 && num_u64(str_of(value), &wish->nth) && wish->nth > 0;
}

static int sweep_all(const struct wish *wish, struct tally *tally, struct sweep *sweep)
{
    char folder[FOLDER_LEN];
    bool ok = true;

    if (!stage_folder(folder, sizeof folder)) {
        perror("sweep");
        return 3;
    }
    for (const struct way *w = ways; w->name != NULL && tally->bad < BAD_MAX; w++)
        if (wish->way == NULL || wish->way == w)
            ok = try_way(w, wish, folder, sweep, tally) && ok;
    stage_empty(folder);
    rmdir(folder);
    printf("%" PRIu64 " scenarios, %" PRIu64 " calls, %" PRIu64 " faults, %" PRIu64
           " kills, %" PRIu64 " bad\n",
           tally->ways, tally->calls, tally->faults, tally->kills, tally->bad);
    return ok && tally->bad == 0 && tally->faults + tally->kills > 0 ? 0 : 1;
}

int main(int argc, char **argv)
{
    struct wish wish = {.call = CALL_COUNT};
    struct tally *tally =
        mmap(NULL, sizeof *tally, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    struct sweep sweep = {.log = oplog_make(OPS_ROOM, BYTES_ROOM)};
    bool ok = true;

    if (argc == 2 && strcmp(argv[1], "--list") == 0) {
        list();
        return 0;
    }
    wish.thorough = argc > 1 && strcmp(argv[1], "--thorough") == 0;
    for (int i = 1 + wish.thorough; i < argc && ok; i += 2)
        ok = i + 1 < argc && choose(&wish, argv[i], argv[i + 1]);
    if (!ok) {
        fprintf(stderr,
                "usage: sweep [--list] [--thorough] [--scenario NAME] [--call NAME] [--errno E] "
                "[--nth N]\n");
        return 2;
    }
    sweep.findings = mmap(NULL, sizeof *sweep.findings, PROT_READ | PROT_WRITE,
                          MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (tally == MAP_FAILED || sweep.findings == MAP_FAILED || sweep.log == NULL) {
        perror("sweep");
        return 3;
    }
    return sweep_all(&wish, tally, &sweep);
}
