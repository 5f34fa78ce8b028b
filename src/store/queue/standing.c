/* SPDX-License-Identifier: MIT
 * standing - see store/queue/standing.h.
 */
#include "store/queue/standing.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/file.h"
#include "core/result.h"
#include "store/journal/reader.h"
#include "store/journal/segment.h"
#include "store/queue/ledger.h"
#include "store/queue/snapshot.h"

#define REMEDY "hooks are paused; run 'stenohook resume --from now', or see stenohook(1)"
#define UNKNOWN_EVENTS "hooks have seen events that are not in the journal"
#define LOG_EVERY_NS (3600 * NS_PER_S)

static enum status report_pause(const struct spool *spool, const char *why, struct err *err)
{
    return err_set(err, STATUS_PAUSED, "%s: %s: " REMEDY, spool->path, why);
}

/* ---- the last record that the queue has read */

/* The checksum and the end of the line that ends there. The rest of the line is not read: it may be
 * long. */
static enum status find_read(const struct spool *spool, const struct snapshot *head, bool *there,
                             struct err *err)
{
    static const char end[] = "\"}\n";
    char wanted[RECORD_CRC_DIGITS + sizeof end], bytes[RECORD_CRC_DIGITS + sizeof end - 1];
    struct err why = ERR_INIT;
    enum status status;
    ssize_t got;
    int fd = -1;

    *there = false;
    status = segment_open(spool, head->read.segment, O_RDONLY, &fd, &why);
    if (status == STATUS_MISSING || head->read.offset < sizeof bytes) {
        file_close(&fd);
        return STATUS_OK;
    }
    if (status != STATUS_OK)
        return err_pass(err, status, &why);
    got = file_pread(fd, bytes, sizeof bytes, (off_t)(head->read.offset - sizeof bytes));
    /* A sector that cannot be read says nothing. */
    *there = got < 0 && errno == EIO;
    if (got < 0 && errno != EIO)
        status = err_errno(err, "cannot read the journal");
    file_close(&fd);
    snprintf(wanted, sizeof wanted, "%s%s", head->read_crc, end);
    if (got == (ssize_t)sizeof bytes)
        *there = memcmp(bytes, wanted, sizeof bytes) == 0;
    return status;
}

/* One that was pruned says nothing. */
static enum status check_read(const struct spool *spool, const struct segment_list *segments,
                              const struct snapshot *head, struct err *err)
{
    enum status status;
    bool there;

    if (segments->count > 0 && head->read.segment < segments->numbers[0])
        return STATUS_OK;
    status = find_read(spool, head, &there, err);
    if (status != STATUS_OK)
        return status;
    return there ? STATUS_OK : report_pause(spool, UNKNOWN_EVENTS, err);
}

/* ---- without that: the last event that has a result */

static enum status take_last(void *context, const struct result *result, struct err *err)
{
    struct place *last = context;

    (void)err;
    (void)record_id_parse(result->id, &last->segment, &last->offset);
    return STATUS_OK;
}

/* Of the newest file. */
static enum status find_last(const struct spool *spool, struct place *out, struct err *err)
{
    struct place from;
    enum status status = ledger_since(spool, LEDGER_RESULTS, INT64_MAX, &from, err);

    *out = (struct place){0, 0};
    return status == STATUS_OK ? ledger_walk_results(spool, from, take_last, out, NULL, err)
                               : status;
}

static enum status check_last(const struct spool *spool, const struct segment_list *segments,
                              struct err *err)
{
    struct err why = ERR_INIT;
    struct place place;
    enum status status = find_last(spool, &place, err);
    struct buf line;

    if (status != STATUS_OK || place.segment == 0 ||
        (segments->count > 0 && place.segment < segments->numbers[0]))
        return status;
    buf_init(&line, SEGMENT_LINE_MAX);
    status = segments->count == 0 ? STATUS_MISSING : reader_get(spool, place, &line, &why);
    buf_free(&line);
    if (status == STATUS_MISSING)
        return report_pause(spool, UNKNOWN_EVENTS, err);
    return status == STATUS_OK || status == STATUS_CORRUPT ? STATUS_OK
                                                           : err_pass(err, status, &why);
}

/* ---- the whole */

static enum status check_owner(const struct spool *spool, const struct segment_list *segments,
                               const struct record_owner *owner, struct err *err)
{
    struct snapshot head;

    if (strcmp(owner->journal, spool->journal) != 0)
        return report_pause(spool, "what hooks did (run/results) is of another journal", err);
    /* One of before a resume speaks of nothing any more. */
    if (!snapshot_head(spool, &head) || head.results.segment < owner->first ||
        head.read.segment == 0)
        return check_last(spool, segments, err);
    return check_read(spool, segments, &head, err);
}

enum status standing_check(const struct spool *spool, struct record_owner *out, struct err *err)
{
    struct record_owner owner = {.first = 0};
    struct segment_list segments = {NULL, 0};
    struct err why = ERR_INIT;
    /* The journal first: what is made between the two looks is the state, before a segment. */
    enum status status = segment_list_read(spool, &segments, err);

    if (status != STATUS_OK)
        return status;
    status = ledger_owner(spool, &owner, &why);
    if (status == STATUS_OK)
        status = check_owner(spool, &segments, &owner, err);
    else if (status != STATUS_MISSING)
        err_pass(err, status, &why);
    else if (segments.count > 0)
        status = report_pause(spool, "what hooks did (run/results) is missing", err);
    segment_list_free(&segments);
    if (status == STATUS_OK && out != NULL)
        *out = owner;
    return status;
}

enum status standing_make(const struct spool *spool, const char *tmp, int64_t now_ns,
                          struct err *err)
{
    struct record_owner owner = {.from_ns = 0};
    struct err why = ERR_INIT;
    enum status status = ledger_owner(spool, &owner, &why);

    /* Its maker may have failed in the last step. */
    if (status == STATUS_OK)
        return ledger_sync_names(spool, err);
    if (status != STATUS_MISSING)
        return err_pass(err, status, &why);
    memcpy(owner.journal, spool->journal, sizeof owner.journal);
    return ledger_renew(spool, &owner, tmp, NULL, NULL, now_ns, NULL, err);
}

bool standing_takes(const struct record_owner *owner, struct place place, int64_t received_ns)
{
    const struct place resumed = {owner->resumed_segment, owner->resumed_offset};

    return place_pack(place) >= place_pack(resumed) || received_ns >= owner->from_ns;
}

bool standing_should_log(const struct spool *spool, int64_t now_ns)
{
    const struct timespec now = {now_ns / NS_PER_S, now_ns % NS_PER_S};
    const struct timespec times[2] = {now, now};
    struct stat sb;
    int fd;

    if (fstatat(spool->dir, SPOOL_PAUSED, &sb, 0) == 0) {
        int64_t said_ns = (int64_t)sb.st_mtim.tv_sec * NS_PER_S + sb.st_mtim.tv_nsec;

        if (said_ns <= now_ns && now_ns - said_ns < LOG_EVERY_NS)
            return false;
    }
    if (spool_make_run(spool, NULL) != STATUS_OK)
        return true;
    fd = file_open(spool->dir, SPOOL_PAUSED, O_WRONLY | O_CREAT, 0600);
    if (fd >= 0)
        (void)futimens(fd, times);
    file_close(&fd);
    return true;
}
