/* SPDX-License-Identifier: MIT
 * census - how many files a spool holds, and how large they are.
 */
#ifndef STORE_CENSUS_H
#define STORE_CENSUS_H

#include <stdint.h>

#include "base/err.h"
#include "base/file.h"
#include "store/spool/spool.h"

struct census {
    struct spool_amount journal;    /* segments */
    struct spool_amount index;      /* tables and reach */
    struct spool_amount results;    /* of the results log */
    struct spool_amount commands;   /* of the ledger of commands */
    struct spool_amount quarantine; /* whole entries */
    struct spool_amount refused;    /* the same */
    struct file_space space;        /* of the file system */
};

/* Adds up the sizes without reading the files. Files that come or go meanwhile may or may not be
 * counted. A missing folder is empty. */
enum status census_take(const struct spool *spool, struct census *out,
                        struct err *err) STATUS_CHECKED;

#endif
