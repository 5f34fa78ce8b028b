/* SPDX-License-Identifier: MIT
 * settings_file - reads the files that settings come from, and tells their versions apart.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/trust.h"
#include "settings/settings_parts.h"

struct file_id file_id_of(const char *path)
{
    struct file_id id = {.there = false};
    struct stat sb;

    if (stat(path, &sb) != 0)
        return id;
    id.there = true;
    id.device = sb.st_dev;
    id.inode = sb.st_ino;
    id.size = sb.st_size;
    id.changed = sb.st_mtim;
    id.touched = sb.st_ctim;
    return id;
}

static bool time_same(struct timespec a, struct timespec b)
{
    return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

bool file_id_same(const struct file_id *a, const struct file_id *b)
{
    if (!a->there || !b->there)
        return a->there == b->there;
    return a->device == b->device && a->inode == b->inode && a->size == b->size &&
           time_same(a->changed, b->changed) && time_same(a->touched, b->touched);
}

/* Returns whether errno is about the file, and stays so until that is changed. */
static bool file_to_blame(void)
{
    switch (errno) {
    case ENOENT:
    case ENOTDIR:
    case EACCES:
    case EPERM:
    case ELOOP:
    case ENAMETOOLONG:
    case ENXIO: /* a socket */
        return true;
    default:
        return false;
    }
}

static enum status read_opened(int fd, const struct settings_source *from, struct buf *out,
                               struct stat *sb, struct err *err)
{
    enum status st;
    char *room;
    ssize_t got;

    if (fstat(fd, sb) != 0)
        return err_errno(err, "cannot be examined");
    if (!S_ISREG(sb->st_mode))
        return err_set(err, STATUS_CONFIG, "is no regular file");
    st = trust_opened_of(from->us, fd, sb, from->path, err);
    if (st != STATUS_OK)
        return st;
    if (sb->st_size > (off_t)out->max)
        return err_set(err, STATUS_CONFIG, "is larger than %zu bytes", out->max);
    room = buf_room(out, (size_t)sb->st_size);
    if (room == NULL)
        return buf_status(out, "its bytes", err);
    got = file_read(fd, room, (size_t)sb->st_size);
    if (got < 0)
        return err_errno(err, "cannot be read");
    buf_grew(out, (size_t)got);
    return STATUS_OK;
}

static enum status open_and_read(const struct settings_source *from, struct buf *out,
                                 struct stat *sb, struct err *err)
{
    /* O_NONBLOCK: a FIFO in its place must not block a request. */
    int fd = file_open(AT_FDCWD, from->path, O_RDONLY | O_NONBLOCK, 0);
    enum status st;

    if (fd < 0 && file_to_blame())
        return err_set(err, STATUS_CONFIG, "cannot be opened: %s", strerror(errno));
    if (fd < 0)
        return err_errno(err, "cannot be opened");
    st = read_opened(fd, from, out, sb, err);
    file_close(&fd);
    return st;
}

enum status settings_read(const struct settings_source *from, struct buf *out, struct stat *sb,
                          struct err *err)
{
    struct err doubt = ERR_INIT;
    enum status trusted = trust_path_of(from->us, from->path, from->foreign, from->context, &doubt);
    enum status st = STATUS_OK;

    /* Before it is opened: what only root and we can change is still the same then. */
    if (trusted != STATUS_UNTRUSTED)
        st = open_and_read(from, out, sb, err);
    return st == STATUS_OK ? err_pass(err, trusted, &doubt) : st;
}

/* ---- secrets */

struct secret_report {
    const char *path;
    settings_tell tell; /* or NULL */
    void *context;
};

static void report(const struct secret_report *r, bool usable, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void report(const struct secret_report *r, bool usable, const char *format, ...)
{
    char text[ERR_TEXT_MAX];
    va_list args;
    int len;

    if (r->tell == NULL)
        return;
    len = snprintf(text, sizeof text, "secret file %s: ", r->path);
    if ((size_t)len >= sizeof text)
        len = 0;
    va_start(args, format);
    vsnprintf(text + len, sizeof text - (size_t)len, format, args);
    va_end(args);
    r->tell(r->context, usable, text);
}

/* Who can write to it makes it unusable, which settings_read says. */
static void check_readers(const struct secret_report *r, const struct stat *sb)
{
    if ((sb->st_mode & (S_IRGRP | S_IROTH)) != 0)
        report(r, true, "others can read it; run: chmod 600 %s", r->path);
}

/* The words name the component; a report has named the file already. */
static void report_untrusted(const struct secret_report *r, const char *words)
{
    size_t len = strlen(r->path);

    if (strncmp(words, r->path, len) == 0 && strncmp(words + len, ": ", 2) == 0)
        words += len + 2;
    report(r, false, "%s", words);
}

/* An editor's byte order mark and line end are not the secret's. */
static struct str strip_marks(struct str s)
{
    while (s.len > 0 && (s.ptr[s.len - 1] == '\n' || s.ptr[s.len - 1] == '\r'))
        s.len--;
    if (str_starts(s, "\xef\xbb\xbf")) {
        s.ptr += 3;
        s.len -= 3;
    }
    return s;
}

static bool check_secret(const struct secret_report *r, struct str secret)
{
    if (secret.len == 0) {
        report(r, false, "is empty; write the secret into it");
        return false;
    }
    for (size_t i = 0; i < secret.len; i++)
        if (((unsigned char)secret.ptr[i] < 0x20 && secret.ptr[i] != '\t') ||
            secret.ptr[i] == 0x7f) {
            report(r, false,
                   "holds a line break or another control character within the secret; one "
                   "file holds one secret");
            return false;
        }
    if (str_trim(secret).len != secret.len)
        report(r, true,
               "the secret begins or ends with a blank, which web servers take off a header; "
               "take it out here and at the sender");
    return true;
}

enum status settings_secret(const char *path, uid_t us, struct buf *out, bool *usable,
                            settings_tell tell, settings_warn foreign, void *context,
                            struct err *err)
{
    const struct settings_source from = {path, us, foreign, context};
    const struct secret_report r = {path, tell, context};
    struct err failed = ERR_INIT;
    struct buf text;
    struct stat sb;
    enum status st;

    *usable = false;
    buf_init(&text, SETTINGS_SECRET_MAX);
    st = settings_read(&from, &text, &sb, &failed);
    if (st == STATUS_CONFIG) {
        report(&r, false, "%s", failed.text);
        st = STATUS_OK;
    } else if (st == STATUS_UNTRUSTED) {
        report_untrusted(&r, failed.text);
        st = STATUS_OK;
    } else if (st != STATUS_OK) {
        st = err_set(err, st, "secret file %s: %s", path, failed.text);
    } else {
        struct str secret = strip_marks(buf_str(&text));

        check_readers(&r, &sb);
        if (check_secret(&r, secret)) {
            buf_add_str(out, secret);
            st = buf_status(out, "a secret", err);
            *usable = st == STATUS_OK;
        }
    }
    explicit_bzero(text.ptr, text.len);
    buf_free(&text);
    return st;
}
