/* SPDX-License-Identifier: MIT
 * lookup - whether a record of a key is in the journal. The index only says where to look; the line
 * decides, by the rule of the readers (store/journal/reader.h).
 */
#ifndef STORE_JOURNAL_LOOKUP_H
#define STORE_JOURNAL_LOOKUP_H

#include "store/journal/live.h"

/* Under the append lock: looks for a record of that key that counts, or will when the live segment
 * is synced. *end is the place after it. */
enum status lookup_find(struct journal *j, struct str key, uint64_t fingerprint, bool *found,
                        struct place *place, struct place *end, struct err *err) STATUS_CHECKED;

#endif
