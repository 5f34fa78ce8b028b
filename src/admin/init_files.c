/* SPDX-License-Identifier: MIT
 * init_files - what init puts on disk.
 */
#include "admin/init_files.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "admin/init_place.h"
#include "base/file.h"
#include "base/id.h"
#include "base/mac.h"

#define SECRET_BYTES 32

static enum status fail_memory(struct err *err)
{
    return err_set(err, STATUS_MEMORY, "no memory for a path");
}

enum status init_folder(const char *path, const struct init_owner *owner, bool *made,
                        struct err *err)
{
    struct init_place place;
    enum status status = init_place_find(&place, path, owner->system, true, err);
    int fd;

    if (status != STATUS_OK)
        return status;
    fd = init_place_mkdir(place.dir, place.name, 0700, owner->system);
    *made = fd >= 0;
    if (fd < 0 && errno == ESTALE)
        status = err_set(err, STATUS_OWNER, "somebody replaced %s while it was made", path);
    else if (fd < 0 && errno != EEXIST)
        status = err_errno(err, "cannot make the folder %s", path);
    else if (fd >= 0 && owner->system && fchown(fd, owner->uid, owner->gid) != 0)
        status = err_errno(err, "cannot give %s to user %ld", path, (long)owner->uid);
    file_close(&fd);
    file_close(&place.dir);
    return status;
}

/* errno, and -1, on failure. */
static int fill_file(int fd, struct str bytes, mode_t mode, const struct init_owner *owner)
{
    if (file_write(fd, bytes.ptr, bytes.len) != 0)
        return -1;
    if (owner->system && fchown(fd, owner->uid, owner->gid) != 0)
        return -1;
    if (fchmod(fd, mode) != 0)
        return -1;
    return file_sync(fd);
}

static enum status make_in(const struct init_place *place, const char *path, struct str bytes,
                           mode_t mode, const struct init_owner *owner, bool *made, struct err *err)
{
    enum status status = STATUS_OK;
    char tmp[NAME_MAX + 1];
    int dir = place->dir;
    struct buf text;
    int fd;

    buf_init(&text, sizeof tmp - 1);
    buf_printf(&text, ".%s.%ld", place->name, (long)getpid());
    status = buf_status(&text, "a file name", err);
    if (status == STATUS_OK)
        memcpy(tmp, text.ptr, text.len + 1);
    buf_free(&text);
    if (status != STATUS_OK)
        return status;
    fd = file_open(dir, tmp, O_WRONLY | O_CREAT | O_EXCL, 0600);
    if (fd < 0)
        return err_errno(err, "cannot make %s", path);
    if (fill_file(fd, bytes, mode, owner) != 0)
        status = err_errno(err, "cannot write %s", path);
    file_close(&fd);
    /* A link, not a rename: what is there is never replaced. */
    if (status == STATUS_OK && linkat(dir, tmp, dir, place->name, 0) != 0) {
        *made = false;
        if (errno != EEXIST)
            status = err_errno(err, "cannot make %s", path);
    }
    unlinkat(dir, tmp, 0);
    if (status == STATUS_OK && file_sync_dir(dir) != 0)
        status = err_errno(err, "cannot sync the folder of %s", path);
    return status;
}

enum status init_file(const char *path, struct str bytes, mode_t mode,
                      const struct init_owner *owner, bool *made, struct err *err)
{
    struct init_place place;
    enum status status = init_place_find(&place, path, owner->system, true, err);

    if (status != STATUS_OK)
        return status;
    *made = true;
    status = make_in(&place, path, bytes, mode, owner, made, err);
    file_close(&place.dir);
    return status;
}

/* The file that is looked at is the one that is read. */
static enum status read_open(int fd, const char *path, uid_t *uid, struct buf *out, struct err *err)
{
    struct stat sb;

    if (fstat(fd, &sb) != 0)
        return err_errno(err, "cannot look at %s", path);
    if (!S_ISREG(sb.st_mode))
        return err_set(err, STATUS_CONFIG, "%s is not a file", path);
    if (file_slurp_open(fd, out) != 0)
        return err_errno(err, "cannot read %s", path);
    *uid = sb.st_uid;
    return STATUS_OK;
}

enum status init_read(const char *path, bool system, struct buf *out, uid_t *uid, struct err *err)
{
    struct init_place place;
    enum status status = init_place_find(&place, path, system, false, err);
    int fd;

    if (status != STATUS_OK)
        return status;
    /* Not blocked by a FIFO. */
    fd = file_open(place.dir, place.name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK, 0);
    if (fd >= 0)
        status = read_open(fd, path, uid, out, err);
    else if (errno == ENOENT)
        status = STATUS_MISSING;
    else
        status = err_errno(err, "cannot read %s", path);
    file_close(&fd);
    file_close(&place.dir);
    return status;
}

enum status init_secret(struct buf *out, struct err *err)
{
    unsigned char bytes[SECRET_BYTES];
    size_t from = out->len;
    enum status status;

    status = id_random(bytes, sizeof bytes, err);
    if (status != STATUS_OK)
        return status;
    mac_base64(out, bytes, sizeof bytes);
    explicit_bzero(bytes, sizeof bytes);
    for (size_t i = from; i < out->len; i++) {
        if (out->ptr[i] == '+')
            out->ptr[i] = '-';
        else if (out->ptr[i] == '/')
            out->ptr[i] = '_';
    }
    while (out->len > from && out->ptr[out->len - 1] == '=')
        buf_cut(out, out->len - 1);
    return buf_status(out, "the secret", err);
}

enum status init_absolute(char **out, const char *path, struct err *err)
{
    char here[PATH_MAX];
    enum status status;
    struct buf b;

    if (path[0] == '\0')
        return err_set(err, STATUS_USAGE, "empty path");
    buf_init(&b, PATH_MAX);
    if (path[0] != '/') {
        if (getcwd(here, sizeof here) == NULL)
            return err_errno(err, "cannot find the working directory");
        buf_add_text(&b, here);
        buf_add_char(&b, '/');
    }
    buf_add_text(&b, path);
    while (b.len > 1 && b.ptr[b.len - 1] == '/')
        buf_cut(&b, b.len - 1);
    status = buf_status(&b, "a path", err);
    if (status == STATUS_OK) {
        *out = str_dup(buf_str(&b));
        if (*out == NULL)
            status = fail_memory(err);
    }
    buf_free(&b);
    return status;
}
