/* SPDX-License-Identifier: MIT
 * reader_kit - a spool with real records, and ways to damage it.
 */
#ifndef READER_KIT_H
#define READER_KIT_H

#include "core/record.h"
#include "store/journal/hints.h"
#include "store/journal/journal.h"
#include "store/journal/reader.h"
#include "store/spool/spool.h"
#include "unit.h"

struct reader_kit {
    char path[256];
    struct spool spool;
    struct journal *journal;
};

/* A fresh spool in the test's folder. A new segment is begun when one would grow beyond segment_max
 * bytes. */
bool reader_kit_open(struct reader_kit *kit, uint64_t segment_max);
void reader_kit_close(struct reader_kit *kit);

/* The line of an event of that transcript. */
bool reader_kit_line(struct record_line *line, char key[EVENT_KEY_MAX], const char *transcript,
                     struct str body);
/* Records it. {0,0} after a failure. */
struct place reader_kit_add(struct reader_kit *kit, const char *transcript);
struct place reader_kit_add_body(struct reader_kit *kit, const char *transcript, struct str body);

/* The bytes of a segment, and changes of them behind the journal's back. */
uint64_t reader_kit_size(const struct reader_kit *kit, uint32_t segment);
bool reader_kit_read(const struct reader_kit *kit, uint32_t segment, struct buf *out);
bool reader_kit_write(const struct reader_kit *kit, uint32_t segment, uint64_t offset,
                      const void *bytes, size_t len);
bool reader_kit_append(const struct reader_kit *kit, uint32_t segment, const void *bytes,
                       size_t len);
bool reader_kit_truncate(const struct reader_kit *kit, uint32_t segment, uint64_t len);
bool reader_kit_remove(const struct reader_kit *kit, uint32_t segment);
/* As after a reboot: the hints are gone, and the journal is closed. */
bool reader_kit_reboot(struct reader_kit *kit);

/* What a reader finds: one letter an item. R record, H header, t torn, v void, X rotten, ! failure.
 */
#define KIT_FOUND_MAX 256
void reader_kit_walk(const struct reader_kit *kit, struct place from, char found[KIT_FOUND_MAX]);
const char *reader_kit_found(const struct reader_kit *kit);

#endif
