/* SPDX-License-Identifier: MIT
 * check_hooks - whether hooks run and succeed.
 */
#ifndef ADMIN_CHECK_HOOKS_H
#define ADMIN_CHECK_HOOKS_H

#include "admin/finding.h"
#include "cli/session.h"

/* Events that have waited for longer are a finding if no runner is running. */
#define CHECK_WAIT_S 300

/* Warns of hooks that are suspended, of dead letters, of events that wait while there is no runner,
 * and of events that wait until they are too old to be kept. */
void check_hooks(struct findings *f, const struct session *session);

#endif
