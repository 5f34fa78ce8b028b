/* SPDX-License-Identifier: MIT
 * spool - the folder that holds everything durable, and the only file that knows the names inside
 * it.
 *
 *   SPOOL/  0700            format          what this is, the key of the index fingerprints, the
 * journal's name append.lock  commit   lock files, never unlinked; commit holds the durable word
 * and the poison mark rebuild.lock          held by the one process that indexes older segments,
 * checkpoints and prunes state                 volatile hint: boot, live segment, index reach
 * (store/journal/hints.h) log/00000012.jsonl    journal segments idx/00.idx            dedup
 * tables; idx/reach: the durable checkpoint quarantine/  refused/ deliveries that are no events
 * (store/boxes/box.h) run/                  hooks: lock of the one runner, wake (FIFO), snapshot,
 * slot.N of a running hook results/  commands/ what became of each run, and what an operator asked
 * for (store/queue/ledger.h) stenohook.log         our log
 */
#ifndef STORE_SPOOL_SPOOL_H
#define STORE_SPOOL_SPOOL_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/siphash.h"
#include "core/record.h"

struct spool {
    char *path;                             /* absolute */
    int dir, log, idx, quarantine, refused; /* directory descriptors */
    uint8_t index_key[SIPHASH_KEY_LEN];
    char journal[RECORD_JOURNAL_LEN + 1]; /* a random name: whose the runner's state is */
};

/* Of files of one kind. */
struct spool_amount {
    uint64_t files, bytes;
};

/* Names, relative to the directory named in the comment. */
#define SPOOL_FORMAT "format"             /* dir */
#define SPOOL_APPEND_LOCK "append.lock"   /* dir */
#define SPOOL_COMMIT "commit"             /* dir */
#define SPOOL_STATE "state"               /* dir */
#define SPOOL_LOG "stenohook.log"         /* dir */
#define SPOOL_REBUILD_LOCK "rebuild.lock" /* dir */
#define SPOOL_RUN "run"                   /* dir */
#define SPOOL_RUN_LOCK "run/lock" /* dir; and what follows, so that a gateway has no more to open  \
                                   */
#define SPOOL_WAKE "run/wake"
#define SPOOL_GATEWAY                                                                              \
    "run/gateway" /* a link to the gateway that last looked for a runner (store/queue/wake.h) */
#define SPOOL_GATEWAY_NEW "run/gateway.new"
#define SPOOL_SNAPSHOT "run/snapshot"
#define SPOOL_SNAPSHOT_NAME "snapshot" /* in run */
#define SPOOL_SLOT_PREFIX "run/slot."
#define SPOOL_RESULTS "run/results"
#define SPOOL_COMMANDS "run/commands"
#define SPOOL_PAUSED "run/paused" /* made when it was last said that hooks are paused */
#define SPOOL_COMMANDS_LOCK "run/commands.lock"
#define SPOOL_REACH "reach" /* idx */
#define SPOOL_NAME_MAX 32
void spool_segment_name(char out[SPOOL_NAME_MAX], uint32_t segment); /* log: "00000012.jsonl" */
bool spool_segment_parse(const char *name, uint32_t *segment);
void spool_table_name(char out[SPOOL_NAME_MAX], unsigned table); /* idx: "00.idx" */

/* Makes the folders and `format`, also where some of them are there already (an init that was cut
 * off is simply run again). Everything is synced, parent folder included. */
enum status spool_create(const char *path, struct err *err) STATUS_CHECKED;

/* Opens an existing spool. STATUS_OWNER: it does not belong to the effective user. STATUS_CONFIG:
 * there is none, or it is of another format, with the remedy ("run stenohook init"). On failure
 * nothing stays open. */
enum status spool_open(struct spool *spool, const char *path, struct err *err) STATUS_CHECKED;
/* Whether others than the owner can look into a folder of that mode, or change it. Such a spool
 * serves all the same (only one that everyone may write to is refused), but whoever finds one says
 * so, in these words: its path, then SPOOL_NOT_PRIVATE, then its path. */
bool spool_mode_private(mode_t mode);
#define SPOOL_NOT_PRIVATE "the spool %s is open to others: chmod 700 %s"
/* Makes run/ and the folders in it where they are missing. */
enum status spool_make_run(const struct spool *spool, struct err *err) STATUS_CHECKED;
void spool_close(struct spool *spool);

/* For programs that people start: root becomes the owner of the spool (groups, gid, uid), the owner
 * stays what he is, anyone else is refused with STATUS_OWNER and a clear word. A spool that does
 * not exist is STATUS_CONFIG. */
enum status spool_become_owner(const char *path, struct err *err) STATUS_CHECKED;

#endif
