/* SPDX-License-Identifier: MIT
 * web_files - audio: uploads, and silence as redacted audio.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/id.h"
#include "sandbox/web_parts.h"

#define PIECE 65536
#define UPLOAD_NS (TRANSCRIPTS_UPLOAD_S * NS_PER_S)
#define PART_MAX (TRANSCRIPT_ID_MAX + 8)

/* ---- uploads */

static enum status receive_upload(struct call *call, int fd, int *code, struct err *err)
{
    uint64_t max = call->sandbox->upload_max, taken = 0;
    uint64_t deadline = exchange_accepted_ns(call->x) + UPLOAD_NS;
    char *piece = buf_room(&call->body, PIECE);
    size_t got = 0;

    if (piece == NULL)
        return buf_status(&call->body, "an upload", err);
    do {
        if (exchange_read(call->x, piece, PIECE, deadline, &got, NULL) != STATUS_OK)
            return call_fail(err, code, 400, "The upload is incomplete");
        taken += got;
        if (taken > max)
            return call_fail(err, code, 413, "The upload is larger than %" PRIu64 " bytes", max);
        if (got > 0 && file_write(fd, piece, got) < 0)
            return err_errno(err, "cannot write an upload");
    } while (got > 0);
    if (call->request.has_length && taken < call->request.length)
        return call_fail(err, code, 400, "The upload is incomplete");
    if (taken == 0)
        return call_fail(err, code, 400, "The upload is empty");
    return file_sync(fd) < 0 ? err_errno(err, "cannot sync an upload") : STATUS_OK;
}

enum status web_upload(struct call *call, int *code, struct err *err)
{
    int dir = call->sandbox->state.uploads, fd;
    char id[TRANSCRIPT_ID_MAX], part[PART_MAX];
    uint8_t random[8];
    enum status status;

    /* Before gigabytes are received for nothing. */
    if (call->request.has_length && call->request.length > call->sandbox->upload_max)
        return call_fail(err, code, 413, "The upload is larger than %" PRIu64 " bytes",
                         call->sandbox->upload_max);
    status = id_random(random, sizeof random, err);
    if (status != STATUS_OK)
        return status;
    transcript_id_make(clock_wall_ns(), random, id);
    (void)snprintf(part, sizeof part, "%s" TRANSCRIPTS_PART, id);
    fd = file_open(dir, part, O_WRONLY | O_CREAT | O_EXCL, 0600);
    if (fd < 0)
        return err_errno(err, "cannot make a file for an upload");
    status = receive_upload(call, fd, code, err);
    file_close(&fd);
    if (status == STATUS_OK && (renameat(dir, part, dir, id) < 0 || file_sync_dir(dir) < 0))
        status = err_errno(err, "cannot keep an upload");
    if (status != STATUS_OK)
        (void)unlinkat(dir, part, 0);
    else
        buf_printf(&call->out, "{\"upload_url\": \"%s/upload/%s\"}\n", call->base, id);
    return status;
}

/* ---- redacted audio: half a second of silence */

#define RATE 8000
#define SAMPLES (RATE / 2)
#define WAV_HEAD 44

static void put_u32(uint8_t *at, uint32_t n)
{
    for (unsigned i = 0; i < 4; i++)
        at[i] = (uint8_t)(n >> 8 * i);
}

/* RIFF, PCM, one channel of unsigned bytes. */
static void put_head(uint8_t head[WAV_HEAD])
{
    memcpy(head, "RIFF\0\0\0\0WAVEfmt \x10\0\0\0\1\0\1\0\0\0\0\0\0\0\0\0\1\0\x08\0data\0\0\0\0",
           WAV_HEAD);
    put_u32(head + 4, WAV_HEAD - 8 + SAMPLES);
    put_u32(head + 24, RATE);
    put_u32(head + 28, RATE);
    put_u32(head + 40, SAMPLES);
}

enum status web_redacted_file(struct call *call, int *code, struct err *err)
{
    enum status status = call_transcript(call, code, err);
    uint8_t head[WAV_HEAD];
    char *samples;

    if (status != STATUS_OK)
        return status;
    if (!object_true(&call->transcript.asked, "redact_pii_audio") ||
        transcript_status(&call->transcript, call->now_ms) != TRANSCRIPT_COMPLETED)
        return call_fail(err, code, 404, "Not found");
    put_head(head);
    buf_add(&call->out, head, sizeof head);
    samples = buf_room(&call->out, SAMPLES);
    if (samples == NULL)
        return buf_status(&call->out, "audio", err);
    memset(samples, 0x80, SAMPLES);
    buf_grew(&call->out, SAMPLES);
    call->type = "audio/wav";
    return STATUS_OK;
}
