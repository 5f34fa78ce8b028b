/* SPDX-License-Identifier: MIT
 * transcript - one transcript of the sandbox. Pure.
 *
 * Little is stored: the time at which it is ready is set at the submission, so the status follows
 * from the clock; the words follow from the address of the audio.
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
/* Of a stored transcript: the submission, and our members. */
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
    int64_t ready_ms; /* wall clock */
    bool fails;
    bool deleted;
    int webhook_code;               /* 0: none yet */
    char base[TRANSCRIPT_BASE_MAX]; /* our address as the client sees it: "http://127.0.0.1:8080" */
    struct object asked;            /* the submission; borrows from the text it was read from */
    struct str asked_text;
};

/* Checks a submission, and sets asked, asked_text and fails. `text` must outlive the transcript.
 * STATUS_MALFORMED: it is not as documented; err is the API's answer. */
enum status transcript_submit(struct transcript *transcript, struct str text,
                              struct err *err) STATUS_CHECKED;

void transcript_print(struct buf *out, const struct transcript *transcript);
/* `text` must outlive the transcript. STATUS_CORRUPT: transcript_print did not print it. */
enum status transcript_parse(struct transcript *transcript, struct str text,
                             struct err *err) STATUS_CHECKED;
/* Forgets the submission. */
void transcript_delete(struct transcript *transcript);

enum transcript_status transcript_status(const struct transcript *transcript, int64_t now_ms);
const char *transcript_status_name(enum transcript_status status);
bool transcript_status_find(struct str name, enum transcript_status *out);

/* Why it failed. */
#define TRANSCRIPT_ERROR_TEXT                                                                      \
    "The sandbox made this transcript fail, because the last part of its audio_url holds "         \
    "\"error\""
#define TRANSCRIPT_DELETED_URL "http://deleted_by_user"

/* Makes up what is said, and by whom. */
void transcript_speech(struct speech *speech, const struct transcript *transcript);
enum speech_voices transcript_voices(const struct transcript *transcript);

/* Appends the address of the redacted audio. false: it was not asked for. */
bool transcript_redacted_url(struct buf *out, const struct transcript *transcript);

#endif
