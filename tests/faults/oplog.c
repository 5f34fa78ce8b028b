/* SPDX-License-Identifier: MIT
 * oplog - what was done to the files of a spool, in the order in which it was done.
 */
#include "oplog.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "hook.h"

#define PAGE_LEN 4096

struct oplog *oplog_make(size_t ops_room, size_t bytes_room)
{
    size_t len = sizeof(struct oplog) + ops_room * sizeof(struct op) + bytes_room;
    struct oplog *log =
        mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    pthread_mutexattr_t attr;

    if (log == MAP_FAILED)
        return NULL;
    log->ops_room = ops_room;
    log->bytes_room = bytes_room;
    log->ops = (struct op *)(log + 1);
    log->bytes = (unsigned char *)(log->ops + ops_room);
    pthread_mutexattr_init(&attr);
    pthread_mutexattr_setpshared(&attr, PTHREAD_PROCESS_SHARED);
    pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST);
    pthread_mutex_init(&log->mutex, &attr);
    pthread_mutexattr_destroy(&attr);
    return log;
}

void oplog_free(struct oplog *log)
{
    pthread_mutex_destroy(&log->mutex);
    munmap(log, sizeof *log + log->ops_room * sizeof(struct op) + log->bytes_room);
}

void oplog_lock(struct oplog *log)
{
    if (pthread_mutex_lock(&log->mutex) == EOWNERDEAD)
        pthread_mutex_consistent(&log->mutex);
}

void oplog_unlock(struct oplog *log)
{
    pthread_mutex_unlock(&log->mutex);
}

size_t oplog_add(struct oplog *log, const struct op *op, const void *bytes, size_t len)
{
    if (log->count == log->ops_room || log->used + len > log->bytes_room) {
        log->full = true;
        return log->count;
    }
    log->ops[log->count] = *op;
    log->ops[log->count].at = log->used;
    log->ops[log->count].len = len;
    if (len > 0)
        memcpy(log->bytes + log->used, bytes, len);
    log->used += len;
    return log->count++;
}

/* ---- what is there at the beginning */

static bool add_file(struct oplog *log, int dir, struct op op)
{
    static const unsigned char zeros[PAGE_LEN];
    unsigned char page[PAGE_LEN];
    struct stat sb;
    int fd = hook_real_open(dir, op.name, O_RDONLY);
    off_t at = 0;
    ssize_t got;

    if (fd < 0 || fstat(fd, &sb) != 0)
        return false;
    oplog_add(log, &op, NULL, 0);
    op.kind = OP_SIZE;
    op.offset = (uint64_t)sb.st_size;
    oplog_add(log, &op, NULL, 0);
    op.kind = OP_WRITE;
    /* Holes of the tables are passed over. */
    while ((at = lseek(fd, at, SEEK_DATA)) >= 0 &&
           (got = hook_real_pread(fd, page, sizeof page, at)) > 0) {
        op.offset = (uint64_t)at;
        if (memcmp(page, zeros, (size_t)got) != 0)
            oplog_add(log, &op, page, (size_t)got);
        at += got;
    }
    hook_real_close(fd);
    return true;
}

static bool has_file(const struct oplog *log, uint64_t file)
{
    for (size_t i = 0; i < log->count; i++)
        if (log->ops[i].kind == OP_MAKE && log->ops[i].file == file)
            return true;
    return false;
}

static bool add_tree(struct oplog *log, int parent, const char *name, uint64_t number)
{
    int fd = hook_real_open(parent, name, O_RDONLY | O_DIRECTORY);
    DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    const struct dirent *entry;
    bool ok = dir != NULL;

    while (ok && (entry = hook_real_readdir(dir)) != NULL) {
        struct op op = {.base = true, .dir = number};
        struct stat sb;

        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        if (fstatat(fd, entry->d_name, &sb, AT_SYMLINK_NOFOLLOW) != 0)
            return false;
        snprintf(op.name, sizeof op.name, "%.*s", OP_NAME_MAX - 1, entry->d_name);
        op.file = sb.st_ino;
        op.kind = S_ISDIR(sb.st_mode) ? OP_MKDIR : OP_MAKE;
        if (S_ISDIR(sb.st_mode)) {
            oplog_add(log, &op, NULL, 0);
            ok = add_tree(log, fd, op.name, op.file);
        } else if (has_file(log, op.file)) {
            op.kind = OP_LINK;
            oplog_add(log, &op, NULL, 0);
        } else {
            ok = add_file(log, fd, op);
        }
    }
    if (dir != NULL)
        closedir(dir);
    return ok;
}

bool oplog_begin(struct oplog *log, const char *root)
{
    struct stat sb;

    if (stat(root, &sb) != 0)
        return false;
    log->count = log->used = 0;
    log->full = false;
    log->root = sb.st_ino;
    log->device = sb.st_dev;
    return add_tree(log, AT_FDCWD, root, log->root) && !log->full;
}
