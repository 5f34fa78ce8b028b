/* SPDX-License-Identifier: MIT
 * file - system calls on files, which handle EINTR and short transfers. Every descriptor is
 * opened O_CLOEXEC.
 *
 * Unless they say otherwise, functions return -1 with errno, as the calls do: their callers know
 * what the file means and report the error.
 */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "base/buf.h"

/* openat with O_CLOEXEC | O_NOCTTY; retries EINTR. */
int file_open(int dir, const char *name, int flags, mode_t mode);
/* Closes *fd unless it is negative, and sets it to -1. Ignores errors: what matters was synced
 * before. */
void file_close(int *fd);

/* Reads until `len` bytes or the end of the file: the number read. */
ssize_t file_read(int fd, void *out, size_t len);
ssize_t file_pread(int fd, void *out, size_t len, off_t offset);

/* Writes all, going on after short writes and EINTR: 0 or -1. What was written before a failure
 * stays. */
int file_write(int fd, const void *bytes, size_t len);
int file_pwrite(int fd, const void *bytes, size_t len, off_t offset);

/* One write() (retried only when EINTR came before any byte): the number written, for callers that
 * must know exactly how much of a failed write counts. */
ssize_t file_write_once(int fd, const void *bytes, size_t len);

int file_sync(int fd);      /* fsync */
int file_datasync(int fd);  /* fdatasync */
int file_sync_dir(int dir); /* fsync of a directory, which may be opened O_PATH or read-only */

/* Appends the whole file to `out`. errno EFBIG: it does not fit. */
int file_slurp(int dir, const char *name, struct buf *out);
/* The same of an open file, from where it is read next. */
int file_slurp_open(int fd, struct buf *out);

/* Makes or replaces dir/name with exactly these bytes: dir/tmp is written, synced, renamed, and dir
 * synced. Readers see the old or the new file. On failure tmp is removed if possible and name is as
 * before (or, if only the last sync failed, the new one). */
int file_replace(int dir, const char *tmp, const char *name, const void *bytes, size_t len,
                 mode_t mode);

/* flock(fd, LOCK_EX | LOCK_NB) retried after short sleeps (30 us growing to 1 ms) until
 * `deadline_ns` of the monotonic clock: 0, or -1 with errno EWOULDBLOCK when time is up. Tries at
 * least once. */
int file_lock(int fd, uint64_t deadline_ns);
/* As file_lock, without a retry. */
int file_trylock(int fd);
void file_unlock(int fd);

/* Opens /dev/null as each descriptor up to `last` that is closed: a file that is opened later would
 * become standard output, say, and get what is printed. false: cannot. */
bool file_hold(int last);
/* Closes all descriptors from `first` on. Safe in a new process that shares our memory. */
void file_close_from(int first);

/* Of a file system: what is free to an unprivileged user, and what there is. */
struct file_space {
    uint64_t bytes, bytes_all;
    uint64_t inodes, inodes_all; /* both 0 if it does not count them */
};
/* Reads the space of the file system of fd: 0 or -1. */
int file_free_space(int fd, struct file_space *out);

#endif
