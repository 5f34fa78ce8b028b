/* SPDX-License-Identifier: MIT
 * hook - stands between the store and the system calls.
 */
#include "hook.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/clock.h"

#define PAGE 4096

#define REAL(result, name, ...)                                                                    \
    result __real_##name(__VA_ARGS__);                                                             \
    result __wrap_##name(__VA_ARGS__);                                                             \
    result __wrap_##name(__VA_ARGS__)

bool *hook_struck;
uint64_t hook_sync_ns;
static struct oplog *oplog;
static struct fault armed;
static bool paused;
static bool tmpfile_unknown;
static atomic_uint_least64_t calls[CALL_COUNT];

const char *call_name(enum call call)
{
    static const char *const names[CALL_COUNT] = {
        "openat",    "read",      "pread",     "write",    "pwrite",    "fsync",
        "fdatasync", "ftruncate", "linkat",    "renameat", "unlinkat",  "mkdir",
        "flock",     "fstatvfs",  "fstat",     "fstatat",  "faccessat", "fdopendir",
        "readdir",   "close",     "utimensat", "malloc",   "disk"};

    return names[call];
}

void hook_record(struct oplog *log)
{
    oplog = log;
}

void hook_arm(const struct fault *fault)
{
    for (unsigned i = 0; i < CALL_COUNT; i++)
        atomic_store(&calls[i], 0);
    armed = *fault;
}

void hook_pause(bool pause)
{
    paused = pause;
}

void hook_no_tmpfile(bool unknown)
{
    tmpfile_unknown = unknown;
}

void hook_disarm(void)
{
    armed.nth = 0;
}

void hook_heal(void)
{
    if (armed.blow == BLOW_OUTAGE && armed.length == 0 &&
        atomic_load(&calls[armed.call]) >= armed.nth)
        armed.nth = 0;
}

uint64_t hook_calls(enum call call)
{
    return atomic_load(&calls[call]);
}

/* ---- faults */

static void die(void)
{
    kill(getpid(), SIGKILL);
    pause();
}

static bool is_struck(enum call call, uint64_t n)
{
    if (armed.nth == 0 || armed.call != call || n < armed.nth)
        return false;
    return n == armed.nth || armed.blow == BLOW_FAIL_ALL ||
           (armed.blow == BLOW_OUTAGE && (armed.length == 0 || n < armed.nth + armed.length));
}

/* True: the call is to fail, with errno set. *struck: the fault is this call's. */
static bool fails_at(enum call call, bool disk, bool *struck)
{
    *struck = false;
    if (paused)
        return false;
    *struck = is_struck(call, atomic_fetch_add(&calls[call], 1) + 1);
    if (disk && is_struck(CALL_DISK, atomic_fetch_add(&calls[CALL_DISK], 1) + 1))
        *struck = true;
    if (!*struck)
        return false;
    if (hook_struck != NULL)
        *hook_struck = true;
    if (armed.blow == BLOW_KILL)
        die();
    errno = armed.error;
    return armed.blow == BLOW_FAIL || armed.blow == BLOW_FAIL_ALL || armed.blow == BLOW_OUTAGE;
}

static bool fails(enum call call, bool *struck)
{
    return fails_at(call, false, struck);
}

static size_t cut(bool struck, size_t len)
{
    bool half = armed.blow == BLOW_CUT || armed.blow == BLOW_KILL_HALF;

    return struck && half && len > 1 ? len / 2 : len;
}

static void end(bool struck)
{
    if (struck && (armed.blow == BLOW_KILL_HALF || armed.blow == BLOW_KILL_BEHIND))
        die();
}

/* ---- writing down */

static bool recording(void)
{
    if (oplog == NULL)
        return false;
    oplog_lock(oplog);
    return true;
}

static void recorded(bool was)
{
    int saved = errno;

    if (was)
        oplog_unlock(oplog);
    errno = saved;
}

#ifdef STAT_BY_VERSION /* of the C library: configure.ac says more */
int __real___fxstat(int version, int fd, struct stat *sb);
int __real___fxstatat(int version, int dir, const char *name, struct stat *sb, int flags);

static int real_fstat(int fd, struct stat *sb)
{
    return __real___fxstat(_STAT_VER, fd, sb);
}

static int real_fstatat(int dir, const char *name, struct stat *sb, int flags)
{
    return __real___fxstatat(_STAT_VER, dir, name, sb, flags);
}
#else
int __real_fstat(int fd, struct stat *sb);
int __real_fstatat(int dir, const char *name, struct stat *sb, int flags);
#define real_fstat __real_fstat
#define real_fstatat __real_fstatat
#endif

/* The file behind fd; 0: none of the spool's file system. */
static uint64_t number_of(int fd)
{
    struct stat sb;

    return real_fstat(fd, &sb) == 0 && sb.st_dev == oplog->device ? sb.st_ino : 0;
}

static uint64_t number_at(int dir, const char *name)
{
    struct stat sb;

    return real_fstatat(dir, name, &sb, AT_SYMLINK_NOFOLLOW) == 0 && sb.st_dev == oplog->device
               ? sb.st_ino
               : 0;
}

/* Fills in the folder that `path` lies in, and its name there. */
static void set_name(struct op *op, int dir, const char *path)
{
    const char *slash = strrchr(path, '/');
    char folder[4096];
    struct stat sb;

    snprintf(op->name, sizeof op->name, "%s", slash == NULL ? path : slash + 1);
    snprintf(folder, sizeof folder, "%.*s", slash == NULL ? 1 : (int)(slash - path),
             slash == NULL ? "." : path);
    if (slash == NULL && dir != AT_FDCWD)
        op->dir = number_of(dir);
    else if (real_fstatat(dir, folder, &sb, 0) == 0)
        op->dir = sb.st_ino;
}

void hook_mark(enum mark mark, uint64_t number, const void *bytes, size_t len)
{
    const struct op op = {.kind = OP_MARK, .mark = mark, .offset = number};
    bool was = recording();

    if (was)
        oplog_add(oplog, &op, bytes, len);
    recorded(was);
}

/* ---- open, make, name */

int __real_openat(int dir, const char *name, int flags, ...);
int __wrap_openat(int dir, const char *name, int flags, ...);

static bool is_nameless(int flags)
{
    return (flags & O_TMPFILE) == O_TMPFILE;
}

static bool makes(int dir, const char *name, int flags)
{
    struct stat sb;

    return is_nameless(flags) ||
           ((flags & O_CREAT) != 0 && real_fstatat(dir, name, &sb, AT_SYMLINK_NOFOLLOW) != 0);
}

static int open_nameless(int dir, const char *name, int flags, mode_t mode)
{
    struct op op = {.kind = OP_NAMELESS};
    bool was;
    int fd;

    if (tmpfile_unknown) {
        errno = EOPNOTSUPP;
        return -1;
    }
    was = recording();
    fd = __real_openat(dir, name, flags, mode);
    if (was && fd >= 0) {
        op.file = number_of(fd);
        oplog_add(oplog, &op, NULL, 0);
    }
    recorded(was);
    return fd;
}

static int open_recorded(int dir, const char *name, int flags, mode_t mode)
{
    bool was = (flags & O_CREAT) != 0 && recording();
    bool there = was && number_at(dir, name) != 0;
    int fd = __real_openat(dir, name, flags, mode);
    struct op op = {.kind = OP_MAKE};

    if (was && fd >= 0 && (!there || (flags & O_TRUNC) != 0)) {
        op.kind = there ? OP_SIZE : OP_MAKE;
        op.file = number_of(fd);
        set_name(&op, dir, name);
        oplog_add(oplog, &op, NULL, 0);
    }
    recorded(was);
    return fd;
}

int __wrap_openat(int dir, const char *name, int flags, ...)
{
    mode_t mode = 0;
    bool struck;
    va_list args;
    int fd;

    va_start(args, flags);
    if ((flags & O_CREAT) != 0 || is_nameless(flags))
        mode = va_arg(args, mode_t);
    va_end(args);
    if (fails_at(CALL_OPENAT, makes(dir, name, flags), &struck))
        return -1;
    fd = is_nameless(flags) ? open_nameless(dir, name, flags, mode)
                            : open_recorded(dir, name, flags, mode);
    end(struck);
    return fd;
}

int __real_mkdirat(int dir, const char *name, mode_t mode);

static int make_folder(int dir, const char *name, mode_t mode)
{
    struct op op = {.kind = OP_MKDIR};
    bool struck, was;
    int rc;

    if (fails_at(CALL_MKDIR, true, &struck))
        return -1;
    was = recording();
    rc = __real_mkdirat(dir, name, mode);
    if (was && rc == 0) {
        op.file = number_at(dir, name);
        set_name(&op, dir, name);
        oplog_add(oplog, &op, NULL, 0);
    }
    recorded(was);
    end(struck);
    return rc;
}

REAL(int, mkdir, const char *path, mode_t mode)
{
    return make_folder(AT_FDCWD, path, mode);
}

REAL(int, mkdirat, int dir, const char *name, mode_t mode)
{
    return make_folder(dir, name, mode);
}

REAL(int, linkat, int dir, const char *name, int todir, const char *to, int flags)
{
    struct op op = {.kind = OP_LINK};
    bool struck, was;
    int rc;

    if (fails_at(CALL_LINKAT, true, &struck))
        return -1;
    was = recording();
    rc = __real_linkat(dir, name, todir, to, flags);
    if (was && rc == 0) {
        op.file = number_at(todir, to);
        set_name(&op, todir, to);
        oplog_add(oplog, &op, NULL, 0);
    }
    recorded(was);
    end(struck);
    return rc;
}

REAL(int, renameat, int dir, const char *name, int todir, const char *to)
{
    struct op op = {.kind = OP_RENAME};
    bool struck, was;
    int rc;

    if (fails_at(CALL_RENAMEAT, true, &struck))
        return -1;
    was = recording();
    rc = __real_renameat(dir, name, todir, to);
    if (was && rc == 0) {
        op.file = number_at(todir, to);
        set_name(&op, todir, to);
        snprintf(op.to, sizeof op.to, "%s", op.name);
        set_name(&op, dir, name);
        oplog_add(oplog, &op, NULL, 0);
    }
    recorded(was);
    end(struck);
    return rc;
}

REAL(int, unlinkat, int dir, const char *name, int flags)
{
    struct op op = {.kind = OP_UNLINK};
    bool struck, was;
    int rc;

    if (fails_at(CALL_UNLINKAT, true, &struck))
        return -1;
    was = recording();
    rc = __real_unlinkat(dir, name, flags);
    if (was && rc == 0) {
        set_name(&op, dir, name);
        oplog_add(oplog, &op, NULL, 0);
    }
    recorded(was);
    end(struck);
    return rc;
}

/* ---- contents */

ssize_t __real_pwrite(int fd, const void *bytes, size_t len, off_t offset);

static off_t write_place(int fd)
{
    struct stat sb;

    if ((fcntl(fd, F_GETFL) & O_APPEND) == 0)
        return lseek(fd, 0, SEEK_CUR);
    return real_fstat(fd, &sb) == 0 ? sb.st_size : 0;
}

static void add_write(int fd, const void *bytes, ssize_t put, off_t offset)
{
    const struct op op = {.kind = OP_WRITE, .file = number_of(fd), .offset = (uint64_t)offset};

    if (put > 0)
        oplog_add(oplog, &op, bytes, (size_t)put);
}

REAL(ssize_t, write, int fd, const void *bytes, size_t len)
{
    bool struck, was;
    off_t offset;
    ssize_t put;

    if (fails_at(CALL_WRITE, true, &struck))
        return -1;
    was = recording();
    offset = was ? write_place(fd) : 0;
    put = __real_write(fd, bytes, cut(struck, len));
    if (was)
        add_write(fd, bytes, put, offset);
    recorded(was);
    end(struck);
    return put;
}

/* What is in a file of one page already is in the cache, and its place on the disk is known: it is
 * changed whatever the disk does. */
static bool overwrites(int fd, size_t len, off_t offset)
{
    struct stat sb;

    return real_fstat(fd, &sb) == 0 && sb.st_size <= PAGE && offset + (off_t)len <= sb.st_size;
}

ssize_t __wrap_pwrite(int fd, const void *bytes, size_t len, off_t offset);
ssize_t __wrap_pwrite(int fd, const void *bytes, size_t len, off_t offset)
{
    bool struck, was;
    ssize_t put;

    if (fails_at(CALL_PWRITE, !overwrites(fd, len, offset), &struck))
        return -1;
    was = recording();
    put = __real_pwrite(fd, bytes, cut(struck, len), offset);
    if (was)
        add_write(fd, bytes, put, offset);
    recorded(was);
    end(struck);
    return put;
}

REAL(int, ftruncate, int fd, off_t size)
{
    struct op op = {.kind = OP_SIZE, .offset = (uint64_t)size};
    bool struck, was;
    int rc;

    if (fails_at(CALL_FTRUNCATE, true, &struck))
        return -1;
    was = recording();
    rc = __real_ftruncate(fd, size);
    if (was && rc == 0) {
        op.file = number_of(fd);
        oplog_add(oplog, &op, NULL, 0);
    }
    recorded(was);
    end(struck);
    return rc;
}

/* Not under the lock: what others do while a disk is at work is part of what is tried out. */
static int sync_recorded(enum call call, int fd, int (*sync)(int))
{
    struct op op = {.kind = OP_SYNC};
    bool struck, failed = fails_at(call, true, &struck), was = recording();
    int rc = -1, saved = errno;

    if (was) {
        op.file = number_of(fd);
        op.offset = oplog_add(oplog, &op, NULL, 0);
    }
    recorded(was);
    if (hook_sync_ns > 0)
        clock_sleep_ns(hook_sync_ns);
    errno = saved;
    if (!failed)
        rc = sync(fd);
    was = recording();
    op.kind = rc == 0 ? OP_SYNCED : OP_SYNC_FAILED;
    /* One that was interrupted has done nothing yet, also nothing wrong. */
    if (was && (rc == 0 || errno != EINTR))
        oplog_add(oplog, &op, NULL, 0);
    recorded(was);
    end(struck);
    return rc;
}

REAL(int, fsync, int fd)
{
    return sync_recorded(CALL_FSYNC, fd, __real_fsync);
}

REAL(int, fdatasync, int fd)
{
    return sync_recorded(CALL_FDATASYNC, fd, __real_fdatasync);
}

/* ---- what changes nothing */

REAL(ssize_t, read, int fd, void *bytes, size_t len)
{
    bool struck;
    ssize_t got;

    if (fails(CALL_READ, &struck))
        return -1;
    got = __real_read(fd, bytes, cut(struck, len));
    end(struck);
    return got;
}

REAL(ssize_t, pread, int fd, void *bytes, size_t len, off_t offset)
{
    bool struck;
    ssize_t got;

    if (fails(CALL_PREAD, &struck))
        return -1;
    got = __real_pread(fd, bytes, cut(struck, len), offset);
    end(struck);
    return got;
}

#define PLAIN(result, none, call, name, parameters, arguments)                                     \
    result __real_##name parameters;                                                               \
    result __wrap_##name parameters;                                                               \
    result __wrap_##name parameters                                                                \
    {                                                                                              \
        bool struck;                                                                               \
        result r;                                                                                  \
                                                                                                   \
        if (fails(call, &struck))                                                                  \
            return none;                                                                           \
        r = __real_##name arguments;                                                               \
        end(struck);                                                                               \
        return r;                                                                                  \
    }

PLAIN(int, -1, CALL_FSTATVFS, fstatvfs, (int fd, struct statvfs *s), (fd, s))
#ifdef STAT_BY_VERSION
PLAIN(int, -1, CALL_FSTAT, __fxstat, (int version, int fd, struct stat *sb), (version, fd, sb))
PLAIN(int, -1, CALL_FSTATAT, __fxstatat,
      (int version, int dir, const char *name, struct stat *sb, int flags),
      (version, dir, name, sb, flags))
#else
PLAIN(int, -1, CALL_FSTAT, fstat, (int fd, struct stat *sb), (fd, sb))
PLAIN(int, -1, CALL_FSTATAT, fstatat, (int dir, const char *name, struct stat *sb, int flags),
      (dir, name, sb, flags))
#endif
PLAIN(int, -1, CALL_FACCESSAT, faccessat, (int dir, const char *name, int mode, int flags),
      (dir, name, mode, flags))
PLAIN(DIR *, NULL, CALL_FDOPENDIR, fdopendir, (int fd), (fd))
PLAIN(struct dirent *, NULL, CALL_READDIR, readdir, (DIR * dir), (dir))
PLAIN(int, -1, CALL_UTIMENSAT, utimensat,
      (int dir, const char *name, const struct timespec times[2], int flags),
      (dir, name, times, flags))

REAL(int, flock, int fd, int how)
{
    bool struck = false;
    int rc;

    if (how != LOCK_UN && fails(CALL_FLOCK, &struck))
        return -1;
    rc = __real_flock(fd, how);
    end(struck);
    return rc;
}

/* The descriptor is given back in any case, as Linux does. */
REAL(int, close, int fd)
{
    bool struck, failed = fails(CALL_CLOSE, &struck);
    int saved = errno, rc = __real_close(fd);

    if (failed) {
        errno = saved;
        return -1;
    }
    end(struck);
    return rc;
}

/* ---- memory */

static atomic_int_least64_t pieces;

int64_t hook_pieces(void)
{
    return atomic_load(&pieces);
}

static void *counted(void *piece)
{
    if (piece != NULL)
        atomic_fetch_add(&pieces, 1);
    return piece;
}

#define MEMORY(name, parameters, result)                                                           \
    void *__real_##name parameters;                                                                \
    void *__wrap_##name parameters;                                                                \
    void *__wrap_##name parameters                                                                 \
    {                                                                                              \
        bool struck;                                                                               \
                                                                                                   \
        if (fails(CALL_MALLOC, &struck))                                                           \
            return NULL;                                                                           \
        return result;                                                                             \
    }

MEMORY(malloc, (size_t len), counted(__real_malloc(len)))
MEMORY(calloc, (size_t n, size_t len), counted(__real_calloc(n, len)))
MEMORY(realloc, (void *old, size_t len),
       old == NULL ? counted(__real_realloc(old, len)) : __real_realloc(old, len))
MEMORY(reallocarray, (void *old, size_t n, size_t len),
       old == NULL ? counted(__real_reallocarray(old, n, len)) : __real_reallocarray(old, n, len))

REAL(void, free, void *piece)
{
    if (piece != NULL)
        atomic_fetch_sub(&pieces, 1);
    __real_free(piece);
}

/* ---- around all of it */

int hook_real_open(int dir, const char *name, int flags)
{
    return __real_openat(dir, name, flags | O_CLOEXEC, 0600);
}

ssize_t hook_real_pread(int fd, void *bytes, size_t len, off_t offset)
{
    return __real_pread(fd, bytes, len, offset);
}

ssize_t hook_real_pwrite(int fd, const void *bytes, size_t len, off_t offset)
{
    return __real_pwrite(fd, bytes, len, offset);
}

int hook_real_ftruncate(int fd, off_t size)
{
    return __real_ftruncate(fd, size);
}

int hook_real_mkdir(const char *path)
{
    return __real_mkdir(path, 0700);
}

int hook_real_unlink(int dir, const char *name, int flags)
{
    return __real_unlinkat(dir, name, flags);
}

int hook_real_link(int dir, const char *name, const char *to)
{
    return __real_linkat(dir, name, dir, to, 0);
}

int hook_real_close(int fd)
{
    return __real_close(fd);
}

int hook_real_trylock(int fd)
{
    return __real_flock(fd, LOCK_EX | LOCK_NB);
}

struct dirent *hook_real_readdir(DIR *dir)
{
    return __real_readdir(dir);
}
