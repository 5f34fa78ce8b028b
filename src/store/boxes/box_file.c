/* SPDX-License-Identifier: MIT
 * box_file - see store/boxes/box_file.h.
 */
#include "store/boxes/box_file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/id.h"
#include "store/spool/spool.h"

#define OWN_PATH_MAX 32
#define COPY_PIECE ((size_t)16 * 1024)
#define NAMES_TRIED 8 /* each time the entry of that name was removed meanwhile */

void box_file_init(struct box_file *f, int dir)
{
    *f = (struct box_file){.dir = dir, .fd = -1};
}

void box_file_hold(struct box_file *f)
{
    sigset_t term;

    if (f->held)
        return;
    sigemptyset(&term);
    sigaddset(&term, SIGTERM);
    f->held = pthread_sigmask(SIG_BLOCK, &term, &f->before) == 0;
}

/* ---- without a name */

static void print_own_path(char out[OWN_PATH_MAX], int fd)
{
    snprintf(out, OWN_PATH_MAX, "/proc/self/fd/%d", fd);
}

/* Whether the file can get a name later: /proc may not be mounted, or be something else. */
static bool has_own_path(int fd)
{
    char path[OWN_PATH_MAX];
    struct stat file, named;

    print_own_path(path, fd);
    return fstat(fd, &file) == 0 && fstatat(AT_FDCWD, path, &named, 0) == 0 &&
           file.st_dev == named.st_dev && file.st_ino == named.st_ino;
}

/* What kernels and file systems say that do not know O_TMPFILE. */
static bool is_unknown(int error)
{
    return error == EOPNOTSUPP || error == EISDIR || error == ENOENT || error == EINVAL;
}

enum status box_file_open(struct box_file *f, struct err *err)
{
    f->fd = file_open(f->dir, ".", O_RDWR | O_TMPFILE, 0600);
    if (f->fd < 0 && !is_unknown(errno))
        return err_errno(err, "cannot make a box entry");
    if (f->fd >= 0 && has_own_path(f->fd))
        return STATUS_OK;
    file_close(&f->fd);
    return err_set(err, STATUS_MISSING, "a box entry needs a temporary name here");
}

/* ---- with a temporary name */

static bool copy_bytes(int from, int to)
{
    char piece[COPY_PIECE];
    off_t at = 0;
    ssize_t got;

    while ((got = file_pread(from, piece, sizeof piece, at)) > 0) {
        if (file_write(to, piece, (size_t)got) < 0)
            return false;
        at += got;
    }
    return got == 0;
}

enum status box_file_open_named(struct box_file *f, const char *suffix, struct err *err)
{
    struct box_file named = {.dir = f->dir, .fd = -1};
    uint64_t random;
    enum status status = id_random(&random, sizeof random, err);

    if (status != STATUS_OK)
        return status;
    box_file_hold(f);
    snprintf(named.tmp, sizeof named.tmp, SPOOL_BOX_TMP_PREFIX "%ld-%016" PRIx64 "%s",
             (long)getpid(), random, suffix);
    named.fd = file_open(f->dir, named.tmp, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, 0600);
    if (named.fd < 0)
        return err_errno(err, "cannot make a box entry");
    if (f->fd >= 0 && !copy_bytes(f->fd, named.fd)) {
        status = err_errno(err, "cannot copy a box entry");
        box_file_close(&named);
        return status;
    }
    file_close(&f->fd);
    f->fd = named.fd;
    memcpy(f->tmp, named.tmp, sizeof f->tmp);
    return STATUS_OK;
}

/* ---- its name */

static int link_once(const struct box_file *f, const char *name)
{
    char path[OWN_PATH_MAX];

    if (f->tmp[0] != '\0')
        return linkat(f->dir, f->tmp, f->dir, name, 0);
    print_own_path(path, f->fd);
    return linkat(AT_FDCWD, path, f->dir, name, AT_SYMLINK_FOLLOW);
}

/* If box_expire removes an earlier entry before it is touched, tries again. */
enum status box_file_link(struct box_file *f, const char *name, bool *again, struct err *err)
{
    for (unsigned n = 0; n < NAMES_TRIED; n++) {
        if (link_once(f, name) == 0) {
            *again = false;
            return STATUS_OK;
        }
        if (errno != EEXIST)
            break;
        if (utimensat(f->dir, name, NULL, AT_SYMLINK_NOFOLLOW) == 0 || errno != ENOENT) {
            *again = true;
            return STATUS_OK;
        }
    }
    if (f->tmp[0] == '\0')
        return err_set(err, STATUS_MISSING, "a box entry needs a temporary name here");
    return err_errno(err, "cannot name a box entry");
}

void box_file_close(struct box_file *f)
{
    if (f->tmp[0] != '\0')
        (void)unlinkat(f->dir, f->tmp, 0);
    f->tmp[0] = '\0';
    file_close(&f->fd);
}

void box_file_release(struct box_file *f)
{
    if (f->held)
        (void)pthread_sigmask(SIG_SETMASK, &f->before, NULL);
    f->held = false;
}
