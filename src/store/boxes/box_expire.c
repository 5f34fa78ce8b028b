/* SPDX-License-Identifier: MIT
 * box_expire - removes entries of a box that came last too long ago.
 *
 * The same delivery may come again at any moment, and once a gateway has touched its entry it must
 * be kept. So an entry is first moved aside, where no gateway touches it, and its age is read
 * again: one that has become young gets its name back. After a kill the next call finds what lies
 * aside.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "store/boxes/box.h"

#define ASIDE_MAX 128

struct expiry {
    int dir;
    int64_t before_ns;
    bool dry;
    uint64_t max; /* entries to remove */
    struct spool_amount gone;
};

static bool too_old(const struct expiry *e, const struct stat *sb)
{
    return (int64_t)sb->st_mtim.tv_sec * NS_PER_S + sb->st_mtim.tv_nsec < e->before_ns;
}

/* *is_entry false: it is gone, or no regular file. */
static enum status stat_entry(const struct expiry *e, const char *name, struct stat *sb,
                              bool *is_entry, struct err *err)
{
    int rc = fstatat(e->dir, name, sb, AT_SYMLINK_NOFOLLOW);

    *is_entry = rc == 0 && S_ISREG(sb->st_mode);
    return rc == 0 || errno == ENOENT ? STATUS_OK : err_errno(err, "cannot look at a box entry");
}

/* Removes an entry that lies aside, or gives it its name back. An entry that has that name by now
 * is the same delivery. */
static enum status remove_or_return(struct expiry *e, const char *aside, struct err *err)
{
    const char *name = aside + strlen(SPOOL_BOX_ASIDE_PREFIX);
    struct stat sb;
    bool is_entry;
    enum status status = stat_entry(e, aside, &sb, &is_entry, err);

    if (status != STATUS_OK || !is_entry)
        return status;
    if (!too_old(e, &sb) && linkat(e->dir, aside, e->dir, name, 0) != 0 && errno != EEXIST)
        return err_errno(err, "cannot give a box entry its name back");
    if (unlinkat(e->dir, aside, 0) != 0 && errno != ENOENT)
        return err_errno(err, "cannot remove a box entry");
    if (too_old(e, &sb)) {
        e->gone.files++;
        e->gone.bytes += (uint64_t)sb.st_size;
    }
    return STATUS_OK;
}

static enum status expire_one(struct expiry *e, const char *name, struct err *err)
{
    char aside[ASIDE_MAX];
    enum status status;
    struct stat sb;
    bool is_entry;
    int n;

    if (str_starts(str_of(name), SPOOL_BOX_ASIDE_PREFIX) && !e->dry)
        return remove_or_return(e, name, err);
    if (!str_ends(str_of(name), SPOOL_BOX_SUFFIX) || name[0] == '.')
        return STATUS_OK;
    status = stat_entry(e, name, &sb, &is_entry, err);
    if (status != STATUS_OK || !is_entry || !too_old(e, &sb))
        return status;
    if (e->dry) {
        e->gone.files++;
        e->gone.bytes += (uint64_t)sb.st_size;
        return STATUS_OK;
    }
    n = snprintf(aside, sizeof aside, SPOOL_BOX_ASIDE_PREFIX "%s", name);
    if (n < 0 || (size_t)n >= sizeof aside)
        return STATUS_OK; /* no entry of ours */
    if (renameat(e->dir, name, e->dir, aside) != 0)
        return errno == ENOENT ? STATUS_OK : err_errno(err, "cannot move a box entry aside");
    return remove_or_return(e, aside, err);
}

static enum status expire_all(struct expiry *e, const struct spool *spool, struct err *err)
{
    int fd = file_open(e->dir, ".", O_RDONLY | O_DIRECTORY, 0);
    DIR *d = fd < 0 ? NULL : fdopendir(fd);
    enum status status = STATUS_OK;
    const struct dirent *entry;

    if (d == NULL) {
        status = err_errno(err, "cannot read a box of %s", spool->path);
        file_close(&fd);
        return status;
    }
    while (status == STATUS_OK && e->gone.files < e->max && (errno = 0, entry = readdir(d)) != NULL)
        status = expire_one(e, entry->d_name, err);
    if (status == STATUS_OK && e->gone.files < e->max && errno != 0)
        status = err_errno(err, "cannot read a box of %s", spool->path);
    closedir(d);
    return status;
}

enum status box_expire(const struct spool *spool, enum box_kind kind, int64_t before_ns, bool dry,
                       struct spool_amount *out, struct err *err)
{
    struct expiry e = {
        .dir = box_folder(spool, kind), .before_ns = before_ns, .dry = dry, .max = UINT64_MAX};
    enum status status = expire_all(&e, spool, err);

    if (status == STATUS_OK)
        *out = e.gone;
    return status;
}

enum status box_expire_some(const struct spool *spool, enum box_kind kind, int64_t before_ns,
                            uint64_t max, struct spool_amount *out, struct err *err)
{
    struct expiry e = {.dir = box_folder(spool, kind), .before_ns = before_ns, .max = max};
    enum status status = expire_all(&e, spool, err);

    if (status == STATUS_OK)
        *out = e.gone;
    return status;
}
