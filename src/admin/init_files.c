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

#include "base/file.h"
#include "base/id.h"
#include "base/mac.h"

#define SECRET_BYTES 32

static enum status fail_memory(struct err *err)
{
    return err_set(err, STATUS_MEMORY, "no memory for a path");
}

/* mkdir goes by the umask; a folder of the system must be open to the web server's user. */
static enum status make_one(const char *path, mode_t mode, struct err *err)
{
    if (mkdir(path, mode) == 0) {
        if (chmod(path, mode) != 0)
            return err_errno(err, "cannot set the mode of the folder %s", path);
        return STATUS_OK;
    }
    return errno == EEXIST ? STATUS_OK : err_errno(err, "cannot make the folder %s", path);
}

enum status init_folders(const char *path, mode_t mode, struct err *err)
{
    enum status status = STATUS_OK;
    char *copy = str_dup(str_of(path));
    struct stat sb;

    if (copy == NULL)
        return fail_memory(err);
    for (char *p = copy + 1; status == STATUS_OK && *p != '\0'; p++)
        if (*p == '/') {
            *p = '\0';
            /* Folders that are there may lie where we cannot even try to make one. */
            if (stat(copy, &sb) != 0)
                status = make_one(copy, mode, err);
            *p = '/';
        }
    if (status == STATUS_OK)
        status = make_one(path, mode, err);
    free(copy);
    return status;
}

static char *folder_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    size_t len = slash == path ? 1 : (size_t)(slash - path);

    return str_dup((struct str){path, len});
}

enum status init_folders_above(const char *path, mode_t mode, struct err *err)
{
    char *folder = folder_of(path);
    enum status status;

    if (folder == NULL)
        return fail_memory(err);
    status = init_folders(folder, mode, err);
    free(folder);
    return status;
}

/* errno, and -1, on failure. */
static int fill_file(int fd, struct str bytes, mode_t mode, uid_t uid, gid_t gid)
{
    if (file_write(fd, bytes.ptr, bytes.len) != 0)
        return -1;
    if (geteuid() == 0 && fchown(fd, uid, gid) != 0)
        return -1;
    if (fchmod(fd, mode) != 0)
        return -1;
    return file_sync(fd);
}

static enum status make_in(int dir, const char *name, const char *path, struct str bytes,
                           mode_t mode, uid_t uid, gid_t gid, bool *made, struct err *err)
{
    enum status status = STATUS_OK;
    char tmp[NAME_MAX + 1];
    struct buf text;
    int fd;

    buf_init(&text, sizeof tmp - 1);
    buf_printf(&text, ".%s.%ld", name, (long)getpid());
    status = buf_status(&text, "a file name", err);
    if (status == STATUS_OK)
        memcpy(tmp, text.ptr, text.len + 1);
    buf_free(&text);
    if (status != STATUS_OK)
        return status;
    fd = file_open(dir, tmp, O_WRONLY | O_CREAT | O_EXCL, 0600);
    if (fd < 0)
        return err_errno(err, "cannot make %s", path);
    if (fill_file(fd, bytes, mode, uid, gid) != 0)
        status = err_errno(err, "cannot write %s", path);
    file_close(&fd);
    /* A link, not a rename: what is there is never replaced. */
    if (status == STATUS_OK && linkat(dir, tmp, dir, name, 0) != 0) {
        *made = false;
        if (errno != EEXIST)
            status = err_errno(err, "cannot make %s", path);
    }
    unlinkat(dir, tmp, 0);
    if (status == STATUS_OK && file_sync_dir(dir) != 0)
        status = err_errno(err, "cannot sync the folder of %s", path);
    return status;
}

enum status init_file(const char *path, struct str bytes, mode_t mode, uid_t uid, gid_t gid,
                      bool *made, struct err *err)
{
    const char *name = strrchr(path, '/') + 1;
    char *folder = folder_of(path);
    enum status status;
    int dir;

    if (folder == NULL)
        return fail_memory(err);
    *made = true;
    dir = file_open(AT_FDCWD, folder, O_RDONLY | O_DIRECTORY, 0);
    if (dir < 0)
        status = err_errno(err, "cannot open the folder %s", folder);
    else
        status = make_in(dir, name, path, bytes, mode, uid, gid, made, err);
    file_close(&dir);
    free(folder);
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
