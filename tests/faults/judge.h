/* SPDX-License-Identifier: MIT
 * judge - whether a spool keeps what was promised, and goes on.
 */
#ifndef FAULTS_JUDGE_H
#define FAULTS_JUDGE_H

#include <stdbool.h>

#include "disk.h"
#include "stage.h"

/* Deeds that only the judge does. */
#define JUDGE_DEED (DEEDS_MAX - 4)

struct verdict_on {
    bool ok;
    char text[512];
};

/* Says what is wrong; false, so that it can be returned. */
bool judge_wrong(struct verdict_on *out, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* As a fresh process finds the spool: a new event is recorded; each deed that was acknowledged is a
 * duplicate of the record that its receipt named, and that record has every byte; each that was
 * only tried is recorded; all of it exactly once, also after housekeeping and in a process after
 * this one. `tidy`: nothing may pass for damage. Marks what it does itself. */
void judge(struct stage *stage, const struct promises *promises, bool tidy, struct verdict_on *out);

#endif
