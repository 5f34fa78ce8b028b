/* SPDX-License-Identifier: MIT
 * check_hooks - whether hooks come to their end.
 */
#ifndef ADMIN_CHECK_HOOKS_H
#define ADMIN_CHECK_HOOKS_H

#include "admin/finding.h"
#include "cli/session.h"

/* With no runner at work, events that have waited for longer than that are a finding. */
#define CHECK_WAIT_S 300

/* Warns of hooks that are suspended, of dead letters, of events that wait while nobody runs their
 * hooks, and of those that wait until they are too old to be kept. */
void check_hooks(struct findings *f, const struct session *room);

#endif
