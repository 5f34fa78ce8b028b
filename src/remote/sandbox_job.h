/* SPDX-License-Identifier: MIT
 * sandbox_job - one transcript of the sandbox: what is stored of it, and what the API says of it.
 * Pure.
 *
 * Little is stored. When a job begins and ends was settled when it was submitted, so its status
 * follows from the clock; what is said follows from the address of the audio.
 */
#ifndef REMOTE_SANDBOX_JOB_H
#define REMOTE_SANDBOX_JOB_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "remote/sandbox_id.h"
#include "remote/sandbox_object.h"
#include "remote/sandbox_print.h"

/* Of a submission. */
#define JOB_SUBMISSION_MAX ((size_t)256 * 1024)
/* Of a stored job: the submission, and what is ours. */
#define JOB_TEXT_MAX (JOB_SUBMISSION_MAX + 1024)
#define JOB_ADDRESS_MAX 8192
#define JOB_BASE_MAX 256
/* Of an answer: the submission, the words twice, and the other members. */
#define JOB_ANSWER_MAX (JOB_SUBMISSION_MAX + (size_t)1024 * 1024)

enum job_status { JOB_QUEUED, JOB_PROCESSING, JOB_COMPLETED, JOB_ERROR };

struct job {
    char id[SANDBOX_ID_MAX];
    int64_t ready_ms; /* wall clock: when it is finished */
    bool fails;
    bool deleted;
    int webhook_code;        /* 0: none came yet */
    char base[JOB_BASE_MAX]; /* where the submitter sees us: "http://127.0.0.1:8080" */
    struct object asked;     /* the submission; borrows from the text it was read from */
    struct str asked_text;
};

/* Judges a submission: `text` must outlive the job. The words of err are the API's answer.
 * STATUS_MALFORMED: it is not as documented. Sets asked, asked_text, fails. */
enum status job_submit(struct job *job, struct str text, struct err *err) STATUS_CHECKED;

void job_print(struct buf *out, const struct job *job);
/* `text` must outlive the job. STATUS_CORRUPT: no text of job_print's. */
enum status job_parse(struct job *job, struct str text, struct err *err) STATUS_CHECKED;
/* Forgets all that came from the submitter. */
void job_delete(struct job *job);

enum job_status job_status(const struct job *job, int64_t now_ms);
const char *job_status_name(enum job_status status);
bool job_status_find(struct str name, enum job_status *out);

/* Why it failed. */
#define JOB_ERROR_TEXT                                                                             \
    "The sandbox made this transcript fail, because the last part of its audio_url holds "         \
    "\"error\""
#define JOB_DELETED_URL "http://deleted_by_user"

/* What is said, and by whom. */
void job_speech(struct speech *speech, const struct job *job);
enum print_voices job_voices(const struct job *job);

/* Where the redacted audio is. false: it was not asked for. */
bool job_redacted_url(struct buf *out, const struct job *job);

#endif
