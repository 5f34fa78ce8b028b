/* SPDX-License-Identifier: MIT
 * reserve - what is left free on the spool's file system: free-space-min bytes, and some inodes,
 * without which no file can be made however many bytes are free.
 */
#ifndef STORE_SPOOL_RESERVE_H
#define STORE_SPOOL_RESERVE_H

#include <stdint.h>

#include "base/err.h"
#include "base/file.h"

/* The least number of inodes: more than the journal, the queue and their replacements need. */
#define RESERVE_INODES 128
/* A percentage never asks for more: on a large file system it would refuse events although there
 * is room for years of them. */
#define RESERVE_BYTES_MOST ((uint64_t)1 << 30)
#define RESERVE_INODES_MOST 65536

struct reserve_rule {
    uint64_t bytes;   /* 0: no reserve at all */
    unsigned percent; /* of the file system, if that is more; 0: just the bytes */
};

struct reserve {
    uint64_t bytes;
    uint64_t inodes; /* 0 if the file system does not count inodes */
};

/* Returns what the rule means for a file system. */
struct reserve reserve_of(const struct reserve_rule *rule, const struct file_space *space);

/* STATUS_NO_SPACE: if `len` bytes were written, less than `times` the reserve would be left on the
 * file system of fd; err says whether of bytes or of inodes. */
enum status reserve_check(int fd, const struct reserve_rule *rule, unsigned times, uint64_t len,
                          struct err *err) STATUS_CHECKED;

#endif
