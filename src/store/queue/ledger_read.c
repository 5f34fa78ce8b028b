/* SPDX-License-Identifier: MIT
 * ledger_read - a log of small lines of JSON: the reading side, and what grows old.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "store/journal/segment.h"
#include "store/queue/ledger.h"
#include "store/queue/ledger_parts.h"
#include "store/spool/lines.h"

const char *ledger_folder(enum ledger_kind kind)
{
    return kind == LEDGER_RESULTS ? SPOOL_RESULTS : SPOOL_COMMANDS;
}

enum status ledger_header(int fd, uint32_t segment, struct record_header *out, struct err *err)
{
    char head[RECORD_HEADER_MAX];
    ssize_t got = file_pread(fd, head, sizeof head, 0);
    struct str line, rest;

    if (got < 0)
        return err_errno(err, "cannot read the log %08" PRIu32, segment);
    if (!str_cut((struct str){head, (size_t)got}, '\n', &line, &rest) ||
        !record_header_parse(line, out) || out->segment != segment)
        return err_set(err, STATUS_CORRUPT, "the log %08" PRIu32 " has no valid header", segment);
    return STATUS_OK;
}

/* The list and the files are looked at through the folder's descriptor. */
struct folder {
    int dir;
    struct segment_list list;
};

static enum status find_owner(const struct folder *f, struct record_owner *out, struct err *err);

/* Files before the one with which the log began anew do not count. */
static enum status drop_old_files(struct folder *f, struct err *err)
{
    struct record_owner owner = {.first = 0};
    enum status status = find_owner(f, &owner, err);
    size_t old = 0;

    if (status != STATUS_OK && status != STATUS_MISSING)
        return status;
    while (old < f->list.count && f->list.numbers[old] < owner.first)
        old++;
    if (old == 0)
        return STATUS_OK;
    f->list.count -= old;
    memmove(f->list.numbers, f->list.numbers + old, f->list.count * sizeof *f->list.numbers);
    return STATUS_OK;
}

static enum status open_folder(struct folder *f, const struct spool *spool, enum ledger_kind kind,
                               struct err *err)
{
    enum status status;

    *f = (struct folder){.dir = -1};
    f->dir = file_open(spool->dir, ledger_folder(kind), O_RDONLY | O_DIRECTORY, 0);
    if (f->dir < 0 && errno == ENOENT)
        return STATUS_OK;
    if (f->dir < 0)
        return err_errno(err, "cannot open %s/%s", spool->path, ledger_folder(kind));
    status = segment_list_folder(f->dir, ".", &f->list, err);
    if (status == STATUS_OK && kind == LEDGER_RESULTS)
        status = drop_old_files(f, err);
    return status;
}

static void close_folder(struct folder *f)
{
    file_close(&f->dir);
    segment_list_free(&f->list);
}

static int open_file(const struct folder *f, size_t i)
{
    char name[SPOOL_NAME_MAX];

    spool_segment_name(name, f->list.numbers[i]);
    return file_open(f->dir, name, O_RDONLY, 0);
}

/* STATUS_CORRUPT: it is invalid, or was pruned meanwhile. */
static enum status read_header(const struct folder *f, size_t i, struct record_header *out,
                               struct err *err)
{
    int fd = open_file(f, i);
    enum status status;

    if (fd < 0 && errno == ENOENT)
        return STATUS_CORRUPT;
    if (fd < 0)
        return err_errno(err, "cannot open the log %08" PRIu32, f->list.numbers[i]);
    status = ledger_header(fd, f->list.numbers[i], out, err);
    file_close(&fd);
    return status;
}

static enum status find_owner(const struct folder *f, struct record_owner *out, struct err *err)
{
    for (size_t i = f->list.count; i-- > 0;) {
        struct record_header header;
        struct err why = ERR_INIT;
        enum status status = read_header(f, i, &header, &why);

        if (status == STATUS_OK && header.owner.journal[0] != '\0') {
            *out = header.owner;
            return STATUS_OK;
        }
        if (status != STATUS_OK && status != STATUS_CORRUPT)
            return err_pass(err, status, &why);
    }
    return STATUS_MISSING;
}

enum status ledger_owner(const struct spool *spool, struct record_owner *out, struct err *err)
{
    struct folder f;
    enum status status = open_folder(&f, spool, LEDGER_RESULTS, err);

    if (status == STATUS_OK)
        status = find_owner(&f, out, err);
    close_folder(&f);
    if (status == STATUS_MISSING)
        return err_set(err, status, "the results of hooks (%s/" SPOOL_RESULTS ") are missing",
                       spool->path);
    return status;
}

/* ---- walk */

struct log_walk {
    ledger_each each;
    void *context;
    struct place end;
    uint64_t rotten;
};

/* How many bytes of the file count, by the header of the next one. If that cannot be read, the walk
 * fails: lines that stand in both files would be met twice. */
static enum status find_limit(const struct folder *f, size_t i, uint64_t *limit, struct err *err)
{
    struct record_header next;
    enum status status;

    *limit = UINT64_MAX;
    if (i + 1 == f->list.count)
        return STATUS_OK;
    status = read_header(f, i + 1, &next, err);
    if (status == STATUS_OK && next.previous == f->list.numbers[i])
        *limit = next.previous_valid;
    return err_ignore(err, status, STATUS_CORRUPT);
}

static enum status judge_line(struct log_walk *w, const struct line *line, struct err *err)
{
    struct record_header header;

    if (!line->too_long && record_crc_ok(line->text)) {
        if (w->end.offset == 0 && record_header_parse(line->text, &header))
            return STATUS_OK;
        return w->each(w->context, w->end, line->text, err);
    }
    /* A write that was cut off has no end of its own. */
    if (line->too_long || str_ends(line->text, "\"}"))
        w->rotten++;
    return STATUS_OK;
}

static enum status walk_file(struct log_walk *w, int fd, uint64_t limit, struct err *err)
{
    enum status status;
    struct lines lines;
    struct line line;
    bool more;

    lines_init(&lines, fd, w->end.offset, limit, LEDGER_LINE_MAX);
    for (;;) {
        status = lines_next(&lines, &line, &more, err);
        /* Without its newline it may still be being written. */
        if (status != STATUS_OK || !more || !line.ended)
            break;
        status = judge_line(w, &line, err);
        if (status != STATUS_OK)
            break;
        w->end.offset = line.offset + line.len;
    }
    lines_free(&lines);
    return status;
}

static enum status walk_files(struct log_walk *w, const struct folder *f, struct err *err)
{
    enum status status = STATUS_OK;

    for (size_t i = 0; i < f->list.count && status == STATUS_OK; i++) {
        uint64_t limit;
        int fd;

        if (f->list.numbers[i] < w->end.segment)
            continue;
        if (f->list.numbers[i] > w->end.segment)
            w->end = (struct place){f->list.numbers[i], 0};
        status = find_limit(f, i, &limit, err);
        if (status != STATUS_OK)
            return status;
        fd = open_file(f, i);
        if (fd < 0 && errno == ENOENT)
            continue;
        if (fd < 0)
            return err_errno(err, "cannot open the log %08" PRIu32, f->list.numbers[i]);
        status = walk_file(w, fd, limit, err);
        file_close(&fd);
    }
    return status;
}

enum status ledger_walk(const struct spool *spool, enum ledger_kind kind, struct place from,
                        ledger_each each, void *context, struct place *end, uint64_t *rotten,
                        struct err *err)
{
    struct log_walk w = {.each = each, .context = context, .end = from};
    enum status status;
    struct folder f;

    status = open_folder(&f, spool, kind, err);
    if (status == STATUS_OK)
        status = walk_files(&w, &f, err);
    close_folder(&f);
    if (status != STATUS_OK)
        return status;
    if (end != NULL)
        *end = w.end;
    if (rotten != NULL)
        *rotten = w.rotten;
    return STATUS_OK;
}

struct result_walk {
    ledger_each_result each;
    void *context;
    struct buf text;
};

static enum status parse_line(void *context, struct place place, struct str line, struct err *err)
{
    struct result_walk *w = context;
    struct result result;
    enum status status;

    (void)place;
    status = result_parse(&result, &w->text, line, err);
    return status == STATUS_OK ? w->each(w->context, &result, err)
                               : err_ignore(err, status, STATUS_CORRUPT);
}

enum status ledger_walk_results(const struct spool *spool, struct place from,
                                ledger_each_result each, void *context, struct place *end,
                                struct err *err)
{
    struct result_walk w = {.each = each, .context = context};
    enum status status;

    buf_init(&w.text, LEDGER_LINE_MAX);
    status = ledger_walk(spool, LEDGER_RESULTS, from, parse_line, &w, end, NULL, err);
    buf_free(&w.text);
    return status;
}

enum status ledger_since(const struct spool *spool, enum ledger_kind kind, int64_t since_ns,
                         struct place *out, struct err *err)
{
    struct place place = {0, 0};
    struct folder f;
    enum status status = open_folder(&f, spool, kind, err);

    for (size_t i = f.list.count; i-- > 0;) {
        struct record_header header;

        /* A file without a valid header may hold any line: earlier ones are met too. */
        place = (struct place){f.list.numbers[i], 0};
        if (read_header(&f, i, &header, NULL) == STATUS_OK && header.created_ns <= since_ns)
            break;
    }
    close_folder(&f);
    if (status == STATUS_OK)
        *out = place;
    return status;
}

bool ledger_grown(const struct spool *spool, enum ledger_kind kind, struct place from)
{
    struct folder f;
    bool grown = true;
    struct stat sb;

    if (open_folder(&f, spool, kind, NULL) == STATUS_OK) {
        char name[SPOOL_NAME_MAX];
        uint32_t last = f.list.count == 0 ? 0 : f.list.numbers[f.list.count - 1];

        spool_segment_name(name, last);
        grown = last > from.segment ||
                (last == from.segment && last != 0 &&
                 (fstatat(f.dir, name, &sb, 0) != 0 || (uint64_t)sb.st_size > from.offset));
    }
    close_folder(&f);
    return grown;
}

static enum status pass_line(void *context, struct place place, struct str line, struct err *err)
{
    (void)context;
    (void)place;
    (void)line;
    (void)err;
    return STATUS_OK;
}

enum status ledger_skip(const struct spool *spool, enum ledger_kind kind, struct place *out,
                        struct err *err)
{
    struct place last = {0, 0};
    enum status status = ledger_since(spool, kind, INT64_MAX, &last, err);

    if (status == STATUS_OK)
        status = ledger_walk(spool, kind, last, pass_line, NULL, out, NULL, err);
    return status;
}

/* ---- prune */

/* What a file holds is older than the next one's making. */
static bool is_outlived(const struct folder *f, size_t i, int64_t before_ns, struct place keep_from)
{
    struct record_header next;

    return f->list.numbers[i] < keep_from.segment &&
           read_header(f, i + 1, &next, NULL) == STATUS_OK && next.created_ns < before_ns;
}

static enum status remove_file(const struct folder *f, size_t i, bool dry,
                               struct spool_amount *pruned, struct err *err)
{
    char name[SPOOL_NAME_MAX];
    struct stat sb;

    spool_segment_name(name, f->list.numbers[i]);
    if (fstatat(f->dir, name, &sb, 0) != 0)
        return errno == ENOENT ? STATUS_OK : err_errno(err, "cannot look at the log %s", name);
    if (!dry && unlinkat(f->dir, name, 0) != 0 && errno != ENOENT)
        return err_errno(err, "cannot remove the log %s", name);
    pruned->files++;
    pruned->bytes += (uint64_t)sb.st_size;
    return STATUS_OK;
}

enum status ledger_prune(const struct spool *spool, enum ledger_kind kind, int64_t before_ns,
                         struct place keep_from, bool dry, struct spool_amount *out,
                         struct err *err)
{
    struct spool_amount pruned = {0, 0};
    struct folder f;
    enum status status = open_folder(&f, spool, kind, err);

    for (size_t i = 0; status == STATUS_OK && i + 1 < f.list.count; i++) {
        if (!is_outlived(&f, i, before_ns, keep_from))
            break;
        status = remove_file(&f, i, dry, &pruned, err);
    }
    close_folder(&f);
    if (status == STATUS_OK)
        *out = pruned;
    return status;
}
