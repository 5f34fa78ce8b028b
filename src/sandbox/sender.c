/* SPDX-License-Identifier: MIT
 * sender - see sandbox/sender.h.
 */
#include "sandbox/sender.h"

#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "cli/programs.h"
#include "sandbox/due.h"

/* So many that a few receivers that hang do not delay the others. */
#define SENDERS 16
/* How late a delivery may be. */
#define LOOK_NS (100 * NS_PER_MS)
/* After a failure of our own. */
#define REST_NS NS_PER_S
/* A delivery is queued before its transcript is stored: keep one without for that long. */
#define ORPHAN_MS 60000
#define ORPHAN_AGAIN_MS 1000
#define HEADER_NAME_MAX 128
#define HEADER_VALUE_MAX 4096
#define BODY_MAX 1024

struct sender {
    const struct sandbox *sandbox;
    struct http *http;
    struct buf text; /* the stored transcript */
    struct transcript transcript;
};

/* What is sent. */
struct letter {
    struct buf url, body, name, value;
    struct delivery delivery;
};

/* Its holder waits for work; all other threads sleep meanwhile. */
static pthread_mutex_t looking = PTHREAD_MUTEX_INITIALIZER;

static int64_t now_ms(void)
{
    return clock_wall_ns() / NS_PER_MS;
}

static void log_stderr(void *context, const char *line, size_t len)
{
    (void)context;
    if (file_write(STDERR_FILENO, line, len) < 0)
        return;
}

static const struct log sender_log = {.dir = -1, .sink = log_stderr, .program = PROGRAM_SANDBOX};

static void letter_init(struct letter *l)
{
    buf_init(&l->url, TRANSCRIPT_ADDRESS_MAX);
    buf_init(&l->body, BODY_MAX);
    buf_init(&l->name, HEADER_NAME_MAX);
    buf_init(&l->value, HEADER_VALUE_MAX);
}

static void letter_free(struct letter *l)
{
    buf_free(&l->url);
    buf_free(&l->body);
    buf_free(&l->name);
    buf_wipe(&l->value);
}

/* As Python's json.dumps prints them, as the documented lengths show. */
static void add_body(struct buf *out, const struct transcript *transcript, enum due_kind kind)
{
    if (kind == DUE_TRANSCRIPT) {
        buf_printf(out, "{\"transcript_id\": \"%s\", \"status\": \"%s\"}", transcript->id,
                   transcript->fails ? "error" : "completed");
        return;
    }
    buf_add_text(out, "{\"status\": \"redacted_audio_ready\", \"redacted_audio_url\": \"");
    (void)transcript_redacted_url(out, transcript);
    buf_add_text(out, "\"}");
}

/* STATUS_MISSING: the transcript was deleted, or has no webhook. */
static enum status write_letter(struct letter *l, const struct transcript *transcript,
                                enum due_kind kind, struct err *err)
{
    const struct object *asked = &transcript->asked;
    enum status status;

    if (transcript->deleted || !object_text(asked, "webhook_url", &l->url))
        return err_set(err, STATUS_MISSING, "transcript %s was deleted", transcript->id);
    add_body(&l->body, transcript, kind);
    status = buf_status(&l->body, "the body of a webhook", err);
    if (status != STATUS_OK)
        return status;
    l->delivery = (struct delivery){.url = l->url.ptr, .body = buf_str(&l->body)};
    if (object_text(asked, "webhook_auth_header_name", &l->name) &&
        object_text(asked, "webhook_auth_header_value", &l->value)) {
        l->delivery.header_name = l->name.ptr;
        l->delivery.header_value = buf_str(&l->value);
    }
    return STATUS_OK;
}

static enum status set_code(struct transcript *transcript, void *context, struct err *err)
{
    (void)err;
    transcript->webhook_code = *(const int *)context;
    return STATUS_OK;
}

/* Ends an attempt: first stores the code in the transcript, then updates the entry. */
static enum status settle_attempt(struct sender *s, struct due *due,
                                  const struct http_answer *answer, struct err *err)
{
    enum deliver_next next = deliver_decide(&s->sandbox->plan, due->attempt, answer);
    enum status status = STATUS_OK;
    char outcome[16] = "no answer";
    int code = answer->code;

    if (code != 0)
        (void)snprintf(outcome, sizeof outcome, "%d", code);
    log_line(&sender_log, next == DELIVER_DONE ? LOG_LEVEL_INFO : LOG_LEVEL_WARNING,
             "webhook of transcript %s, attempt %u: %s%s%s%s", due->id, due->attempt, outcome,
             answer->words[0] != '\0' ? ": " : "", answer->words,
             next == DELIVER_LOST ? "; given up" : "");
    if (due->kind == DUE_TRANSCRIPT && code != 0)
        status = transcripts_change(&s->sandbox->state, due->id, &s->text, &s->transcript, set_code,
                                    &code, err);
    if (status != STATUS_OK)
        return status;
    if (next != DELIVER_AGAIN)
        return due_done(&s->sandbox->state, due, err);
    due->attempt++;
    due->at_ms = now_ms() + (int64_t)s->sandbox->plan.interval_ms;
    return due_again(&s->sandbox->state, due, err);
}

static enum status deliver_due(struct sender *s, struct due *due, struct err *err)
{
    struct http_answer answer;
    struct letter letter;
    enum status status;

    letter_init(&letter);
    status = write_letter(&letter, &s->transcript, due->kind, err);
    if (status == STATUS_OK) {
        deliver_once(s->http, &letter.delivery, &s->sandbox->plan, &answer);
        status = settle_attempt(s, due, &answer, err);
        http_answer_free(&answer);
    } else if (status == STATUS_MISSING) {
        err_clear(err);
        status = due_done(&s->sandbox->state, due, err);
    }
    letter_free(&letter);
    return status;
}

static enum status without_transcript(struct sender *s, struct due *due, struct err *err)
{
    if (now_ms() - transcript_id_ns(due->id) / NS_PER_MS > ORPHAN_MS)
        return due_done(&s->sandbox->state, due, err);
    due->at_ms = now_ms() + ORPHAN_AGAIN_MS;
    return due_again(&s->sandbox->state, due, err);
}

static enum status make_attempt(struct sender *s, struct due *due, struct err *err)
{
    enum status status =
        transcripts_read(&s->sandbox->state, due->id, &s->text, &s->transcript, err);

    if (status == STATUS_OK) {
        status = deliver_due(s, due, err);
    } else if (status == STATUS_MISSING) {
        err_clear(err);
        status = without_transcript(s, due, err);
    }
    file_close(&due->fd);
    return status;
}

/* Waits until an entry is due, and takes it. */
static void wait_for_due(const struct sender *s, struct due *due)
{
    struct err err = ERR_INIT;
    enum status status;

    pthread_mutex_lock(&looking);
    while ((status = due_take(&s->sandbox->state, now_ms(), due, &err)) != STATUS_OK) {
        if (status != STATUS_MISSING)
            log_line(&sender_log, LOG_LEVEL_ERROR, "%s", err.text);
        err_clear(&err);
        clock_sleep_ns(status == STATUS_MISSING ? LOOK_NS : REST_NS);
    }
    pthread_mutex_unlock(&looking);
}

static void *send_due(void *context)
{
    struct sender s = {.sandbox = context};
    struct err err = ERR_INIT;
    struct due due;

    buf_init(&s.text, TRANSCRIPT_TEXT_MAX);
    while (http_open(&s.http, &err) != STATUS_OK)
        clock_sleep_ns(REST_NS);
    for (;;) {
        wait_for_due(&s, &due);
        err_clear(&err);
        if (make_attempt(&s, &due, &err) == STATUS_OK)
            continue;
        log_line(&sender_log, LOG_LEVEL_ERROR, "%s", err.text);
        clock_sleep_ns(REST_NS);
    }
    return NULL;
}

enum status sender_start(const struct sandbox *sandbox, struct err *err)
{
    sigset_t all, before;
    pthread_t thread;
    unsigned started = 0;

    sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    while (started < SENDERS &&
           pthread_create(&thread, NULL, send_due, (void *)(uintptr_t)sandbox) == 0) {
        (void)pthread_detach(thread);
        started++;
    }
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    return started > 0 ? STATUS_OK
                       : err_set(err, STATUS_MEMORY, "cannot start a thread for webhooks");
}
