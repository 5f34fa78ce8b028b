/* SPDX-License-Identifier: MIT
 * follow - prints events as they are recorded.
 */
#ifndef ADMIN_FOLLOW_H
#define ADMIN_FOLLOW_H

#include <stdbool.h>

#include "admin/listing.h"
#include "base/err.h"
#include "cli/session.h"

/* Prints what the listing has, then new events until SIGINT or SIGTERM, until stdout is closed, or
 * until the end of the filter: all are STATUS_OK. `runs`: prints ended attempts of hooks too. Polls
 * the durable place, so it takes no lock, misses nothing, and prints nothing that a power failure
 * could undo. */
enum status follow(struct listing *listing, const struct session *session, bool runs,
                   struct err *err) STATUS_CHECKED;

#endif
