/* SPDX-License-Identifier: MIT
 * trust - see base/trust.h.
 */
#include "base/trust.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/vfs.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/user.h"
#include "base/user_group.h"

#define ACCESS_LIST "system.posix_acl_access"
/* Folders of others that are reported once each; more are reported again if the way comes back. */
#define TOLD_MAX 8
/* Of /proc/self/uid_map, which has at most 340 lines. */
#define UID_MAP_MAX 32768

/* ---- owners */

/* The number that stands for all users that have none in our user namespace. */
static bool overflow_uid(uid_t *uid)
{
    struct buf text;
    bool known;

    buf_init(&text, 32);
    known = file_slurp(AT_FDCWD, "/proc/sys/kernel/overflowuid", &text) == 0 &&
            sscanf(text.ptr, "%u", uid) == 1;
    buf_free(&text);
    return known;
}

/* Whether a user of this namespace has that number. Each line of the map is: first number here,
 * first number outside, how many. */
static bool number_taken(uid_t uid)
{
    unsigned long long first, count;
    bool taken = false;
    struct buf text;
    const char *line;

    buf_init(&text, UID_MAP_MAX);
    if (file_slurp(AT_FDCWD, "/proc/self/uid_map", &text) != 0 || text.len == 0)
        taken = true;
    for (line = text.ptr; !taken && line != NULL && *line != '\0';) {
        taken = sscanf(line, "%llu %*u %llu", &first, &count) != 2 ||
                (uid >= first && uid - first < count);
        line = strchr(line, '\n');
        line += line != NULL;
    }
    buf_free(&text);
    return taken;
}

/* Whether `uid` is how the real root appears here. /proc belongs to him, whatever is mounted on "/"
 * and however deep namespaces are nested. */
static bool is_unmapped_root(uid_t uid)
{
    struct statfs fs;
    struct stat sb;
    uid_t overflow;

    return overflow_uid(&overflow) && uid == overflow && statfs("/proc", &fs) == 0 &&
           fs.f_type == PROC_SUPER_MAGIC && stat("/proc", &sb) == 0 && sb.st_uid == overflow &&
           !number_taken(uid);
}

static bool owner_trusted(uid_t uid, uid_t us)
{
    return uid == 0 || uid == us || is_unmapped_root(uid);
}

/* ---- writers */

/* Of a component: `fd` if it is open, else its path. */
static bool has_access_list(int fd, const char *path)
{
    ssize_t size =
        fd >= 0 ? fgetxattr(fd, ACCESS_LIST, NULL, 0) : lgetxattr(path, ACCESS_LIST, NULL, 0);

    return size >= 0 || (errno != ENODATA && errno != EOPNOTSUPP);
}

static bool group_is_private(const struct stat *sb, uid_t us)
{
    const uid_t members[] = {0, sb->st_uid, us};

    return user_group_private(USER_FILE, USER_GROUP_FILE, sb->st_gid, members,
                              sizeof members / sizeof *members);
}

/* Returns the bits of the mode that let others than root, the owner and us write. */
static mode_t others_write(const struct stat *sb, uid_t us, int fd, const char *path)
{
    mode_t others = sb->st_mode & (S_IWGRP | S_IWOTH);

    if (others == S_IWGRP && group_is_private(sb, us) && !has_access_list(fd, path))
        return 0;
    return others;
}

static enum status refuse_writable(const struct stat *sb, mode_t others, const char *path,
                                   struct err *err)
{
    if ((others & S_IWOTH) != 0)
        return err_set(err, STATUS_UNTRUSTED, "%s: others can write to it; run: chmod go-w %s",
                       path, path);
    return err_set(err, STATUS_UNTRUSTED,
                   "%s: others can write to it, by group %lu or an access list; run: chmod g-w %s",
                   path, (unsigned long)sb->st_gid, path);
}

static enum status judge_end(const struct stat *sb, uid_t us, int fd, const char *path,
                             struct err *err)
{
    mode_t others = others_write(sb, us, fd, path);

    if (others != 0)
        return refuse_writable(sb, others, path, err);
    if (!owner_trusted(sb->st_uid, us))
        return err_set(err, STATUS_UNTRUSTED,
                       "%s: belongs to user %lu, not to root or to user %lu that we run as; make "
                       "it one of theirs",
                       path, (unsigned long)sb->st_uid, (unsigned long)us);
    return STATUS_OK;
}

enum status trust_opened_of(uid_t us, int fd, const struct stat *sb, const char *path,
                            struct err *err)
{
    return judge_end(sb, us, fd, path, err);
}

enum status trust_opened(int fd, const struct stat *sb, const char *path, struct err *err)
{
    return judge_end(sb, geteuid(), fd, path, err);
}

/* ---- the way */

struct trust_walk {
    char at[PATH_MAX];   /* the folder that we stand in, without links */
    char rest[PATH_MAX]; /* what follows */
    struct stat sb;      /* of `at` */
    uid_t us;
    bool crowded; /* others may make files in `at`, which is sticky */
    unsigned links;
    trust_tell foreign;
    void *context;
    struct {
        dev_t device;
        ino_t inode;
    } told[TOLD_MAX];
    unsigned told_count;
};

static enum status cannot_look(const char *path, struct err *err)
{
    if (errno == ENOENT || errno == ENOTDIR)
        return err_set(err, STATUS_MISSING, "%s: %s", path, strerror(errno));
    return err_errno(err, "%s: cannot be examined", path);
}

static bool told_already(struct trust_walk *w)
{
    for (unsigned i = 0; i < w->told_count; i++)
        if (w->told[i].device == w->sb.st_dev && w->told[i].inode == w->sb.st_ino)
            return true;
    if (w->told_count < TOLD_MAX) {
        w->told[w->told_count].device = w->sb.st_dev;
        w->told[w->told_count++].inode = w->sb.st_ino;
    }
    return false;
}

bool trust_is_strict(void)
{
    const char *value = getenv(TRUST_STRICT);

    return value != NULL && strcmp(value, TRUST_YES) == 0;
}

static enum status judge_foreign(struct trust_walk *w, struct err *err)
{
    struct err said = ERR_INIT;

    (void)err_set(&said, STATUS_UNTRUSTED,
                  "%s: belongs to user %lu, who can change what is in it; give it to root or to "
                  "user %lu that we run as",
                  w->at, (unsigned long)w->sb.st_uid, (unsigned long)w->us);
    if (trust_is_strict())
        return err_pass(err, STATUS_UNTRUSTED, &said);
    if (!told_already(w) && w->foreign != NULL)
        w->foreign(w->context, said.text);
    return STATUS_OK;
}

/* Judges the folder that we stand in. */
static enum status judge_folder(struct trust_walk *w, struct err *err)
{
    mode_t others = others_write(&w->sb, w->us, -1, w->at);

    w->crowded = others != 0 && (w->sb.st_mode & S_ISVTX) != 0;
    if (others != 0 && !w->crowded)
        return refuse_writable(&w->sb, others, w->at, err);
    return owner_trusted(w->sb.st_uid, w->us) ? STATUS_OK : judge_foreign(w, err);
}

/* Takes the slashes off the rest. */
static bool has_next(struct trust_walk *w)
{
    size_t slashes = strspn(w->rest, "/");

    memmove(w->rest, w->rest + slashes, strlen(w->rest + slashes) + 1);
    return w->rest[0] != '\0';
}

/* Judges what follows in that folder, `w->at` by now, for how it came to be there: in a sticky
 * folder everybody can be first. Nobody can change where a link leads, but who could make one has
 * chosen it. */
static enum status judge_entry(const struct trust_walk *w, const struct stat *sb, struct err *err)
{
    if (sb->st_uid == 0 || sb->st_uid == w->us)
        return STATUS_OK;
    if (w->crowded)
        return err_set(err, STATUS_UNTRUSTED,
                       "%s: belongs to user %lu, and others can make files beside it; move it to a "
                       "folder of root or of user %lu that we run as",
                       w->at, (unsigned long)sb->st_uid, (unsigned long)w->us);
    if (S_ISLNK(sb->st_mode) && sb->st_uid != w->sb.st_uid && !owner_trusted(sb->st_uid, w->us))
        return err_set(err, STATUS_UNTRUSTED,
                       "%s: is a link that user %lu made; make it again as root or as user %lu "
                       "that we run as",
                       w->at, (unsigned long)sb->st_uid, (unsigned long)w->us);
    return STATUS_OK;
}

static enum status too_long(const struct trust_walk *w, struct err *err)
{
    return err_set(err, STATUS_LIMIT, "%.200s: the path is too long", w->at);
}

static enum status stand_in_root(struct trust_walk *w, struct err *err)
{
    memcpy(w->at, "/", sizeof "/");
    if (lstat(w->at, &w->sb) != 0)
        return cannot_look(w->at, err);
    return judge_folder(w, err);
}

static enum status go_up(struct trust_walk *w, struct err *err)
{
    char *slash = strrchr(w->at, '/');

    if (slash == w->at)
        return stand_in_root(w, err);
    *slash = '\0';
    if (lstat(w->at, &w->sb) != 0)
        return cannot_look(w->at, err);
    return judge_folder(w, err);
}

/* Puts where the link `w->at` leads before the rest, and goes back to its folder, which is the
 * first `len` bytes. */
static enum status follow_link(struct trust_walk *w, size_t len, struct err *err)
{
    BUF_UNSET char target[PATH_MAX];
    ssize_t size = readlink(w->at, target, sizeof target);
    size_t rest = strlen(w->rest);

    if (size < 0)
        return cannot_look(w->at, err);
    if (++w->links > TRUST_LINKS_MAX)
        return err_set(err, STATUS_LIMIT, "%s: more than %d links", w->at, TRUST_LINKS_MAX);
    if ((size_t)size + rest >= sizeof w->rest)
        return too_long(w, err);
    memmove(w->rest + size, w->rest, rest + 1);
    memcpy(w->rest, target, (size_t)size);
    w->at[len] = '\0';
    return target[0] == '/' ? stand_in_root(w, err) : STATUS_OK;
}

/* Takes the next component off the rest and appends it to `w->at`. */
static enum status append_name(struct trust_walk *w, size_t len, struct err *err)
{
    size_t name = strcspn(w->rest, "/");
    size_t slash = w->at[len - 1] != '/';

    if (len + slash + name >= sizeof w->at)
        return too_long(w, err);
    memcpy(w->at + len, "/", slash);
    memcpy(w->at + len + slash, w->rest, name);
    w->at[len + slash + name] = '\0';
    memmove(w->rest, w->rest + name, strlen(w->rest + name) + 1);
    return STATUS_OK;
}

/* Goes one component on. The last one is judged by the caller. */
static enum status step(struct trust_walk *w, struct err *err)
{
    size_t len = strlen(w->at);
    enum status status = append_name(w, len, err);
    const char *name = strrchr(w->at, '/') + 1;
    struct stat sb;

    if (status != STATUS_OK)
        return status;
    if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0) {
        bool up = name[1] == '.';

        w->at[len] = '\0';
        return up ? go_up(w, err) : STATUS_OK;
    }
    if (lstat(w->at, &sb) != 0)
        return cannot_look(w->at, err);
    status = judge_entry(w, &sb, err);
    if (status == STATUS_OK && S_ISLNK(sb.st_mode))
        return follow_link(w, len, err);
    w->sb = sb;
    if (status == STATUS_OK && has_next(w))
        status = S_ISDIR(sb.st_mode) ? judge_folder(w, err)
                                     : err_set(err, STATUS_MISSING, "%s: is not a folder", w->at);
    return status;
}

enum status trust_path_of(uid_t us, const char *path, trust_tell foreign, void *context,
                          struct err *err)
{
    enum status status;
    BUF_UNSET struct trust_walk w;

    if (path[0] != '/')
        return err_set(err, STATUS_UNTRUSTED, "%s: must be an absolute path", path);
    w.us = us;
    w.foreign = foreign;
    w.context = context;
    w.links = w.told_count = 0;
    if (strlen(path) >= sizeof w.rest)
        return err_set(err, STATUS_LIMIT, "%.200s: the path is too long", path);
    memcpy(w.rest, path, strlen(path) + 1);
    status = stand_in_root(&w, err);
    while (status == STATUS_OK && has_next(&w))
        status = step(&w, err);
    if (status == STATUS_OK)
        status = judge_end(&w.sb, us, -1, w.at, err);
    return status;
}

enum status trust_path(const char *path, trust_tell foreign, void *context, struct err *err)
{
    return trust_path_of(geteuid(), path, foreign, context, err);
}
