/* SPDX-License-Identifier: MIT
 * census - see store/census.h.
 */
#include "store/census.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/str.h"

static enum status count_file(int dir, const char *name, struct spool_amount *out, struct err *err)
{
    struct stat sb;

    if (fstatat(dir, name, &sb, AT_SYMLINK_NOFOLLOW) != 0)
        return errno == ENOENT ? STATUS_OK : err_errno(err, "cannot look at %s of the spool", name);
    if (S_ISREG(sb.st_mode)) {
        out->files++;
        out->bytes += (uint64_t)sb.st_size;
    }
    return STATUS_OK;
}

/* Counts the files in the folder `name` that end in `suffix`. */
static enum status count(int dir, const char *name, const char *suffix, struct spool_amount *out,
                         struct err *err)
{
    int fd = file_open(dir, name, O_RDONLY | O_DIRECTORY, 0);
    enum status status = STATUS_OK;
    const struct dirent *entry;
    DIR *folder;

    *out = (struct spool_amount){0, 0};
    if (fd < 0 && errno == ENOENT)
        return STATUS_OK;
    folder = fd < 0 ? NULL : fdopendir(fd);
    if (folder == NULL) {
        status = err_errno(err, "cannot read the folder %s of the spool", name);
        file_close(&fd);
        return status;
    }
    while (status == STATUS_OK && (errno = 0, entry = readdir(folder)) != NULL)
        if (entry->d_name[0] != '.' && str_ends(str_of(entry->d_name), suffix))
            status = count_file(fd, entry->d_name, out, err);
    if (status == STATUS_OK && errno != 0)
        status = err_errno(err, "cannot read the folder %s of the spool", name);
    (void)closedir(folder);
    return status;
}

enum status census_take(const struct spool *spool, struct census *out, struct err *err)
{
    struct census c;
    enum status status = count(spool->log, ".", SPOOL_SEGMENT_SUFFIX, &c.journal, err);

    if (status == STATUS_OK)
        status = count(spool->idx, ".", "", &c.index, err);
    if (status == STATUS_OK)
        status = count(spool->dir, SPOOL_RESULTS, SPOOL_SEGMENT_SUFFIX, &c.results, err);
    if (status == STATUS_OK)
        status = count(spool->dir, SPOOL_COMMANDS, SPOOL_SEGMENT_SUFFIX, &c.commands, err);
    if (status == STATUS_OK)
        status = count(spool->quarantine, ".", SPOOL_BOX_SUFFIX, &c.quarantine, err);
    if (status == STATUS_OK)
        status = count(spool->refused, ".", SPOOL_BOX_SUFFIX, &c.refused, err);
    if (status == STATUS_OK && file_free_space(spool->dir, &c.space) != 0)
        status = err_errno(err, "cannot tell how much space %s has", spool->path);
    if (status == STATUS_OK)
        *out = c;
    return status;
}
