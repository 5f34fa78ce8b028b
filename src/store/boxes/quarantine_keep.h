/* SPDX-License-Identifier: MIT
 * quarantine_keep - how a quarantine entry becomes durable, within its endpoint's quota.
 */
#ifndef STORE_BOXES_QUARANTINE_KEEP_H
#define STORE_BOXES_QUARANTINE_KEEP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "store/boxes/box_file.h"
#include "store/boxes/quarantine_counts.h"
#include "store/spool/spool.h"

/* Takes room for the whole file of `size` bytes, syncs it and gives it its name. STATUS_OK means on
 * disk. *again: an earlier entry of that name was touched instead. Fails as quarantine_charge and
 * box_file_link, and gives the room back; if only the last sync failed, the entry may be there, and
 * the next sweep counts it. */
enum status quarantine_keep(const struct spool *spool, struct box_file *file, const char *name,
                            uint64_t size, const struct quarantine_quota *quota, bool *again,
                            struct err *err) STATUS_CHECKED;

#endif
