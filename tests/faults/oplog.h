/* SPDX-License-Identifier: MIT
 * oplog - what was done to the files of a spool, in the order in which it was done, and what was
 * promised meanwhile. Lies in memory that forked processes share.
 */
#ifndef FAULTS_OPLOG_H
#define FAULTS_OPLOG_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define OP_NAME_MAX 64

enum op_kind {
    OP_MAKE,        /* dir/name becomes the new file `file` */
    OP_NAMELESS,    /* the new file `file` is in no folder */
    OP_MKDIR,       /* dir/name becomes the new folder `file` */
    OP_WRITE,       /* bytes at offset */
    OP_SIZE,        /* the file is cut or grown to offset */
    OP_LINK,        /* dir/name becomes one more name of `file` */
    OP_RENAME,      /* `file` moves from dir/name to dir/to */
    OP_UNLINK,      /* dir/name is gone */
    OP_SYNC,        /* a sync of `file` has begun */
    OP_SYNCED,      /* the sync that began at the op numbered offset is done */
    OP_SYNC_FAILED, /* that sync has failed: what it would have covered may never reach the disk */
    OP_MARK         /* the program under test says `mark`; offset and bytes belong to it */
};

enum mark {
    MARK_SPOOL,   /* the spool was made */
    MARK_TRIED,   /* the deed numbered offset was tried; bytes are its time as int64_t */
    MARK_ACKED,   /* the deed numbered offset was acknowledged; bytes are the record's id */
    MARK_BOXED,   /* the quarantine entry numbered offset was acknowledged */
    MARK_UNBOXED, /* it may be gone from now on */
    MARK_RAN,     /* the hook of the deed numbered offset was run */
    MARK_SETTLED, /* how that ended is written down; bytes are struct settled (sweep.h) */
    MARK_FLUSHED, /* all that was settled is durable */
    MARK_ASKED,   /* an order for that deed was given; bytes are its enum order_kind */
    MARK_GIVEN    /* and acknowledged */
};

struct op {
    enum op_kind kind;
    enum mark mark;
    bool base; /* was there before the recording began: on disk */
    uint64_t file, dir;
    uint64_t offset;
    char name[OP_NAME_MAX], to[OP_NAME_MAX];
    size_t len;
    size_t at; /* of its bytes, in the log's store */
};

struct oplog {
    pthread_mutex_t mutex; /* robust: a process may be killed at any time */
    size_t count, used;
    bool full;     /* something did not fit: the recording is of no use */
    uint64_t root; /* inode of the spool's parent */
    uint64_t device;
    size_t ops_room, bytes_room;
    struct op *ops; /* both behind this, in the same mapping */
    unsigned char *bytes;
};

struct oplog *oplog_make(size_t ops_room, size_t bytes_room);
void oplog_free(struct oplog *log);
/* Forgets all, and begins with what is in `root`, on disk as it is. */
bool oplog_begin(struct oplog *log, const char *root);

void oplog_lock(struct oplog *log);
void oplog_unlock(struct oplog *log);
/* Under the lock. The number of the op. */
size_t oplog_add(struct oplog *log, const struct op *op, const void *bytes, size_t len);

#endif
