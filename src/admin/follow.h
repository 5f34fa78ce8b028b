/* SPDX-License-Identifier: MIT
 * follow - prints what is recorded while we look.
 */
#ifndef ADMIN_FOLLOW_H
#define ADMIN_FOLLOW_H

#include <stdbool.h>

#include "admin/listing.h"
#include "base/err.h"
#include "cli/session.h"

/* Prints what the listing has and goes on with what comes, until SIGINT or SIGTERM, until nobody
 * reads stdout any more, or until the end of the filter: all are STATUS_OK. `runs`: the
 * ends of runs of hooks, too, which costs one more look at one more file. Looks at the durable
 * place a few times a second, so it takes no lock, misses nothing, and prints nothing that a power
 * failure could take back. */
enum status follow(struct listing *listing, const struct session *room, bool runs,
                   struct err *err) STATUS_CHECKED;

#endif
