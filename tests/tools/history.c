/* SPDX-License-Identifier: MIT
 * history - makes a spool that looks as if it had been in use for a month: `history [-n] SPOOL
 * EVENTS`.
 *
 * Valid segments are written straight to their files, a new one each day and every 16 MiB; the
 * index is then made by the journal itself. With -n there is no index and no state: as after its
 * loss. Event i has the transcript id "IIIIIIII-0000-4000-8000-000000000000", I in hexadecimal,
 * counted from 0. Each is for the hook of the endpoint "calls".
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/num.h"
#include "core/event_parts.h"
#include "core/record.h"
#include "store/intake.h"
#include "store/journal/journal.h"
#include "store/queue/ledger.h"
#include "store/queue/standing.h"
#include "store/spool/spool.h"

#define SEGMENT_MAX (16u * 1024 * 1024)
#define BLOCK_LEN (1024u * 1024)
#define LINE_MAX_LEN 8192
#define DAY_NS (86400 * NS_PER_S)
#define SPAN_NS (30 * DAY_NS)
#define SLICE_NS (120 * (uint64_t)NS_PER_S)

struct writer {
    const struct spool *spool;
    uint32_t segment;
    int fd;
    int64_t day;
    uint64_t len; /* of the segment, with what is still in block */
    struct buf block;
};

static enum status flush(struct writer *w, struct err *err)
{
    if (w->block.len > 0 && file_write(w->fd, w->block.ptr, w->block.len) != 0)
        return err_errno(err, "cannot write a segment");
    buf_reset(&w->block, BLOCK_LEN * 2);
    return STATUS_OK;
}

static enum status next_segment(struct writer *w, int64_t now_ns, struct err *err)
{
    const struct record_header header = {.segment = w->segment + 1,
                                         .previous = w->segment,
                                         .previous_valid = w->segment == 0 ? 0 : w->len,
                                         .created_ns = now_ns};
    char name[SPOOL_NAME_MAX];
    enum status status = flush(w, err);

    if (status != STATUS_OK)
        return status;
    file_close(&w->fd);
    w->segment++;
    spool_segment_name(name, w->segment);
    w->fd = file_open(w->spool->log, name, O_WRONLY | O_CREAT | O_EXCL, 0600);
    if (w->fd < 0)
        return err_errno(err, "cannot make the segment %s: the spool must be a fresh one", name);
    record_header_print(&w->block, &header);
    w->len = w->block.len;
    w->day = now_ns / DAY_NS;
    return STATUS_OK;
}

static enum status write_event(struct writer *w, uint64_t number, int64_t now_ns, struct err *err)
{
    static const char *const hooks[] = {CONFIG_HOOK_DEFAULT};
    struct event_facts event = {.about.kind = EVENT_TRANSCRIPT,
                                .about.subject_name = "transcript_id",
                                .about.status = "completed",
                                .hooks = hooks,
                                .hook_count = 1,
                                .received_ns = now_ns,
                                .endpoint = "calls",
                                .remote_addr = STR("44.238.19.20"),
                                .query = STR("customer_id=4711"),
                                .content_type = STR("application/json"),
                                .about.utf8 = true};
    struct record_line line;
    enum status status;
    struct str bytes;
    char body[128];
    int len;

    snprintf(event.about.subject, sizeof event.about.subject,
             "%08" PRIx64 "-0000-4000-8000-000000000000", number);
    snprintf(event.key, sizeof event.key, "calls transcript %.40s completed", event.about.subject);
    len = snprintf(body, sizeof body, "{\"transcript_id\":\"%.40s\",\"status\":\"completed\"}",
                   event.about.subject);
    event.body = (struct str){body, (size_t)len};
    status = record_print(&line, &(struct event){.facts = event}, LINE_MAX_LEN, err);
    if (status != STATUS_OK)
        return status;
    bytes = record_seal(&line, w->segment, w->len, false);
    buf_add_str(&w->block, bytes);
    w->len += bytes.len;
    record_line_free(&line);
    return w->block.len >= BLOCK_LEN ? flush(w, err) : buf_status(&w->block, "a block", err);
}

static enum status write_events(struct writer *w, uint64_t count, struct err *err)
{
    int64_t begin_ns = clock_wall_ns() - SPAN_NS;

    for (uint64_t i = 0; i < count; i++) {
        int64_t now_ns = begin_ns + (int64_t)((double)SPAN_NS * (double)i / (double)count);
        enum status status = STATUS_OK;

        if (w->segment == 0 || now_ns / DAY_NS != w->day || w->len + LINE_MAX_LEN > SEGMENT_MAX)
            status = next_segment(w, now_ns, err);
        if (status == STATUS_OK)
            status = write_event(w, i, now_ns, err);
        if (status != STATUS_OK)
            return status;
    }
    return flush(w, err);
}

static enum status make_index(const struct spool *spool, struct err *err)
{
    const struct journal_options options = {.segment_max = SEGMENT_MAX, .begin = intake_begin};
    struct journal *journal = NULL;
    bool more = true;
    enum status status = journal_open(&journal, spool, NULL, &options, err);

    while (status == STATUS_OK && more)
        status = journal_rebuild_slice(journal, clock_mono_ns() + SLICE_NS, &more, err);
    journal_close(journal);
    return status;
}

static enum status make_history(const char *path, uint64_t count, bool with_index, struct err *err)
{
    struct writer w = {.fd = -1};
    struct spool spool;
    enum status status = spool_create(path, err);

    if (status == STATUS_OK)
        status = spool_open(&spool, path, err);
    if (status != STATUS_OK)
        return status;
    w.spool = &spool;
    status = standing_make(&spool, SPOOL_LEDGER_TMP_APPEND, clock_wall_ns(), err);
    buf_init(&w.block, BLOCK_LEN * 2);
    if (status == STATUS_OK)
        status = write_events(&w, count, err);
    buf_free(&w.block);
    file_close(&w.fd);
    if (status == STATUS_OK && with_index)
        status = make_index(&spool, err);
    if (status == STATUS_OK)
        printf("%" PRIu64 " events in %" PRIu32 " segments\n", count, w.segment);
    spool_close(&spool);
    return status;
}

int main(int argc, char **argv)
{
    bool with_index = !(argc > 1 && strcmp(argv[1], "-n") == 0);
    char **args = argv + (with_index ? 1 : 2);
    struct err err = ERR_INIT;
    uint64_t count;

    if (argc - (args - argv) != 2 || !num_u64(str_of(args[1]), &count) || count > UINT32_MAX) {
        fprintf(stderr, "usage: history [-n] SPOOL EVENTS\n");
        return 2;
    }
    if (make_history(args[0], count, with_index, &err) != STATUS_OK) {
        fprintf(stderr, "history: %s\n", err.text);
        return 1;
    }
    return 0;
}
