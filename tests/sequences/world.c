/* SPDX-License-Identifier: MIT
 * world - see world.h.
 */
#include "world.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "../tools/child_end.h"
#include "base/buf.h"
#include "base/clock.h"
#include "cli/print.h"
#include "store/queue/wake.h"

#define REAL(result, name, ...)                                                                    \
    result __real_##name(__VA_ARGS__);                                                             \
    result __wrap_##name(__VA_ARGS__);                                                             \
    result __wrap_##name(__VA_ARGS__)

struct world *world;

static bool armed;
static struct disaster disaster;
static unsigned changes;
static bool filled; /* a write has met the full disk */

void world_arm(const struct disaster *what)
{
    disaster = *what;
    changes = 0;
    filled = false;
    armed = true;
}

unsigned world_disarm(void)
{
    armed = false;
    return changes;
}

/* ---- disasters */

/* Counts a change; dies if it is time. */
static void change(void)
{
    if (armed && ++changes == disaster.kill_at)
        child_end(WORLD_DIED);
}

static bool is_full(void)
{
    return armed && disaster.full_at != 0 && changes >= disaster.full_at;
}

static int no_space(void)
{
    errno = ENOSPC;
    return -1;
}

REAL(ssize_t, write, int fd, const void *bytes, size_t len)
{
    bool first;

    if (!armed)
        return __real_write(fd, bytes, len);
    if (++changes == disaster.kill_at) {
        (void)!__real_write(fd, bytes, len / 2);
        child_end(WORLD_DIED);
    }
    if (!is_full())
        return __real_write(fd, bytes, len);
    first = !filled;
    filled = true;
    return first && len > 1 ? __real_write(fd, bytes, len / 2) : no_space();
}

REAL(ssize_t, pwrite, int fd, const void *bytes, size_t len, off_t offset)
{
    struct stat sb;

    change();
    if (is_full() && fstat(fd, &sb) == 0 && offset + (off_t)len > sb.st_size)
        return no_space();
    return __real_pwrite(fd, bytes, len, offset);
}

int __real_openat(int dir, const char *name, int flags, ...);
int __wrap_openat(int dir, const char *name, int flags, ...);
int __wrap_openat(int dir, const char *name, int flags, ...)
{
    bool makes = (flags & O_CREAT) != 0, nameless = (flags & O_TMPFILE) == O_TMPFILE;
    mode_t mode = 0;
    va_list args;

    va_start(args, flags);
    if (makes || nameless)
        mode = va_arg(args, mode_t);
    va_end(args);
    if (armed && (nameless || (makes && faccessat(dir, name, F_OK, 0) != 0))) {
        change();
        if (is_full())
            return no_space();
    }
    return __real_openat(dir, name, flags, mode);
}

REAL(int, linkat, int dir, const char *name, int todir, const char *to, int flags)
{
    change();
    return is_full() ? no_space() : __real_linkat(dir, name, todir, to, flags);
}

REAL(int, mkdirat, int dir, const char *name, mode_t mode)
{
    change();
    return is_full() ? no_space() : __real_mkdirat(dir, name, mode);
}

REAL(int, renameat, int dir, const char *name, int todir, const char *to)
{
    change();
    return __real_renameat(dir, name, todir, to);
}

REAL(int, unlinkat, int dir, const char *name, int flags)
{
    change();
    return __real_unlinkat(dir, name, flags);
}

REAL(int, fsync, int fd)
{
    change();
    return __real_fsync(fd);
}

REAL(int, fdatasync, int fd)
{
    change();
    return __real_fdatasync(fd);
}

REAL(int, ftruncate, int fd, off_t size)
{
    change();
    return __real_ftruncate(fd, size);
}

/* Whoever asks for the reserve before the change that fills the disk finds it full. */
REAL(int, fstatvfs, int fd, struct statvfs *out)
{
    int rc = __real_fstatvfs(fd, out);

    if (rc == 0 && armed && disaster.full_at != 0 && changes + 1 >= disaster.full_at)
        out->f_bavail = out->f_favail = 0;
    return rc;
}

/* ---- clock, boot, runner */

REAL(int64_t, clock_wall_ns, void)
{
    return world->now_ns;
}

REAL(void, clock_boot_id, char out[CLOCK_BOOT_MAX])
{
    (void)snprintf(out, CLOCK_BOOT_MAX, "boot %u of a sequence", world->boot);
}

REAL(enum status, wake_runner, const struct spool *spool, const struct config *config,
     const char *config_path, struct err *err)
{
    (void)spool;
    (void)config;
    (void)config_path;
    (void)err;
    world->woken++;
    return STATUS_OK;
}

/* ---- what verbs print */

REAL(enum status, print_buf, struct buf *b, const char *what, struct err *err)
{
    (void)what;
    (void)err;
    buf_reset(b, b->max);
    return STATUS_OK;
}

void __wrap_print_hint(const char *format, ...);
void __wrap_print_hint(const char *format, ...)
{
    (void)format;
}

void __wrap_print_warning(const char *format, ...);
void __wrap_print_warning(const char *format, ...)
{
    (void)format;
}

/* ---- folders */

static void empty_at(int parent, const char *name)
{
    int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    const struct dirent *entry;

    while (dir != NULL && (entry = readdir(dir)) != NULL) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        if (unlinkat(fd, entry->d_name, 0) == 0)
            continue;
        empty_at(fd, entry->d_name);
        (void)unlinkat(fd, entry->d_name, AT_REMOVEDIR);
    }
    if (dir != NULL)
        closedir(dir);
}

void world_empty(const char *path)
{
    empty_at(AT_FDCWD, path);
}

void world_remove(const char *path)
{
    world_empty(path);
    (void)unlinkat(AT_FDCWD, path, AT_REMOVEDIR);
}
