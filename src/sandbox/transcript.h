/* SPDX-License-Identifier: MIT
 * transcript - one transcript of the sandbox: what is stored of it, and what the API says of it.
 * Pure.
 *
 * Little is stored. When a transcript begins and ends was settled when it was submitted, so its
 * status follows from the clock; what is said follows from the address of the audio.
 */
#ifndef SANDBOX_TRANSCRIPT_H
#define SANDBOX_TRANSCRIPT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "sandbox/object.h"
#include "sandbox/speech.h"
#include "sandbox/transcript_id.h"

/* Of a submission. */
#define TRANSCRIPT_SUBMISSION_MAX ((size_t)256 * 1024)
/* Of a stored transcript: the submission, and what is ours. */
#define TRANSCRIPT_TEXT_MAX (TRANSCRIPT_SUBMISSION_MAX + 1024)
#define TRANSCRIPT_ADDRESS_MAX 8192
#define TRANSCRIPT_BASE_MAX 256
/* Of an answer: the submission, the words twice, and the other members. */
#define TRANSCRIPT_ANSWER_MAX (TRANSCRIPT_SUBMISSION_MAX + (size_t)1024 * 1024)

enum transcript_status {
    TRANSCRIPT_QUEUED,
    TRANSCRIPT_PROCESSING,
    TRANSCRIPT_COMPLETED,
    TRANSCRIPT_ERROR
};

struct transcript {
    char id[TRANSCRIPT_ID_MAX];
    int64_t ready_ms; /* wall clock: when it is finished */
    bool fails;
    bool deleted;
    int webhook_code;               /* 0: none came yet */
    char base[TRANSCRIPT_BASE_MAX]; /* where the submitter sees us: "http://127.0.0.1:8080" */
    struct object asked;            /* the submission; borrows from the text it was read from */
    struct str asked_text;
};

/* Judges a submission: `text` must outlive the transcript. The words of err are the API's answer.
 * STATUS_MALFORMED: it is not as documented. Sets asked, asked_text, fails. */
enum status transcript_submit(struct transcript *transcript, struct str text,
                              struct err *err) STATUS_CHECKED;

void transcript_print(struct buf *out, const struct transcript *transcript);
/* `text` must outlive the transcript. STATUS_CORRUPT: no text of transcript_print's. */
enum status transcript_parse(struct transcript *transcript, struct str text,
                             struct err *err) STATUS_CHECKED;
/* Forgets all that came from the submitter. */
void transcript_delete(struct transcript *transcript);

enum transcript_status transcript_status(const struct transcript *transcript, int64_t now_ms);
const char *transcript_status_name(enum transcript_status status);
bool transcript_status_find(struct str name, enum transcript_status *out);

/* Why it failed. */
#define TRANSCRIPT_ERROR_TEXT                                                                      \
    "The sandbox made this transcript fail, because the last part of its audio_url holds "         \
    "\"error\""
#define TRANSCRIPT_DELETED_URL "http://deleted_by_user"

/* What is said, and by whom. */
void transcript_speech(struct speech *speech, const struct transcript *transcript);
enum speech_voices transcript_voices(const struct transcript *transcript);

/* Where the redacted audio is. false: it was not asked for. */
bool transcript_redacted_url(struct buf *out, const struct transcript *transcript);

#endif
