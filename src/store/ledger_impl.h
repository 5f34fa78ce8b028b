/* SPDX-License-Identifier: MIT
 * ledger_impl - what the writing and the reading side of a ledger share.
 */
#ifndef STORE_LEDGER_IMPL_H
#define STORE_LEDGER_IMPL_H

#include <stdint.h>

#include "core/record.h"
#include "store/ledger.h"

/* Relative to the spool. */
const char *ledger_folder(enum ledger_kind kind);

/* The header at the beginning of an open file of that number. STATUS_CORRUPT: there is none that is
 * sound. */
enum status ledger_header(int fd, uint32_t segment, struct record_header *out,
                          struct err *err) STATUS_CHECKED;

#endif
