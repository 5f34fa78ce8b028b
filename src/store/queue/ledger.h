/* SPDX-License-Identifier: MIT
 * ledger - a log of small lines of JSON in numbered files: what the runner and operators wrote.
 *
 *   run/results/00000003.jsonl   one line an attempt (core/result.h); written by the one runner
 *   run/commands/00000001.jsonl  orders (store/queue/orders.h); written under their lock
 *
 * Each file begins with a header line as a journal's segment has (core/record.h), whose prev_valid
 * says how many bytes of the file before count; every line ends in a checksum (CRC-32C, as in the
 * journal). A torn line, which a killed writer left, is skipped; the next writer begins with a
 * newline. Files are append-only, and removed whole when they are old enough.
 */
#ifndef STORE_QUEUE_LEDGER_H
#define STORE_QUEUE_LEDGER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"
#include "core/result.h"
#include "store/spool/place.h"
#include "store/spool/spool.h"

enum ledger_kind { LEDGER_RESULTS, LEDGER_ORDERS };

/* The next file is begun beyond that. */
#define LEDGER_SEGMENT_MAX ((uint64_t)4 * 1024 * 1024)
/* With its checksum, without its newline. */
#define LEDGER_LINE_MAX ((size_t)128 * 1024)
/* Appended lines stay in memory until a sync; an append beyond so many bytes syncs first. */
#define LEDGER_UNSYNCED_MAX ((size_t)1024 * 1024)

/* ---- the owner: of LEDGER_RESULTS only */

/* Reads it from the newest file with a valid header. STATUS_MISSING: there is no such file. */
enum status ledger_owner(const struct spool *spool, struct record_owner *out,
                         struct err *err) STATUS_CHECKED;
/* Begins the log anew, durably, as a whole or not at all: makes a file after all others, with that
 * owner (but its `first` is the file's own number) and those lines of the log that `keep` wants
 * (NULL: none). Older files do not count any more, and are removed. *made (may be NULL) false:
 * another process has made that file, and nothing was done. `tmp`, the name of the file until it is
 * whole, is SPOOL_LEDGER_TMP or SPOOL_LEDGER_TMP_APPEND, by the lock that is held. */
typedef bool (*ledger_keep)(void *context, struct str line);
enum status ledger_renew(const struct spool *spool, const struct record_owner *owner,
                         const char *tmp, ledger_keep keep, void *context, int64_t now_ns,
                         bool *made, struct err *err) STATUS_CHECKED;
/* Syncs the folders: the process that made the file may have died before it did. */
enum status ledger_sync_names(const struct spool *spool, struct err *err) STATUS_CHECKED;

/* ---- writing: one writer at a time; the caller ensures that */

struct ledger;
/* Begins a log of orders if there is none. STATUS_MISSING: there are no results (ledger_renew makes
 * the first file). */
enum status ledger_open(struct ledger **out, const struct spool *spool, enum ledger_kind kind,
                        int64_t now_ns, struct err *err) STATUS_CHECKED;
void ledger_close(struct ledger *ledger);
/* Appends `line`, an object without its closing brace, with `,"crc":"..."}` and a newline. It is in
 * the page cache, not yet on disk: it survives the death of the process. On failure the line may be
 * torn; earlier lines are not harmed. STATUS_LIMIT: longer than LEDGER_LINE_MAX. */
enum status ledger_append(struct ledger *ledger, struct str line, int64_t now_ns,
                          struct err *err) STATUS_CHECKED;
/* Puts all that was appended on disk. After a failed sync the file is not used any more: the next
 * append or sync begins a new one with all lines since the last good sync. */
enum status ledger_sync(struct ledger *ledger, int64_t now_ns, struct err *err) STATUS_CHECKED;
/* Returns the place after the last line. */
struct place ledger_end(const struct ledger *ledger);

/* ---- reading: without locks */

/* Calls `each` for every valid line from `from` ({0,0}: the oldest) on; `place` is where it begins.
 * *end (may be NULL) is where the next walk goes on. Skips torn and damaged lines, and counts the
 * latter in *rotten (may be NULL). Skips files that are pruned meanwhile. */
typedef enum status (*ledger_each)(void *context, struct place place, struct str line,
                                   struct err *err);
enum status ledger_walk(const struct spool *spool, enum ledger_kind kind, struct place from,
                        ledger_each each, void *context, struct place *end, uint64_t *rotten,
                        struct err *err) STATUS_CHECKED;
/* The same for LEDGER_RESULTS, parsed. Skips lines of a later version too. */
typedef enum status (*ledger_each_result)(void *context, const struct result *result,
                                          struct err *err);
enum status ledger_walk_results(const struct spool *spool, struct place from,
                                ledger_each_result each, void *context, struct place *end,
                                struct err *err) STATUS_CHECKED;
/* Returns whether there may be lines from `from` on: cheaper than a walk. */
bool ledger_grown(const struct spool *spool, enum ledger_kind kind, struct place from);
/* Finds the place after the last line. */
enum status ledger_skip(const struct spool *spool, enum ledger_kind kind, struct place *out,
                        struct err *err) STATUS_CHECKED;
/* Finds a place from which a walk meets all lines that were written at or after `since_ns`. */
enum status ledger_since(const struct spool *spool, enum ledger_kind kind, int64_t since_ns,
                         struct place *out, struct err *err) STATUS_CHECKED;

/* Removes files whose lines are all older than `before_ns` and lie before `keep_from` (nothing does
 * before {0,0}); never the last file. `dry`: only counts. */
enum status ledger_prune(const struct spool *spool, enum ledger_kind kind, int64_t before_ns,
                         struct place keep_from, bool dry, struct spool_amount *out,
                         struct err *err) STATUS_CHECKED;

#endif
