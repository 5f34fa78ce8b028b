/* SPDX-License-Identifier: MIT
 * init_place - see admin/init_place.h.
 */
#include "admin/init_place.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/file.h"

#define LINKS_MAX 40 /* as the kernel */
#define OTHERS_WRITE (S_IWGRP | S_IWOTH)

struct place_walk {
    const char *path; /* for errors */
    bool system, make;
    unsigned links;
    int dir;         /* O_PATH: what is behind us */
    struct buf rest; /* what is ahead of us */
};

/* ---- folders that are made */

static bool is_empty(int fd)
{
    int copy = dup(fd);
    DIR *dir = copy < 0 ? NULL : fdopendir(copy);
    unsigned names = 0;

    if (dir == NULL) {
        file_close(&copy);
        return false;
    }
    /* "." and "..". */
    while (names <= 2 && readdir(dir) != NULL)
        names++;
    closedir(dir);
    return names <= 2;
}

int init_place_mkdir(int dir, const char *name, mode_t mode, bool system)
{
    struct stat sb;
    int fd;

    if (mkdirat(dir, name, 0700) != 0)
        return -1;
    fd = file_open(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0);
    if (fd < 0)
        return -1;
    /* The folder's owner may have put another one of root's there, which would then be given away:
     * that has something in it, or it is no loss. */
    if (system && (fstat(fd, &sb) != 0 || sb.st_uid != geteuid() || !is_empty(fd))) {
        file_close(&fd);
        errno = ESTALE;
        return -1;
    }
    /* mkdir goes by the umask. */
    if (fchmod(fd, mode) != 0)
        file_close(&fd);
    return fd;
}

/* ---- one step */

static enum status fail_step(const struct place_walk *w, const char *name, struct err *err)
{
    if (errno == ENOENT && !w->make)
        return STATUS_MISSING;
    if (errno == ESTALE)
        return err_set(
            err, STATUS_OWNER,
            "%s: somebody replaced the folder %s while it was made: choose a folder that "
            "other users cannot change, or run this as the user",
            w->path, name);
    return err_errno(err, "%s: cannot %s the folder %s", w->path, w->make ? "make" : "open", name);
}

static enum status enter_folder(struct place_walk *w, const char *name, struct err *err)
{
    int fd = file_open(w->dir, name, O_PATH | O_DIRECTORY | O_NOFOLLOW, 0);

    if (fd < 0 && errno == ENOENT && w->make) {
        fd = init_place_mkdir(w->dir, name, w->system ? 0755 : 0700, w->system);
        /* Another init was faster. */
        if (fd < 0 && errno == EEXIST)
            fd = file_open(w->dir, name, O_PATH | O_DIRECTORY | O_NOFOLLOW, 0);
    }
    if (fd < 0)
        return fail_step(w, name, err);
    file_close(&w->dir);
    w->dir = fd;
    return STATUS_OK;
}

/* Where links and ".." lead is decided by whoever can change the folder that we are in. */
static enum status check_detour(const struct place_walk *w, const char *name, struct err *err)
{
    struct stat sb;

    if (!w->system)
        return STATUS_OK;
    if (fstat(w->dir, &sb) != 0)
        return err_errno(err, "cannot look at the folders of %s", w->path);
    if (sb.st_uid == geteuid() && (sb.st_mode & OTHERS_WRITE) == 0)
        return STATUS_OK;
    return err_set(
        err, STATUS_OWNER,
        "%s: root does not follow %s, which another user could have made: name the place "
        "that it leads to, or run this as the user",
        w->path, name);
}

static enum status follow_link(struct place_walk *w, const char *name, const char *target,
                               struct err *err)
{
    enum status status = check_detour(w, name, err);
    struct buf rest;

    if (status != STATUS_OK)
        return status;
    if (++w->links > LINKS_MAX) {
        errno = ELOOP;
        return err_errno(err, "cannot follow the links of %s", w->path);
    }
    buf_init(&rest, PATH_MAX);
    buf_add_text(&rest, target);
    if (w->rest.len > 0) {
        buf_add_char(&rest, '/');
        buf_add_text(&rest, w->rest.ptr);
    }
    status = buf_status(&rest, "a path", err);
    buf_free(&w->rest);
    w->rest = rest;
    return status == STATUS_OK && target[0] == '/' ? enter_folder(w, "/", err) : status;
}

/* ---- the path */

/* Cuts the first name off what is ahead of us. Empty: there is none. */
static enum status take_name(struct place_walk *w, char name[NAME_MAX + 1], struct err *err)
{
    const char *rest = w->rest.len == 0 ? "" : w->rest.ptr + strspn(w->rest.ptr, "/");
    size_t len = strcspn(rest, "/");
    const char *next = rest + len + strspn(rest + len, "/");

    if (len > NAME_MAX) {
        errno = ENAMETOOLONG;
        return err_errno(err, "cannot use the path %s", w->path);
    }
    memcpy(name, rest, len);
    name[len] = '\0';
    if (w->rest.len > 0) {
        len = strlen(next);
        memmove(w->rest.ptr, next, len + 1);
        buf_cut(&w->rest, len);
    }
    return STATUS_OK;
}

/* *last: `name` is the last, and was not entered. */
static enum status take_step(struct place_walk *w, char name[NAME_MAX + 1], bool *last,
                             struct err *err)
{
    enum status status = take_name(w, name, err);
    char target[PATH_MAX];
    ssize_t len;

    *last = w->rest.len == 0;
    if (status != STATUS_OK)
        return status;
    len = readlinkat(w->dir, name, target, sizeof target - 1);
    if (len > 0) {
        *last = false;
        target[len] = '\0';
        return follow_link(w, name, target, err);
    }
    if (strcmp(name, "..") == 0)
        status = check_detour(w, name, err);
    return status == STATUS_OK && !*last ? enter_folder(w, name, err) : status;
}

enum status init_place_find(struct init_place *out, const char *path, bool system, bool make,
                            struct err *err)
{
    struct place_walk w = {.path = path, .system = system, .make = make, .dir = -1};
    char name[NAME_MAX + 1];
    enum status status;
    bool last = false;

    buf_init(&w.rest, PATH_MAX);
    buf_add_text(&w.rest, path);
    status = buf_status(&w.rest, "a path", err);
    if (status == STATUS_OK)
        status = enter_folder(&w, "/", err);
    while (status == STATUS_OK && !last)
        status = take_step(&w, name, &last, err);
    buf_free(&w.rest);
    if (status != STATUS_OK) {
        file_close(&w.dir);
        return status;
    }
    out->dir = w.dir;
    memcpy(out->name, name, sizeof name);
    return STATUS_OK;
}
