/* SPDX-License-Identifier: MIT
 * journal_kit - a spool with a journal for tests, and the faults that they let happen below it.
 */
#ifndef JOURNAL_KIT_H
#define JOURNAL_KIT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "store/journal/journal.h"
#include "store/spool/spool.h"

struct kit {
    char path[128];
    struct spool spool;
    struct journal_options options;
    struct journal *journal;
    int64_t now_ns;
    struct err err; /* of the last append */
    char id[RECORD_ID_MAX];
    bool duplicate;
};

#define KIT_DAY_NS (INT64_C(86400) * 1000000000)

/* A fresh spool in the test's folder, without a journal. */
bool kit_spool(struct spool *out);

/* A fresh spool in the test's folder, with segments of 1 MiB. */
bool kit_open(struct kit *kit);
void kit_close(struct kit *kit);
/* As a fresh process has it. */
bool kit_reopen(struct kit *kit);
/* As after a reboot: nothing is open, and the state is of another boot. */
bool kit_reboot(struct kit *kit);

/* What kit_line makes names no hook, as of an endpoint without one; kit_open takes it back. */
extern bool kit_hookless;
/* The line of an event with that key and a body of `body_len` bytes. */
bool kit_line(struct record_line *line, const char *key, size_t body_len, int64_t now_ns);
/* Appends with five seconds of time. id and duplicate are those of the receipt. */
enum status kit_append(struct kit *kit, const char *key);
enum status kit_append_body(struct kit *kit, const char *key, size_t body_len);
enum status kit_append_until(struct kit *kit, const char *key, uint64_t in_ns);
/* Housekeeping until there is none left: the number of slices, or -1. */
int kit_rebuild(struct kit *kit);

/* How many records of that key count, by reading the segments with nothing but what is written in
 * them. */
int kit_count(const struct kit *kit, const char *key);
/* How many segments there are. */
int kit_segments(const struct kit *kit);
/* Adds bytes to a segment behind the journal's back. */
bool kit_add_bytes(const struct kit *kit, uint32_t segment, const char *bytes, size_t len);
/* Overwrites a file of the spool with bytes that make no sense. */
bool kit_spoil(const struct kit *kit, const char *name);

/* Faults; kit_open and kit_close take them back. */
extern atomic_int kit_syncs;         /* how many fdatasync calls there were */
extern atomic_int kit_syncs_to_fail; /* the next ones fail with EIO */
extern atomic_int kit_syncs_let;     /* so many calls end; the later ones hang until it is raised */
extern atomic_uint kit_sync_ns;      /* what each call takes longer than the disk does */
extern atomic_int
    kit_write_errno; /* the next write to a segment fails with it, after kit_write_cut bytes */
extern atomic_size_t kit_write_cut;
extern atomic_int
    kit_makes_to_fail; /* the next files made once are made, and their maker told EIO */
extern atomic_ullong kit_free_bytes, kit_free_inodes; /* 0: as it is */
/* Called before each write to a segment, a log or the results: to see what was done by then. */
typedef void (*kit_look)(void);
extern _Atomic kit_look kit_before_write;
extern atomic_int kit_waits;      /* how often a thread has begun to wait for its leader */
extern atomic_int kit_late_waits; /* and, after its time was up, for its leader's write */

#endif
