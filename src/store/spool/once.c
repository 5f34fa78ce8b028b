/* SPDX-License-Identifier: MIT
 * once - see store/spool/once.h.
 */
#include "store/spool/once.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/file.h"

/* A temporary file that is left may be a second name of a finished file (killed between link and
 * unlink), which truncating it would empty: so it is removed, never opened. */
static int open_fresh(int dir, const char *tmp)
{
    if (unlinkat(dir, tmp, 0) != 0 && errno != ENOENT)
        return -1;
    return file_open(dir, tmp, O_WRONLY | O_CREAT | O_EXCL, 0600);
}

static int fill_file(int fd, const void *bytes, size_t len, uint64_t size)
{
    if (file_write(fd, bytes, len) != 0)
        return -1;
    if (size > len && ftruncate(fd, (off_t)size) != 0)
        return -1;
    return file_sync(fd);
}

int once_make(int dir, const char *tmp, const char *name, const void *bytes, size_t len,
              uint64_t size, enum once how)
{
    int rc, saved;
    int fd = open_fresh(dir, tmp);

    if (fd < 0)
        return -1;
    rc = fill_file(fd, bytes, len, size);
    saved = errno;
    file_close(&fd);
    if (rc == 0) {
        rc = how == ONCE_NEW ? linkat(dir, tmp, dir, name, 0) : renameat(dir, tmp, dir, name);
        saved = errno;
    }
    if (rc != 0 || how == ONCE_NEW)
        (void)unlinkat(dir, tmp, 0);
    if (rc == 0) {
        rc = file_sync_dir(dir);
        saved = errno;
    }
    errno = saved;
    return rc;
}
