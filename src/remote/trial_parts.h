/* SPDX-License-Identifier: MIT
 * trial_parts - what trial.c and trial_spool.c share.
 */
#ifndef REMOTE_TRIAL_PARTS_H
#define REMOTE_TRIAL_PARTS_H

#include <stdbool.h>

#include "remote/trial.h"

void trial_say(const struct trial *trial, enum trial_grade grade, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* trial_spool.c: looks into the spool for what became of a delivery. */
/* The answer named that event: tells whether it is in this spool, the trial `subject` with these
 * very bytes, which is what is returned. `what` names the delivery, with a comma behind it. */
bool trial_recorded(const struct trial *trial, const char *what, const char *id,
                    const char *subject, struct str body);
/* The gateway refused it: tells why, by what is kept in the boxes, and takes it out of there.
 * false: nothing is kept, and nothing was told. */
bool trial_kept(const struct trial *trial, const char *what, struct str body);

#endif
