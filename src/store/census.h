/* SPDX-License-Identifier: MIT
 * census - how many files a spool holds, and how large they are.
 */
#ifndef STORE_CENSUS_H
#define STORE_CENSUS_H

#include <stdint.h>

#include "base/err.h"
#include "store/spool.h"

struct census_part {
    uint64_t files, bytes;
};

struct census {
    struct census_part journal;    /* segments */
    struct census_part index;      /* tables and reach */
    struct census_part results;    /* of the results log */
    struct census_part commands;   /* of the ledger of commands */
    struct census_part quarantine; /* whole entries */
    struct census_part refused;    /* the same */
    uint64_t free_bytes;           /* of the file system */
};

/* Asks for the size of each file, and reads none. What comes or goes meanwhile may be counted or
 * not. A folder that is not there is empty. */
enum status census_take(const struct spool *spool, struct census *out,
                        struct err *err) STATUS_CHECKED;

#endif
