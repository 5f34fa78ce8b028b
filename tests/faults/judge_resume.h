/* SPDX-License-Identifier: MIT
 * judge_resume - whether a pause of hooks ends as was wanted.
 */
#ifndef FAULTS_JUDGE_RESUME_H
#define FAULTS_JUDGE_RESUME_H

#include "base/err.h"
#include "judge.h"
#include "stage.h"

/* The deeds before this one are on record while hooks are paused. */
#define RESUME_DEEDS 6

/* As `stenohook resume --from now` does. */
enum status resume_stage(struct stage *stage, struct err *err) STATUS_CHECKED;

/* Behind judge(): resumes where hooks are still paused; then a healthy runner runs nothing of what
 * was on record, and all that comes. */
void resume_judge(struct stage *stage, struct verdict_on *out);

#endif
