/* SPDX-License-Identifier: MIT
 * ledger - a log of small lines of JSON in numbered files: what the runner and the operator wrote
 * down.
 *
 *   run/results/00000003.jsonl    one line a run of a hook (core/result.h); written by the one
 *                                  runner
 *   run/commands/00000001.jsonl    what an operator asked for (store/queue/orders.h); written under
 * its lock
 *
 * Each file begins with a header line as a journal's segment has (core/record.h), whose prev_valid
 * says how many bytes of the file before count; every line ends in a checksum (CRC-32C, as in the
 * journal). A torn line, which a killed writer left, is passed over; the next writer begins with a
 * newline. Files are append-only, and removed whole when they are old enough.
 */
#ifndef STORE_QUEUE_LEDGER_H
#define STORE_QUEUE_LEDGER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"
#include "store/spool/place.h"
#include "store/spool/spool.h"

enum ledger_kind { LEDGER_RESULTS, LEDGER_ORDERS };

/* A new file is begun beyond that. */
#define LEDGER_SEGMENT_MAX ((uint64_t)4 * 1024 * 1024)
/* With its checksum, without its newline. */
#define LEDGER_LINE_MAX ((size_t)128 * 1024)
/* What is appended without a sync is kept in memory until then, at most so much: an append beyond
 * that syncs first. */
#define LEDGER_UNSYNCED_MAX ((size_t)1024 * 1024)

/* ---- whose it is: of LEDGER_RESULTS only */

/* What the newest file with a sound header says. STATUS_MISSING: there is none. */
enum status ledger_owner(const struct spool *spool, struct record_owner *out,
                         struct err *err) STATUS_CHECKED;
/* Begins the log anew, durably and at once or not at all: a file beyond all others that says
 * `owner` (but for `first`, which is its own number), and holds those lines of the log which `keep`
 * wants (NULL: none). What was there before it does not count any more, and is removed. *made
 * (may be NULL) false: somebody else has made that file, and nothing was done. `tmp`, the file's
 * name until it is whole, is SPOOL_LEDGER_TMP or SPOOL_LEDGER_TMP_APPEND: by the lock that is held.
 */
typedef bool (*ledger_keep)(void *context, struct str line);
enum status ledger_renew(const struct spool *spool, const struct record_owner *owner,
                         const char *tmp, ledger_keep keep, void *context, int64_t now_ns,
                         bool *made, struct err *err) STATUS_CHECKED;
/* Syncs the folders: whoever made a file of results may not have come to that. */
enum status ledger_sync_names(const struct spool *spool, struct err *err) STATUS_CHECKED;

/* ---- writing: one writer at a time, which the caller sees to */

struct ledger;
/* STATUS_MISSING: there are no results (ledger_renew makes the first file); commands are begun. */
enum status ledger_open(struct ledger **out, const struct spool *spool, enum ledger_kind kind,
                        int64_t now_ns, struct err *err) STATUS_CHECKED;
void ledger_close(struct ledger *ledger);
/* Adds `,"crc":"..."}` and a newline to `line`, which is an object without its closing brace. In
 * the page cache, not yet on disk: it survives the death of the process. On failure the line may be
 * torn; nothing that was written before is harmed. STATUS_LIMIT: longer than LEDGER_LINE_MAX. */
enum status ledger_append(struct ledger *ledger, struct str line, int64_t now_ns,
                          struct err *err) STATUS_CHECKED;
/* All that was appended is on disk. After a failed sync the file is left: the next append or sync
 * begins a new one, in which what was appended since the last good sync is written again. */
enum status ledger_sync(struct ledger *ledger, int64_t now_ns, struct err *err) STATUS_CHECKED;
/* Behind the last line. */
struct place ledger_end(const struct ledger *ledger);

/* ---- reading: without locks */

/* Calls `each` for every sound line from `from` ({0,0}: the oldest) on; `place` is where it begins.
 * *end is where the next walk goes on. Lines that are torn or rotten are passed over, the latter
 * counted in *rotten (may be NULL). A file that was pruned meanwhile is passed over. */
typedef enum status (*ledger_each)(void *context, struct place place, struct str line,
                                   struct err *err);
enum status ledger_walk(const struct spool *spool, enum ledger_kind kind, struct place from,
                        ledger_each each, void *context, struct place *end, uint64_t *rotten,
                        struct err *err) STATUS_CHECKED;
/* Whether there may be lines from `from` on: cheaper than a walk. */
bool ledger_grown(const struct spool *spool, enum ledger_kind kind, struct place from);
/* Behind the last line that is there now. */
enum status ledger_skip(const struct spool *spool, enum ledger_kind kind, struct place *out,
                        struct err *err) STATUS_CHECKED;
/* Where to begin in order to meet all lines that were written at or after `since_ns`. */
enum status ledger_since(const struct spool *spool, enum ledger_kind kind, int64_t since_ns,
                         struct place *out, struct err *err) STATUS_CHECKED;

/* Removes files whose lines are all older than `before_ns` and lie before `keep_from` ({0,0}: none
 * does); never the last one. `dry`: only counts. */
enum status ledger_prune(const struct spool *spool, enum ledger_kind kind, int64_t before_ns,
                         struct place keep_from, bool dry, struct spool_amount *out,
                         struct err *err) STATUS_CHECKED;

#endif
