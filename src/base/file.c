/* SPDX-License-Identifier: MIT
 * file - see base/file.h.
 */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/clock.h"

#define SLURP_BLOCK 4096
/* Of a process without close_range: more than ours ever have open. */
#define FDS_MAX 1024
#define LOCK_SLEEP_MIN_NS 30000
#define LOCK_SLEEP_MAX_NS NS_PER_MS

int file_open(int dir, const char *name, int flags, mode_t mode)
{
    int fd;

    do {
        fd = openat(dir, name, flags | O_CLOEXEC | O_NOCTTY, mode);
    } while (fd < 0 && errno == EINTR);
    return fd;
}

void file_close(int *fd)
{
    int saved = errno;

    /* Not tried again after EINTR: Linux has given the descriptor away by then. */
    if (*fd >= 0)
        (void)close(*fd);
    *fd = -1;
    errno = saved;
}

ssize_t file_read(int fd, void *out, size_t len)
{
    size_t done = 0;

    while (done < len) {
        ssize_t got = read(fd, (char *)out + done, len - done);

        if (got == 0)
            break;
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return -1;
        done += (size_t)got;
    }
    return (ssize_t)done;
}

ssize_t file_pread(int fd, void *out, size_t len, off_t offset)
{
    size_t done = 0;

    while (done < len) {
        ssize_t got = pread(fd, (char *)out + done, len - done, offset + (off_t)done);

        if (got == 0)
            break;
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return -1;
        done += (size_t)got;
    }
    return (ssize_t)done;
}

ssize_t file_write_once(int fd, const void *bytes, size_t len)
{
    ssize_t put;

    do {
        put = write(fd, bytes, len);
    } while (put < 0 && errno == EINTR);
    return put;
}

int file_write(int fd, const void *bytes, size_t len)
{
    size_t done = 0;

    while (done < len) {
        ssize_t put = file_write_once(fd, (const char *)bytes + done, len - done);

        if (put < 0)
            return -1;
        done += (size_t)put;
    }
    return 0;
}

int file_pwrite(int fd, const void *bytes, size_t len, off_t offset)
{
    size_t done = 0;

    while (done < len) {
        ssize_t put = pwrite(fd, (const char *)bytes + done, len - done, offset + (off_t)done);

        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            return -1;
        done += (size_t)put;
    }
    return 0;
}

int file_sync(int fd)
{
    int result;

    do {
        result = fsync(fd);
    } while (result < 0 && errno == EINTR);
    return result;
}

int file_datasync(int fd)
{
    int result;

    do {
        result = fdatasync(fd);
    } while (result < 0 && errno == EINTR);
    return result;
}

int file_sync_dir(int dir)
{
    /* A descriptor of its own: fsync is refused on O_PATH. */
    int fd = file_open(dir, ".", O_RDONLY | O_DIRECTORY, 0);
    int result;

    if (fd < 0)
        return -1;
    result = file_sync(fd);
    file_close(&fd);
    return result;
}

int file_slurp_open(int fd, struct buf *out)
{
    ssize_t got = SLURP_BLOCK;

    /* A short read is the end: file_read goes on until there is no more. */
    while (got == SLURP_BLOCK) {
        char block[SLURP_BLOCK];

        got = file_read(fd, block, sizeof block);
        if (got <= 0)
            break;
        buf_add(out, block, (size_t)got);
        if (out->failed != STATUS_OK) {
            errno = out->failed == STATUS_LIMIT ? EFBIG : ENOMEM;
            got = -1;
            break;
        }
    }
    return got < 0 ? -1 : 0;
}

int file_slurp(int dir, const char *name, struct buf *out)
{
    int fd = file_open(dir, name, O_RDONLY, 0);
    int result;

    if (fd < 0)
        return -1;
    result = file_slurp_open(fd, out);
    file_close(&fd);
    return result;
}

static int file_make(int dir, const char *name, const void *bytes, size_t len, mode_t mode)
{
    int fd = file_open(dir, name, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, mode);
    int result;

    if (fd < 0)
        return -1;
    result = file_write(fd, bytes, len);
    if (result == 0)
        result = file_sync(fd);
    /* Network and quota file systems may report a failed write only here. */
    if (close(fd) < 0 && result == 0 && errno != EINTR)
        result = -1;
    return result;
}

int file_replace(int dir, const char *tmp, const char *name, const void *bytes, size_t len,
                 mode_t mode)
{
    int saved;

    if (file_make(dir, tmp, bytes, len, mode) == 0 && renameat(dir, tmp, dir, name) == 0)
        return file_sync_dir(dir);
    saved = errno;
    (void)unlinkat(dir, tmp, 0);
    errno = saved;
    return -1;
}

int file_trylock(int fd)
{
    int result;

    do {
        result = flock(fd, LOCK_EX | LOCK_NB);
    } while (result < 0 && errno == EINTR);
    return result;
}

int file_lock(int fd, uint64_t deadline_ns)
{
    uint64_t sleep_ns = LOCK_SLEEP_MIN_NS;

    /* Not a blocking flock: that has no timeout, and lets every process wait for a stopped holder.
     */
    while (file_trylock(fd) < 0) {
        if (errno != EWOULDBLOCK)
            return -1;
        if (clock_mono_ns() >= deadline_ns) {
            errno = EWOULDBLOCK;
            return -1;
        }
        clock_sleep_ns(sleep_ns);
        sleep_ns = sleep_ns * 2 > LOCK_SLEEP_MAX_NS ? LOCK_SLEEP_MAX_NS : sleep_ns * 2;
    }
    return 0;
}

void file_unlock(int fd)
{
    int saved = errno;

    (void)flock(fd, LOCK_UN);
    errno = saved;
}

bool file_hold(int last)
{
    for (int fd = STDIN_FILENO; fd <= last; fd++)
        if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDWR) < 0)
            return false;
    return true;
}

void file_close_from(int first)
{
#ifdef SYS_close_range
    if (syscall(SYS_close_range, first, ~0U, 0) == 0)
        return;
#endif
    for (int fd = first; fd < FDS_MAX; fd++)
        (void)close(fd);
}

int file_free_space(int fd, struct file_space *out)
{
    struct statvfs s;

    if (fstatvfs(fd, &s) < 0)
        return -1;
    *out = (struct file_space){
        .bytes = (uint64_t)s.f_bavail * s.f_frsize,
        .bytes_all = (uint64_t)s.f_blocks * s.f_frsize,
        .inodes = s.f_files == 0 ? 0 : s.f_favail,
        .inodes_all = s.f_files,
    };
    return 0;
}
