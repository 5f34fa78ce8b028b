/* SPDX-License-Identifier: MIT
 * extent - which segments there are at one moment, and how much of each counts.
 */
#ifndef STORE_JOURNAL_EXTENT_H
#define STORE_JOURNAL_EXTENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "core/record.h"
#include "store/journal/segment.h"
#include "store/spool/place.h"
#include "store/spool/spool.h"

/* The journal at one moment. */
struct extent_map {
    struct segment_list segments;
    bool recovered; /* in this boot: `durable` is known */
    struct place durable;
};

/* Everything that was acknowledged before this call lies within the map. */
enum status extent_map_open(struct extent_map *map, const struct spool *spool,
                            struct err *err) STATUS_CHECKED;
void extent_map_free(struct extent_map *map);

/* One segment, open. */
struct extent {
    int fd;
    uint32_t segment;
    uint64_t size;  /* at the moment of opening */
    uint64_t valid; /* bytes that count; more than size if some were lost */
    bool has_header;
    struct record_header header;
};

/* Opens segment `i` of the map. STATUS_MISSING: the file is gone. */
enum status extent_open(struct extent *extent, const struct spool *spool,
                        const struct extent_map *map, size_t i, struct err *err) STATUS_CHECKED;
void extent_close(struct extent *extent);

#endif
