/* SPDX-License-Identifier: MIT
 * spool - see store/spool/spool.h.
 */
#include "store/spool/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/id.h"
#include "base/num.h"
#include "base/str.h"
#include "base/text.h"
#include "base/user.h"
#include "store/spool/once.h"
#include "store/spool/place.h"

#define DIR_LOG "log"
#define DIR_IDX "idx"

static const char *const folders[] = {DIR_LOG,   DIR_IDX,       SPOOL_QUARANTINE, SPOOL_REFUSED,
                                      SPOOL_RUN, SPOOL_RESULTS, SPOOL_COMMANDS};
#define FOLDER_COUNT (sizeof folders / sizeof *folders)

#define FORMAT_HEAD "stenohook spool 1\nindex-key "
#define FORMAT_JOURNAL "\njournal "
#define FORMAT_KEY_LEN ((size_t)2 * SIPHASH_KEY_LEN) /* in hexadecimal digits */
#define FORMAT_MAX 256
#define SEGMENT_DIGITS 8

void spool_segment_name(char out[SPOOL_NAME_MAX], uint32_t segment)
{
    snprintf(out, SPOOL_NAME_MAX, "%08" PRIu32 SPOOL_SEGMENT_SUFFIX, segment);
}

/* Exactly `digits` digits, then `ending`. */
static bool numbered_parse(const char *name, size_t digits, const char *ending, uint64_t *number)
{
    struct str s = str_of(name);

    if (s.len <= digits || strcmp(name + digits, ending) != 0)
        return false;
    return num_u64((struct str){name, digits}, number);
}

bool spool_segment_parse(const char *name, uint32_t *segment)
{
    uint64_t n;

    if (!numbered_parse(name, SEGMENT_DIGITS, SPOOL_SEGMENT_SUFFIX, &n) || n == 0 ||
        n > PLACE_SEGMENT_MAX)
        return false;
    *segment = (uint32_t)n;
    return true;
}

void spool_table_name(char out[SPOOL_NAME_MAX], unsigned table)
{
    snprintf(out, SPOOL_NAME_MAX, "%02u.idx", table);
}

/* ---- making */

static enum status make_dir(int dir, const char *name, const char *path, struct err *err)
{
    if (mkdirat(dir, name, 0700) != 0 && errno != EEXIST)
        return err_errno(err, "cannot make the folder %s/%s", path, name);
    return STATUS_OK;
}

/* The key keeps senders from choosing identities that collide in the index; it guards no events. */
static enum status make_format(int dir, const char *path, struct err *err)
{
    uint8_t key[SIPHASH_KEY_LEN], journal[RECORD_JOURNAL_LEN / 2];
    char tmp[SPOOL_NAME_MAX];
    enum status status;
    struct buf text;

    if (faccessat(dir, SPOOL_FORMAT, F_OK, 0) == 0)
        return STATUS_OK;
    status = id_random(key, sizeof key, err);
    if (status == STATUS_OK)
        status = id_random(journal, sizeof journal, err);
    if (status != STATUS_OK)
        return status;
    buf_init(&text, FORMAT_MAX);
    buf_add_text(&text, FORMAT_HEAD);
    text_hex(&text, key, sizeof key);
    buf_add_text(&text, FORMAT_JOURNAL);
    text_hex(&text, journal, sizeof journal);
    buf_add_char(&text, '\n');
    status = buf_status(&text, "the spool's format file", err);
    snprintf(tmp, sizeof tmp, "format.%ld", (long)getpid());
    if (status == STATUS_OK &&
        once_make(dir, tmp, SPOOL_FORMAT, text.ptr, text.len, 0, ONCE_NEW) != 0 && errno != EEXIST)
        status = err_errno(err, "cannot make %s/" SPOOL_FORMAT, path);
    buf_free(&text);
    return status;
}

static enum status sync_parent(const char *path, struct err *err)
{
    enum status status = STATUS_OK;
    char *parent = str_dup(str_of(path));
    char *end;
    int fd;

    if (parent == NULL)
        return err_set(err, STATUS_MEMORY, "no memory for a path");
    end = parent + strlen(parent);
    while (end > parent + 1 && end[-1] == '/')
        *--end = '\0';
    end = strrchr(parent, '/');
    if (end == parent)
        end++;
    *end = '\0';
    fd = file_open(AT_FDCWD, parent, O_RDONLY | O_DIRECTORY, 0);
    /* We cannot sync a folder that we may enter but not read. */
    if (fd < 0 && errno != EACCES)
        status = err_errno(err, "cannot open the folder %s", parent);
    else if (fd >= 0 && file_sync_dir(fd) != 0)
        status = err_errno(err, "cannot sync the folder %s", parent);
    file_close(&fd);
    free(parent);
    return status;
}

bool spool_mode_private(mode_t mode)
{
    return (mode & (S_IRWXG | S_IRWXO)) == 0;
}

static enum status owner_check(const struct stat *sb, const char *path, struct err *err)
{
    if (sb->st_uid != geteuid())
        return err_set(err, STATUS_OWNER,
                       "the spool %s belongs to user %ld, and this program runs as user %ld", path,
                       (long)sb->st_uid, (long)geteuid());
    return STATUS_OK;
}

/* Of a spool that others may enter, the folders in it count as well. */
static enum status trust_folders(const char *path, struct err *err)
{
    enum status status = STATUS_OK;
    char folder[PATH_MAX];

    for (size_t i = 0; status == STATUS_OK && i < FOLDER_COUNT; i++) {
        snprintf(folder, sizeof folder, "%s/%s", path, folders[i]);
        status = trust_path(folder, NULL, NULL, err);
        status = err_ignore(err, status, STATUS_MISSING);
    }
    return status;
}

/* `trusted` is what trust_path said of the path before the folder was opened. */
static enum status judge_top(int fd, const char *path, enum status trusted, struct err *why,
                             struct err *err)
{
    enum status status = trusted;
    struct stat sb;

    if (fstat(fd, &sb) != 0)
        return err_errno(err, "cannot look at the spool %s", path);
    if (owner_check(&sb, path, err) != STATUS_OK)
        return STATUS_OWNER;
    if (status == STATUS_OK)
        status = trust_opened(fd, &sb, path, why);
    if (status == STATUS_OK && !spool_mode_private(sb.st_mode))
        status = trust_folders(path, why);
    if (status != STATUS_OK)
        return err_set(err, status, "the spool cannot be trusted: %s", why->text);
    return STATUS_OK;
}

static enum status open_top(int *out, const char *path, trust_tell foreign, void *context,
                            struct err *err)
{
    enum status status, trusted;
    struct err why = ERR_INIT;
    struct stat sb;
    int fd;

    if (path[0] != '/')
        return err_set(err, STATUS_CONFIG, "the spool's path must begin with a slash: %s", path);
    trusted = trust_path(path, foreign, context, &why);
    fd = file_open(AT_FDCWD, path, O_RDONLY | O_DIRECTORY, 0);
    if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
        return err_set(err, STATUS_CONFIG, "there is no spool at %s: run stenohook init", path);
    if (fd < 0 && errno == EACCES && stat(path, &sb) == 0 && sb.st_uid != geteuid())
        return owner_check(&sb, path, err);
    if (fd < 0)
        return err_errno(err, "cannot open the spool %s", path);
    status = judge_top(fd, path, trusted, &why, err);
    if (status == STATUS_OK)
        *out = fd;
    else
        file_close(&fd);
    return status;
}

enum status spool_create(const char *path, struct err *err)
{
    enum status status;
    int dir = -1;

    if (path[0] != '/' || path[strspn(path, "/")] == '\0')
        return err_set(err, STATUS_CONFIG,
                       "the spool's path must be that of a folder of its own: %s", path);
    if (mkdir(path, 0700) != 0 && errno != EEXIST)
        return err_errno(err, "cannot make the spool %s", path);
    status = open_top(&dir, path, NULL, NULL, err);
    for (size_t i = 0; status == STATUS_OK && i < FOLDER_COUNT; i++)
        status = make_dir(dir, folders[i], path, err);
    /* Last: a folder with a format file is a whole spool. */
    if (status == STATUS_OK)
        status = make_format(dir, path, err);
    if (status == STATUS_OK && file_sync_dir(dir) != 0)
        status = err_errno(err, "cannot sync the spool %s", path);
    if (status == STATUS_OK)
        status = sync_parent(path, err);
    file_close(&dir);
    return status;
}

enum status spool_make_run(const struct spool *spool, struct err *err)
{
    static const char *const needed[] = {SPOOL_RUN, SPOOL_RESULTS, SPOOL_COMMANDS};
    enum status status = STATUS_OK;

    for (size_t i = 0; status == STATUS_OK && i < sizeof needed / sizeof *needed; i++)
        status = make_dir(spool->dir, needed[i], spool->path, err);
    return status;
}

/* ---- opening */

/* STATUS_CORRUPT: it is no format file of ours. */
static enum status format_parse(struct str text, struct spool *spool, struct err *err)
{
    static const size_t journal = sizeof FORMAT_JOURNAL - 1;
    enum status status = STATUS_CORRUPT;
    struct str line, rest;
    struct buf bytes;

    if (!str_starts(text, FORMAT_HEAD))
        return STATUS_CORRUPT;
    text.ptr += sizeof FORMAT_HEAD - 1;
    text.len -= sizeof FORMAT_HEAD - 1;
    if (text.len != FORMAT_KEY_LEN + journal + RECORD_JOURNAL_LEN + 1 ||
        memcmp(text.ptr + FORMAT_KEY_LEN, FORMAT_JOURNAL, journal) != 0)
        return STATUS_CORRUPT;
    line = (struct str){text.ptr, FORMAT_KEY_LEN};
    rest = (struct str){text.ptr + FORMAT_KEY_LEN + journal, RECORD_JOURNAL_LEN};
    if (!str_ends(text, "\n") || !str_only(rest, "0123456789abcdef"))
        return STATUS_CORRUPT;
    buf_init(&bytes, SIPHASH_KEY_LEN);
    if (text_hex_decode(&bytes, line) && bytes.len == SIPHASH_KEY_LEN) {
        memcpy(spool->index_key, bytes.ptr, SIPHASH_KEY_LEN);
        memcpy(spool->journal, rest.ptr, RECORD_JOURNAL_LEN);
        status = STATUS_OK;
    } else if (bytes.failed == STATUS_MEMORY) {
        status = buf_status(&bytes, "the key of the spool", err);
    }
    buf_free(&bytes);
    return status;
}

static enum status read_format(struct spool *spool, struct err *err)
{
    enum status status = STATUS_OK;
    struct buf text;

    buf_init(&text, FORMAT_MAX);
    if (file_slurp(spool->dir, SPOOL_FORMAT, &text) != 0) {
        if (errno == ENOENT)
            status =
                err_set(err, STATUS_CONFIG, "%s is no spool yet: run stenohook init", spool->path);
        else if (errno == EFBIG)
            status = err_set(err, STATUS_CONFIG, "%s/" SPOOL_FORMAT " is not of this program",
                             spool->path);
        else
            status = err_errno(err, "cannot read %s/" SPOOL_FORMAT, spool->path);
    } else {
        status = format_parse(buf_str(&text), spool, err);
    }
    if (status == STATUS_CORRUPT)
        status = err_set(err, STATUS_CONFIG,
                         "%s/" SPOOL_FORMAT
                         " is not of this program or of a newer one: restore it, or run "
                         "stenohook init on another folder",
                         spool->path);
    buf_free(&text);
    return status;
}

/* `derived` folders (index, boxes) are made again if missing. A missing journal needs a person. */
static enum status open_sub(const struct spool *spool, const char *name, bool derived, int *out,
                            struct err *err)
{
    int fd = file_open(spool->dir, name, O_RDONLY | O_DIRECTORY, 0);

    if (fd < 0 && errno == ENOENT && derived) {
        enum status status = make_dir(spool->dir, name, spool->path, err);

        if (status != STATUS_OK)
            return status;
        fd = file_open(spool->dir, name, O_RDONLY | O_DIRECTORY, 0);
    }
    if (fd < 0 && errno == ENOENT)
        return err_set(err, STATUS_CONFIG,
                       "the folder %s/%s is missing: restore it, or run stenohook init",
                       spool->path, name);
    if (fd < 0)
        return err_errno(err, "cannot open the folder %s/%s", spool->path, name);
    *out = fd;
    return STATUS_OK;
}

static enum status open_log(struct spool *spool, struct err *err)
{
    enum status status = open_sub(spool, DIR_LOG, false, &spool->log, err);
    struct stat sb;

    if (status == STATUS_OK && fstat(spool->log, &sb) != 0)
        status = err_errno(err, "cannot look at the folder %s/" DIR_LOG, spool->path);
    if (status == STATUS_OK) {
        spool->log_device = sb.st_dev;
        spool->log_inode = sb.st_ino;
    }
    return status;
}

bool spool_holds_journal(const struct spool *spool)
{
    struct stat sb;

    return fstatat(spool->dir, DIR_LOG, &sb, 0) == 0 && sb.st_dev == spool->log_device &&
           sb.st_ino == spool->log_inode;
}

static const struct spool closed = {
    .path = NULL, .dir = -1, .log = -1, .idx = -1, .quarantine = -1, .refused = -1};

enum status spool_open_telling(struct spool *spool, const char *path, trust_tell foreign,
                               void *context, struct err *err)
{
    enum status status;

    *spool = closed;
    status = open_top(&spool->dir, path, foreign, context, err);
    if (status == STATUS_OK) {
        spool->path = str_dup(str_of(path));
        if (spool->path == NULL)
            status = err_set(err, STATUS_MEMORY, "no memory for a path");
    }
    if (status == STATUS_OK)
        status = read_format(spool, err);
    if (status == STATUS_OK)
        status = open_log(spool, err);
    if (status == STATUS_OK)
        status = open_sub(spool, DIR_IDX, true, &spool->idx, err);
    if (status == STATUS_OK)
        status = open_sub(spool, SPOOL_QUARANTINE, true, &spool->quarantine, err);
    if (status == STATUS_OK)
        status = open_sub(spool, SPOOL_REFUSED, true, &spool->refused, err);
    if (status != STATUS_OK)
        spool_close(spool);
    return status;
}

enum status spool_open(struct spool *spool, const char *path, struct err *err)
{
    return spool_open_telling(spool, path, NULL, NULL, err);
}

void spool_close(struct spool *spool)
{
    file_close(&spool->dir);
    file_close(&spool->log);
    file_close(&spool->idx);
    file_close(&spool->quarantine);
    file_close(&spool->refused);
    free(spool->path);
    *spool = closed;
}

/* ---- owner */

enum status spool_become_owner(const char *path, struct err *err)
{
    struct stat sb;

    if (stat(path, &sb) != 0) {
        if (errno == ENOENT || errno == ENOTDIR)
            return err_set(err, STATUS_CONFIG, "there is no spool at %s: run stenohook init", path);
        return err_errno(err, "cannot look at the spool %s", path);
    }
    if (sb.st_uid == geteuid())
        return STATUS_OK;
    if (geteuid() != 0)
        return err_set(err, STATUS_OWNER,
                       "the spool %s belongs to user %ld: run this as that user, or as root", path,
                       (long)sb.st_uid);
    return user_become(sb.st_uid, sb.st_gid, path, err);
}
