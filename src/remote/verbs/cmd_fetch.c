/* SPDX-License-Identifier: MIT
 * fetch - gets transcripts, to stdout or into files.
 */
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/id.h"
#include "base/text.h"
#include "cli/print.h"
#include "remote/api.h"
#include "remote/verbs/remote_verbs.h"

enum { FETCH_FORMAT = OPTIONS_LONG, FETCH_OUT };

const struct options_row cmd_fetch_options[] = {
    {FETCH_FORMAT, "format", "F", "json text srt vtt sentences paragraphs redacted-audio",
     "json (default), text, srt, vtt, sentences, paragraphs, or redacted-audio: where that\n"
     "lies for the next half hour"},
    {FETCH_OUT, "out", "DIR", NULL, "write DIR/ID.SUFFIX, whole or not at all, and print its path"},
    API_OPTIONS,
    {0, NULL, NULL, NULL, NULL},
};

struct format {
    const char *name;
    const char *suffix;
    enum aai_form form;
    bool only_text; /* of the transcript's JSON */
};

/* The choices of --format. */
static const struct format formats[] = {
    {"json", "json", AAI_JSON, false},
    {"text", "txt", AAI_JSON, true},
    {"srt", "srt", AAI_SRT, false},
    {"vtt", "vtt", AAI_VTT, false},
    {"sentences", "sentences.json", AAI_SENTENCES, false},
    {"paragraphs", "paragraphs.json", AAI_PARAGRAPHS, false},
    {"redacted-audio", "redacted-audio.json", AAI_REDACTED_AUDIO, false},
};

struct fetch {
    const struct format *format;
    const char *out;
    int dir; /* of --out, or -1 */
    struct api api;
};

/* ---- the command line */

static void take_option(struct fetch *f, int option)
{
    if (api_take(&f->api, option, optarg))
        return;
    if (option == FETCH_OUT) {
        f->out = optarg;
        return;
    }
    f->format = formats;
    while (strcmp(f->format->name, optarg) != 0)
        f->format++;
}

static enum status parse_options(struct fetch *f, int argc, char **argv, struct err *err)
{
    enum status status;
    int c;

    options_begin();
    while ((c = options_take(cmd_fetch_options, argc, argv, &status, err)) != -1) {
        if (c == '?')
            return status;
        take_option(f, c);
    }
    status = options_operands(argc, argv, 1, argc, err);
    if (status == STATUS_OK && argc - optind > 1 && f->out == NULL)
        return err_set(err, STATUS_USAGE, "more than one transcript needs --out");
    /* All of them, before the first one is asked for. */
    for (int i = optind; i < argc && status == STATUS_OK; i++)
        if (!aai_id_ok(str_of(argv[i])))
            status =
                err_set(err, STATUS_USAGE,
                        "invalid transcript id '%s' (expected 1 to %d letters, digits and -_.:)",
                        argv[i], EVENT_ID_MAX);
    return status;
}

/* ---- the answer */

/* An unfinished transcript in a file would be taken for the whole. */
static enum status check_finished(const struct aai_transcript *t, bool only_text, struct err *err)
{
    if (str_is(t->status, "error") && only_text)
        return err_set(err, STATUS_MISSING, "%.*s failed and has no text: %.*s", (int)t->id.len,
                       t->id.ptr, (int)(t->error.len < 200 ? t->error.len : 200),
                       t->error.ptr == NULL ? "" : t->error.ptr);
    if (str_is(t->status, "completed") || str_is(t->status, "error"))
        return STATUS_OK;
    return err_set(err, STATUS_MISSING, "%.*s is not finished: %.*s", (int)t->id.len, t->id.ptr,
                   (int)(t->status.len < 40 ? t->status.len : 40), t->status.ptr);
}

static enum status reduce_answer(const struct fetch *f, const char *id, struct buf *answer,
                                 struct err *err)
{
    struct aai_transcript t;
    struct buf text;
    enum status status;

    if (f->format->form != AAI_JSON)
        return STATUS_OK;
    status = aai_transcript_read(&t, buf_str(answer), id, err);
    if (status != STATUS_OK)
        return status;
    buf_init(&text, AAI_TRANSCRIPT_MAX);
    status = check_finished(&t, f->format->only_text, err);
    if (status == STATUS_OK && f->format->only_text) {
        if (t.text.ptr == NULL)
            status = err_set(err, STATUS_MALFORMED, "%s has no text", id);
        buf_add_str(&text, t.text);
        buf_add_char(&text, '\n');
        buf_reset(answer, 0);
        buf_add_str(answer, buf_str(&text));
    }
    buf_free(&text);
    aai_transcript_free(&t);
    return status == STATUS_OK ? buf_status(answer, "the transcript", err) : status;
}

/* ---- the output */

static enum status write_file(const struct fetch *f, const char *id, const struct buf *answer,
                              struct err *err)
{
    char name[EVENT_ID_MAX + 32];
    char tmp[64];
    uint64_t random;
    struct buf line;
    enum status status = id_random(&random, sizeof random, err);

    if (status != STATUS_OK)
        return status;
    (void)snprintf(name, sizeof name, "%s.%s", id, f->format->suffix);
    /* Others who can write to the folder cannot guess the name. */
    (void)snprintf(tmp, sizeof tmp, ".stenohook-fetch-%016llx", (unsigned long long)random);
    if (file_replace(f->dir, tmp, name, answer->ptr, answer->len, 0600) != 0)
        return err_errno(err, "cannot write %s/%s", f->out, name);
    buf_init(&line, 8192);
    buf_printf(&line, "%s/%s\n", f->out, name);
    status = print_buf(&line, "the path", err);
    buf_free(&line);
    return status == STATUS_OK ? print_end(err) : status;
}

/* Replaces what a terminal would obey by "?": C0 except blanks, and text_unshown's. */
static void tame_controls(struct buf *b)
{
    for (size_t i = 0; i < b->len; i++) {
        unsigned char c = (unsigned char)b->ptr[i];
        size_t len = text_unshown((struct str){b->ptr + i, b->len - i});

        if (len == 0 && c < 0x20 && c != '\n' && c != '\t' && c != '\r')
            len = 1;
        if (len == 0)
            continue;
        memset(b->ptr + i, '?', len);
        i += len - 1;
    }
}

static enum status print_answer(const struct format *format, struct buf *answer, struct err *err)
{
    bool is_json = !format->only_text && format->form != AAI_SRT && format->form != AAI_VTT;

    if (!isatty(STDOUT_FILENO))
        return print_buf(answer, "the transcript", err);
    if (is_json)
        return print_json(answer, "the transcript", err);
    tame_controls(answer);
    return print_buf(answer, "the transcript", err);
}

static enum status fetch_one(struct fetch *f, const char *id, struct err *err)
{
    struct buf answer;
    enum status status;

    buf_init(&answer, AAI_TRANSCRIPT_MAX);
    status = aai_get(f->api.aai, id, f->format->form, &answer, err);
    if (status == STATUS_OK)
        status = reduce_answer(f, id, &answer, err);
    if (status == STATUS_OK && f->out != NULL)
        status = write_file(f, id, &answer, err);
    else if (status == STATUS_OK)
        status = print_answer(f->format, &answer, err);
    buf_free(&answer);
    return status;
}

/* Goes on after a failure; the first one is the result. */
static enum status fetch_all(struct fetch *f, char **ids, int count, struct err *err)
{
    enum status result = STATUS_OK;

    for (int i = 0; i < count; i++) {
        struct err failed = ERR_INIT;
        enum status status = fetch_one(f, ids[i], &failed);

        if (status == STATUS_OK)
            continue;
        if (count == 1)
            return err_pass(err, status, &failed);
        print_hint("%s: %s", ids[i], failed.text);
        if (result == STATUS_OK)
            result = status;
    }
    return result;
}

enum status cmd_fetch(int argc, char **argv, const char *config_path, struct err *err)
{
    struct fetch f = {.format = &formats[0], .dir = -1};
    enum status status;

    api_init(&f.api);
    status = parse_options(&f, argc, argv, err);
    if (status == STATUS_OK && f.out != NULL) {
        f.dir = file_open(AT_FDCWD, f.out, O_RDONLY | O_DIRECTORY, 0);
        if (f.dir < 0)
            status = err_errno(err, "cannot open the folder %s", f.out);
    }
    if (status == STATUS_OK)
        status = api_open(&f.api, config_path, false, err);
    if (status == STATUS_OK)
        status = fetch_all(&f, argv + optind, argc - optind, err);
    api_close(&f.api);
    file_close(&f.dir);
    return status;
}
