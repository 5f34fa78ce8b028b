/* SPDX-License-Identifier: MIT
 * spool - the folder that holds everything durable. Only these two files know the names in it.
 *
 *   SPOOL/                mode 0700
 *     format              what this is, the key of the index's fingerprints, the journal's name
 *     append.lock         lock of those who append; like all locks here never unlinked
 *     commit              lock of the one who syncs; holds the commit word
 *     rebuild.lock        lock of the one who indexes old segments, checkpoints and prunes
 *     state               hint of this boot: live segment, index (store/journal/hints.h)
 *     log/00000012.jsonl  segments of the journal
 *     idx/00.idx, reach   tables of the index, and how far they are durable
 *     budget.NAME         what an endpoint without any proof has recorded today (store/budget.h)
 *     quarantine/         deliveries that are no events (store/boxes/box.h)
 *     refused/            the same, of senders who did not authenticate
 *     run/                hooks: lock of the runner, wake (FIFO), snapshot, slots
 *     run/results/        what became of each attempt (store/queue/ledger.h)
 *     run/commands/       what an operator asked for
 *     stenohook.log       our log
 *     log-budget          how many lines it has got (store/spool/log_budget.h)
 */
#ifndef STORE_SPOOL_SPOOL_H
#define STORE_SPOOL_SPOOL_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/siphash.h"
#include "base/trust.h"
#include "core/record.h"

struct spool {
    char *path;                             /* absolute */
    int dir, log, idx, quarantine, refused; /* directory descriptors */
    dev_t log_device;                       /* whose these are */
    ino_t log_inode;
    uint8_t index_key[SIPHASH_KEY_LEN];
    char journal[RECORD_JOURNAL_LEN + 1]; /* random name; the runner's state names it too */
};

/* Of files of one kind. */
struct spool_amount {
    uint64_t files, bytes;
};

/* Names in the folder itself. */
#define SPOOL_FORMAT "format"
#define SPOOL_APPEND_LOCK "append.lock"
#define SPOOL_COMMIT "commit"
#define SPOOL_STATE "state"
#define SPOOL_LOG "stenohook.log"
#define SPOOL_LOG_BUDGET "log-budget"
#define SPOOL_NOTED "noted" /* the warnings about settings that a CGI process logged last */
#define SPOOL_REBUILD_LOCK "rebuild.lock"
#define SPOOL_QUARANTINE "quarantine"
#define SPOOL_REFUSED "refused"
#define SPOOL_RUN "run"
#define SPOOL_BUDGET_PREFIX "budget." /* of an endpoint that anybody can deliver to */

/* Names in run/, relative to the spool, so that a gateway has no more folders to open. */
#define SPOOL_RUN_LOCK "run/lock"
#define SPOOL_WAKE "run/wake"
#define SPOOL_GATEWAY "run/gateway" /* link to the gateway that last looked for a runner */
#define SPOOL_GATEWAY_NEW "run/gateway.new"
#define SPOOL_SNAPSHOT "run/snapshot"
#define SPOOL_SNAPSHOT_NAME "snapshot" /* relative to run */
#define SPOOL_SNAPSHOT_TMP "snapshot.tmp"
#define SPOOL_SLOT_PREFIX "run/slot."
#define SPOOL_SLOT_NEW ".new" /* follows the number of a slot that takes another's place */
#define SPOOL_RESULTS "run/results"
#define SPOOL_COMMANDS "run/commands"
#define SPOOL_PAUSED "run/paused" /* touched when "hooks are paused" was last logged */
#define SPOOL_COMMANDS_LOCK "run/commands.lock"

/* Names in log/, idx/, results/ and commands/. */
#define SPOOL_SEGMENT_SUFFIX ".jsonl"
#define SPOOL_SEGMENT_TMP "segment.tmp"
#define SPOOL_TABLE_TMP "table.tmp"
#define SPOOL_REACH "reach"
#define SPOOL_REACH_TMP "reach.tmp"
#define SPOOL_LEDGER_TMP "ledger.tmp"        /* made under the lock of the ledger's writer */
#define SPOOL_LEDGER_TMP_APPEND "append.tmp" /* made under the append lock */

/* Names in the boxes. */
#define SPOOL_BOX_COUNTS "usage"       /* in each */
#define SPOOL_BOX_TMP_PREFIX ".tmp-"   /* an entry that is being written and needs a name */
#define SPOOL_BOX_ASIDE_PREFIX ".old-" /* box_expire looks whether the entry may go */
#define SPOOL_BOX_SUFFIX ".box"
#define SPOOL_BOX_PUBLISHED_SUFFIX ".published.box"
#define SPOOL_BOX_DIGITS 40 /* of an entry's name, before the suffix */
#define SPOOL_BOX_NAME_MAX (SPOOL_BOX_DIGITS + sizeof SPOOL_BOX_PUBLISHED_SUFFIX)

#define SPOOL_NAME_MAX 32
void spool_segment_name(char out[SPOOL_NAME_MAX], uint32_t segment); /* "00000012.jsonl" */
bool spool_segment_parse(const char *name, uint32_t *segment);
void spool_table_name(char out[SPOOL_NAME_MAX], unsigned table); /* "00.idx" */

/* Makes the folders and `format`; what is there already stays, so an init that was cut off is
 * simply run again. Syncs everything, the parent folder included. STATUS_OWNER, STATUS_UNTRUSTED:
 * as spool_open; the folder was made. */
enum status spool_create(const char *path, struct err *err) STATUS_CHECKED;

/* Opens an existing spool. STATUS_OWNER: it does not belong to the effective user.
 * STATUS_UNTRUSTED: others can change it or what leads to it (base/trust.h), or, if others may
 * enter it, a folder in it; err names the component. STATUS_CONFIG: it is missing or of another
 * format; err names the remedy. On failure nothing stays open. */
enum status spool_open(struct spool *spool, const char *path, struct err *err) STATUS_CHECKED;
/* The same, and reports folders of others on the way, as trust_path does. */
enum status spool_open_telling(struct spool *spool, const char *path, trust_tell foreign,
                               void *context, struct err *err) STATUS_CHECKED;
/* Whether the journal's folder is where it was: a descriptor outlives a folder that is moved or
 * removed, as by who restores a copy. */
bool spool_holds_journal(const struct spool *spool);
/* Whether only the owner can read or change a folder of that mode. A spool that others can read
 * still serves, but programs warn with SPOOL_NOT_PRIVATE, whose two arguments are the spool's path.
 */
bool spool_mode_private(mode_t mode);
#define SPOOL_NOT_PRIVATE "the spool %s is open to others: chmod 700 %s"
/* Makes run/ and the folders in it if they are missing. */
enum status spool_make_run(const struct spool *spool, struct err *err) STATUS_CHECKED;
void spool_close(struct spool *spool);

/* For programs that people start: root becomes the owner of the spool (groups, gid, uid), the owner
 * stays who he is, others get STATUS_OWNER. STATUS_CONFIG: there is no spool. */
enum status spool_become_owner(const char *path, struct err *err) STATUS_CHECKED;

#endif
