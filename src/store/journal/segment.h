/* SPDX-License-Identifier: MIT
 * segment - the files of the journal: which there are, their headers, how much of each counts, and
 * the lines in them.
 */
#ifndef STORE_JOURNAL_SEGMENT_H
#define STORE_JOURNAL_SEGMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"
#include "core/record.h"
#include "store/spool/spool.h"

#define SEGMENT_HEADER_MAX 256 /* bytes; a segment no larger than that holds no record */
#define SEGMENT_LINE_MAX (1024u * 1024 * 1024) /* a longer line is no record */

struct segment_list {
    uint32_t *numbers; /* ascending */
    size_t count;
};
enum status segment_list_read(const struct spool *spool, struct segment_list *out,
                              struct err *err) STATUS_CHECKED;
/* The same of any folder whose files are so named; a missing folder is empty. */
enum status segment_list_folder(int dir, const char *folder, struct segment_list *out,
                                struct err *err) STATUS_CHECKED;
void segment_list_free(struct segment_list *list);
/* Returns the index of the first number that is not below `segment`, or the count. */
size_t segment_list_find(const struct segment_list *list, uint32_t segment);
/* Returns the largest number below `segment`, or 0. */
uint32_t segment_list_below(const struct segment_list *list, uint32_t segment);

/* STATUS_MISSING: there is no such segment. */
enum status segment_open(const struct spool *spool, uint32_t segment, int flags, int *fd,
                         struct err *err) STATUS_CHECKED;

/* STATUS_MISSING: no such segment. STATUS_CORRUPT: it does not begin with a header of its own. */
enum status segment_header(const struct spool *spool, uint32_t segment, struct record_header *out,
                           struct err *err) STATUS_CHECKED;

/* Makes a segment that holds its header, durably; *len is the header's length. *taken: the name is
 * taken, and nothing was done. Called under the append lock. */
enum status segment_make(const struct spool *spool, const struct record_header *header,
                         uint64_t *len, bool *taken, struct err *err) STATUS_CHECKED;

/* Reads how many bytes of a segment count from the header of the segment that followed it.
 * UINT64_MAX: no segment follows, so it counts whole. */
enum status segment_limit(const struct spool *spool, uint32_t segment, uint64_t *limit,
                          struct err *err) STATUS_CHECKED;

/* Calls `each` for every line (without its newline) that ends within `limit`, the header included;
 * `offset` is where it begins. Memory: the longest line and a block. STATUS_DEADLINE: time is up.
 * If the disk cannot read on, the walk ends and *whole is false: no error, as a retry would not
 * help.
 */
typedef enum status (*segment_each)(void *context, uint64_t offset, struct str line,
                                    struct err *err);
enum status segment_walk(int fd, uint64_t limit, uint64_t deadline_ns, segment_each each,
                         void *context, bool *whole, struct err *err) STATUS_CHECKED;

#endif
