/* SPDX-License-Identifier: MIT
 * find - the events that a person names: by their id, by the id that the sender gave the
 * transcript, session or event, or by the beginning of that.
 */
#ifndef ADMIN_FIND_H
#define ADMIN_FIND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"
#include "core/config/config.h"
#include "core/event.h"
#include "store/spool/place.h"
#include "store/spool/spool.h"

/* More events of one name than this are counted, not kept. */
#define FIND_MATCHES_MAX 50
/* Names in one call. */
#define FIND_NAMES_MAX 1000

struct find_match {
    struct place place;
    int64_t received_ns;
    bool named;   /* its record names the hook of its endpoint */
    bool may_run; /* hooks run for events of its kind */
    char endpoint[CONFIG_NAME_MAX + 1];
    char subject[EVENT_ID_MAX + 1]; /* "" if it was found by its id */
    char what[128];                 /* kind and status */
};

/* What one name stands for: several events only if all have the same id of the
 * sender. */
struct find {
    struct str wanted; /* borrowed */
    struct find_match list[FIND_MATCHES_MAX];
    uint64_t count;
    uint64_t exact; /* how many subjects are the wanted one, not only begin with it */
};

/* Looks the names up, reading the journal at most once. The array is freed by the caller.
 * STATUS_MISSING: one of them is no event, or the beginning of several ids, which are then listed
 * on stderr. STATUS_USAGE: an empty name, or too many. */
enum status find_events(struct find **out, const struct spool *spool, char *const *names,
                        size_t count, struct err *err) STATUS_CHECKED;

/* STATUS_MISSING, with the events of that name listed on stderr: for those who can use but one. */
enum status find_ambiguous(const struct find *find, struct err *err) STATUS_CHECKED;

#endif
