/* SPDX-License-Identifier: MIT
 * ledger_parts - what the writing and the reading side of a ledger share.
 */
#ifndef STORE_QUEUE_LEDGER_PARTS_H
#define STORE_QUEUE_LEDGER_PARTS_H

#include <stdint.h>

#include "core/record.h"
#include "store/queue/ledger.h"

/* Returns its path, relative to the spool. */
const char *ledger_folder(enum ledger_kind kind);

/* Reads the header of an open file of that number. STATUS_CORRUPT: it is missing or invalid. */
enum status ledger_header(int fd, uint32_t segment, struct record_header *out,
                          struct err *err) STATUS_CHECKED;

#endif
