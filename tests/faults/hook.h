/* SPDX-License-Identifier: MIT
 * hook - stands between the store and the system calls: writes them down in an oplog, and lets
 * chosen ones fail or kill the process. The linker's --wrap puts it there, so the program itself
 * has no code for tests.
 */
#ifndef FAULTS_HOOK_H
#define FAULTS_HOOK_H

#include <dirent.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "oplog.h"

enum call {
    CALL_OPENAT,
    CALL_READ,
    CALL_PREAD,
    CALL_WRITE,
    CALL_PWRITE,
    CALL_FSYNC,
    CALL_FDATASYNC,
    CALL_FTRUNCATE,
    CALL_LINKAT,
    CALL_RENAMEAT,
    CALL_UNLINKAT,
    CALL_MKDIR,
    CALL_FLOCK, /* unlocking is left alone: it does not fail */
    CALL_FSTATVFS,
    CALL_FSTAT,
    CALL_FSTATAT,
    CALL_FACCESSAT,
    CALL_FDOPENDIR,
    CALL_READDIR,
    CALL_CLOSE,
    CALL_UTIMENSAT,
    CALL_MALLOC,
    CALL_DISK, /* any of those above that needs the disk itself, not only the cache */
    CALL_COUNT
};
const char *call_name(enum call call);

enum blow {
    BLOW_FAIL,       /* the call is not made, and fails */
    BLOW_FAIL_ALL,   /* nor is any one behind it of its kind */
    BLOW_OUTAGE,     /* nor are those behind it, as many as `length` says */
    BLOW_CUT,        /* half of the bytes are transferred */
    BLOW_KILL,       /* the process is killed before it */
    BLOW_KILL_HALF,  /* in the middle of it */
    BLOW_KILL_BEHIND /* behind it */
};

struct fault {
    enum call call;
    uint64_t nth; /* from 1; 0: none */
    enum blow blow;
    int error;
    uint64_t length; /* of an outage, in calls; 0: until hook_heal */
};

/* Both are taken over by forked processes. NULL: nothing is written down. */
void hook_record(struct oplog *log);
/* Counts anew from here on. */
void hook_arm(const struct fault *fault);
void hook_disarm(void);
/* Ends an outage that has begun and is to last until now. */
void hook_heal(void);
/* Calls are neither counted nor failed until it is over. */
void hook_pause(bool pause);
/* Files without a name cannot be made, as on a file system that has none. */
void hook_no_tmpfile(bool unknown);
/* How many calls of the kind there were since hook_arm. */
uint64_t hook_calls(enum call call);
/* Whether the fault came about, in this process or one that shares `struck`. */
extern bool *hook_struck;
/* Pieces of memory that the program under test has and has not given back. */
int64_t hook_pieces(void);
/* Each sync takes so long, so that others can come in between; 0: as it is. */
extern uint64_t hook_sync_ns;

/* What the program under test promises. */
void hook_mark(enum mark mark, uint64_t number, const void *bytes, size_t len);

int hook_real_open(int dir, const char *name, int flags);
ssize_t hook_real_pread(int fd, void *bytes, size_t len, off_t offset);
ssize_t hook_real_pwrite(int fd, const void *bytes, size_t len, off_t offset);
int hook_real_ftruncate(int fd, off_t size);
int hook_real_mkdir(const char *path);
int hook_real_unlink(int dir, const char *name, int flags);
int hook_real_link(int dir, const char *name, const char *to);
int hook_real_close(int fd);
int hook_real_trylock(int fd);
struct dirent *hook_real_readdir(DIR *dir);

#endif
