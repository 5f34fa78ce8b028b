/* SPDX-License-Identifier: MIT
 * reader_kit - a spool with real records, and ways to damage it.
 */
#ifndef READER_KIT_H
#define READER_KIT_H

#include "unit.h"

#include "core/record.h"
#include "store/hints.h"
#include "store/journal.h"
#include "store/reader.h"
#include "store/spool.h"

struct kit {
    char path[256];
    struct spool spool;
    struct journal *journal;
};

/* A fresh spool in the test's folder. A new segment is begun when one would grow beyond segment_max
 * bytes. */
bool kit_open(struct kit *kit, uint64_t segment_max);
void kit_close(struct kit *kit);

/* The line of an event of that transcript. */
bool kit_line(struct record_line *line, char key[EVENT_KEY_MAX], const char *transcript,
              struct str body);
/* Records it. {0,0} after a failure. */
struct place kit_add(struct kit *kit, const char *transcript);
struct place kit_add_body(struct kit *kit, const char *transcript, struct str body);

/* The bytes of a segment, and changes of them behind the journal's back. */
uint64_t kit_size(const struct kit *kit, uint32_t segment);
bool kit_read(const struct kit *kit, uint32_t segment, struct buf *out);
bool kit_write(const struct kit *kit, uint32_t segment, uint64_t offset, const void *bytes,
               size_t len);
bool kit_append(const struct kit *kit, uint32_t segment, const void *bytes, size_t len);
bool kit_truncate(const struct kit *kit, uint32_t segment, uint64_t len);
bool kit_remove(const struct kit *kit, uint32_t segment);
/* As after a reboot: the hints are gone, and the journal is closed. */
bool kit_reboot(struct kit *kit);

/* What a reader finds: one letter an item. R record, H header, t torn, v void, X rotten, ! failure.
 */
#define KIT_FOUND_MAX 256
void kit_walk(const struct kit *kit, struct place from, char found[KIT_FOUND_MAX]);
const char *kit_found(const struct kit *kit);

#endif
