/* SPDX-License-Identifier: MIT
 * trial_parts - what trial.c and trial_spool.c share.
 */
#ifndef REMOTE_TRIAL_PARTS_H
#define REMOTE_TRIAL_PARTS_H

#include <stdbool.h>

#include "remote/trial.h"

/* Reports one finding. */
void trial_finding(const struct trial *trial, enum trial_grade grade, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* trial_spool.c: finds in the spool what became of a delivery. `what` names it, and ends with a
 * comma. */
/* After an answer that named event `id`: whether this spool has it, with this subject and exactly
 * these bytes. Reports either. */
bool trial_recorded(const struct trial *trial, const char *what, const char *id,
                    const char *subject, struct str body);
/* After a refusal: reports its cause as the boxes have it, and removes the entry. false: no entry,
 * and nothing was reported. */
bool trial_kept(const struct trial *trial, const char *what, struct str body);

#endif
